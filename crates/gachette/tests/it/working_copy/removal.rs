//! Working copies are seen as they are, and removed when nobody is at work in them: whole, and nothing else.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use gachette::working_copy::{WorkingCopy, WorkingCopyError};
use gachette_testkit::GitRepository;
use trebuchet::process::Cancel;

use super::desk::{Desk, ask};

fn names(desk: &Desk) -> Vec<String> {
    WorkingCopy::names(&desk.base()).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn a_working_copy_is_seen_as_it_is() {
    let repository = GitRepository::new();
    let first = repository.commit_file("a", "1");
    let second = repository.commit_file("a", "2");
    let desk = Desk::new();
    let web = desk.copy("web");
    assert!(names(&desk).is_empty() && web.look().unwrap().is_none() && !desk.base().exists());
    let held = desk.prepare(&repository.url(), "main").unwrap();
    let seen = web.look().unwrap().unwrap();
    assert_eq!(seen.commit.unwrap().as_str(), ask(held.path(), &["rev-parse", "HEAD"]));
    assert_eq!(seen.reference.as_deref(), Some("refs/heads/main"));
    assert_eq!((seen.url, seen.in_use), (Some(repository.url()), true));
    let holder = seen.last_use.unwrap();
    assert_eq!((holder.pid, holder.what.as_str()), (std::process::id(), "prepare web at main"));
    drop(held);
    assert!(!web.look().unwrap().unwrap().in_use);
    drop(desk.prepare(&repository.url(), &first).unwrap());
    let seen = web.look().unwrap().unwrap();
    assert_eq!((seen.commit.unwrap().as_str(), seen.reference), (first.as_str(), Some(first.clone())));
    // What somebody checked out by hand was not asked for here.
    ask(&desk.base().join("web"), &["checkout", "--quiet", &second]);
    let seen = web.look().unwrap().unwrap();
    assert_eq!((seen.commit.unwrap().as_str(), seen.reference), (second.as_str(), None));
    assert_eq!(names(&desk), ["web"]);
}

#[test]
fn what_a_build_left_in_it_keeps_nobody_waiting() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    drop(desk.prepare(&repository.url(), "").unwrap());
    let notes = desk.base().join("web/.git/gachette");
    for file in [notes.join("ref"), notes.join("ref.new"), notes.join("url"), notes.join("../HEAD")] {
        let _ = fs::remove_file(&file);
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    }
    let seen = desk.copy("web").look().unwrap().unwrap();
    assert_eq!((seen.url, seen.commit, seen.reference, seen.in_use), (None, None, None, false));
    assert_eq!(desk.prepare(&repository.url(), "").unwrap().commit.as_str(), commit);
}

#[test]
fn a_pipe_among_the_files_of_git_keeps_nobody_waiting() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    drop(desk.prepare(&repository.url(), "").unwrap());
    let git = desk.base().join("web/.git");
    let lock = desk.base().join(".gachette/web/lock");
    for file in [
        "config",
        "HEAD",
        "index",
        "shallow",
        "packed-refs",
        "gachette/config",
        "gachette/writing-submodules",
    ] {
        let _ = fs::remove_file(git.join(file));
        assert!(Command::new("mkfifo").arg(git.join(file)).status().unwrap().success());
        assert_eq!(desk.prepare(&repository.url(), "").unwrap().commit.as_str(), commit, "{file}");
        assert_eq!(ask(&desk.base().join("web"), &["rev-parse", "HEAD"]), commit);
    }
    fs::remove_file(&lock).unwrap();
    assert!(Command::new("mkfifo").arg(&lock).status().unwrap().success());
    assert!(desk.copy("web").look().unwrap().unwrap().last_use.is_none());
}

