//! Signed statements, each under the hash of what it is about: a package file, or the revision of a sealed stack.
//!
//! They can be made again by whoever has the keys, and so are derived; what they say is in records and revisions.

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::json_reason;
use gachette_core::stack::{Entry, Head, PackageRecord, to_readable_json};
use gachette_core::statement::{self, Envelope, Opened, StatedRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::RepositoryError;
use super::register::key_of;
use super::{Repository, key};

impl Repository {
    /// The error of a record that says of its package what no key stated.
    pub(crate) fn edited_record(&self, record: &PackageRecord) -> RepositoryError {
        let reason = "a key stated something else of this package; the record was edited since".to_owned();
        RepositoryError::Damaged { key: key_of(record), reason }
    }

    /// The statement about a package file or a revision, when somebody signed one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn signed_statement(&self, about: &Sha256Digest) -> Result<Option<Envelope>, RepositoryError> {
        let key = key::statement(about);
        let Some(bytes) = self.store.read(&key)? else { return Ok(None) };
        let envelope = serde_json::from_slice(&bytes);
        envelope.map(Some).map_err(|error| RepositoryError::Damaged { key, reason: json_reason(&error) })
    }

    /// The same taken apart.
    ///
    /// # Errors
    /// When it cannot be read, or holds no statement.
    pub(crate) fn opened_statement(&self, about: &Sha256Digest) -> Result<Option<Opened>, RepositoryError> {
        let key = key::statement(about);
        let Some(bytes) = self.store.read(&key)? else { return Ok(None) };
        let opened = Opened::parse(&bytes);
        opened.map(Some).map_err(|error| RepositoryError::Damaged { key, reason: error.to_string() })
    }

    /// What is found in the statement about a sealed revision, or was when it was the same, if that is `usable` still.
    pub(crate) fn found_in_statement<T: Serialize + DeserializeOwned, E>(
        &self,
        about: &Head,
        usable: impl Fn(&T) -> bool,
        find: impl FnOnce() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        self.found_in(&about.stack.clone().into(), &key::statement(&about.hash), usable, find)
    }

    /// Keeps a signed statement, in place of one that is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_statement(&self, about: &Sha256Digest, envelope: &Envelope) -> Result<(), RepositoryError> {
        let key = key::statement(about);
        let bytes = to_readable_json(envelope)
            .map_err(|error| RepositoryError::Damaged { key: key.clone(), reason: error.to_string() })?;
        self.store.replace(&key, bytes)
    }

    /// What is stated of a revision of a stack, of whose records this is said, in their order; the same bytes each time.
    pub fn statement_of(&self, entry: &Entry, records: &[StatedRecord]) -> Vec<u8> {
        statement::of_stack(entry, records, &self.identity.id)
    }

    /// What is said of a record in the statement about its stack.
    ///
    /// # Errors
    /// Never in practice; the signature is JSON's.
    pub fn stated(&self, record: &PackageRecord) -> Result<StatedRecord, RepositoryError> {
        let key = || key::record(&record.name, &record.version, &record.architecture);
        StatedRecord::of(record).map_err(|error| super::ledger::unreadable(key(), &error))
    }

    /// The records of all package files of a revision, in its order.
    ///
    /// # Errors
    /// When one is lost or cannot be read.
    pub fn records_in(&self, entry: &Entry) -> Result<Vec<PackageRecord>, RepositoryError> {
        self.each_record(entry, Ok)
    }

    /// What a step makes of the record of each package file of a revision, in its order. Few records are in memory at a time: they
    /// are the most there is to know of a stack.
    ///
    /// # Errors
    /// When one is lost or cannot be read, or the step has one.
    pub fn each_record<R: Send, E: Send + From<RepositoryError>>(
        &self,
        entry: &Entry,
        step: impl Fn(PackageRecord) -> Result<R, E> + Sync,
    ) -> Result<Vec<R>, E> {
        let files = entry.revision.packages.iter().flat_map(|package| {
            let files = package.files.iter();
            files.map(|(architecture, file)| (&package.name, &package.version, architecture, file))
        });
        let files: Vec<_> = files.collect();
        super::spread::gather(super::spread::Worth::Files, &files, |(name, version, architecture, file)| {
            step(self.expect_record(name, version, architecture, file)?)
        })
    }

    fn expect_record(
        &self,
        name: &PackageName,
        version: &Version,
        architecture: &Architecture,
        file: &Sha256Digest,
    ) -> Result<PackageRecord, RepositoryError> {
        let wrong = |reason: &str| RepositoryError::Damaged {
            key: key::record(name, version, architecture),
            reason: reason.to_owned(),
        };
        let record = self.record(name, version, architecture)?.ok_or_else(|| wrong("the file is lost"))?;
        let is_meant = record.sha256 == *file
            && (&record.name, record.version.as_str(), &record.architecture)
                == (name, version.as_str(), architecture);
        if is_meant { Ok(record) } else { Err(wrong("it is of another package file than the stack's")) }
    }
}
