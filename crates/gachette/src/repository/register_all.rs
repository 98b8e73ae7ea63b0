//! Making many package files known at once: read side by side, and made durable together.
//!
//! The order of writes is that of one file. What differs is who waits: all files together for the disk, instead of one after
//! the other; and nobody replaces any package file while this goes on, instead of each being held in turn.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{PackageRecord, Provenance};

use super::create_all::NewFile;
use super::disk::{can_sync_file_system, sync_file_system};
use super::error::RepositoryError;
use super::ledger::unreadable;
use super::lock::Hold;
use super::package_file::is_there;
use super::register::{check_is, key_of, parse_record, same_file};
use super::spread::{Worth, gather};
use super::store::Created;
use super::{Repository, key};

/// Up to how many files are registered one by one: to make a whole file system durable is more than that of a few files.
pub(crate) const FEW: usize = 8;

/// A file in the folder of package files that is to be registered.
#[derive(Clone, Debug)]
pub struct ToRegister {
    /// Its name, or its path there.
    pub file: PathBuf,
    /// What it has to be, if that is said.
    pub expected: Option<(PackageName, Version)>,
    /// Where it came from, as far as it is known.
    pub provenance: Provenance,
}

/// A file that was read.
struct Found {
    record: PackageRecord,
    /// Whether the record was there before.
    known: bool,
}

impl Repository {
    /// Registers files as [`Repository::register`] does, or those of which it is said what they are as
    /// [`Repository::register_as`] does; many are done at once.
    ///
    /// # Errors
    /// Those of the first file that has one. Of many files none is registered then, save for those that were.
    pub fn register_all(&self, files: &[ToRegister]) -> Result<Vec<PackageRecord>, RepositoryError> {
        let kept = self.keeping()?;
        if files.len() > FEW && can_sync_file_system(&self.debs) {
            return kept.register_many(files);
        }
        let one_by_one = files.iter().map(|file| match &file.expected {
            Some((name, version)) => kept.register_as(&file.file, name, version, &file.provenance),
            None => kept.register(&file.file, &file.provenance),
        });
        one_by_one.collect()
    }

    fn register_many(&self, files: &[ToRegister]) -> Result<Vec<PackageRecord>, RepositoryError> {
        let _unchanged = self.hold_files(Hold::Shared)?;
        let found = gather(Worth::Files, files, |file| self.find(file))?;
        sync_file_system(&self.debs)?;
        if found.iter().any(|found| found.known) {
            // Whoever wrote the record may have been killed before it was durable.
            self.store.settle()?;
        }
        let new = found.iter().filter(|found| !found.known).map(|found| &found.record);
        let new: BTreeMap<String, &PackageRecord> = new.map(|record| (key_of(record), record)).collect();
        let written = self.write_records(&new)?;
        let record = |found: Found| match written.get(&key_of(&found.record)) {
            Some(written) => same_file(written.clone(), &found.record),
            None => Ok(found.record),
        };
        found.into_iter().map(record).collect()
    }

    fn find(&self, file: &ToRegister) -> Result<Found, RepositoryError> {
        let name = self.package_name_of(&file.file)?;
        let path = self.package_path(&name)?;
        if !is_there(&path)? {
            return Err(RepositoryError::MissingFile { path });
        }
        let (record, known) = self.read_unless_known(&path, &name, &file.provenance)?;
        if let Some((name, version)) = &file.expected {
            check_is(&record, name, version)?;
        }
        let Some(known) = known else { return Ok(Found { record, known: false }) };
        let record = same_file(known, &record)?;
        self.derive_record(&record)?;
        Ok(Found { record, known: true })
    }

    /// Writes records and what is derived from them. Returns each as it is there then, by its key.
    fn write_records(
        &self,
        records: &BTreeMap<String, &PackageRecord>,
    ) -> Result<BTreeMap<String, PackageRecord>, RepositoryError> {
        let mut files = Vec::new();
        // Those of one version follow each other; the derived line is that of the first.
        let mut before = None;
        for (key, record) in records {
            let version = Some((&record.name, &record.version));
            let line = (before != version).then(|| (key::FILE, Bytes::from(format!("{}\n", record.file))));
            before = version;
            let bytes = record.to_bytes().map_err(|error| unreadable(key.clone(), &error))?;
            files.push(NewFile { key: key.clone(), bytes: bytes.into(), beside: line });
        }
        let created = self.store.create_all(key::PACKAGES, &files)?;
        let created: Vec<_> = records.iter().zip(created).collect();
        let written = gather(Worth::Lines, &created, |((key, record), one)| {
            let record: PackageRecord = match &one.created {
                Created::New => PackageRecord::clone(record),
                Created::Taken(bytes) => same_file(parse_record(key.to_string(), bytes)?, record)?,
            };
            if one.beside {
                self.derive_input(&record)?
            } else {
                self.derive_record(&record)?
            }
            Ok::<_, RepositoryError>((key.to_string(), record))
        })?;
        Ok(written.into_iter().collect())
    }
}
