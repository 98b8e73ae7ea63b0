//! What Debian's own judge says about the examples' packages.

use std::process::Command;

use crate::project::{Build, Project};

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
    let tags: Vec<_> = JUSTIFIED.iter().map(|(tag, _)| *tag).collect();
    finds_no_error(&["--suppress-tags", &tags.join(",")], &builds);
}

#[test]
fn of_an_example_that_says_under_which_terms_it_may_be_used_lintian_does_not_ask() {
    let tags: Vec<_> =
        JUSTIFIED.iter().map(|(tag, _)| *tag).filter(|tag| *tag != "no-copyright-file").collect();
    finds_no_error(&["--suppress-tags", &tags.join(",")], &[Project::example("plain-application").build()]);
}

fn finds_no_error(options: &[&str], builds: &[Build]) {
    let mut lintian = Command::new("lintian");
    lintian.args(["--no-cfg", "--allow-root", "--display-level", ">=error", "--tag-display-limit", "0"]);
    lintian.args(options).args(builds.iter().flat_map(|build| build.files()));
    let output = lintian.env("LC_ALL", "C.UTF-8").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// A recipe that says all that Debian asks a package for.
const WHOLE: &str = "
name: shopconf
type: configuration
package_prefix: ''
maintainer: Ada <ada@example.org>
description: |
  settings of the shop
  They say where its database is, and who may see it.
section: admin
port: 8000
files:
  - {source: debian/copyright, target: /usr/share/doc/shopconf/}
  - {source: debian/changelog.gz, target: /usr/share/doc/shopconf/}
extra_files:
  - {name: conffiles, type: debian, template: debian/conffiles}
";

const COPYRIGHT: &str = "\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026 Ada <ada@example.org>
License: shop
 This may be used by the shop, and by nobody else.
";

const CHANGELOG: &str = "\
shopconf (1.0) unstable; urgency=medium

  * First version.

 -- Ada <ada@example.org>  Mon, 01 Jun 2026 10:00:00 +0000
";

#[test]
fn of_a_recipe_that_says_what_debian_asks_for_lintian_finds_no_error_at_all() {
    let project = Project::with(&[
        (".missile.yml", WHOLE),
        ("debian/copyright", COPYRIGHT),
        ("debian/changelog", CHANGELOG),
        ("debian/conffiles", "/etc/trebuchet/shopconf.conf\n"),
    ]);
    let gzip = Command::new("gzip").args(["-9n", "debian/changelog"]).current_dir(project.path()).status();
    assert!(gzip.unwrap().success());
    let build = project.try_build(|request| request.versions.app = "1.0".parse().unwrap()).unwrap();
    finds_no_error(&[], &[build]);
}
