//! How the program comes to a host that has not got it, and starts there.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::assert_transcript;
use crate::hosts::{Hosts, project};

#[test]
fn a_home_that_cannot_hold_the_program_is_told() {
    let hosts = Hosts::new("");
    fs::write(hosts.sshd.home().join(".cache"), "in the way").unwrap();
    assert_transcript!(hosts.run("-H build1 stack list"));
}

#[test]
fn what_a_login_shell_prints_harms_nothing_and_its_path_counts() {
    let source = project("there-is-only-one");
    let hosts = Hosts::new(&format!("projects.web.url: {}\n", source.path().display()));
    let home = hosts.sshd.home();
    let tool = home.join("tools/there-is-only-one");
    fs::create_dir(home.join("tools")).unwrap();
    fs::write(&tool, "#!/bin/sh\ntouch made-on-the-host\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(
        home.join(".profile"),
        "echo Welcome; echo gachette-hello nonsense >&2; PATH=$PATH:$HOME/tools\n",
    )
    .unwrap();
    fs::write(home.join(".bashrc"), "echo noise; echo more noise\n").unwrap();
    hosts.ok("-H build1 stack create 124");
    assert!(hosts.ok("-H build1 quick 124 web").contains("dh-web"));
}

#[test]
fn older_programs_make_way_and_a_torn_one_is_never_run() {
    let hosts = Hosts::new("");
    let folder = hosts.sshd.home().join(".cache/gachette/bin");
    fs::create_dir_all(&folder).unwrap();
    for n in 0..9 {
        fs::write(folder.join(format!("{n:064}")), "older").unwrap();
    }
    fs::write(folder.join(".arriving-abcdef"), "torn").unwrap();
    hosts.ok("-H build1 stack create 124");
    let kept =
        hosts.arrived().into_iter().filter(|path| !path.to_string_lossy().contains("/.arriving-")).count();
    assert_eq!(kept, 4, "{:?}", hosts.arrived());
}

#[test]
fn a_torn_program_on_the_host_is_sent_again() {
    let hosts = Hosts::new("");
    hosts.ok("-H build1 stack create 124");
    let program = hosts.arrived().remove(0);
    // The whole one may still run.
    let torn = fs::read(&program).unwrap()[..1000].to_vec();
    fs::remove_file(&program).unwrap();
    fs::write(&program, torn).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    hosts.ok("-H build1 stack list");
}
