//! A tree that the original tool wrote, taken over.

use std::fs;
use std::path::Path;

use gachette::repository::{ChannelWish, FaultClass, FsckMode, Repository, RepositoryError};
use gachette::stack::Stack;
use gachette_core::apt::Suite;
use gachette_core::channel::ChannelPolicy;
use gachette_core::stack::{Change, Domain, Head, Provenance};

use super::packages::deb;
use super::{by, record, reference, stack, text};

/// What the original left: two stacks, a registered package, a reference to a lost file, and a package without version.
fn original(folder: &Path) {
    let built = deb(folder, "dh-web", "1.0", "x");
    let write = |file: &str, value: &str| {
        let path = folder.join("meta").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, value).unwrap();
    };
    write("packages/dh-web/version/1.0/file", "dh-web-1.0-all.deb\n");
    write("packages/dh-old/version/0.9/file", "lost.deb\n");
    write("domain/default/stacks/123/packages/dh-web/version", "1.0\n");
    write("domain/default/stacks/123/packages/dh-old/version", "0.9\n");
    write("domain/default/stacks/123/packages/dh-static/version", "\n");
    write("domain/web/stacks/latest/packages/dh-web/version", "1.0\n");
    fs::create_dir_all(folder.join("meta/debs")).unwrap();
    fs::rename(built, folder.join("meta/debs/dh-web-1.0-all.deb")).unwrap();
}

#[test]
fn stacks_and_packages_of_the_original_tool_are_taken_over_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    original(folder.path());
    let repository = Repository::init(&folder.path().join("meta"), None).unwrap();
    let shown = repository.show_stack(&reference("123")).unwrap().revision;
    assert_eq!(shown.change, Change::Adopt {});
    let held: Vec<_> =
        shown.packages.iter().map(|p| format!("{} {} {}", p.name, p.version, p.files.len())).collect();
    assert_eq!(held, ["dh-old 0.9 0", "dh-web 1.0 1"]);
    assert_eq!(repository.records(&"dh-web".parse().unwrap(), &"1.0".parse().unwrap()).unwrap().len(), 1);
    assert!(repository.has_stack(&stack("web/latest")).unwrap());
    assert_eq!(
        text(folder.path(), "domain/default/stacks/123/packages/dh-old/version").as_deref(),
        Some("0.9\n")
    );
    repository.add_to_stack(&stack("123"), &[record("dh-new", "1")], &by()).unwrap();
    let report = repository.fsck(FsckMode::Check).unwrap();
    assert!(report.of(FaultClass::Mendable).next().is_none(), "{:?}", report.findings);
    let told: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let reference = "packages/dh-old/version/0.9/file: the file that it names is lost: lost.deb".to_owned();
    assert!(told.contains(&reference), "{told:?}");
}

#[test]
fn empty_stacks_of_the_original_tool_are_taken_over_and_what_a_killed_creation_left_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let stacks = folder.path().join("meta/domain/default/stacks");
    fs::create_dir_all(stacks.join("120/packages")).unwrap();
    fs::create_dir_all(stacks.join("121")).unwrap();
    let repository = Repository::init(&folder.path().join("meta"), None).unwrap();
    let listed = repository.stacks(&Domain::default()).unwrap();
    assert_eq!(listed.found.iter().map(|it| it.revision.stack.name()).collect::<Vec<_>>(), ["120", "121"]);
    let package = deb(folder.path(), "dh-new", "1", "x");
    let package = repository.take_in(&package, &Provenance::default()).unwrap();
    for name in ["120", "121"] {
        let made = repository.create_stack(&stack(name), None, &by()).unwrap();
        let revision = &made.entry.revision;
        assert!(!made.changed && revision.change == Change::Adopt {} && revision.packages.is_empty());
        repository.add_to_stack(&stack(name), std::slice::from_ref(&package), &by()).unwrap();
    }
    fs::create_dir_all(stacks.join("122/packages")).unwrap();
    fs::create_dir_all(stacks.join("123")).unwrap();
    let change =
        |name: &str| repository.create_stack(&stack(name), None, &by()).unwrap().entry.revision.change;
    assert_eq!((change("122"), change("123")), (Change::Adopt {}, Change::Create {}));
    let report = repository.fsck(FsckMode::Check).unwrap();
    assert!(report.is_clean() && report.of(FaultClass::Mendable).next().is_none(), "{:?}", report.findings);
}

#[test]
fn a_stack_that_the_original_tool_makes_later_is_taken_over_by_the_first_change() {
    let folder = tempfile::tempdir().unwrap();
    let repository = super::repository(folder.path());
    original(folder.path());
    let made = repository.create_stack(&stack("123"), None, &by()).unwrap();
    assert!(
        made.entry.revision.change == Change::Adopt {} && !made.changed,
        "it exists, and is left as it is"
    );
    let added = repository.add_to_stack(&stack("web/latest"), &[record("dh-new", "1")], &by()).unwrap();
    assert_eq!((added.entry.revision.number, added.entry.revision.packages.len()), (2, 2));
}

#[test]
fn a_stack_that_the_original_tool_makes_under_the_name_of_a_channel_is_not_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let repository = super::repository(folder.path());
    repository.create_stack(&stack("1"), None, &by()).unwrap();
    let sealed = Head::from(&repository.seal_stack(&stack("1"), &by()).unwrap().entry);
    let policy = ChannelPolicy::default();
    let live = Suite::from(stack("123"));
    repository.change_channel(&live, &ChannelWish::Promote(&sealed), &policy, &by()).unwrap();
    original(folder.path());
    let refused = repository.add_to_stack(&stack("123"), &[record("dh-new", "1")], &by()).unwrap_err();
    assert!(matches!(refused, RepositoryError::NameTaken { by: "a channel", .. }), "{refused}");
    assert_eq!(repository.channel(&live).unwrap().entry.number, 1);
}

#[test]
fn the_library_has_the_originals_names_and_makes_nothing_before_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let meta = folder.path().join("meta");
    let first = Stack::new("default", "123", &meta).unwrap().by(by());
    assert!(!first.is_persisted().unwrap() && !meta.exists());
    assert!(first.clone_from("100").is_err());
    first.persist().unwrap();
    let error = first.add_package("dh-web", "1.0", "dh-web-1.0-all.deb").unwrap_err();
    assert!(error.to_string().starts_with("there is no package file "), "{error}");
    deb(&meta.join("debs"), "dh-web", "1.0", "x");
    first.add_package("dh-web", "1.0", "dh-web-1.0-all.deb").unwrap();
    let second = Stack::new("default", "124", &meta).unwrap();
    second.clone_from("123@1").unwrap();
    assert_eq!((first.packages().unwrap().len(), second.packages().unwrap().len()), (1, 0));
    second.seal().unwrap();
    assert_eq!(second.remove_package("dh-web").unwrap_err().to_string(), "stack default/124 is sealed");
    let third = Stack::new("default", "125", &meta).unwrap().with_debs(&meta.join("debs"));
    third.persist().unwrap();
    let repository = third.repository().unwrap();
    let records = repository.records_in(&repository.show_stack(&reference("123")).unwrap()).unwrap();
    assert!(third.add_packages(&records).unwrap().changed);
    assert_eq!(third.packages().unwrap().hash(), first.packages().unwrap().hash());
    assert!(Stack::new("default", "../x", &meta).is_err());
    for (name, version) in [("../x", "1.0"), ("dh-web", "1.0;id")] {
        assert!(first.add_package(name, version, "dh-web-1.0-all.deb").is_err());
    }
}
