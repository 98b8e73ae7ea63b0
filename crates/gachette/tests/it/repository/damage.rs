//! What is damaged is told, and hides nothing else.

use std::fs;
use std::os::unix::fs::symlink;

use gachette::repository::{FailureKind, Fault, FaultClass, FsckMode, Repository, RepositoryError};
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
    let with = repository.stacks_with(&dh_web, None, gachette::repository::Span::Now).unwrap();
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

#[test]
fn a_folder_that_cannot_be_read_is_a_finding_and_all_else_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    repository.create_stack(&stack("1"), None, &by()).unwrap();
    repository.create_stack(&stack("2"), None, &by()).unwrap();
    let (ledger, mark) = (folder.path().join(LEDGER), "meta/domain/default/stacks/2/derived.json");
    fs::remove_dir_all(&ledger).unwrap();
    // Not even root can read a link that leads to itself, and none is followed.
    symlink("revisions", &ledger).unwrap();
    fs::remove_file(folder.path().join(mark)).unwrap();
    let report = repository.fsck(FsckMode::Check).unwrap();
    let of = |class| report.of(class).map(|found| found.path.as_str()).collect::<Vec<_>>();
    assert_eq!(of(FaultClass::Unseen), ["domain/default/stacks/1"]);
    assert_eq!(of(FaultClass::Mendable), ["domain/default/stacks/2/derived.json"]);
    assert!(!report.is_clean() && report.checked.stacks == 2);
    let unseen = report.of(FaultClass::Unseen).next().unwrap();
    assert!(matches!(&unseen.fault, Fault::Unreadable { reason } if reason.contains("symbolic link")));
}

#[test]
fn what_is_no_folder_for_a_repository_is_said_and_not_that_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "").unwrap();
    symlink("nothing", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    let reasons = [
        ("file", "cannot hold a repository: it is a file"),
        ("file/meta", "cannot hold a repository: a folder above it is a file"),
        ("dangling", "cannot hold a repository: it is a link to nothing"),
        ("loop", "Too many levels of symbolic links"),
    ];
    for (name, reason) in reasons {
        for error in [Repository::open(&at(name), None), Repository::init(&at(name), None)] {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), FailureKind::Broken);
            let text = error.to_string();
            assert!(text.contains(reason) && text.starts_with(at(name).to_str().unwrap()), "{text}");
            assert!(error.hint().is_none_or(|hint| !hint.contains("init")));
        }
    }
    assert_eq!(Repository::open(&at("none"), None).unwrap_err().kind(), FailureKind::Missing);
}

#[test]
fn no_repository_is_made_among_the_files_of_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    for (name, found) in
        [("home/.bashrc", ".bashrc"), ("source/domain/user.rs", "lib.rs"), ("mail/packages", "inbox")]
    {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let meta = folder.path().join(name.split('/').next().unwrap());
        fs::write(meta.join(found), "mine").unwrap();
        let before = super::fsck::tree(&meta);
        let refused = Repository::init(&meta, None).unwrap_err();
        assert!(matches!(&refused, RepositoryError::NotVacant { found: it, .. } if it == found), "{refused}");
        assert!(refused.to_string().starts_with(meta.to_str().unwrap()) && refused.hint().is_some());
        assert_eq!((super::fsck::tree(&meta), meta.join("debs").exists()), (before, false));
    }
    // What a file system brings, what the original tool wrote, what an earlier attempt left, and where package files are to lie.
    let mut made = Vec::new();
    for (name, inside) in [
        ("disk", &["lost+found/x"][..]),
        ("tree", &["domain/default/stacks/1/packages/dh-web/version", "notes"]),
        ("register", &["packages/dh-web/version/1.0/file", "notes"]),
        ("killed", &["debs/dh-web-1.0-all.deb", "gachette.json#1"]),
        ("apart", &["pool/main/dh-web-1.0-all.deb"]),
    ] {
        let meta = folder.path().join(name);
        for file in inside {
            fs::create_dir_all(meta.join(file).parent().unwrap()).unwrap();
            fs::write(meta.join(file), "1.0").unwrap();
        }
        let debs = (name == "apart").then(|| meta.join("pool/main"));
        made.push((name, Repository::init(&meta, debs.as_deref()).map(drop)));
    }
    assert!(made.iter().all(|(_, made)| made.is_ok()), "{made:?}");
}

