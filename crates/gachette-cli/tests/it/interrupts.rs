//! Interrupted from the keyboard: the build's programs end with it, and nothing is half done.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::chain::Chain;

fn interrupted_by(signal: &str) {
    let chain = Chain::new();
    let fifo = chain.playground.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let step = format!("echo $$ > {}; sleep 600; true", fifo.display());
    chain.source.commit_file(
        "slow.yml",
        format!("name: slow\ntype: application\nbuild_assets: [{}]\n", serde_json::json!(step)),
    );
    let mut command = chain.playground.command(&["quick", "124", "shop", "--missile", "slow.yml"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Blocks until the step runs and says its process.
    let step = std::fs::read_to_string(&fifo).unwrap().trim().to_owned();
    assert!(Path::new("/proc").join(&step).exists());
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!Path::new("/proc").join(&step).exists(), "the step {step} goes on");
    assert_eq!(chain.playground.json("stack show 124")["revision"], 1);
    chain.playground.ok("quick 124 shop");
}

#[test]
fn an_interrupt_ends_the_build_and_its_programs() {
    interrupted_by("-INT");
}

#[test]
fn a_request_to_terminate_does_the_same() {
    interrupted_by("-TERM");
}
