//! Making many package files known at once: read side by side, and made durable together.
//!
//! The order of writes is that of one file. What differs is who waits: all files together for the disk, instead of one after
//! the other; and nobody replaces any package file while this goes on, instead of each being held in turn.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use bytes::Bytes;
use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::{PackageRecord, Provenance};

use super::create_all::{NewFile, OneCreated};
use super::derived::file_line;
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

/// How many records are written at once: as many are in memory as they are stored, besides what they hold.
const AT_ONCE: usize = 1000;

/// What a package file is said to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The package's name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Its architecture, if that is said.
    pub architecture: Option<Architecture>,
}

/// A file in the folder of package files that is to be registered.
#[derive(Clone, Debug)]
pub struct ToRegister {
    /// Its name, or its path there.
    pub file: PathBuf,
    /// What it has to be, if that is said.
    pub expected: Option<Expected>,
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
            Some(expected) => kept.register_expected(&file.file, expected, &file.provenance),
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
        let new: Vec<&PackageRecord> =
            found.iter().filter(|found| !found.known).map(|found| &found.record).collect();
        let others = self.write_records(&new)?;
        Ok(found.into_iter().map(|found| first_of(&others, found.record)).collect())
    }

    fn find(&self, file: &ToRegister) -> Result<Found, RepositoryError> {
        let name = self.package_name_of(&file.file)?;
        let path = self.package_path(&name)?;
        if !is_there(&path)? {
            return Err(RepositoryError::MissingFile { path });
        }
        let (record, known) = self.read_unless_known(&path, &name, &file.provenance)?;
        if let Some(expected) = &file.expected {
            check_is(&record, expected)?;
        }
        let Some(known) = known else { return Ok(Found { record, known: false }) };
        let record = same_file(known, &record)?;
        self.derive_record(&record)?;
        Ok(Found { record, known: true })
    }

    /// Writes records and what is derived from them. Returns, by their keys, those that stay in place of one of these: of the
    /// same bytes, they were there first.
    pub(crate) fn write_records(
        &self,
        records: &[&PackageRecord],
    ) -> Result<BTreeMap<String, PackageRecord>, RepositoryError> {
        let (mut sorted, mut others) = (BTreeMap::<String, &PackageRecord>::new(), BTreeMap::new());
        for record in records {
            match sorted.entry(key_of(record)) {
                Entry::Vacant(place) => drop(place.insert(record)),
                Entry::Occupied(first) => {
                    let other = same_file(PackageRecord::clone(first.get()), record)?;
                    others.insert(first.key().clone(), other);
                }
            }
        }
        let sorted: Vec<_> = sorted.into_iter().collect();
        for some in sorted.chunks(AT_ONCE) {
            others.extend(self.write_some_records(some)?);
        }
        Ok(others)
    }

    /// The same for some of them, in the order of their keys.
    fn write_some_records(
        &self,
        records: &[(String, &PackageRecord)],
    ) -> Result<Vec<(String, PackageRecord)>, RepositoryError> {
        let bytes = gather(Worth::Lines, records, |(key, record)| {
            record.to_bytes().map_err(|error| unreadable(key.clone(), &error))
        })?;
        let digests =
            gather(Worth::Lines, &bytes, |bytes| Ok::<_, RepositoryError>(Sha256Digest::of(bytes)))?;
        let mut files = Vec::new();
        // Those of one version, by its spelling as their folder is, follow each other; the derived line is that of the first.
        let mut before = None;
        for ((key, record), bytes) in records.iter().zip(bytes) {
            let version = Some((&record.name, record.version.as_str()));
            let line = (before != version).then(|| (key::FILE, Bytes::from(file_line(record))));
            before = version;
            files.push(NewFile { key: key.clone(), bytes: bytes.into(), beside: line });
        }
        let created = self.store.create_all(key::PACKAGES, &files)?;
        let is_new = |(one, _): &(&OneCreated, &Sha256Digest)| one.created == Created::New;
        self.vouch_for(created.iter().zip(&digests).filter(is_new).map(|(_, digest)| *digest));
        let created = records.iter().zip(created);
        // Of most, all that is derived has come with them.
        let done = |record: &PackageRecord, one: &OneCreated| {
            one.beside && one.created == Created::New && record.provenance.inputs.is_none()
        };
        let created: Vec<_> = created.filter(|((_, record), one)| !done(record, one)).collect();
        let others = gather(Worth::Lines, &created, |((key, record), one)| {
            let other = match &one.created {
                Created::New => None,
                Created::Taken(bytes) => Some(same_file(parse_record(key.clone(), bytes)?, record)?),
            };
            let there = other.as_ref().unwrap_or(record);
            if one.beside {
                self.derive_input(there)?
            } else {
                self.derive_record(there)?
            }
            Ok::<_, RepositoryError>(other.map(|other| (key.clone(), other)))
        })?;
        Ok(others.into_iter().flatten().collect())
    }
}

/// The record that stays: this one, unless another was there first.
fn first_of(others: &BTreeMap<String, PackageRecord>, record: PackageRecord) -> PackageRecord {
    other_of(others, &record).cloned().unwrap_or(record)
}

/// The record that was there before this one, of the same bytes.
pub(crate) fn other_of<'o>(
    others: &'o BTreeMap<String, PackageRecord>,
    record: &PackageRecord,
) -> Option<&'o PackageRecord> {
    if others.is_empty() { None } else { others.get(&key_of(record)) }
}
