//! What users remember of package records goes with these when they are collected.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gachette::repository::{FsckMode, GcMode};
use gachette_core::Sha256Digest;

use super::edited_indices::{config, signers};
use super::gc::{add, collect, in_days, package};
use super::memory_folder;
use super::publish::files;

/// Another user, whose marks nobody here can make.
const OTHER: &str = "0011223344556677";

/// The SHA-256 of a package's record.
fn record(meta: &Path, name: &str) -> Sha256Digest {
    Sha256Digest::of(&fs::read(meta.join(format!("packages/{name}/version/1/all.json"))).unwrap())
}

/// The files that hold this digest.
fn who_knows(files: &BTreeMap<PathBuf, Vec<u8>>, digest: &Sha256Digest) -> Vec<PathBuf> {
    let holds = |bytes: &Vec<u8>| bytes.chunks(32).any(|chunk| chunk == digest.as_bytes());
    files.iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path.clone()).collect()
}

#[test]
fn of_records_that_are_gone_nobody_remembers_that_they_were_true() {
    let folder = memory_folder();
    drop(super::repository(folder.path()));
    let _signers = signers(folder.path());
    let repository = config(folder.path()).repository().unwrap();
    let (meta, vouched) = (folder.path().join("meta"), folder.path().join("meta/vouched"));
    add(&repository, "1", &[package(&repository, "dh-web", "1")]);
    package(&repository, "dh-tool", "1");
    let [web, tool] = ["dh-web", "dh-tool"].map(|name| record(&meta, name));
    assert_eq!([who_knows(&files(&vouched), &web).len(), who_knows(&files(&vouched), &tool).len()], [1, 1]);
    fs::create_dir(vouched.join(OTHER)).unwrap();
    let theirs = [("00", vec![tool]), ("01", vec![web, tool]), ("notes", vec![tool])];
    for (name, digests) in &theirs {
        let bytes: Vec<u8> = digests.iter().flat_map(|digest| *digest.as_bytes()).collect();
        fs::write(vouched.join(OTHER).join(name), bytes).unwrap();
    }
    let before = files(&vouched);
    assert_eq!(collect(&repository, 13).vouched.number, 0);
    let looked = repository.gc(&in_days(15, GcMode::Look)).unwrap();
    assert_eq!((looked.vouched.number, files(&vouched) == before), (2, true), "{looked:?}");

    let done = collect(&repository, 15);
    assert_eq!((done.vouched, done.bytes), (looked.vouched, looked.bytes));
    assert_eq!(who_knows(&files(&vouched), &web), who_knows(&before, &web));
    let left = ["01", "notes"].map(|name| Path::new(OTHER).join(name));
    assert_eq!(
        who_knows(&files(&vouched), &tool),
        left,
        "what is another's is theirs, and stays while any of it is true"
    );
    assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
    assert!(collect(&repository, 15).is_empty());

    // The last of it goes with its folder.
    fs::remove_file(vouched.join(OTHER).join("notes")).unwrap();
    repository.delete_stack(&super::stack("1"), &super::by()).unwrap();
    collect(&repository, 15);
    assert!(!vouched.exists());
}
