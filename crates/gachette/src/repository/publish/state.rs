//! What is known of a suite that was published: derived, and only there so that publishing again costs little.

use std::collections::BTreeMap;

use gachette_core::Sha256Digest;
use gachette_core::apt::{Indices, Release, STANZA_FORMAT, Suite};
use gachette_core::debian::Architecture;
use gachette_core::stack::{Domain, Head, StackName, StackRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::error::RepositoryError;
use super::super::own_marks::without_mark;
use super::super::stat_cache::StatCache;
use super::super::{Repository, key};
use super::request::{PublishRequest, PublishedSuite, SuiteSummary};
use super::suite_folder::SuiteFolder;
use super::wish::{Wish, is_possible};
use super::{state_key, unpublishable};
use crate::signing::{Signed, Signers};

/// The format that is written, and the only one that is read: another is as good as none.
const FORMAT: u32 = 2;

/// A suite as it was published.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuiteState {
    format: u32,
    pub(super) stack: StackName,
    /// The revision that it shows: its number, its hash, whether it is sealed, and how many packages it has.
    pub(super) revision: u64,
    pub(super) hash: Sha256Digest,
    pub(super) sealed: bool,
    pub(super) packages: usize,
    pub(super) content: Sha256Digest,
    /// The SHA-256 of what else it depended on.
    pub(super) settings: Sha256Digest,
    pub(super) date: Timestamp,
    pub(super) valid_until: Option<Timestamp>,
    pub(super) architectures: Vec<Architecture>,
    /// The files above the indices, by name, with their SHA-256.
    pub(super) top: BTreeMap<String, Sha256Digest>,
    pub(super) signed: bool,
    /// How the stanzas of its indices are written.
    #[serde(default = "first_stanzas")]
    pub(super) stanzas: u32,
    pub(super) indices: Indices,
    /// Files that are named by their hash and by no Release file any more, and since when.
    pub(super) retired: BTreeMap<String, Timestamp>,
    /// Whether this user wrote it, by its mark: told of the very bytes that were read.
    #[serde(skip)]
    pub(super) is_ours: bool,
}

/// The format of stanzas before it was told.
fn first_stanzas() -> u32 {
    1
}

impl Repository {
    /// The suites of a domain that were published, by name.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn suites(&self, domain: &Domain) -> Result<Vec<SuiteSummary>, RepositoryError> {
        let files = self.store.children(&key::suite_states(domain))?.files;
        let names = files.iter().filter_map(|file| file.strip_suffix(".json"));
        let suites = names.filter_map(|name| StackName::new(domain.clone(), name).ok()).map(Suite::from);
        let summary = |suite: Suite| {
            let state = SuiteState::read(self, &suite)?;
            Ok(SuiteSummary {
                shows: state.as_ref().map(|state| state.stack.at(state.revision)),
                signed: state.as_ref().is_some_and(|state| state.signed),
                date: state.as_ref().map(|state| state.date),
                valid_until: state.and_then(|state| state.valid_until),
                suite,
            })
        };
        suites.map(summary).collect()
    }

    /// The revision that a suite was published from last, by its hash, and whether it is sealed.
    pub(crate) fn published_revision(
        &self,
        suite: &Suite,
    ) -> Result<Option<(StackRef, Sha256Digest, bool)>, RepositoryError> {
        let state = SuiteState::read(self, suite)?;
        Ok(state.map(|state| (state.stack.at(state.revision), state.hash, state.sealed)))
    }

    /// Whether a suite is signed that was published, and whether that is known from what this user wrote.
    pub(crate) fn suite_is_signed_and_ours(&self, suite: &Suite) -> Result<(bool, bool), RepositoryError> {
        let state = SuiteState::read(self, suite)?.ok_or_else(|| unknown(suite))?;
        Ok((state.signed, state.is_ours))
    }

    /// Whether there is a signature in a suite's folder, whatever is known of it.
    pub(crate) fn suite_has_signature(&self, suite: &Suite) -> bool {
        let folder = self.store.root().map(|root| SuiteFolder::look(root, suite));
        folder.is_some_and(|folder| {
            ["InRelease", "Release.gpg"].iter().any(|name| folder.path().join(name).exists())
        })
    }

    /// Whether a suite is signed that was published.
    ///
    /// # Errors
    /// When it was not, or what is known of it cannot be read.
    pub fn is_suite_signed(&self, suite: &Suite) -> Result<bool, RepositoryError> {
        self.suite_is_signed_and_ours(suite).map(|(signed, _)| signed)
    }
}

/// The error of a suite of which nothing is known, so that it cannot be published as it is.
pub(super) fn unknown(suite: &Suite) -> RepositoryError {
    unpublishable(suite, "nothing can be read of how it was published; publish it by its name")
}

impl SuiteState {
    pub(super) fn after(wish: &Wish<'_>, release: &Release, text: &str, signed: Option<&Signed>) -> Self {
        let mut top = BTreeMap::from([("Release".to_owned(), Sha256Digest::of(text.as_bytes()))]);
        if let Some(signed) = signed {
            top.insert("Release.gpg".to_owned(), Sha256Digest::of(&signed.release_gpg));
            top.insert("InRelease".to_owned(), Sha256Digest::of(&signed.in_release));
        }
        let head = &wish.shown.head;
        Self {
            format: FORMAT,
            stack: head.stack.clone(),
            revision: head.number,
            hash: head.hash,
            sealed: head.sealed,
            packages: head.packages,
            content: head.content,
            settings: wish.request.digest(),
            stanzas: STANZA_FORMAT,
            date: release.date,
            valid_until: release.valid_until,
            architectures: release.architectures.clone(),
            top,
            signed: signed.is_some(),
            indices: release.indices.clone(),
            retired: BTreeMap::new(),
            is_ours: true,
        }
    }

