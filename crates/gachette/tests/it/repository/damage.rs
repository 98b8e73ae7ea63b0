//! What is damaged is told, and hides nothing else.

use std::fs;

use gachette_core::debian::PackageName;

use super::{by, record, reference, repository, stack};

const LEDGER: &str = "meta/domain/default/stacks/1/revisions";

#[test]
fn a_damaged_stack_is_told_and_the_others_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let dh_web: PackageName = "dh-web".parse().unwrap();
    for name in ["1", "2"] {
        repository.create_stack(&stack(name), None, &by()).unwrap();
        repository.add_to_stack(&stack(name), &[record("dh-web", "1.0")], &by()).unwrap();
    }
    fs::write(folder.path().join(LEDGER).join("0000000002.json"), "").unwrap();
    let domains = repository.domains().unwrap();
    let stacks = repository.stacks(&domains[0]).unwrap();
    let with = repository.stacks_with(&dh_web, None).unwrap();
    assert_eq!(stacks.found.iter().map(|entry| &entry.revision.stack).collect::<Vec<_>>(), [&stack("2")]);
    assert_eq!(with.found.iter().map(|found| &found.stack).collect::<Vec<_>>(), [&stack("2")]);
    for damaged in [stacks.damaged, with.damaged] {
        assert_eq!(damaged.iter().map(|damaged| &damaged.stack).collect::<Vec<_>>(), [&stack("1")]);
        assert!(damaged[0].reason.contains("1/revisions/0000000002.json is damaged"), "{damaged:?}");
    }
    fs::remove_dir_all(folder.path().join("meta/domain/default/stacks/2")).unwrap();
    assert_eq!(repository.domains().unwrap(), domains, "a damaged stack is no missing one");
}

#[test]
fn a_lost_revision_is_named_as_lost_and_the_log_shows_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    repository.create_stack(&stack("1"), None, &by()).unwrap();
    repository.add_to_stack(&stack("1"), &[record("dh-web", "1.0")], &by()).unwrap();
    repository.add_to_stack(&stack("1"), &[record("dh-web", "1.1")], &by()).unwrap();
    let file = |number: u64| folder.path().join(LEDGER).join(format!("{number:010}.json"));
    let log = || {
        let log = repository.log_stack(&stack("1"), None).unwrap();
        let numbers: Vec<u64> = log.found.iter().map(|entry| entry.revision.number).collect();
        (numbers, log.damaged.into_iter().map(|damaged| damaged.reason).collect::<Vec<_>>())
    };
    let lost = |number: u64| {
        format!("domain/default/stacks/1/revisions/{number:010}.json is damaged: the file is lost")
    };
    fs::remove_file(file(2)).unwrap();
    assert_eq!(log(), (vec![3, 1], vec![lost(2)]));
    assert_eq!(repository.rollback_stack(&stack("1"), 2, &by()).unwrap_err().to_string(), lost(2));
    assert_eq!(repository.show_stack(&reference("1@2")).unwrap_err().to_string(), lost(2));
    let none = repository.show_stack(&reference("1@4")).unwrap_err().to_string();
    assert_eq!(none, "stack default/1 has no revision 4; its newest is 3");
    fs::remove_file(file(3)).unwrap();
    assert_eq!(log(), (vec![1], vec![lost(3), lost(2)]));
}
