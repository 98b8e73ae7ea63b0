//! The root is real, and nothing leaves it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::mounted::is_root;
use super::{CopiedRoot, DpkgRoot, Kind};

const SCRIPT: &str = "#!/bin/sh
set -e
getent passwd gachettetest >/dev/null || useradd --create-home gachettetest
mkdir -p /var/log/gachettetest
chown OWNER /opt/gachettetest /var/log/gachettetest
echo \"$0 $1\" >>/gachettetest-was-here
";

fn package(folder: &Path, version: &str, owner: &str) -> PathBuf {
    let tree = folder.join(version);
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    fs::create_dir_all(tree.join("opt/gachettetest")).unwrap();
    fs::create_dir_all(tree.join("usr/lib/systemd/system")).unwrap();
    fs::write(tree.join("usr/lib/systemd/system/gachettetest.service"), "[Unit]\n").unwrap();
    fs::write(tree.join("opt/gachettetest/version"), version).unwrap();
    let control = format!(
        "Package: gachettetest\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@example.org>\n\
         Depends: dh-other\nDescription: a test\n"
    );
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    fs::write(tree.join("DEBIAN/postinst"), SCRIPT.replace("OWNER", owner)).unwrap();
    let script = tree.join("DEBIAN/postinst");
    assert!(Command::new("chmod").arg("0755").arg(script).status().unwrap().success());
    let output = folder.join(format!("gachettetest-{version}-all.deb"));
    let built =
        Command::new("dpkg-deb").args(["--root-owner-group", "--build"]).arg(&tree).arg(&output).output();
    assert!(built.unwrap().status.success());
    output
}

/// Installs, upgrades, removes and purges in this root, with scripts that make a user and folders.
fn goes_through_a_life(root: &DpkgRoot) {
    let folder = tempfile::tempdir().unwrap();
    let owner = if root.has_other_users() { "gachettetest" } else { "root" };
    let (old, new) = (package(folder.path(), "1.0", owner), package(folder.path(), "2.0", owner));
    assert!(!root.dpkg_install(&[&old]).status.success(), "a dependency is missing");
    root.pretend_installed("dh-other", "1.0");
    root.install(&[&old]);
    assert_eq!(root.status("gachettetest").as_deref(), Some("install ok installed"));
    assert_eq!(root.version("gachettetest").as_deref(), Some("1.0"));
    assert!(root.files("gachettetest").contains(&"/usr/lib/systemd/system/gachettetest.service".to_owned()));
    let owners = root.check("stat", &["--format=%U", "/opt/gachettetest", "/var/log/gachettetest"]);
    assert_eq!(owners, format!("{owner}\n{owner}\n"));
    root.install(&[&new]);
    assert_eq!(fs::read_to_string(root.path("opt/gachettetest/version")).unwrap(), "2.0");
    root.purge(&["gachettetest"]);
    assert_eq!(root.status("gachettetest"), None);
    assert!(!root.path("opt/gachettetest").exists());
    let scripts = fs::read_to_string(root.path("gachettetest-was-here")).unwrap();
    assert_eq!(scripts.lines().count(), 2, "{scripts}");
}

fn nothing_left_it() {
    assert!(!fs::read_to_string("/etc/passwd").unwrap().contains("gachettetest"));
    for path in ["/gachettetest-was-here", "/opt/gachettetest", "/home/gachettetest", "/var/log/gachettetest"]
    {
        assert!(!Path::new(path).exists(), "{path}");
    }
    assert!(!Path::new("/usr/lib/systemd/system/gachettetest.service").exists());
}

#[test]
fn packages_live_in_the_root_and_leave_the_machine_alone() {
    goes_through_a_life(&DpkgRoot::new());
    nothing_left_it();
}

#[test]
fn a_copied_root_serves_root_as_well_and_others_not_at_all() {
    match (is_root(), CopiedRoot::new()) {
        (true, Ok(copied)) => goes_through_a_life(&DpkgRoot { kind: Kind::Copied(copied) }),
        (false, Err(_)) => {}
        (true, Err(error)) => panic!("{error}"),
        (false, Ok(_)) => panic!("chroot is for root only"),
    }
    nothing_left_it();
}

#[test]
fn what_runs_in_the_root_ends_with_it() {
    let root = DpkgRoot::new();
    root.check("sh", &["-c", "sleep 1000 >/dev/null 2>&1 & echo $! >/started"]);
    let inside = root.path("started");
    assert!(inside.exists());
    drop(root);
    assert!(!inside.exists());
}
