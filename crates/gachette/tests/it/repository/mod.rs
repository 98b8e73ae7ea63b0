//! The repository on a real disk.

mod adoption;
mod damage;
mod documentation;
mod edited_indices;
mod edited_records;
mod edited_suites;
mod faults;
mod faulty_store;
mod forged;
mod forgotten;
mod fsck;
mod gc;
mod kills;
mod links;
mod log;
mod many;
mod noted_checks;
mod packages;
mod processes;
mod publish;
mod stacks;
mod unknown_suites;
mod whereabouts;

use std::path::Path;

use gachette::repository::Repository;
use tempfile::TempDir;

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
        record: None,
    }
}

/// The text of a file below the folder, or nothing when it is not there.
fn text(folder: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(folder.join("meta").join(file)).ok()
}

/// A folder in memory where there is one: what is killed there is killed as well, without waiting for a disk.
fn memory_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}
