//! Whatever was done in a working copy, the next preparation makes it exactly the commit again.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use gachette::working_copy::{Event, Reason, WorkingCopyError};
use gachette_testkit::GitRepository;

use super::desk::{Desk, Tree, ask, assert_exact, expected};

type Mess = (&'static str, fn(&Path));

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

const MESSES: &[Mess] = &[
    ("nothing", |_| {}),
    ("a changed file", |top| fs::write(top.join("a"), "changed").unwrap()),
    ("a removed file", |top| fs::remove_file(top.join("a")).unwrap()),
    ("a removed folder", |top| fs::remove_dir_all(top.join("dir")).unwrap()),
    ("no file at all", |top| {
        for name in ["a", "run", "link", "deep", "dir", ".gitignore"] {
            let path = top.join(name);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
    }),
    ("a file that runs no more", |top| {
        fs::set_permissions(top.join("run"), fs::Permissions::from_mode(0o644)).unwrap();
    }),
    ("files with a dot, ignored ones, and an empty folder", |top| {
        fs::write(top.join(".env"), "").unwrap();
        fs::write(top.join("dir/x.pyc"), "").unwrap();
        fs::create_dir_all(top.join("build/deep")).unwrap();
        fs::write(top.join("build/deep/out"), "").unwrap();
        fs::create_dir_all(top.join("empty/er")).unwrap();
    }),
    ("a name that is no text, and one like an option", |top| {
        fs::write(top.join(std::ffi::OsStr::from_bytes(b"\xff\n\"'")), "").unwrap();
        fs::write(top.join("-rf"), "").unwrap();
    }),
    ("a staged change", |top| {
        fs::write(top.join("new"), "").unwrap();
        fs::write(top.join("a"), "staged").unwrap();
        ask(top, &["add", "--all", "--force"]);
    }),
    ("a commit of one's own", |top| {
        fs::write(top.join("a"), "mine").unwrap();
        ask(top, &["commit", "--quiet", "--all", "--message", "mine"]);
        ask(top, &["checkout", "--quiet", "-B", "main"]);
    }),
    ("a merge with conflicts", |top| {
        ask(top, &["checkout", "--quiet", "-B", "mine"]);
        fs::write(top.join("a"), "mine").unwrap();
        ask(top, &["commit", "--quiet", "--all", "--message", "mine"]);
        ask(top, &["checkout", "--quiet", "-B", "yours", "HEAD~1"]);
        fs::write(top.join("a"), "yours").unwrap();
        ask(top, &["commit", "--quiet", "--all", "--message", "yours"]);
        let merge =
            gachette_testkit::hermetic_git().args(["merge", "mine"]).current_dir(top).output().unwrap();
        assert!(!merge.status.success(), "it conflicts");
    }),
    ("changes that git was told to overlook", |top| {
        ask(top, &["update-index", "--assume-unchanged", "a"]);
        ask(top, &["update-index", "--skip-worktree", "run"]);
        fs::write(top.join("a"), "hidden").unwrap();
        fs::remove_file(top.join("run")).unwrap();
    }),
    ("files that git was told to exclude", |top| {
        fs::create_dir_all(top.join(".git/info")).unwrap();
        fs::write(top.join(".git/info/exclude"), "*\n").unwrap();
        fs::write(top.join(".git/info/attributes"), "* text eol=crlf\n").unwrap();
        fs::write(top.join("excluded"), "").unwrap();
        fs::remove_file(top.join("a")).unwrap();
    }),
    ("a sparse checkout", |top| {
        ask(top, &["sparse-checkout", "set", "dir"]);
    }),
    ("a file where a folder was", |top| {
        fs::remove_dir_all(top.join("dir")).unwrap();
        fs::write(top.join("dir"), "").unwrap();
    }),
    ("a folder where a file was", |top| {
        fs::remove_file(top.join("a")).unwrap();
        fs::create_dir_all(top.join("a/b/c")).unwrap();
        fs::write(top.join("a/b/c/d"), "").unwrap();
    }),
    ("a link out of the working copy where a folder was", |top| {
        let outside = top.join("../outside");
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("b"), "precious").unwrap();
        fs::remove_dir_all(top.join("dir")).unwrap();
        symlink("../outside", top.join("dir")).unwrap();
    }),
    ("a repository inside", |top| {
        fs::create_dir(top.join("inner")).unwrap();
        ask(&top.join("inner"), &["init", "--quiet"]);
        fs::write(top.join("inner/file"), "").unwrap();
    }),
    ("a repository where a file was", |top| {
        fs::remove_file(top.join("a")).unwrap();
        fs::create_dir(top.join("a")).unwrap();
        ask(&top.join("a"), &["init", "--quiet"]);
    }),
    ("a repository in a folder with tracked files", |top| {
        ask(&top.join("dir"), &["init", "--quiet"]);
        fs::write(top.join("deep/.git"), "gitdir: /nowhere").unwrap();
        fs::write(top.join("deep/er/x"), "changed").unwrap();
    }),
    ("folders without rights", |top| {
        fs::create_dir_all(top.join("cache/mod")).unwrap();
        fs::write(top.join("cache/mod/file"), "").unwrap();
        fs::set_permissions(top.join("cache/mod"), fs::Permissions::from_mode(0o555)).unwrap();
        fs::set_permissions(top.join("cache"), fs::Permissions::from_mode(0o000)).unwrap();
    }),
    ("locks of killed commands", |top| {
        for lock in ["index", "HEAD", "config", "shallow", "packed-refs", "refs/remotes/origin/main"] {
            fs::write(top.join(format!(".git/{lock}.lock")), "").unwrap();
        }
        fs::write(top.join("a"), "changed").unwrap();
    }),
    ("a torn index", |top| fs::write(top.join(".git/index"), "torn").unwrap()),
    ("no index", |top| fs::remove_file(top.join(".git/index")).unwrap()),
    ("hooks", |top| {
        for hook in ["post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"] {
            script(&top.join(".git/hooks").join(hook), "#!/bin/sh\ntouch \"$PWD/hooked\" ../outside/ran\n");
        }
    }),
    ("a configuration that runs programs and changes files", |top| {
        script(&top.join(".git/evil"), "#!/bin/sh\ntouch ../outside/ran; cat\n");
        for (key, value) in [
            ("core.fsmonitor", ".git/evil"),
            ("core.hooksPath", ".git/hooks"),
            ("core.worktree", "/nowhere"),
            ("filter.evil.smudge", ".git/evil"),
            ("filter.evil.clean", ".git/evil"),
            ("core.attributesFile", ".git/attributes"),
            ("core.sshCommand", ".git/evil"),
            ("core.autocrlf", "true"),
            ("remote.origin.url", "file:///nowhere"),
            ("url.file:///nowhere.insteadOf", "file:"),
        ] {
            ask(top, &["config", "--file", ".git/config", key, value]);
        }
        fs::write(top.join(".git/attributes"), "* filter=evil\n").unwrap();
        fs::remove_file(top.join("a")).unwrap();
    }),
    ("a replaced commit", |top| {
        let head = ask(top, &["rev-parse", "HEAD"]);
        ask(top, &["replace", "--force", "--graft", &head]);
    }),
    ("no repository that git would know", |top| fs::remove_file(top.join(".git/HEAD")).unwrap()),
    ("a torn head", |top| fs::write(top.join(".git/HEAD"), "").unwrap()),
    ("objects that are gone", |top| fs::remove_dir_all(top.join(".git/objects")).unwrap()),
    ("notes that are gone", |top| fs::remove_dir_all(top.join(".git/gachette")).unwrap()),
    ("nothing but an empty folder", |top| {
        fs::remove_dir_all(top).unwrap();
        fs::create_dir(top).unwrap();
    }),
];

/// Two branches with all kinds of files.
fn repository() -> (GitRepository, [(&'static str, String, Tree); 2]) {
    let repository = GitRepository::new();
    repository
        .write("a", "1\r\n")
        .write("dir/b", "2")
        .write("deep/er/x", "3")
        .write(".gitignore", "*.pyc\nbuild/\n");
    script(&repository.path().join("run"), "#!/bin/sh\n");
    symlink("dir/b", repository.path().join("link")).unwrap();
    repository.commit("parent");
    repository.write("tracked.pyc", "tracked though ignored").write(" odd 'name\"\n", "4");
    let main = repository.commit("first");
    fs::remove_dir_all(repository.path().join("deep")).unwrap();
    repository.branch("other").write("deep", "a file where a folder was").write("a", "5");
    let other = repository.commit("second");
    let tree = |commit: &str| expected(&repository.url(), commit);
    let trees = [("main", main.clone(), tree(&main)), ("other", other.clone(), tree(&other))];
    (repository, trees)
}

#[test]
fn whatever_was_left_behind_is_gone_and_whatever_was_changed_is_back() {
    let (repository, branches) = repository();
    let desk = Desk::new();
    fs::create_dir_all(desk.base().join("outside")).unwrap();
    for (case, mess) in MESSES {
        for (name, commit, tree) in &branches {
            let prepared = desk.prepare(&repository.url(), "main").unwrap_or_else(|e| panic!("{case}: {e}"));
            mess(prepared.path());
            drop(prepared);
            let prepared =
                desk.prepare(&repository.url(), name).unwrap_or_else(|e| panic!("{case}, {name}: {e}"));
            assert_exact(&prepared, commit, tree, &format!("{case}, {name}"));
            assert!(!desk.base().join("outside/ran").exists(), "{case}: a planted program ran");
        }
    }
    assert_eq!(fs::read_to_string(desk.base().join("outside/b")).unwrap(), "precious");
}

#[test]
fn a_damaged_repository_is_cloned_afresh_and_said_so() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    let prepared = desk.prepare(&repository.url(), "").unwrap();
    fs::remove_dir_all(prepared.path().join(".git/objects")).unwrap();
    drop(prepared);
    let (prepared, events) = desk.prepare_telling(&repository.url(), "");
    assert_eq!(prepared.unwrap().commit.as_str(), commit);
    let damaged = |event: &Event| matches!(event, Event::Cloning { why: Reason::Damaged { .. }, .. });
    assert!(events.iter().any(damaged), "{events:?}");
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let repository = GitRepository::new();
    repository.commit_file("a", "1");
    let desk = Desk::new();
    let path = desk.base().join("web");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("thesis.txt"), "years of work").unwrap();
    let error = desk.refused(&repository.url(), "");
    assert!(matches!(error, WorkingCopyError::Foreign { .. }), "{error}");
    assert!(desk.copy("web").remove(&Default::default(), &mut |_| {}).is_err());
    assert_eq!(fs::read_to_string(path.join("thesis.txt")).unwrap(), "years of work");
}

#[test]
fn a_clone_of_somebodys_own_is_left_alone_and_one_of_the_original_tool_taken_over() {
    let (repository, another) = (GitRepository::new(), GitRepository::new());
    repository.commit_file("a", "1");
    another.commit_file("b", "1");
    let desk = Desk::new();
    let path = desk.base().join("web");
    let clone = |url: &str| {
        let mut git = std::process::Command::new("git");
        assert!(git.args(["clone", "--quiet", url]).arg(&path).status().unwrap().success());
        fs::write(path.join("thesis.txt"), "years of work").unwrap();
    };
    clone(&another.url().to_string());
    let error = desk.refused(&repository.url(), "");
    assert!(matches!(error, WorkingCopyError::Foreign { .. }), "{error}");
    assert_eq!(fs::read_to_string(path.join("thesis.txt")).unwrap(), "years of work");
    fs::remove_dir_all(&path).unwrap();
    clone(&repository.url().to_string());
    let prepared = desk.prepare(&repository.url(), "");
    assert_eq!(prepared.unwrap().commit.as_str(), repository.head());
    assert!(path.join("a").exists() && !path.join("thesis.txt").exists());
}

#[test]
fn half_made_clones_are_taken_away() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    for name in ["new", "old"] {
        let half = desk.base().join(".gachette/web").join(name);
        fs::create_dir_all(half.join(".git/objects")).unwrap();
        fs::write(half.join(".git/HEAD"), "half").unwrap();
    }
    assert_eq!(desk.prepare(&repository.url(), "").unwrap().commit.as_str(), commit);
    let left: Vec<_> =
        fs::read_dir(desk.base().join(".gachette/web")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
}

#[test]
fn a_removed_working_copy_leaves_nothing() {
    let repository = GitRepository::new();
    repository.commit_file("a", "1");
    let desk = Desk::new();
    drop(desk.prepare(&repository.url(), "").unwrap());
    let remove = || desk.copy("web").remove(&Default::default(), &mut |_| {}).unwrap();
    assert!(remove());
    assert!(!remove());
    assert!(!desk.base().join("web").exists() && !desk.base().join(".gachette/web").exists());
    let open = desk.copy("web").open("build", &Default::default(), &mut |_| {});
    assert!(open.unwrap_err().to_string().starts_with("there is no working copy `web` in "));
}

#[test]
fn a_working_copy_can_be_opened_as_it_is() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    drop(desk.prepare(&repository.url(), "").unwrap());
    fs::write(desk.base().join("web/a"), "changed").unwrap();
    let opened = desk.copy("web").open("build", &Default::default(), &mut |_| {}).unwrap();
    assert_eq!(opened.commit.as_str(), commit);
    assert_eq!(fs::read_to_string(opened.path().join("a")).unwrap(), "changed");
}
