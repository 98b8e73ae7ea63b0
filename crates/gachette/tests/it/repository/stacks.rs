//! What users do with stacks.

use std::fs;

use gachette::repository::{FailureKind, FsckMode, Repository};
use gachette_core::stack::{Change, PackageChange, PackageRecord};

use super::{by, memory_folder, record, reference, repository, stack, text};

#[test]
fn a_stack_is_created_once_and_then_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let name = stack("124");
    assert!(repository.create_stack(&name, None, &by()).unwrap().changed);
    repository.add_to_stack(&name, &[record("dh-web", "1.0")], &by()).unwrap();
    let again = repository.create_stack(&name, None, &by()).unwrap();
    assert!(!again.changed);
    assert_eq!((again.entry.revision.number, again.entry.revision.packages.len()), (2, 1));
}

#[test]
fn a_copy_of_a_missing_stack_is_an_error_that_names_it_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let error = repository.create_stack(&stack("new"), Some(&reference("web/old")), &by()).unwrap_err();
    assert_eq!(error.to_string(), "there is no stack web/old");
    assert_eq!(error.kind(), FailureKind::Missing);
    assert!(!folder.path().join("meta/domain").exists());
}

#[test]
fn all_packages_of_one_call_come_in_one_revision() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let name = stack("124");
    repository.create_stack(&name, None, &by()).unwrap();
    let packages: Vec<_> = ["aa", "bb", "cc"].map(|name| record(name, "1.0")).into();
    let committed = repository.add_to_stack(&name, &packages, &by()).unwrap();
    assert_eq!((committed.entry.revision.number, committed.entry.revision.packages.len()), (2, 3));
    assert!(
        !repository.add_to_stack(&name, &packages, &by()).unwrap().changed,
        "the same again is no change"
    );
}

#[test]
fn clients_of_the_original_tool_find_the_versions_of_a_stack() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let name = stack("web/124");
    let file = "domain/web/stacks/124/packages/dh-web/version";
    repository.create_stack(&name, None, &by()).unwrap();
    repository.add_to_stack(&name, &[record("dh-web", "1:1.0~rc1-2")], &by()).unwrap();
    assert_eq!(text(folder.path(), file).as_deref(), Some("1:1.0~rc1-2\n"));
    repository.add_to_stack(&name, &[record("dh-web", "1.1")], &by()).unwrap();
    assert_eq!(text(folder.path(), file).as_deref(), Some("1.1\n"));
    repository.remove_from_stack(&name, &["dh-web".parse().unwrap()], &by()).unwrap();
    assert_eq!(text(folder.path(), file), None);
}

#[test]
fn a_sealed_stack_never_changes_and_the_error_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let name = stack("124");
    repository.create_stack(&name, None, &by()).unwrap();
    repository.add_to_stack(&name, &[record("aa", "1")], &by()).unwrap();
    repository.seal_stack(&name, &by()).unwrap();
    let refusals = [
        repository.add_to_stack(&name, &[record("bb", "1")], &by()),
        repository.remove_from_stack(&name, &["aa".parse().unwrap()], &by()),
        repository.rollback_stack(&name, 1, &by()),
    ];
    for refusal in refusals {
        let error = refusal.unwrap_err();
        assert_eq!(error.to_string(), "stack default/124 is sealed");
        assert!(error.hint().unwrap().contains("--from default/124"));
    }
    assert!(!repository.seal_stack(&name, &by()).unwrap().changed);
    let copy = repository.create_stack(&stack("125"), Some(&reference("124")), &by()).unwrap();
    assert!(!copy.entry.revision.sealed, "a copy of a sealed stack is open");
}

