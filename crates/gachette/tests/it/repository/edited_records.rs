//! Who can write into a repository and has no key edits a record, its own sum with it: what it says then comes under no signature.

use std::fs;
use std::path::{Path, PathBuf};

use gachette::repository::{PublishRequest, PublishSubject, Repository, SuiteSettings};
use gachette::signing::Signers;
use gachette_core::stack::PackageRecord;

use super::edited_indices::{config, signers};
use super::publish::{NAME, files, is_whole, stocked, suite};
use super::{memory_folder, reference};

/// The first record, and where it is.
fn a_record(meta: &Path) -> (PathBuf, PackageRecord) {
    let packages = meta.join("packages");
    let path = files(&packages).into_keys().find(|path| path.ends_with("all.json")).unwrap();
    let path = packages.join(path);
    let record = PackageRecord::parse(&fs::read(&path).unwrap()).unwrap();
    (path, record)
}

/// Takes all that was published away, and publishes the stack.
fn publish_anew(repository: &Repository, signers: &Signers) -> Result<(), String> {
    let _ = fs::remove_dir_all(repository.meta().unwrap().join("index-parts"));
    let _ = fs::remove_dir_all(suite(repository));
    let request = PublishRequest {
        subject: PublishSubject::Stack(reference(NAME)),
        settings: SuiteSettings::default(),
        signers: Some(signers),
        looked_for: None,
    };
    repository.publish(&request).map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_record_that_was_edited_with_its_own_sum_is_signed_by_nobody() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    let unmarked = stocked(folder.path(), 20);
    for repository in [config(folder.path()).repository().unwrap(), unmarked] {
        let (path, record) = a_record(repository.meta().unwrap());
        let good = fs::read(&path).unwrap();
        for (field, value) in
            [("Package", "base-files"), ("Version", "999"), ("Essential", "yes"), ("Depends", "evil")]
        {
            let mut edited = PackageRecord { record: None, ..record.clone() };
            edited.control.insert(field.to_owned(), value.to_owned());
            fs::write(&path, edited.to_bytes().unwrap()).unwrap();
            let refused = publish_anew(&repository, &signers).unwrap_err();
            assert!(
                refused.ends_with("its fields are not those of the package file; it was edited"),
                "{refused}"
            );
            assert!(!suite(&repository).join("InRelease").exists());
        }
        fs::write(&path, good).unwrap();
        publish_anew(&repository, &signers).unwrap();
        is_whole(&suite(&repository));
    }
}

#[test]
fn a_package_file_is_read_again_only_for_a_record_that_this_user_did_not_write() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    let theirs = stocked(folder.path(), 20);
    let repository = config(folder.path()).repository().unwrap();
    let (_, record) = a_record(repository.meta().unwrap());
    let file = repository.debs().join(&record.file);
    let good = fs::read(&file).unwrap();
    let decay = || fs::write(&file, vec![0; good.len()]).unwrap();
    // What others wrote is read, and remembered.
    decay();
    let refused = publish_anew(&repository, &signers).unwrap_err();
    assert!(refused.contains(&record.file), "{refused}");
    fs::write(&file, &good).unwrap();
    publish_anew(&repository, &signers).unwrap();
    decay();
    publish_anew(&repository, &signers).unwrap();
    // Not by others, who know nothing of it; and not from what somebody edited.
    publish_anew(&theirs, &signers).unwrap_err();
    let vouched = repository.meta().unwrap().join("vouched");
    for (path, bytes) in files(&vouched) {
        fs::write(vouched.join(path), bytes.iter().map(|byte| byte ^ 1).collect::<Vec<_>>()).unwrap();
    }
    publish_anew(&repository, &signers).unwrap_err();
    // What this user takes in himself is known without that.
    fs::write(&file, &good).unwrap();
    fs::remove_dir_all(repository.meta().unwrap().join("packages")).unwrap();
    fs::remove_dir_all(vouched).unwrap();
    for (name, _) in files(repository.debs()) {
        repository.register(&name, &Default::default()).unwrap();
    }
    decay();
    publish_anew(&repository, &signers).unwrap();
}
