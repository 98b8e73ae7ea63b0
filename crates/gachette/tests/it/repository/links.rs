//! Links that somebody put into a repository: through none of them anything is removed or written that lies elsewhere.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gachette::repository::{Fault, FsckMode, FsckReport, GcMode, PublishRequest, PublishSubject, Repository};
use gachette::repository::{RepositoryError, SuiteSettings};
use gachette_core::Sha256Digest;
use tempfile::TempDir;

use super::gc::{add, in_days, package, publish};
use super::{by, reference, repository, stack};

/// A repository with a published stack, and beside it a folder of somebody's own.
fn beside_a_home() -> (TempDir, Repository, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let web = package(&repository, "dh-web", "1.0");
    add(&repository, "124", &[web]);
    publish(&repository, "124");
    let home = folder.path().join("home");
    for file in ["mail/inbox/1", "notes#1/a", "default/mail/inbox/1", "draft#1"] {
        let file = home.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "precious").unwrap();
    }
    let long_ago = SystemTime::now() - Duration::from_secs(100_000);
    for old in ["notes#1", "draft#1"] {
        File::open(home.join(old)).unwrap().set_modified(long_ago).unwrap();
    }
    (folder, repository, home)
}

/// All files below a folder, with what they hold.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap())).collect()
}

fn repair(repository: &Repository) -> FsckReport {
    repository.fsck(FsckMode::Repair).unwrap()
}

/// Whether a finding says that what lies there could not be looked at since it is a link.
fn names_the_link(report: &FsckReport, path: &str) -> bool {
    let is_it = |reason: &str| reason.contains("symbolic link");
    let mut findings = report.findings.iter().filter(|found| found.path == path);
    findings.any(|found| matches!(&found.fault, Fault::Unreadable { reason } if is_it(reason)))
}

fn try_to_publish(repository: &Repository, name: &str) -> Result<(), RepositoryError> {
    let subject = PublishSubject::Stack(reference(name));
    let settings = SuiteSettings::default();
    repository.publish(&PublishRequest { subject, settings, signers: None, looked_for: None }).map(drop)
}

#[test]
fn repair_removes_no_staging_folders_through_a_link() {
    let (_folder, repository, home) = beside_a_home();
    let before = files(&home);
    symlink(&home, repository.debs().join(".staging")).unwrap();
    let report = repair(&repository);
    assert_eq!(files(&home), before);
    assert!(names_the_link(&report, "debs"), "{:?}", report.findings);
    let refused = repository.staging().unwrap_err();
    assert!(matches!(refused, RepositoryError::Linked { .. }), "{refused}");
    assert!(refused.hint().unwrap().contains("take the link away"));
    // A link among the folders is none of them.
    fs::remove_file(repository.debs().join(".staging")).unwrap();
    fs::create_dir(repository.debs().join(".staging")).unwrap();
    symlink(&home, repository.debs().join(".staging/0123456789abcdef")).unwrap();
    repair(&repository);
    assert_eq!(files(&home), before);
}

#[test]
fn repair_and_collecting_remove_nothing_below_a_linked_folder_of_the_first_level() {
    for name in ["checks", "statements", "file-lists", "buildinfo", "inputs", "index-parts", "dists", "bases"]
    {
        let (folder, repository, home) = beside_a_home();
        repository.create_stack(&stack("mail"), None, &by()).unwrap();
        repository.delete_stack(&stack("mail"), &by()).unwrap();
        let ours = folder.path().join("meta").join(name);
        let _ = fs::remove_dir_all(&ours);
        symlink(&home, &ours).unwrap();
        let before = files(&home);
        let report = repair(&repository);
        assert!(names_the_link(&report, name), "{name}: {:?}", report.findings);
        let collected = repository.gc(&in_days(30, GcMode::Remove));
        // Who looks for nothing there does not mind.
        let minds = !matches!(name, "inputs" | "bases");
        match collected {
            Err(RepositoryError::Linked { path }) => assert_eq!((path, minds), (ours, true)),
            outcome => assert_eq!(outcome.is_ok(), !minds, "{name}"),
        }
        assert_eq!(files(&home), before, "{name}");
    }
}

#[test]
fn a_suite_is_neither_written_nor_taken_down_through_a_link() {
    let at =
        ["dists/default", "dists/default/124", "dists/default/124/main", "dists/default/124/main/binary-all"];
    for linked in at {
        let (folder, repository, home) = beside_a_home();
        let ours = folder.path().join("meta").join(linked);
        fs::rename(&ours, home.join("moved")).unwrap();
        symlink(home.join("moved"), &ours).unwrap();
        add(&repository, "124", &[package(&repository, "dh-web", "2.0")]);
        let before = files(&home);
        let RepositoryError::Linked { path } = try_to_publish(&repository, "124").unwrap_err() else {
            panic!("another error")
        };
        assert_eq!(path, ours);
        repository.delete_stack(&stack("124"), &by()).unwrap();
        let _ = repository.gc(&in_days(30, GcMode::Remove));
        repair(&repository);
        assert_eq!(files(&home), before, "{linked}");
    }
}

#[test]
fn links_in_place_of_unfinished_files_of_a_suite_are_not_followed() {
    let (folder, repository, home) = beside_a_home();
    let suite = folder.path().join("meta/dists/default/124");
    let before = files(&home);
    let process = std::process::id();
    for name in [".new-begun", ".new-Release", &format!(".new-{process}"), "Release", "InRelease"] {
        let _ = fs::remove_file(suite.join(name));
        symlink(home.join("mail/inbox/1"), suite.join(name)).unwrap();
    }
    add(&repository, "124", &[package(&repository, "dh-web", "2.0")]);
    try_to_publish(&repository, "124").unwrap();
    assert_eq!(files(&home), before);
    assert!(fs::read_to_string(suite.join("Release")).unwrap().contains("Suite: default/124"));
}

