//! What is damaged or cannot be read is named with its cause and with what helps, where a user meets it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::assert_transcript;
use crate::chain::Chain;

const RECORD: &str = "repository/packages/dh-shop-config/version/1.0/all.json";

/// A repository with the stack `124` of one package, and an empty stack `125`.
fn chain() -> Chain {
    let chain = Chain::new();
    chain.playground.ok("prepare config");
    chain.playground.ok("build config --app-version 1.0");
    chain.playground.ok("stack add 124 dh-shop-config-1.0-all.deb");
    chain.playground.ok("stack create 125");
    chain
}

fn revision(stack: &str, number: u64) -> String {
    format!("repository/domain/default/stacks/{stack}/revisions/{number:010}.json")
}

#[test]
fn a_sound_repository_is_clean() {
    assert_transcript!(chain().playground.run("repository fsck"));
}

#[test]
fn a_damaged_record_is_named_wherever_it_is_met() {
    let chain = chain();
    fs::write(chain.playground.path(RECORD), "{").unwrap();
    assert_transcript!(chain.playground.run("repository fsck"));
    assert_transcript!(chain.playground.run("package show dh-shop-config"));
    assert_transcript!(chain.playground.run("stack add 125 dh-shop-config-1.0-all.deb"));
}

#[test]
fn a_record_that_cannot_be_read_is_told_from_a_damaged_one() {
    let chain = chain();
    let record = chain.playground.path(RECORD);
    fs::remove_file(&record).unwrap();
    // Not even root can read a link that leads to itself.
    symlink("all.json", &record).unwrap();
    assert_transcript!(chain.playground.run("repository fsck"));
}

#[test]
fn what_helps_is_said_of_each_kind_of_thing_that_is_found() {
    let chain = chain();
    let hint = |line: &str| {
        let said = chain.playground.run(line);
        assert_eq!(said.code, 5, "{line}: {}", said.stdout);
        said.stderr.split("hint: ").nth(1).unwrap().trim().to_owned()
    };
    let bases = chain.playground.path("repository/bases");
    symlink(chain.playground.path("home"), &bases).unwrap();
    assert!(hint("repository fsck").starts_with("take the link away"));
    let mark = chain.playground.path("repository/domain/default/stacks/124/derived.json");
    fs::remove_file(&mark).unwrap();
    let both = hint("repository fsck");
    assert!(both.contains("take the link away") && both.contains("fsck --repair`"), "{both}");
    fs::remove_file(&bases).unwrap();
    assert_eq!(hint("repository fsck"), "mend it with `gachette repository fsck --repair`");
    chain.playground.ok("repository fsck --repair");
    fs::write(&bases, "").unwrap();
    assert!(hint("repository fsck").starts_with("something else lies there"));
    fs::remove_file(&bases).unwrap();
    fs::remove_file(chain.playground.path("repository/debs/dh-shop-config-1.0-all.deb")).unwrap();
    assert!(hint("repository fsck").starts_with("bring damaged files back"));
}

#[test]
fn a_suite_whose_folder_is_gone_is_one_finding_with_the_command_that_makes_it_again() {
    let chain = chain();
    chain.playground.ok("publish 124 --unsigned");
    chain.playground.ok("publish 125 --unsigned");
    chain.playground.ok("repository fsck");
    fs::remove_dir_all(chain.playground.path("repository/dists/default/124")).unwrap();
    assert_transcript!(chain.playground.run("repository fsck"));
    assert_transcript!(chain.playground.run("repository fsck --repair"));
    chain.playground.ok("publish 124 --unsigned");
    chain.playground.ok("repository fsck");
}

#[test]
fn a_pipe_in_place_of_a_record_or_revision_keeps_nobody_waiting() {
    let chain = chain();
    let newest = revision("124", 2);
    for (file, line) in [(RECORD, "package show dh-shop-config"), (newest.as_str(), "stack show 124")] {
        let path = chain.playground.path(file);
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        for line in [line, "repository fsck"] {
            let said = chain.playground.run(line);
            assert!(said.code != 0, "{line}: {}", said.stdout);
            let told = [said.stdout, said.stderr].concat();
            assert!(told.contains("it is no regular file"), "{line}: {told}");
        }
    }
    chain.playground.ok("stack show 125");
}

#[test]
fn a_damaged_stack_is_named_and_hides_no_other() {
    let chain = chain();
    fs::write(chain.playground.path(&revision("124", 2)), "").unwrap();
    assert_transcript!(chain.playground.run("stack show 124"));
    assert_transcript!(chain.playground.run("stack list"));
    assert_transcript!(chain.playground.run("repository fsck"));
    assert_transcript!(chain.playground.run("repository fsck --repair"));
}

#[test]
fn a_stack_that_cannot_be_read_is_named_and_all_else_is_checked() {
    let chain = chain();
    let ledger = chain.playground.path("repository/domain/default/stacks/125/revisions");
    fs::remove_dir_all(&ledger).unwrap();
    symlink("revisions", &ledger).unwrap();
    assert_transcript!(chain.playground.run("repository fsck"));
    assert_transcript!(chain.playground.run("stack show 125"));
}
