//! How the program comes to a host that has not got it, and starts there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use gachette_testkit::Network;

use crate::assert_transcript;
use crate::hosts::{Hosts, project};
use crate::playground::{Playground, Said, is_remembered, program};

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

/// The programs that arrived whole.
fn whole(hosts: &Hosts) -> Vec<PathBuf> {
    hosts.arrived().into_iter().filter(|path| !path.to_string_lossy().contains("/.arriving-")).collect()
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
    assert_eq!(whole(&hosts).len(), 4, "{:?}", hosts.arrived());
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

#[test]
fn a_program_of_the_right_size_that_a_crash_emptied_is_sent_again() {
    let hosts = Hosts::new("");
    hosts.ok("-H build1 stack create 124");
    let program = hosts.arrived().remove(0);
    let whole = fs::read(&program).unwrap();
    // The whole one may still run.
    fs::remove_file(&program).unwrap();
    fs::write(&program, vec![0; whole.len()]).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    hosts.ok("-H build1 stack list");
    assert!(fs::read(&program).unwrap() == whole, "it is whole again");
}

#[test]
fn a_shell_that_ends_before_the_program_is_told_with_what_to_look_at() {
    let hosts = Hosts::new("");
    fs::write(hosts.sshd.home().join(".profile"), "exit 3\n").unwrap();
    fs::write(hosts.sshd.home().join(".bash_profile"), "exit 3\n").unwrap();
    let said = hosts.run("-H build1 stack list");
    assert_eq!(said.code, 6, "{}", said.stderr);
    for part in ["error: build1: nothing answered", "a start file of the login shell", "not begun: "] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
}

/// What is said of a host whose home is a disk that is mounted with this option, and the names of the programs there.
fn on_a_disk(option: &str) -> (Said, Vec<String>) {
    let room = (fs::metadata(program()).unwrap().len() >> 20) + 24;
    let network = Network::start();
    let host = network.host_with("build1", Some(&format!("{room}m,{option}")), "");
    let configuration = format!("ssh_config_path: {}\nreuse_connection: 0\n", network.ssh_config().display());
    let playground = Playground::with_configuration(&configuration);
    let program = network.command(env!("CARGO_BIN_EXE_gachette"));
    let words = ["-H", "build1", "stack", "list"];
    let said = playground.said(&words, playground.as_user(program, &words).output().unwrap());
    let names = fs::read_dir(host.home().join(".cache/gachette/bin")).into_iter().flatten();
    (said, names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
}

#[test]
fn a_disk_that_cannot_be_written_or_runs_no_programs_is_told_and_nothing_is_left_there() {
    for (option, part) in
        [("ro", "cannot make the folder "), ("noexec", "is it mounted noexec, or its C library older?")]
    {
        let (said, left) = on_a_disk(option);
        assert_eq!(said.code, 6, "{option}: {}", said.stderr);
        let size = fs::metadata(program()).unwrap().len().div_ceil(1_000_000);
        let room = format!("it must be writable, have {size} MB of room, and allow programs to run");
        for part in [part, "error: build1: ", &room] {
            assert!(said.stderr.contains(part), "{option}: {part}: {}", said.stderr);
        }
        assert_eq!(left, Vec::<String>::new(), "{option}");
    }
}

#[test]
fn a_host_whose_gzip_does_not_work_gets_the_program_as_it_is() {
    let network = Network::start();
    let first = "ForceCommand PATH=OWN/bin:$PATH exec sh -c \"$SSH_ORIGINAL_COMMAND\"";
    let host = network.host_with("build1", None, &first.replace("OWN", &network.own().display().to_string()));
    let (folder, size) = (host.own().join("bin"), fs::metadata(program()).unwrap().len());
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("gzip"), "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(folder.join("gzip"), fs::Permissions::from_mode(0o755)).unwrap();
    let configuration = format!("ssh_config_path: {}\nreuse_connection: 0\n", network.ssh_config().display());
    let playground = Playground::with_configuration(&configuration);
    let words = ["-H", "build1", "host", "check"];
    let arrive = || {
        let program = network.command(program().to_str().unwrap());
        playground.said(&words, playground.as_user(program, &words).output().unwrap())
    };
    let said = arrive();
    assert!(said.stdout.contains("build1"), "{}{}", said.stdout, said.stderr);
    assert!(host.received() > size, "{} of {size} bytes", host.received());
    // A gzip that works is used.
    fs::remove_file(folder.join("gzip")).unwrap();
    fs::remove_dir_all(host.home().join(".cache")).unwrap();
    let before = host.received();
    arrive();
    let sent = host.received() - before;
    assert!(host.home().join(".cache/gachette/bin").is_dir() && sent < size / 2, "{sent} of {size} bytes");
}

#[test]
fn what_is_remembered_of_the_program_is_checked_before_it_is_sent() {
    let hosts = Hosts::new("");
    // The path of a socket must be short.
    let runtime = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp").unwrap();
    let create = || {
        let mut command = hosts.command("-H build1 stack create 124");
        command.env("XDG_RUNTIME_DIR", runtime.path()).output().unwrap()
    };
    let memory = runtime.path().join("gachette/program.json");
    let remembered = || fs::read_to_string(&memory).unwrap();
    let sum = std::process::Command::new("sha256sum").arg(env!("CARGO_BIN_EXE_gachette")).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();
    assert!(create().status.success());
    if !is_remembered(&program()) {
        return assert!(!memory.exists());
    }
    assert!(remembered().contains(&sum), "{}", remembered());
    let program = hosts.arrived().remove(0);
    assert!(program.ends_with(&sum), "{program:?}");
    assert!(create().status.success());
    fs::write(&memory, remembered().replace(&sum, &"0".repeat(64))).unwrap();
    let failed = create();
    let said = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(1), "{said}");
    assert!(said.contains("what was remembered of this program was wrong"), "{said}");
    assert_eq!(whole(&hosts), [program], "nothing was sent");
    assert!(create().status.success());
    assert!(remembered().contains(&sum), "{}", remembered());
}