#[test]
fn only_what_says_that_it_is_ours_is_removed_and_what_was_made_before_it_said_so() {
    let repository = GitRepository::new();
    repository.commit_file("a", "1");
    let desk = Desk::new();
    let base = desk.base();
    drop(desk.prepare(&repository.url(), "").unwrap());
    // Somebody's own clone, with a folder of that name in it, then with something in that.
    ask(&base, &["clone", "--quiet", &repository.url(), "clone"]);
    fs::create_dir(base.join("clone/.git/gachette")).unwrap();
    for note in ["notes", "url", "ours", "config"] {
        assert!(desk.copy("clone").look().unwrap().is_none());
        assert!(!desk.copy("clone").remove_if_free().unwrap());
        assert!(desk.copy("clone").remove(&Cancel::new(), &mut |_| {}).is_err());
        assert!(base.join("clone/a").exists());
        fs::write(base.join("clone/.git/gachette").join(note), "my own").unwrap();
    }
    let ours = base.join("web/.git/gachette/ours");
    assert!(fs::read_to_string(&ours).unwrap().contains("gachette made this"));
    fs::remove_file(&ours).unwrap();
    assert!(desk.copy("web").look().unwrap().is_some());
    drop(desk.prepare(&repository.url(), "").unwrap());
    assert!(ours.exists(), "the next time it is noted");
    fs::remove_file(&ours).unwrap();
    assert!(desk.copy("web").remove_if_free().unwrap());
}

#[test]
fn one_in_use_stays_and_one_that_is_free_goes_with_all_that_belongs_to_it() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    let web = desk.copy("web");
    assert!(!web.remove_if_free().unwrap() && !desk.base().exists(), "nothing is made to be removed");
    let held = desk.prepare(&repository.url(), "").unwrap();
    let error = web.remove_if_free().unwrap_err();
    assert!(
        matches!(&error, WorkingCopyError::InUse { holder: Some(holder), .. } if holder.pid == std::process::id())
    );
    assert!(error.to_string().contains("`prepare web at its default branch`"), "{error}");
    assert_eq!(ask(held.path(), &["rev-parse", "HEAD"]), commit);
    drop(held);
    // A link in it leads out of it.
    let precious = desk.base().parent().unwrap().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("file"), "").unwrap();
    symlink(&precious, desk.base().join("web/link")).unwrap();
    assert!(web.remove_if_free().unwrap());
    assert!(precious.join("file").exists());
    assert!(!web.remove_if_free().unwrap());
    let left: Vec<_> = fs::read_dir(desk.base()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".gachette"]);
    assert_eq!(fs::read_dir(desk.base().join(".gachette")).unwrap().count(), 0);
}

#[test]
fn what_was_not_prepared_here_is_neither_seen_nor_removed() {
    let repository = GitRepository::new();
    repository.commit_file("a", "1");
    let desk = Desk::new();
    drop(desk.prepare(&repository.url(), "").unwrap());
    let base = desk.base();
    // A clone of somebody's own, a folder with files, and links to both and to a working copy.
    ask(&base, &["clone", "--quiet", &repository.url(), "clone"]);
    fs::create_dir(base.join("files")).unwrap();
    fs::write(base.join("files/file"), "").unwrap();
    for name in ["clone", "files", "web"] {
        symlink(base.join(name), base.join(format!("link-{name}"))).unwrap();
    }
    for (folder, file) in [("clone", "a"), ("files", "file")] {
        assert!(desk.copy(folder).look().unwrap().is_none() && !desk.copy(folder).remove_if_free().unwrap());
        assert!(base.join(folder).join(file).exists(), "{folder}");
    }
    for name in ["link-clone", "link-files", "link-web"] {
        let error = desk.copy(name).remove_if_free().unwrap_err();
        assert!(matches!(error, WorkingCopyError::Untrusted { .. }), "{error}");
    }
    assert!(base.join("web/a").exists() && base.join("link-web").is_symlink());
    assert_eq!(names(&desk), ["clone", "files", "web"]);
}

#[test]
fn what_a_killed_removal_left_goes_with_the_next_and_is_in_nobodys_way() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    let web = desk.copy("web");
    let kill = |at: &Path| {
        drop(desk.prepare(&repository.url(), "").unwrap());
        // It was renamed, and a part of it is gone.
        fs::rename(desk.base().join("web"), at).unwrap();
        fs::remove_dir_all(at.join(".git")).unwrap();
    };
    let old = desk.base().join(".gachette/web/old");
    kill(&old);
    assert!(web.look().unwrap().is_none());
    assert!(web.remove_if_free().unwrap(), "the rest of it");
    assert!(!old.exists() && !web.remove_if_free().unwrap());
    kill(&old);
    assert_eq!(desk.prepare(&repository.url(), "").unwrap().commit.as_str(), commit);
    assert!(!old.exists());
    kill(&old);
    assert!(web.remove(&Cancel::new(), &mut |_| {}).unwrap());
    assert!(!old.exists());
}