#[test]
fn links_that_lead_back_into_a_suite_do_not_keep_a_collector_from_its_end() {
    let (folder, repository, _) = beside_a_home();
    let suite = folder.path().join("meta/dists/default/124");
    symlink(".", suite.join("a")).unwrap();
    symlink(".", suite.join("b")).unwrap();
    assert!(repository.gc(&in_days(0, GcMode::Remove)).is_ok());
}

#[test]
fn nothing_is_written_into_the_repository_through_a_link() {
    let (folder, repository, home) = beside_a_home();
    let meta = folder.path().join("meta");
    let before = files(&home);
    symlink(home.join("mail"), meta.join("packages/dh-new")).unwrap();
    symlink(home.join("mail"), meta.join("domain/other")).unwrap();
    symlink(home.join("mail"), meta.join("domain/default/stacks/new")).unwrap();
    let staging = repository.staging().unwrap();
    let built = staging.path().join("dh-new-1.0-all.deb");
    super::kills::build("dh-new", "1.0", &built);
    let nothing = gachette_core::stack::Provenance::default();
    let refused = [
        repository.take_in(&built, &nothing).map(drop),
        repository.create_stack(&stack("other/1"), None, &by()).map(drop),
        repository.create_stack(&stack("new"), None, &by()).map(drop),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(RepositoryError::Linked { .. })), "{refused:?}");
    }
    let report = repair(&repository);
    assert_eq!(files(&home), before);
    let told = |path: &str| report.findings.iter().any(|found| found.path == path);
    assert!(told("packages/dh-new") && told("domain/other"), "{:?}", report.findings);
}

#[test]
fn a_state_that_somebody_wrote_has_nothing_removed_but_indices() {
    let (folder, repository, _) = beside_a_home();
    let (suite, state) = ("meta/dists/default/124", "meta/domain/default/suites/124.json");
    let (suite, state) = (folder.path().join(suite), folder.path().join(state));
    let digest = Sha256Digest::of(b"thesis").to_string();
    let by_hash = format!("precious/by-hash/SHA256/{digest}");
    let kept = ["precious/thesis.tex", "main/thesis.tex", "main/binary-amd64/notes", "Packages", &by_hash];
    for file in kept {
        fs::create_dir_all(suite.join(file).parent().unwrap()).unwrap();
        fs::write(suite.join(file), "precious").unwrap();
    }
    let gone = format!("main/binary-arm64/by-hash/SHA256/{digest}");
    fs::create_dir_all(suite.join(&gone).parent().unwrap()).unwrap();
    fs::write(suite.join(&gone), "old").unwrap();
    fs::write(suite.join("main/binary-arm64/Packages"), "old").unwrap();
    let mut known: serde_json::Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    for path in kept.into_iter().chain(["main/binary-arm64/Packages"]) {
        known["indices"][path] = serde_json::json!({"size": 8, "sha256": digest});
    }
    for path in [by_hash.as_str(), &gone] {
        known["retired"][path] = serde_json::json!("2020-01-01T00:00:00Z");
    }
    fs::write(&state, known.to_string()).unwrap();
    add(&repository, "124", &[package(&repository, "dh-web", "2.0")]);
    try_to_publish(&repository, "124").unwrap();
    for file in kept {
        assert!(suite.join(file).exists(), "{file}");
    }
    assert!(!suite.join("main/binary-arm64/Packages").exists(), "an index that is gone does go");
    assert!(!suite.join(&gone).exists());
}

#[test]
fn the_package_files_of_another_repository_are_out_of_reach_through_a_link_that_nobody_configured() {
    let (folder, ours, _) = beside_a_home();
    package(&ours, "dh-old", "1.0");
    let other = folder.path().join("other");
    let theirs = repository(&other);
    add(&theirs, "1", &[package(&theirs, "dh-other", "1.0")]);
    let (debs, before) = (folder.path().join("meta/debs"), files(theirs.debs()));
    fs::rename(&debs, folder.path().join("away")).unwrap();
    symlink(theirs.debs(), &debs).unwrap();
    let staged = folder.path().join("dh-new-1.0-all.deb");
    super::kills::build("dh-new", "1.0", &staged);
    let refused = [
        ours.gc(&in_days(30, GcMode::Remove)).map(drop),
        ours.gc(&in_days(30, GcMode::Look)).map(drop),
        ours.take_in(&staged, &Default::default()).map(drop),
        ours.staging().map(drop),
        try_to_publish(&ours, "124"),
    ];
    for refused in refused {
        let Err(RepositoryError::Linked { path }) = &refused else { panic!("{refused:?}") };
        assert_eq!(path, &debs);
    }
    assert!(refused_hint(&ours).contains("`debs_path`"));
    assert!(names_the_link(&repair(&ours), "debs"));
    assert_eq!(files(theirs.debs()), before);
    // Where it was said that they lie there, they do.
    fs::remove_file(&debs).unwrap();
    symlink(folder.path().join("away"), &debs).unwrap();
    let configured = Repository::open(&folder.path().join("meta"), Some(&debs)).unwrap();
    try_to_publish(&configured, "124").unwrap();
    assert_eq!(super::gc::gone(&configured.gc(&in_days(30, GcMode::Remove)).unwrap()), ["dh-old 1.0"]);
    assert!(configured.fsck(FsckMode::Check).unwrap().is_clean());
}

fn refused_hint(repository: &Repository) -> String {
    repository.staging().unwrap_err().hint().unwrap()
}
