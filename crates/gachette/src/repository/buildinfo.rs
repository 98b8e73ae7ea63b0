//! How packages were built: the files that say so (deb-buildinfo(5)), each under its own hash, by which records name it.

use gachette_core::Sha256Digest;
use gachette_core::debian::Buildinfo;
use gachette_core::stack::{PackageRecord, Provenance};

use super::error::RepositoryError;
use super::{Repository, key};

impl Repository {
    /// Keeps such a file, for the records that are going to name it.
    ///
    /// # Errors
    /// When it is none, or cannot be written.
    pub fn keep_buildinfo(&self, text: &str) -> Result<Sha256Digest, RepositoryError> {
        Buildinfo::files_of(text)
            .map_err(|error| RepositoryError::Buildinfo { reason: error.to_string() })?;
        let digest = Sha256Digest::of(text.as_bytes());
        self.store.create(&key::buildinfo(&digest), text.into())?;
        Ok(digest)
    }

    /// The file with this hash, when it is there.
    ///
    /// # Errors
    /// When it cannot be read, or is not what it was.
    pub fn buildinfo(&self, digest: &Sha256Digest) -> Result<Option<String>, RepositoryError> {
        let key = key::buildinfo(digest);
        let Some(bytes) = self.store.read(&key)? else { return Ok(None) };
        if Sha256Digest::of(&bytes) != *digest {
            let reason = "it is not what its name says".to_owned();
            return Err(RepositoryError::Damaged { key, reason });
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Refuses a record that would name a file which is not there.
    pub(crate) fn check_buildinfo(&self, provenance: &Provenance) -> Result<(), RepositoryError> {
        match &provenance.buildinfo {
            Some(digest) if !self.store.exists(&key::buildinfo(digest))? => {
                Err(RepositoryError::NoBuildinfo { digest: *digest })
            }
            _ => Ok(()),
        }
    }

    /// Removes the file of a record that was removed, unless another of the same build names it.
    pub(crate) fn forget_buildinfo(&self, record: &PackageRecord) -> Result<(), RepositoryError> {
        let Provenance { buildinfo: Some(digest), inputs: Some(inputs), .. } = &record.provenance else {
            return Ok(());
        };
        if self.built_from(inputs)?.iter().any(|other| other.provenance.buildinfo == Some(*digest)) {
            return Ok(());
        }
        self.store.delete(&key::buildinfo(digest))
    }
}
