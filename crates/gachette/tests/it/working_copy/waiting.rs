//! Two at once: on one name the second waits and knows for whom; different names do not know of each other.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use gachette::working_copy::{Event, WorkingCopy, WorkingCopyError};
use gachette_core::git::VersionScheme;
use gachette_testkit::GitRepository;
use trebuchet::process::Cancel;

use super::desk::{Desk, ask, assert_exact, expected, quiet_git};

#[test]
fn the_second_waits_says_for_whom_and_goes_on() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let other = repository.branch("other").commit_file("a", "2");
    let desk = Desk::new();
    let first = desk.prepare(&repository.url(), "main").unwrap();
    let tree = expected(&repository.url(), &commit);
    let (waits, hears) = mpsc::channel();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let url = repository.url().parse().unwrap();
            let on_event = &mut |event| waits.send(event).unwrap();
            let git_ref = "other".parse().unwrap();
            let prepared = desk.copy("web").prepare(&url, Some(&git_ref), &Cancel::new(), on_event);
            prepared.unwrap().commit.to_string()
        });
        let Event::Waiting(holder) = hears.recv().unwrap() else { panic!("it does not wait") };
        assert_eq!(holder.pid, std::process::id());
        assert_eq!(holder.what, "prepare web at main");
        assert!(!holder.host.is_empty() && !holder.is_gone);
        // While somebody waits, what we hold does not change.
        assert_exact(&first, &commit, &tree, "while another waits");
        drop(first);
        assert_eq!(second.join().unwrap(), other);
    });
}

#[test]
fn another_name_is_prepared_meanwhile() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    let held = desk.prepare(&repository.url(), "").unwrap();
    let url = repository.url().parse().unwrap();
    let others: Vec<_> = std::thread::scope(|scope| {
        let prepare = |name: &'static str| {
            let (desk, url) = (&desk, &url);
            scope.spawn(move || desk.copy(name).prepare(url, None, &Cancel::new(), &mut |_| {}).unwrap())
        };
        ["web2", "web_main", "new", "lock"].map(prepare).map(|other| other.join().unwrap()).into()
    });
    assert!(others.iter().all(|other| other.commit.as_str() == commit));
    assert_eq!(held.commit.as_str(), commit);
}

/// Not a promise of its own: the process that [`an_orphaned_git_keeps_others_out_until_it_is_gone`] kills.
#[test]
fn prepares_until_killed() {
    let Some(base) = std::env::var_os("WAITING_BASE") else { return };
    let ssh = std::env::var_os("WAITING_SSH").unwrap();
    let git = quiet_git(std::path::Path::new(&base)).env("GIT_SSH_COMMAND", ssh);
    let web = WorkingCopy::new("web".parse().unwrap(), base).with_git(git);
    let _ = web.prepare(&"host:a.git".parse().unwrap(), None, &Cancel::new(), &mut |_| {});
    panic!("it should have been killed");
}

#[test]
fn an_orphaned_git_keeps_others_out_until_it_is_gone() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new();
    fs::create_dir_all(desk.base()).unwrap();
    fs::set_permissions(desk.base(), fs::Permissions::from_mode(0o700)).unwrap();
    // An ssh that says its process id through a pipe, and then nothing.
    let [script, pipe] = ["ssh", "pipe"].map(|name| desk.base().parent().unwrap().join(name));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::write(&script, format!("#!/bin/sh\necho $$ > {}\nexec sleep 600\n", pipe.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "working_copy::waiting::prepares_until_killed"])
        .env("WAITING_BASE", desk.base())
        .env("WAITING_SSH", &script)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ssh = String::new();
    BufReader::new(fs::File::open(&pipe).unwrap()).read_line(&mut ssh).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // The child is gone, but its git still waits for ssh.
    let (cancel, mut holders) = (Cancel::new(), Vec::new());
    let url = repository.url().parse().unwrap();
    let refused = desk.copy("web").prepare(&url, None, &cancel, &mut |event| {
        holders.push(event);
        cancel.cancel();
    });
    assert!(refused.unwrap_err().is_cancelled());
    let [Event::Waiting(holder)] = &holders[..] else { panic!("{holders:?}") };
    assert!(holder.pid == child.id() && holder.is_gone, "{holder:?}");
    assert!(holder.to_string().starts_with("programs that process"), "{holder}");
    assert!(Command::new("kill").arg(ssh.trim()).status().unwrap().success());
    assert_eq!(desk.prepare(&repository.url(), "").unwrap().commit.as_str(), commit);
}

#[test]
fn a_base_that_others_could_have_laid_out_is_refused() {
    let repository = GitRepository::new();
    repository.commit_file("a", "1");
    let desk = Desk::new();
    let folder = desk.base().parent().unwrap().to_owned();
    let prepare = |base: &str| {
        let web = WorkingCopy::new("web".parse().unwrap(), folder.join(base)).with_git(desk.git());
        let url = repository.url().parse().unwrap();
        web.prepare(&url, None, &Cancel::new(), &mut |_| {}).map(drop)
    };
    fs::create_dir(folder.join("open")).unwrap();
    fs::set_permissions(folder.join("open"), fs::Permissions::from_mode(0o777)).unwrap();
    let error = prepare("open").unwrap_err();
    assert!(matches!(error, WorkingCopyError::Untrusted { .. }), "{error}");
    assert!(error.hint().unwrap().contains("working_copies"));
    // A working copy that is a link leads to files that are no working copy.
    prepare("ours").unwrap();
    fs::remove_dir_all(folder.join("ours/web")).unwrap();
    fs::create_dir(folder.join("precious")).unwrap();
    symlink(folder.join("precious"), folder.join("ours/web")).unwrap();
    assert!(matches!(prepare("ours").unwrap_err(), WorkingCopyError::Untrusted { .. }));
}

/// Not a promise of its own: the process whose current folder is taken away.
#[test]
fn prepares_in_a_folder_that_is_gone() {
    let Some(base) = std::env::var_os("GONE_BASE") else { return };
    fs::remove_dir(std::env::current_dir().unwrap()).unwrap();
    let git = quiet_git(std::path::Path::new(&base));
    let web = WorkingCopy::new("web".parse().unwrap(), &base).with_git(git);
    let url = std::env::var("GONE_URL").unwrap().parse().unwrap();
    let prepared = web.prepare(&url, None, &Cancel::new(), &mut |_| {}).unwrap();
    prepared.version(VersionScheme::Describe, &Cancel::new(), &mut |_| {}).unwrap();
}

#[test]
fn the_current_folder_may_be_gone() {
    let repository = GitRepository::new();
    let lib = GitRepository::new();
    lib.commit_file("lib", "1");
    let commit = repository.add_submodule("lib", &lib.url()).commit("lib");
    let desk = Desk::new();
    fs::create_dir_all(desk.base()).unwrap();
    fs::set_permissions(desk.base(), fs::Permissions::from_mode(0o700)).unwrap();
    let gone = desk.base().parent().unwrap().join("gone");
    fs::create_dir(&gone).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "working_copy::waiting::prepares_in_a_folder_that_is_gone"])
        .env("GONE_BASE", desk.base())
        .env("GONE_URL", repository.url())
        .current_dir(&gone)
        .output()
        .unwrap();
    assert!(child.status.success() && !gone.exists(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(ask(&desk.base().join("web"), &["rev-parse", "HEAD"]), commit);
    assert!(desk.base().join("web/lib/lib").exists());
}
