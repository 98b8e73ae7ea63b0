//! The repository on a real disk.

mod stacks;

use std::path::Path;

use gachette::repository::Repository;
use gachette_core::Sha256Digest;
use gachette_core::stack::{By, PackageRecord, Provenance, RECORD_FORMAT, StackName, StackRef};

fn repository(folder: &Path) -> Repository {
    Repository::init(&folder.join("meta"), None).unwrap()
}

fn by() -> By {
    By::new("ada@build1").because("a test")
}

fn stack(name: &str) -> StackName {
    name.parse().unwrap()
}

fn reference(name: &str) -> StackRef {
    name.parse().unwrap()
}

/// A record as registering a file would give it, for tests that need no file.
fn record(name: &str, version: &str) -> PackageRecord {
    PackageRecord {
        format: RECORD_FORMAT,
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        architecture: "all".parse().unwrap(),
        file: format!("{name}-{version}-all.deb"),
        size: 1,
        sha256: Sha256Digest::of(format!("{name} {version}").as_bytes()),
        provenance: Provenance::default(),
        control: [("Package".to_owned(), name.to_owned())].into_iter().collect(),
    }
}

/// The text of a file below the folder, or nothing when it is not there.
fn text(folder: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(folder.join("meta").join(file)).ok()
}