#[test]
fn what_may_not_be_read_is_told_by_its_cause_and_by_what_helps() {
    let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let path = "/srv/meta/gachette.json";
    let source = object_store::Error::PermissionDenied { path: path.to_owned(), source: Box::new(denied()) };
    let errors = [
        RepositoryError::Io { path: path.into(), source: denied() },
        RepositoryError::Storage { key: "gachette.json".to_owned(), source: Box::new(source) },
    ];
    for error in errors {
        assert!(error.to_string().ends_with("gachette.json: permission denied"), "{error}");
        assert!(error.hint().unwrap().contains("user"));
    }
}

#[test]
fn the_way_out_of_a_damaged_identity_keeps_all_stacks() {
    let folder = tempfile::tempdir().unwrap();
    let made = repository(folder.path());
    made.create_stack(&stack("1"), None, &by()).unwrap();
    let (meta, file) = (folder.path().join("meta"), folder.path().join("meta/gachette.json"));
    fs::write(&file, "").unwrap();
    for error in [Repository::open(&meta, None), Repository::init(&meta, None)] {
        let hint = error.unwrap_err().hint().unwrap();
        assert!(hint.contains("`gachette repository init`") && !hint.contains("fsck"), "{hint}");
    }
    fs::rename(&file, folder.path().join("moved-away")).unwrap();
    let again = Repository::init(&meta, None).unwrap();
    assert_eq!(again.log_stack(&stack("1"), None).unwrap().found.len(), 1);
    assert!(again.fsck(FsckMode::Check).unwrap().findings.is_empty());
}

#[test]
fn a_change_is_said_to_be_made_when_its_derived_files_fail_and_repair_says_why_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let dh_web = [record("dh-web", "1.0")];
    repository.create_stack(&stack("1"), None, &by()).unwrap();
    let shown = folder.path().join("meta/domain/default/stacks/1/packages");
    fs::write(&shown, "in the way").unwrap();
    for _ in 0..2 {
        let error = repository.add_to_stack(&stack("1"), &dh_web, &by()).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("revision 2 of stack default/1 is written, but not all files"), "{text}");
        assert!(text.contains("stacks/1/packages/dh-web/version: ") && !text.contains("Generic"), "{text}");
        assert!(error.hint().unwrap().contains("fsck --repair"));
    }
    let report = repository.fsck(FsckMode::Repair).unwrap();
    let version = report.findings.iter().find(|found| found.path.ends_with("dh-web/version")).unwrap();
    assert!(!version.mended && version.obstacle.as_ref().unwrap().contains("dh-web/version: "), "{version}");
    fs::remove_file(&shown).unwrap();
    let report = repository.fsck(FsckMode::Repair).unwrap();
    assert!(report.of(FaultClass::Mendable).all(|found| found.mended && found.obstacle.is_none()));
    assert_eq!(fs::read_to_string(shown.join("dh-web/version")).unwrap(), "1.0\n");
}

#[test]
fn a_file_that_is_another_package_than_was_said_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    repository.place(&super::packages::deb(folder.path(), "dh-web", "1.0", "x")).unwrap();
    let (name, version) = ("dh-web".parse().unwrap(), "1.1".parse().unwrap());
    let nothing = gachette_core::stack::Provenance::default();
    let refused = repository.register_as("dh-web-1.0-all.deb".as_ref(), &name, &version, &nothing);
    assert_eq!(refused.unwrap_err().kind(), FailureKind::Refused);
}
