//! Indices that were replaced: they stay for a while under the names of their hashes, and go then.

use std::collections::{BTreeMap, BTreeSet};

use gachette_core::Sha256Digest;
use gachette_core::apt::Release;
use gachette_core::debian::Architecture;
use jiff::{SignedDuration, Timestamp};

use super::super::error::RepositoryError;
use super::index::PLAIN;
use super::state::SuiteState;
use super::suite_folder::SuiteFolder;

impl SuiteFolder {
    /// Takes out what no Release file has named for a while, and returns the state with what is to go later.
    pub(super) fn retire(
        &self,
        mut state: SuiteState,
        last: Option<SuiteState>,
        now: Timestamp,
        keep: SignedDuration,
    ) -> Result<SuiteState, RepositoryError> {
        let (mut known, mut before) = last.map(|last| (last.retired, last.indices)).unwrap_or_default();
        // What somebody else wrote into the state must name no other files.
        before.retain(|path, _| is_index(path));
        for (path, entry) in &before {
            known.entry(entry.by_hash(path)).or_insert(now);
            // A plain name that this Release file has no more, such as one of an architecture that is gone.
            if !state.indices.contains_key(path) {
                self.remove(path)?;
            }
        }
        for (path, since) in self.unnamed(&state, &known, now)? {
            if now.duration_since(since) >= keep {
                self.remove(&path)?;
            } else {
                state.retired.insert(path, since);
            }
        }
        Ok(state)
    }

    /// The files under the names of their hashes that the Release file does not name, each with the time since when.
    pub(super) fn unnamed(
        &self,
        state: &SuiteState,
        known: &BTreeMap<String, Timestamp>,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Timestamp>, RepositoryError> {
        let current: BTreeSet<String> =
            state.indices.iter().map(|(path, entry)| entry.by_hash(path)).collect();
        let folders: BTreeSet<&str> =
            current.iter().chain(known.keys()).filter_map(|path| folder_by_hash(path)).collect();
        let mut unnamed = BTreeMap::new();
        for folder in folders {
            for name in self.files_in(folder)? {
                let path = format!("{folder}/{name}");
                if !current.contains(&path) && name.parse::<Sha256Digest>().is_ok() {
                    let since = known.get(&path).copied().unwrap_or(now);
                    unnamed.insert(path, since);
                }
            }
        }
        Ok(unnamed)
    }
}

/// Whether a path from the suite's folder is one that an index has here: `main/binary-ARCH/Packages…` or `main/Contents-…`.
fn is_index(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folder, name)| match folder == Release::component() {
        true => name.starts_with("Contents-"),
        false => name.starts_with(PLAIN) && is_of_architecture(folder),
    })
}

/// The folder of an index under the name of its hash, if the path is one of such.
fn folder_by_hash(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let above = folder.strip_suffix("/by-hash/SHA256")?;
    let is_ours = above == Release::component() || is_of_architecture(above);
    (is_ours && name.parse::<Sha256Digest>().is_ok()).then_some(folder)
}

/// Whether it is the folder of an architecture's index.
fn is_of_architecture(folder: &str) -> bool {
    let architecture = folder.rsplit_once("/binary-").and_then(|(_, name)| name.parse::<Architecture>().ok());
    architecture.is_some_and(|architecture| folder == Release::folder_of(&architecture))
}
