//! Names of refs are judged by git itself, and hostile ones do no harm where git allows them.

use std::path::Path;
use std::process::Command;

use gachette_core::git::{GitRef, RefName};
use gachette_testkit::{GitRepository, hermetic_git};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::desk::{Desk, ask, assert_exact, expected};

const HOSTILE: [&str; 58] = [
    "",
    "@",
    "@@",
    "@{",
    "a@{1}",
    "HEAD",
    "HEAD~1",
    "HEAD^",
    "a:b",
    ":a",
    "a b",
    " a",
    "a ",
    "a\tb",
    "a\nb",
    "a\u{7f}",
    "a\u{1}",
    "é",
    "日本",
    "a..b",
    "..",
    "...",
    ".",
    ".a",
    "a.",
    "a/.b",
    "a/b.",
    "a.lock",
    "a.lock/b",
    "a.lockx",
    "/a",
    "a/",
    "a//b",
    "/",
    "a?b",
    "a*b",
    "a[b",
    "a]b",
    "a\\b",
    "a~b",
    "a^b",
    "$(id)",
    "`id`",
    "a;id",
    "a|b",
    "a&b",
    "a>b",
    "a'b",
    "a\"b",
    "a{b}",
    "a@b",
    "a=b",
    "a,b",
    "a%2e%2e",
    "refs/heads/a",
    "origin/a",
    "a-",
    "a/-b",
];

fn git_allows(name: &str) -> bool {
    let mut git = hermetic_git();
    git.args(["check-ref-format", "--allow-onelevel", name]).status().unwrap().success()
}

#[test]
fn a_name_is_allowed_exactly_if_git_allows_it() {
    for name in HOSTILE {
        assert_eq!(name.parse::<RefName>().is_ok(), git_allows(name), "{name:?}");
    }
    // What begins with `-` is a name to git, and an option to every program.
    assert!("-a".parse::<RefName>().is_err() && "--upload-pack=x".parse::<GitRef>().is_err());
}

#[test]
fn generated_names_are_judged_as_git_judges_them() {
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let name = prop_oneof!["[a.@{/~-]{1,6}", "(a|b|/|\\.|lock|@|\\{|-|é|\\\\| ){1,8}"];
    let judged = runner.run(&name, |name| {
        prop_assume!(!name.starts_with('-'));
        prop_assert_eq!(name.parse::<RefName>().is_ok(), git_allows(&name));
        Ok(())
    });
    judged.unwrap();
}

/// The file that comes to be when a shell reads one of the hostile values below.
struct Trap(tempfile::TempDir);

impl Trap {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> String {
        self.0.path().join("ran").to_str().unwrap().to_owned()
    }

    fn desk(&self) -> Desk {
        Desk::new().env("RAN", &self.file())
    }

    fn has_snapped(&self) -> bool {
        std::fs::remove_file(self.file()).is_ok()
    }

    /// The value is hostile indeed: a shell would fall for it.
    fn assert_works(&self, value: &str) {
        let _ = Command::new("sh")
            .args(["-c", &format!("echo {value}")])
            .env("RAN", self.file())
            .output()
            .unwrap();
        assert!(self.has_snapped(), "{value}");
    }
}

#[test]
fn names_that_a_shell_would_run_are_only_names() {
    let (repository, trap) = (GitRepository::new(), Trap::new());
    repository.commit_file("a", "0");
    let desk = trap.desk();
    for name in ["x;touch${IFS}$RAN", "$(touch${IFS}$RAN)", "`touch${IFS}$RAN`", "x>$RAN", "x|tee${IFS}$RAN"]
    {
        trap.assert_works(name);
        let commit = repository.checkout("main").branch(name).commit_file("a", name);
        let prepared =
            desk.prepare(&repository.url(), name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_exact(&prepared, &commit, &expected(&repository.url(), &commit), name);
        assert!(!trap.has_snapped(), "{name}");
    }
}

#[test]
fn a_path_that_a_shell_would_run_is_only_a_path() {
    let (repository, trap) = (GitRepository::new(), Trap::new());
    let commit = repository.commit_file("a", "1");
    let (folder, desk) = (tempfile::tempdir().unwrap(), trap.desk());
    for name in ["$(touch $RAN)", "; touch $RAN", "`touch $RAN`", "x >$RAN", "x\" \"$(touch $RAN)\"'"] {
        if !name.contains('\'') {
            trap.assert_works(name);
        }
        assert_prepared_from(&desk, &repository, &folder.path().join(name), &commit);
        assert!(!trap.has_snapped(), "{name}");
    }
    for name in ["it's \"here\" & there", "a*b", "--upload-pack=x", "é", "%2e%2e", "a\\b"] {
        assert_prepared_from(&desk, &repository, &folder.path().join(name), &commit);
    }
}

fn assert_prepared_from(desk: &Desk, repository: &GitRepository, path: &Path, commit: &str) {
    assert!(Command::new("cp").arg("-r").arg(repository.path()).arg(path).status().unwrap().success());
    let url = path.to_str().unwrap();
    let prepared = desk.prepare(url, "main").unwrap_or_else(|error| panic!("{url}: {error}"));
    assert_eq!(prepared.commit.as_str(), commit);
    assert_eq!(ask(prepared.path(), &["config", "remote.origin.url"]), url);
}

#[test]
fn files_with_any_name_and_kind_are_put_in_place_as_they_are() {
    let repository = GitRepository::new();
    for name in [
        "-rf",
        "--",
        "a\nb",
        "'\"$(id)`",
        "\u{1b}[31m",
        "é日本",
        " ",
        "con",
        "a\\b",
        ".gitignore ",
        "deep/-/x",
    ] {
        repository.write(name, name);
    }
    repository.write(".gitattributes", "*.txt text eol=crlf\n").write("dos.txt", "1\n2\n");
    std::os::unix::fs::symlink("/etc/passwd", repository.path().join("outside")).unwrap();
    std::os::unix::fs::symlink("nowhere", repository.path().join("dangling")).unwrap();
    let commit = repository.commit("names");
    let desk = Desk::new().setting("core.autocrlf=true");
    for round in ["cloned", "again"] {
        let prepared = desk.prepare(&repository.url(), "").unwrap();
        assert_exact(&prepared, &commit, &expected(&repository.url(), &commit), round);
    }
}