#[test]
fn a_sealed_stack_may_be_deleted_and_its_name_is_never_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let name = stack("124");
    repository.create_stack(&name, None, &by()).unwrap();
    repository.add_to_stack(&name, &[super::gc::package(&repository, "aa", "1")], &by()).unwrap();
    repository.seal_stack(&name, &by()).unwrap();
    let gone = repository.delete_stack(&name, &by()).unwrap().entry.revision;
    assert!(gone.deleted && gone.sealed && gone.packages.is_empty());
    assert!(!repository.has_stack(&name).unwrap());
    for refused in [
        repository.delete_stack(&name, &by()),
        repository.seal_stack(&name, &by()),
        repository.add_to_stack(&name, &[record("aa", "1")], &by()),
    ] {
        assert_eq!(refused.unwrap_err().to_string(), "there is no stack default/124");
    }
    let error = repository.create_stack(&name, Some(&reference("124@3")), &by()).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Refused);
    assert!(error.to_string().contains("no other can have its name"), "{error}");
    assert!(error.hint().unwrap().contains("--from default/124@3"));
    let copy = repository.create_stack(&stack("125"), Some(&reference("124@3")), &by()).unwrap();
    assert_eq!(copy.entry.revision.packages.len(), 1);
    assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
}

#[test]
fn a_rollback_is_a_new_revision_with_the_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let name = stack("124");
    repository.create_stack(&name, None, &by()).unwrap();
    repository.add_to_stack(&name, &[record("aa", "1")], &by()).unwrap();
    repository.add_to_stack(&name, &[record("aa", "2"), record("bb", "1")], &by()).unwrap();
    let back = repository.rollback_stack(&name, 2, &by()).unwrap().entry.revision;
    assert_eq!((back.number, back.change), (4, Change::Rollback { to: 2 }));
    assert!(repository.diff_stacks(&reference("124@2"), &reference("124")).unwrap().is_empty());
    let diff = repository.diff_stacks(&reference("124@3"), &reference("124@4")).unwrap();
    assert!(matches!(diff.packages[0].change, PackageChange::Downgraded { .. }));
    assert_eq!(text(folder.path(), "domain/default/stacks/124/packages/aa/version").as_deref(), Some("1\n"));
    let error = repository.rollback_stack(&name, 9, &by()).unwrap_err();
    assert_eq!(error.to_string(), "stack default/124 has no revision 9; its newest is 4");
}

#[test]
fn a_deleted_stack_is_gone_but_its_ledger_stays_and_it_can_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let name = stack("124");
    repository.create_stack(&name, None, &by()).unwrap();
    repository.add_to_stack(&name, &[super::gc::package(&repository, "aa", "1")], &by()).unwrap();
    repository.delete_stack(&name, &by()).unwrap();
    assert!(repository.domains().unwrap().is_empty());
    assert!(!folder.path().join("meta/domain/default/stacks/124/packages").exists());
    assert_eq!(repository.log_stack(&name, None).unwrap().found.len(), 3);
    let error = repository.add_to_stack(&name, &[record("aa", "1")], &by()).unwrap_err();
    assert_eq!(error.to_string(), "there is no stack default/124");
    assert!(error.hint().unwrap().contains("--from default/124@2"));
    assert_eq!(repository.show_stack(&reference("124@2")).unwrap().revision.packages.len(), 1);
    let back = repository.create_stack(&name, Some(&reference("124@2")), &by()).unwrap().entry.revision;
    assert_eq!((back.number, back.packages.len()), (4, 1));
    assert_eq!(text(folder.path(), "domain/default/stacks/124/packages/aa/version").as_deref(), Some("1\n"));
}

#[test]
fn a_repository_is_found_again_as_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let meta = folder.path().join("meta");
    assert_eq!(Repository::open(&meta, None).unwrap_err().kind(), FailureKind::Missing);
    let made = repository(folder.path());
    let opened = Repository::open(&meta, None).unwrap();
    assert_eq!((made.identity(), opened.debs()), (opened.identity(), meta.join("debs").as_path()));
    assert_eq!(repository(folder.path()).identity(), made.identity(), "making it again changes nothing");
}

#[test]
fn a_stack_of_ten_thousand_packages_is_copied_and_compared_whole() {
    let folder = memory_folder();
    let repository = repository(folder.path());
    let packages: Vec<_> =
        (0..10_000).map(|number| record(&format!("pkg{number}"), &format!("1.{number}"))).collect();
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    repository.add_to_stack(&stack("124"), &packages, &by()).unwrap();
    repository.create_stack(&stack("125"), Some(&reference("124")), &by()).unwrap();
    repository.add_to_stack(&stack("125"), &[record("pkg7", "2")], &by()).unwrap();
    let diff = repository.diff_stacks(&reference("124"), &reference("125")).unwrap();
    let told: Vec<_> = diff.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(told, ["pkg7"]);
    for number in 0..10_000 {
        let version = if number == 7 { "2\n".to_owned() } else { format!("1.{number}\n") };
        let file = format!("domain/default/stacks/125/packages/pkg{number}/version");
        assert_eq!(text(folder.path(), &file), Some(version));
    }
}

