//! Machines that update all the time, while what they look at changes and who changes it is killed.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use gachette_testkit::AptRoot;

use crate::chain::Chain;
use crate::publishing::{promote, publish, two_stacks, version};
use crate::serving::Serving;

/// How often the channel is moved, and how often the stack is published with something else in it.
const ROUNDS: u32 = 100;
/// One of so many writers is killed.
const KILLED: u32 = 3;

/// Runs the program to its end, or to its death at some moment of its work.
fn change(chain: &Chain, words: &[&str], round: u32) {
    let mut command = chain.playground.command(words);
    let mut writer = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    if round.is_multiple_of(KILLED) {
        // From its first steps to beyond its end.
        std::thread::park_timeout(Duration::from_millis(u64::from(round)));
        let _ = writer.kill();
    }
    writer.wait().unwrap();
}

/// Updates until it is done, ten times at least. How often that was.
fn update(apt: &AptRoot, done: &AtomicBool) -> u32 {
    let mut updates = 0;
    while !done.load(Relaxed) || updates < 10 {
        apt.check(&["update"]);
        updates += 1;
    }
    updates
}

#[test]
fn clients_see_one_whole_state_through_200_changes_whose_makers_are_killed() {
    let chain = two_stacks();
    let till = format!("dh-shop-till-{}-all.deb", version(&chain, "125", "dh-shop-till"));
    chain.playground.ok("stack create 126 --from 125");
    let serving = Serving::start(&chain.playground, &["--no-auth"]);
    let url = format!("http://127.0.0.1:{}", serving.port);
    let sources = [promote(&chain, &url, "124"), publish(&chain, &serving, "126")];
    let machines = sources.map(|source| {
        let apt = AptRoot::new();
        apt.source(&source);
        apt
    });
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let updates = machines.each_ref().map(|apt| scope.spawn(|| update(apt, &done)));
        for round in 0..ROUNDS {
            let stack = if round % 2 == 0 { "125" } else { "124" };
            change(&chain, &["promote", stack, "--to", "live", "--unsigned"], round);
            let other: &[&str] = match round % 2 {
                0 => &["stack", "remove", "126", "dh-shop-till"],
                _ => &["stack", "add", "126", &till],
            };
            change(&chain, other, round + 1);
            change(&chain, &["publish", "126", "--unsigned"], round);
        }
        done.store(true, Relaxed);
        updates.into_iter().for_each(|client| assert!(client.join().unwrap() >= 10));
    });
    promote(&chain, &url, "125");
    publish(&chain, &serving, "126");
    for apt in &machines {
        apt.check(&["update"]);
        apt.check(&["install", "dh-shop"]);
        assert_eq!(apt.installed("dh-shop"), Some(version(&chain, "125", "dh-shop")));
    }
    chain.playground.ok("repository fsck");
}
