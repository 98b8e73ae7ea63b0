//! What Debian's own judge says about the examples' packages.

use std::process::Command;

use crate::project::Project;

/// Errors that follow from what these packages are, each with the reason.
const JUSTIFIED: [(&str, &str); 4] = [
    (
        "dir-or-file-in-opt",
        "code and environments live in /opt/trebuchet; they come from no distribution (FHS 3.13)",
    ),
    (
        "file-in-etc-not-marked-as-conffile",
        "the recipe holds the truth of rendered files, and upgrades must not ask",
    ),
    ("no-copyright-file", "who may use the code is for its project to say; the package is not distributed"),
    ("no-changelog", "the changes are in the project's repository"),
];

#[test]
fn lintian_finds_no_error_that_is_not_meant() {
    let builds = ["configuration", "web-application", "plain-application", "assets"]
        .map(|name| Project::example(name).build());
    let mut lintian = Command::new("lintian");
    lintian.args(["--no-cfg", "--allow-root", "--display-level", ">=error", "--tag-display-limit", "0"]);
    let tags: Vec<_> = JUSTIFIED.iter().map(|(tag, _)| *tag).collect();
    lintian.arg("--suppress-tags").arg(tags.join(","));
    lintian.args(builds.iter().flat_map(|build| build.files()));
    let output = lintian.env("LC_ALL", "C.UTF-8").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
