//! Two at once on one name: the second waits, says for whom, and goes on when the first is done.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::chain::Chain;

/// Stands for ssh: runs here what should run there; the first time it says so and waits to be let through.
const SSH: &str = "#!/bin/sh -e
cd FOLDER
[ -e passed ] || { : > passed; echo > arrived; cat go; }
for command; do :; done
exec sh -c \"$command\"
";

#[test]
fn the_second_prepare_of_a_name_waits_and_says_for_whom() {
    let chain = Chain::new();
    let path = |name: &str| chain.playground.path(name);
    for fifo in ["arrived", "go"] {
        assert!(Command::new("mkfifo").arg(path(fifo)).status().unwrap().success());
    }
    chain.playground.write("ssh", &SSH.replace("FOLDER", path("").to_str().unwrap()));
    fs::set_permissions(path("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
    let url = format!("ssh://elsewhere{}", chain.source.path().display());
    let prepare = || {
        let mut command = chain.playground.command(&["prepare", "web", "--url", &url, "--ref", "main"]);
        command.env("GIT_SSH_COMMAND", path("ssh")).env("GIT_SSH_VARIANT", "ssh");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let first = prepare();
    // Blocks until the first one is on its way.
    fs::read(path("arrived")).unwrap();
    let mut second = prepare();
    let (mut said, mut line) = (BufReader::new(second.stderr.take().unwrap()), String::new());
    while !line.contains("waiting for ") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it does not wait");
    }
    let holder = format!("waiting for process {} on ", first.id());
    assert!(line.contains(&holder) && line.contains("which does `prepare web at main` since "), "{line}");
    fs::write(path("go"), "").unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let (first, second) = (first.wait_with_output().unwrap(), second.wait_with_output().unwrap());
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(second.status.success(), "{rest}");
    for output in [first, second] {
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), chain.source.head());
    }
}
