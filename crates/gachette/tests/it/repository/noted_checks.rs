//! What checks said of a revision, in the ledger of a channel.

use std::fs;
use std::path::{Path, PathBuf};

use gachette::repository::{ChannelWish, Fault, FsckMode, Repository};
use gachette_core::apt::Suite;
use gachette_core::channel::{ChannelPolicy, CheckOutcome};
use gachette_core::stack::Head;

use super::{by, repository, stack};

/// A sealed stack, and a channel for which two checks of it were noted.
fn noted(folder: &Path) -> (Repository, Suite, Head) {
    let repository = repository(folder);
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    let sealed = Head::from(&repository.seal_stack(&stack("124"), &by()).unwrap().entry);
    let live = Suite::from(stack("live"));
    for (check, outcome) in [("qa", CheckOutcome::Failed), ("scan", CheckOutcome::Passed)] {
        let results = [(check.parse().unwrap(), outcome)].into();
        let wish = ChannelWish::Note(&sealed, &results);
        repository.change_channel(&live, &wish, &ChannelPolicy::default(), &by()).unwrap();
    }
    (repository, live, sealed)
}

fn entry(repository: &Repository, number: u64) -> PathBuf {
    repository.meta().unwrap().join(format!("domain/default/channels/live/{number:010}.json"))
}

/// Replaces words in the state that an entry holds.
fn edit_state(file: &Path, words: &str, other: &str) {
    let text = fs::read_to_string(file).unwrap();
    let (change, state) = text.split_at(text.rfind("\"state\"").unwrap());
    assert!(state.contains(words), "{state}");
    fs::write(file, format!("{change}{}", state.replacen(words, other, 1))).unwrap();
}

#[test]
fn fsck_finds_a_state_that_says_something_else_of_checks_than_was_noted() {
    for (words, other) in [("\"failed\"", "\"passed\""), ("\"qa\"", "\"qa2\""), ("ada@build1", "eve@build1")]
    {
        let folder = tempfile::tempdir().unwrap();
        let (repository, ..) = noted(folder.path());
        assert_eq!(repository.fsck(FsckMode::Check).unwrap().findings, []);
        edit_state(&entry(&repository, 2), words, other);
        let findings = repository.fsck(FsckMode::Check).unwrap().findings;
        let changed = |fault: &Fault| matches!(fault, Fault::Changed { reason } if reason.contains("checks"));
        assert!(findings.len() == 1 && changed(&findings[0].fault), "{words}: {findings:?}");
        assert!(findings[0].path.ends_with("live/0000000002.json"), "{findings:?}");
    }
    // One that was edited as a whole is not the one that the next one names.
    let folder = tempfile::tempdir().unwrap();
    let (repository, ..) = noted(folder.path());
    let text = fs::read_to_string(entry(&repository, 1)).unwrap();
    assert_eq!(text.matches("\"failed\"").count(), 2, "{text}");
    fs::write(entry(&repository, 1), text.replace("\"failed\"", "\"passed\"")).unwrap();
    let findings = repository.fsck(FsckMode::Check).unwrap().findings;
    assert!(findings.iter().any(|found| found.path.ends_with("live/0000000002.json")), "{findings:?}");
}

#[test]
fn a_state_that_was_edited_passes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (repository, live, sealed) = noted(folder.path());
    edit_state(&entry(&repository, 2), "\"failed\"", "\"passed\"");
    let policy = ChannelPolicy { required_checks: vec!["qa".parse().unwrap()], ..ChannelPolicy::default() };
    let promote = |policy| repository.change_channel(&live, &ChannelWish::Promote(&sealed), policy, &by());
    let refused = promote(&policy).unwrap_err().to_string();
    assert!(refused.contains("did not pass: qa (failed at"), "{refused}");
    // Where an entry is lost that may say it, nobody knows.
    fs::remove_file(entry(&repository, 1)).unwrap();
    let refused = promote(&policy).unwrap_err().to_string();
    let told = ["did not pass: qa;", "0000000001.json is damaged: the file is lost"];
    assert!(told.iter().all(|told| refused.contains(told)), "{refused}");
    let scan = ChannelPolicy { required_checks: vec!["scan".parse().unwrap()], ..ChannelPolicy::default() };
    assert!(promote(&scan).unwrap().changed, "what is known is found before that");
}
