//! Making a package file known: opening it, and writing its record, once and for all.

use std::io;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, Control, PackageName, Version};
use gachette_core::stack::{PackageRecord, Provenance, RECORD_FORMAT};

use trebuchet::deb::{self, DebFault, DebFile, DebReadError};

use super::conflict::conflict;
use super::disk::{at, sync_folder_of};
use super::error::RepositoryError;
use super::ledger::unreadable;
use super::package_file::Held;
use super::store::Created;
use super::{Expected, Repository, key};

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
        let expected = Expected { name: name.clone(), version: version.clone(), architecture: None };
        self.register_expected(file, &expected, provenance)
    }

    pub(crate) fn register_expected(
        &self,
        file: &Path,
        expected: &Expected,
        provenance: &Provenance,
    ) -> Result<PackageRecord, RepositoryError> {
        let check = |record: &PackageRecord| check_is(record, expected);
        self.register_checked(&self.package_name_of(file)?, provenance, check)
    }

    /// Holds the file until its derived files are there too: so `fsck` can wait for them.
    fn register_checked(
        &self,
        file: &str,
        provenance: &Provenance,
        check: impl Fn(&PackageRecord) -> Result<(), RepositoryError>,
    ) -> Result<PackageRecord, RepositoryError> {
        let _kept = self.keeping()?;
        let path = self.package_path(file)?;
        let held = Held::take(&path)?.ok_or_else(|| RepositoryError::MissingFile { path: path.clone() })?;
        let (record, known) = self.read_unless_known(&path, file, provenance)?;
        check(&record)?;
        let record = match known {
            Some(known) => {
                // Whoever wrote it may have been killed before it was durable.
                self.store.confirm(&key_of(&known))?;
                same_file(known, &record)?
            }
            None => self.write_record(&held, record)?,
        };
        self.derive_record(&record)?;
        Ok(record)
    }

    /// Reads a package file, and the record that is there for its name, version and architecture. Only one without is
    /// unpacked: what comes with no word of where it was built may be damaged on its way from there.
    pub(crate) fn read_unless_known(
        &self,
        path: &Path,
        file: &str,
        provenance: &Provenance,
    ) -> Result<(PackageRecord, Option<PackageRecord>), RepositoryError> {
        let mut known = Ok(None);
        let is_new = |control: &Control| {
            known = self.record(&control.package, &control.version, &control.architecture);
            provenance.is_empty() && matches!(known, Ok(None))
        };
        let read = deb::read_if(path, is_new).map_err(no_package(path))?;
        let known = known?;
        if known.is_none() {
            self.check_buildinfo(provenance)?;
        }
        let (format, provenance) = (provenance.format(), provenance.clone());
        Ok((PackageRecord { format, provenance, ..record_of(read, file) }, known))
    }

    fn write_record(&self, held: &Held, record: PackageRecord) -> Result<PackageRecord, RepositoryError> {
        let path = &held.path;
        held.file.sync_all().map_err(at(path))?;
        sync_folder_of(path)?;
        let key = key_of(&record);
        let bytes = record.to_bytes().map_err(|error| unreadable(key.clone(), &error))?;
        let digest = Sha256Digest::of(&bytes);
        match self.store.create(&key, bytes)? {
            Created::New => {
                self.vouch_for([digest]);
                Ok(record)
            }
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
pub(crate) fn read_package(path: &Path, file: &str) -> Result<PackageRecord, RepositoryError> {
    Ok(record_of(deb::read_control(path).map_err(no_package(path))?, file))
}

pub(crate) fn record_of(deb: DebFile, file: &str) -> PackageRecord {
    let Control { package, version, architecture, .. } = deb.control;
    PackageRecord {
        format: RECORD_FORMAT,
        name: package,
        version,
        architecture,
        file: file.to_owned(),
        size: deb.size,
        sha256: deb.sha256,
        provenance: Provenance::default(),
        control: deb.fields.into_fields().collect(),
        record: None,
    }
}

pub(crate) fn no_package(path: &Path) -> impl FnOnce(DebReadError) -> RepositoryError {
    move |DebReadError { fault, .. }| match fault {
        DebFault::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            RepositoryError::MissingFile { path: path.to_path_buf() }
        }
        _ => RepositoryError::Unreadable { path: path.to_path_buf(), reason: fault.to_string() },
    }
}

/// Refuses a file that is another package than was said.
pub(crate) fn check_is(record: &PackageRecord, expected: &Expected) -> Result<(), RepositoryError> {
    let Expected { name, version, architecture } = expected;
    let of_architecture = architecture.as_ref().is_none_or(|it| *it == record.architecture);
    if record.name == *name && record.version.as_str() == version.as_str() && of_architecture {
        return Ok(());
    }
    let words = |name: &PackageName, version: &Version, of: &Architecture| match architecture {
        Some(_) => format!("{name} {version} {of}"),
        None => format!("{name} {version}"),
    };
    Err(RepositoryError::Mismatch {
        file: record.file.clone(),
        expected: words(name, version, architecture.as_ref().unwrap_or(&record.architecture)),
        found: words(&record.name, &record.version, &record.architecture),
    })
}

/// The key of a record.
pub(crate) fn key_of(record: &PackageRecord) -> String {
    key::record(&record.name, &record.version, &record.architecture)
}

/// Reads a record's stored bytes.
pub(crate) fn parse_record(key: String, bytes: &[u8]) -> Result<PackageRecord, RepositoryError> {
    PackageRecord::parse(bytes).map_err(|error| unreadable(key, &error))
}

/// The known record, of the same bytes.
pub(crate) fn same_file(
    known: PackageRecord,
    found: &PackageRecord,
) -> Result<PackageRecord, RepositoryError> {
    if known.sha256 == found.sha256 {
        return Ok(known);
    }
    Err(conflict(known, found.sha256, &found.provenance))
}