    /// The same of a suite that shows the same by another revision, to be this user's own: of what somebody else wrote nothing is left
    /// that the suite's own files do not say.
    pub(super) fn by(mut self, head: &Head) -> Self {
        if !self.is_ours {
            self.retired.clear();
        }
        let Head { number, hash, sealed, packages, .. } = *head;
        Self { revision: number, hash, sealed, packages, is_ours: true, ..self }
    }

    /// Whether what was wished then is what is wished now, and clients believe it long enough still.
    pub(super) fn suits(&self, request: &PublishRequest<'_>, now: Timestamp) -> bool {
        let asked = request.source_date();
        let lasts = |until: Timestamp| match asked {
            // Half of its time is left to those who look seldom.
            None => until.duration_since(now) * 2 > until.duration_since(self.date),
            // It would be the same again.
            Some(_) => until > now,
        };
        self.settings == request.digest()
            && is_possible(self.date, now)
            && asked.is_none_or(|asked| asked <= self.date)
            && self.valid_until.is_none_or(lasts)
    }

    /// Whether the suite is as it was when this was written, and signed by all keys of whoever wishes it now.
    pub(super) fn is_in(
        &self,
        folder: &SuiteFolder,
        request: &PublishRequest<'_>,
        suite: &Suite,
        now: Timestamp,
        cache: &StatCache,
    ) -> bool {
        let files = folder.release_files();
        let signed = |signers: &Signers| files.are_signed_by(signers, suite, self.content, now);
        files.agree_with(self) && request.signers.is_none_or(signed) && folder.has_indices(self, cache)
    }

    /// The suite as it is, without a change.
    pub(super) fn unchanged(self, suite: Suite) -> PublishedSuite {
        PublishedSuite {
            suite,
            stack: self.stack,
            revision: self.revision,
            hash: self.hash,
            sealed: self.sealed,
            changed: false,
            packages: self.packages,
            architectures: self.architectures,
            dropped: Vec::new(),
            parts_made: 0,
            parts_kept: 0,
            bytes_written: 0,
            date: Some(self.date),
            valid_until: self.valid_until,
        }
    }

    /// What is known; nothing when it cannot be read, which costs no more than making the suite again.
    pub(super) fn read(repository: &Repository, suite: &Suite) -> Result<Option<Self>, RepositoryError> {
        let key = state_key(suite);
        let Some(kept) = repository.store.read_derived(&key)? else { return Ok(None) };
        let is_ours = repository.marks.unmarked(&key, &kept).1;
        let state = serde_json::from_slice::<Self>(without_mark(&kept)).ok();
        Ok(state.filter(|state| state.format == FORMAT).map(|state| Self { is_ours, ..state }))
    }

    /// Writes what was changed in what somebody wrote: it is not this user's for that.
    pub(super) fn write_on(&self, repository: &Repository, suite: &Suite) -> Result<(), RepositoryError> {
        if self.is_ours {
            return self.write(repository, suite);
        }
        let text = serde_json::to_string(self).unwrap_or_default() + "\n";
        repository.store.replace(&state_key(suite), text)
    }

    pub(super) fn write(&self, repository: &Repository, suite: &Suite) -> Result<(), RepositoryError> {
        let key = state_key(suite);
        let text = serde_json::to_string(self).unwrap_or_default() + "\n";
        repository.store.replace(&key, repository.marks.marked(&key, text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use gachette_core::stack::By;

    use super::super::request::{PublishSubject, SuiteSettings};
    use super::*;
    use crate::signing::KeyFolder;

    #[test]
    fn whose_a_state_is_is_told_of_the_bytes_that_were_read_and_not_of_what_lies_there_next() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(&folder.path().join("meta"), None).unwrap();
        let keys = KeyFolder::new(folder.path().join("keys"), Vec::new());
        let repository = repository.marked_beside(keys);
        let stack: StackName = "124".parse().unwrap();
        repository.create_stack(&stack, None, &By::new("ada@build1").because("a test")).unwrap();
        let suite = Suite::from(stack.clone());
        let subject = PublishSubject::Stack(stack.into());
        let settings = SuiteSettings::default();
        repository.publish(&PublishRequest { subject, settings, signers: None, looked_for: None }).unwrap();
        let file = folder.path().join("meta").join(state_key(&suite));
        let ours = std::fs::read(&file).unwrap();
        let theirs = without_mark(&ours);
        let read = || SuiteState::read(&repository, &suite).unwrap().unwrap();
        assert!(read().is_ours);
        std::fs::write(&file, theirs).unwrap();
        let swapped = read();
        assert!(!swapped.is_ours);
        std::fs::write(&file, &ours).unwrap();
        swapped.write_on(&repository, &suite).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), theirs, "nobody's mark is put on it");
        assert!(!read().is_ours);
    }
}