#[test]
fn a_large_stack_and_its_copy_are_shown_whole_to_old_clients() {
    let folder = memory_folder();
    let repository = repository(folder.path());
    let packages: Vec<_> =
        (0..1500).map(|number| record(&format!("pkg{number}"), &format!("1.{number}"))).collect();
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    repository.add_to_stack(&stack("124"), &packages, &by()).unwrap();
    repository.create_stack(&stack("125"), Some(&reference("124")), &by()).unwrap();
    for name in ["124", "125"] {
        let shown = folder.path().join(format!("meta/domain/default/stacks/{name}/packages"));
        assert_eq!(fs::read_dir(&shown).unwrap().count(), 1500);
        for number in 0..1500 {
            let version = fs::read_to_string(shown.join(format!("pkg{number}/version"))).unwrap();
            assert_eq!(version, format!("1.{number}\n"));
        }
        let beside = fs::read_dir(shown.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 3, "revisions, packages and the mark, and nothing unfinished");
    }
}

#[test]
fn what_a_killed_writer_had_shown_of_a_new_stack_is_completed_by_the_next() {
    let folder = memory_folder();
    let repository = repository(folder.path());
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    repository.add_to_stack(&stack("124"), &[record("aa", "1"), record("bb", "1")], &by()).unwrap();
    let of_stack = folder.path().join("meta/domain/default/stacks/124");
    // As an older state, half of it, and no mark of how far it is right.
    fs::remove_file(of_stack.join("derived.json")).unwrap();
    fs::remove_dir_all(of_stack.join("packages")).unwrap();
    fs::create_dir_all(of_stack.join("packages#1/aa")).unwrap();
    for (name, version) in [("bb", "0"), ("gone", "1")] {
        fs::create_dir_all(of_stack.join("packages").join(name)).unwrap();
        fs::write(of_stack.join("packages").join(name).join("version"), format!("{version}\n")).unwrap();
    }
    repository.add_to_stack(&stack("124"), &[record("cc", "1")], &by()).unwrap();
    let shown =
        |name: &str| text(folder.path(), &format!("domain/default/stacks/124/packages/{name}/version"));
    let versions = ["aa", "bb", "cc", "gone"].map(shown);
    assert_eq!(versions, [Some("1\n".to_owned()), Some("1\n".to_owned()), Some("1\n".to_owned()), None]);

    // The same with a mark of a state in which nothing was shown.
    repository.create_stack(&stack("125"), None, &by()).unwrap();
    let of_stack = folder.path().join("meta/domain/default/stacks/125");
    fs::create_dir_all(of_stack.join("packages/gone")).unwrap();
    fs::write(of_stack.join("packages/gone/version"), "1\n").unwrap();
    repository.add_to_stack(&stack("125"), &[record("cc", "1")], &by()).unwrap();
    let shown =
        |name: &str| text(folder.path(), &format!("domain/default/stacks/125/packages/{name}/version"));
    assert_eq!(["cc", "gone"].map(shown), [Some("1\n".to_owned()), None]);
}

#[test]
fn two_versions_of_one_package_are_not_added_at_once() {
    let folder = memory_folder();
    let repository = repository(folder.path());
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    let add = |packages: &[PackageRecord]| repository.add_to_stack(&stack("124"), packages, &by());
    let refused = add(&[record("dh-web", "1.0"), record("dh-web", "2.0")]).unwrap_err();
    assert_eq!(refused.kind(), FailureKind::Invalid);
    assert!(refused.to_string().starts_with("dh-web 1.0 and 2.0 cannot both be added"), "{refused}");
    assert_eq!(repository.stack_head(&reference("124")).unwrap().number, 1);
    let twice = add(&[record("dh-web", "1.0"), record("dh-web", "1.0"), record("dh-till", "2.0")]).unwrap();
    assert_eq!(twice.entry.revision.packages.len(), 2);
}
