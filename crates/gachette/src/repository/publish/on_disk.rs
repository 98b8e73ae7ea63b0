//! A published suite as a collector sees it: what of it may go.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use gachette_core::Sha256Digest;
use gachette_core::apt::{Listing, Suite};
use jiff::{SignedDuration, Timestamp};

use super::super::Repository;
use super::super::error::RepositoryError;
use super::state::SuiteState;
use super::state_key;
use super::suite_folder::SuiteFolder;

/// A suite's folder, and what is known of it.
pub(crate) struct SuiteOnDisk {
    folder: SuiteFolder,
    state: Option<SuiteState>,
}

impl SuiteOnDisk {
    /// Looks at a suite, without keeping anybody from changing it.
    pub(crate) fn of(repository: &Repository, root: &Path, suite: &Suite) -> Result<Self, RepositoryError> {
        let state = SuiteState::read(repository, suite)?;
        Ok(Self { folder: SuiteFolder::look(root, suite), state })
    }

    /// Every file of it.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, RepositoryError> {
        self.folder.files()
    }

    /// The paths, from the suite's folder, of what was replaced so long ago that nobody fetches it any more.
    pub(crate) fn expired(
        &self,
        now: Timestamp,
        keep: SignedDuration,
    ) -> Result<HashSet<String>, RepositoryError> {
        let Some(state) = &self.state else { return Ok(HashSet::new()) };
        let unnamed = self.folder.unnamed(state, &state.retired, now)?;
        let expired = unnamed.into_iter().filter(|(_, since)| now.duration_since(*since) >= keep);
        Ok(expired.map(|(path, _)| path).collect())
    }

    /// The keys of the parts that its indices are made of, as far as that is known.
    pub(crate) fn parts(&self, repository: &Repository) -> Vec<Sha256Digest> {
        let Some(state) = &self.state else { return Vec::new() };
        let Ok(entry) = repository.revision_with(state) else { return Vec::new() };
        let keys = |architecture| {
            let listing = Listing::of(&entry.revision.packages, architecture);
            listing.parts().iter().map(|part| part.key()).collect::<Vec<_>>()
        };
        state.architectures.iter().flat_map(keys).collect()
    }

    /// Removes what nobody fetches any more.
    pub(crate) fn retire(
        repository: &Repository,
        root: &Path,
        suite: &Suite,
        now: Timestamp,
        keep: SignedDuration,
    ) -> Result<(), RepositoryError> {
        let folder = SuiteFolder::hold(root, suite)?;
        let Some(last) = SuiteState::read(repository, suite)? else { return Ok(()) };
        let mut state = last.clone();
        state.retired.clear();
        folder.retire(state, Some(last), now, keep)?.write_on(repository, suite)
    }

    /// Takes a suite away, if that is still right once nobody else can change it.
    pub(crate) fn take_down(
        repository: &Repository,
        root: &Path,
        suite: &Suite,
        is_right: impl FnOnce() -> Result<bool, RepositoryError>,
    ) -> Result<(), RepositoryError> {
        let folder = SuiteFolder::hold(root, suite)?;
        if !is_right()? {
            return Ok(());
        }
        // A state without a suite would be a damaged suite.
        repository.store.delete(&state_key(suite))?;
        folder.take_down()
    }
}
