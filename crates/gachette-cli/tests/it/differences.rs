//! `gachette stack diff` with the commits between two versions, in the words of git.

use std::fs;

use crate::assert_transcript;
use crate::chain::Chain;

/// Two stacks, and the commits that lead from the first to the second, oldest first.
fn chain(subjects: &[&str]) -> (Chain, Vec<String>) {
    let chain = Chain::new();
    chain.playground.ok("quick 124 shop");
    chain.playground.ok("stack create 125 --from 124");
    let commit = |(number, subject): (usize, &&str)| {
        chain.source.write("shop.py", format!("print({number})\n"));
        chain.source.commit(subject)
    };
    let commits = subjects.iter().enumerate().map(commit).collect();
    chain.playground.ok("quick 125 shop");
    (chain, commits)
}

#[test]
fn the_commits_between_two_versions_are_told_the_newest_first() {
    let (chain, commits) = chain(&["Open later", "Close earlier", "Sell umbrellas"]);
    let said = chain.playground.run("stack diff 124 125 --log 2");
    assert_transcript!(said);
    let diff = chain.playground.json("stack diff 124 125");
    let [range] = diff["commits"].as_array().unwrap().as_slice() else { panic!("{diff}") };
    assert_eq!(range["packages"], serde_json::json!(["dh-shop", "dh-shop-till"]));
    let shown: Vec<_> = range["commits"].as_array().unwrap().iter().map(|it| it["commit"].clone()).collect();
    let newest_first: Vec<_> = commits.iter().rev().cloned().collect();
    assert_eq!(shown, newest_first);
    // The other way round they are undone.
    let back = chain.playground.json("stack diff 125 124")["commits"][0].clone();
    assert_eq!((back["undone"].as_bool(), back["number"].as_u64()), (Some(true), Some(3)));
    assert!(!chain.playground.ok("stack diff 124 125 --no-log").contains("umbrellas"));
}

#[test]
fn where_the_commits_are_not_at_hand_that_is_said_of_them() {
    let (chain, _) = chain(&["Open later"]);
    fs::remove_dir_all(chain.playground.path("working_copies")).unwrap();
    let said = chain.playground.run("stack diff 124 125");
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    assert!(
        !said.stdout.contains("Open later") && said.stdout.contains("2 packages differ"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains(", which no working copy or mirror here has"), "{}", said.stdout);
    assert!(!chain.playground.path("working_copies").exists(), "looking makes nothing");
    // A working copy that was cut off between the two commits does not know what lies between them.
    let depth = ["clone", "--quiet", "--depth", "1"];
    let url = format!("file://{}", chain.source.path().display());
    let mut clone = std::process::Command::new("git");
    clone.args(depth).arg(url).arg(chain.playground.path("working_copies/shop"));
    assert!(clone.status().unwrap().success());
    assert!(!chain.playground.ok("stack diff 124 125").contains("Open later"));
}

#[test]
fn no_subject_is_obeyed_by_a_terminal() {
    let (chain, _) = chain(&["Sell \u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}umbrellas \u{9b}31m\r-- "]);
    for words in ["stack diff 124 125", "--format json stack diff 124 125"] {
        let said = chain.playground.ok(words);
        assert!(said.contains("umbrellas"), "{said}");
        let obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!said.contains(obeyed), "{}", said.escape_debug());
    }
}
