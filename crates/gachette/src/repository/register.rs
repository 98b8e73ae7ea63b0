//! Making a package file known: opening it, and writing its record, once and for all.

use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{PackageRecord, Provenance, RECORD_FORMAT};

use trebuchet::deb;

use super::disk::{at, sync_folder_of};
use super::error::{Conflict, RepositoryError};
use super::ledger::unreadable;
use super::package_file::Held;
use super::store::Created;
use super::{Repository, key};

impl Repository {
    /// Registers a file in the folder of package files. `file` is its name, or its path there. A file that is registered
    /// already keeps the record it has.
    ///
    /// # Errors
    /// When there is no such file, it is no package, or another file is registered as the same name, version and
    /// architecture.
    pub fn register(&self, file: &Path, provenance: &Provenance) -> Result<PackageRecord, RepositoryError> {
        self.register_checked(&self.package_name_of(file)?, provenance, |_| Ok(()))
    }

    /// Registers a file of which name and version are said beforehand.
    ///
    /// # Errors
    /// As [`Repository::register`]; and when the file is another package or version, in which case nothing is written.
    pub fn register_as(
        &self,
        file: &Path,
        name: &PackageName,
        version: &Version,
        provenance: &Provenance,
    ) -> Result<PackageRecord, RepositoryError> {
        self.register_checked(&self.package_name_of(file)?, provenance, |record| {
            if record.name == *name && record.version.as_str() == version.as_str() {
                return Ok(());
            }
            Err(RepositoryError::Mismatch {
                file: record.file.clone(),
                expected: format!("{name} {version}"),
                found: format!("{} {}", record.name, record.version),
            })
        })
    }

    /// Holds the file until its derived files are there too: so `fsck` can wait for them.
    fn register_checked(
        &self,
        file: &str,
        provenance: &Provenance,
        check: impl Fn(&PackageRecord) -> Result<(), RepositoryError>,
    ) -> Result<PackageRecord, RepositoryError> {
        let path = self.package_path(file)?;
        let held = Held::take(&path)?.ok_or_else(|| RepositoryError::MissingFile { path: path.clone() })?;
        // What comes with no word of where it was built may be damaged on its way from there.
        let depth = if provenance.is_empty() { Depth::Whole } else { Depth::Control };
        let record = PackageRecord { provenance: provenance.clone(), ..read_package(&path, file, depth)? };
        check(&record)?;
        let record = self.write_record(&held, record)?;
        self.derive_record(&record)?;
        Ok(record)
    }

    fn write_record(&self, held: &Held, record: PackageRecord) -> Result<PackageRecord, RepositoryError> {
        if let Some(known) = self.known_record(&record)? {
            return Ok(known);
        }
        let path = &held.path;
        held.file.sync_all().map_err(at(path))?;
        sync_folder_of(path)?;
        let key = key::record(&record.name, &record.version, &record.architecture);
        let bytes = record.to_bytes().map_err(|error| unreadable(key.clone(), &error))?;
        match self.store.create(&key, bytes)? {
            Created::New => Ok(record),
            Created::Taken(bytes) => same_file(parse_record(key, &bytes)?, &record),
        }
    }

    /// The record that is there for the same package, version and architecture.
    ///
    /// # Errors
    /// When it is that of another file.
    pub(crate) fn known_record(&self, of: &PackageRecord) -> Result<Option<PackageRecord>, RepositoryError> {
        let known = self.record(&of.name, &of.version, &of.architecture)?;
        known.map(|known| same_file(known, of)).transpose()
    }
}

/// What a package file says of itself, as a record without provenance.
pub(crate) fn read_package(path: &Path, file: &str, depth: Depth) -> Result<PackageRecord, RepositoryError> {
    let read = match depth {
        Depth::Control => deb::read_control(path),
        Depth::Whole => deb::read(path),
    };
    let deb = read.map_err(|error| RepositoryError::Unreadable {
        path: path.to_path_buf(),
        reason: error.fault.to_string(),
    })?;
    Ok(PackageRecord {
        format: RECORD_FORMAT,
        name: deb.control.package.clone(),
        version: deb.control.version.clone(),
        architecture: deb.control.architecture.clone(),
        file: file.to_owned(),
        size: deb.size,
        sha256: deb.sha256,
        provenance: Provenance::default(),
        control: deb.fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        record: None,
    })
}

/// How much of a package file is unpacked to see that it can be.
#[derive(Clone, Copy)]
pub(crate) enum Depth {
    Control,
    Whole,
}

/// Reads a record's stored bytes.
pub(crate) fn parse_record(key: String, bytes: &[u8]) -> Result<PackageRecord, RepositoryError> {
    PackageRecord::parse(bytes).map_err(|error| unreadable(key, &error))
}

fn same_file(known: PackageRecord, found: &PackageRecord) -> Result<PackageRecord, RepositoryError> {
    if known.sha256 == found.sha256 {
        return Ok(known);
    }
    Err(conflict(known, found.sha256))
}

/// The refusal of a file that is not the registered one.
pub(crate) fn conflict(known: PackageRecord, found: Sha256Digest) -> RepositoryError {
    RepositoryError::Conflict(Box::new(Conflict {
        name: known.name,
        version: known.version,
        architecture: known.architecture,
        known: known.sha256,
        found,
    }))
}
