//! Package records of which this user knows that they say of a package what its file says: each by the SHA-256 of its bytes.
//!
//! Whoever may write into the repository may edit a record and make its own sum fit. So what a record says is signed only when this
//! user wrote it himself, from the package file that he had just read, or else when the file is read again, and then it is
//! remembered. What is remembered has our [mark](super::own_marks); where it is lost, files are read once more.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gachette_core::Sha256Digest;
use gachette_core::apt::{Listed, Suite};
use gachette_core::stack::PackageRecord;

use super::error::RepositoryError;
use super::register::{key_of, parse_record, read_package};
use super::{Repository, key};

/// How many bytes a digest has.
const DIGEST: usize = 32;
/// How many are remembered in one file, of 256: the newest, should there be more.
const MOST: usize = 1 << 14;

/// What is remembered, read as far as it is asked for, and what is to be remembered from now on.
pub(crate) struct Vouched<'r> {
    repository: &'r Repository,
    /// By the first byte of the digests.
    known: [OnceLock<HashSet<Sha256Digest>>; 256],
    fresh: Mutex<Vec<Sha256Digest>>,
}

/// What is left of a file of records that a user remembers, when some of them are gone.
pub(crate) struct Trimmed {
    key: String,
    text: Vec<u8>,
    /// How many bytes less it has.
    pub(crate) freed: u64,
}

impl Repository {
    /// What this user knows of records.
    pub(crate) fn vouched(&self) -> Vouched<'_> {
        let known = std::array::from_fn(|_| OnceLock::new());
        Vouched { repository: self, known, fresh: Mutex::default() }
    }

    /// The same repository for writing many records, which are remembered together by [`Self::vouch_for_all`].
    pub(crate) fn vouching_later(&self) -> Self {
        Self { unvouched: Some(Arc::default()), ..self.clone() }
    }

    /// Remembers the records that were written since [`Self::vouching_later`]. Those of who was killed before that are read again.
    pub(crate) fn vouch_for_all(&self) {
        let Some(later) = &self.unvouched else { return };
        let records = std::mem::take(&mut *later.lock().unwrap_or_else(PoisonError::into_inner));
        Self { unvouched: None, ..self.clone() }.vouch_for(records);
    }

    /// Remembers records that this user wrote just now, of packages that he had read: each by the SHA-256 of its bytes. What cannot
    /// be remembered is read again.
    pub(crate) fn vouch_for(&self, records: impl IntoIterator<Item = Sha256Digest>) {
        let Some(owner) = self.marks.owner() else { return };
        if let Some(later) = &self.unvouched {
            later.lock().unwrap_or_else(PoisonError::into_inner).extend(records);
            return;
        }
        let mut by_file = BTreeMap::<u8, Vec<Sha256Digest>>::new();
        for record in records {
            by_file.entry(record.as_bytes()[0]).or_default().push(record);
        }
        for (first, records) in by_file {
            let key = key::vouched(&owner, first);
            let known = self.read_vouched(&key);
            let seen: HashSet<Sha256Digest> = known.iter().copied().collect();
            let new = records.into_iter().filter(|record| !seen.contains(record));
            let all: Vec<Sha256Digest> = known.iter().copied().chain(new).collect();
            if all.len() > known.len() {
                let kept = &all[all.len().saturating_sub(MOST)..];
                let bytes = kept.iter().flat_map(|digest| *digest.as_bytes()).collect();
                let _ = self.store.replace(&key, self.marks.marked(&key, bytes));
            }
        }
    }

    /// The record that a stack means, when it says of the package what the package file does.
    pub(crate) fn true_record(
        &self,
        listed: &Listed<'_>,
        suite: &Suite,
        vouched: &Vouched<'_>,
    ) -> Result<PackageRecord, RepositoryError> {
        let Listed { name, version, architecture, .. } = listed;
        let lost = || RepositoryError::Unpublishable {
            suite: suite.clone(),
            reason: format!(
                "the package record of {name} {version} ({architecture}) is lost, or of another file"
            ),
        };
        self.find_true_record(listed, vouched)?.ok_or_else(lost)
    }

    /// The record that a stack means, when it says of the package what the package file does; none when it is lost, or of another file.
    pub(super) fn find_true_record(
        &self,
        listed: &Listed<'_>,
        vouched: &Vouched<'_>,
    ) -> Result<Option<PackageRecord>, RepositoryError> {
        let key = key::record(listed.name, listed.version, listed.architecture);
        let Some(bytes) = self.store.read(&key)? else { return Ok(None) };
        let record = parse_record(key.clone(), &bytes)?;
        if record.sha256 != listed.file || key_of(&record) != key {
            return Ok(None);
        }
        let digest = Sha256Digest::of(&bytes);
        if !vouched.has(&digest) {
            self.check_record_by_file(key, &record)?;
            vouched.remember(digest);
        }
        Ok(Some(record))
    }

    /// Refuses a record that says anything of its package that the package file does not.
    fn check_record_by_file(&self, key: String, record: &PackageRecord) -> Result<(), RepositoryError> {
        let path = self.package_path(&record.file)?;
        let found = read_package(&path, &record.file)?;
        if found.sha256 != record.sha256 {
            let reason = format!("its SHA-256 is {}, not {}, as {key} says", found.sha256, record.sha256);
            return Err(RepositoryError::Unreadable { path, reason });
        }
        let is_same = (&found.name, found.version.as_str(), &found.architecture, found.size)
            == (&record.name, record.version.as_str(), &record.architecture, record.size);
        if is_same && found.control.iter().eq(record.control.iter()) {
            return Ok(());
        }
        let reason = "its fields are not those of the package file; it was edited".to_owned();
        Err(RepositoryError::Damaged { key, reason })
    }

    /// The files in which users remember records, by their keys.
    pub(crate) fn vouched_files(&self) -> Result<Vec<String>, RepositoryError> {
        let mut files = Vec::new();
        for owner in self.store.children(key::VOUCHED)?.folders {
            let folder = format!("{}/{owner}", key::VOUCHED);
            let names: HashSet<String> = self.store.children(&folder)?.files.into_iter().collect();
            let keys = (0..=u8::MAX).map(|first| key::vouched(&owner, first));
            files.extend(keys.filter(|key| key.rsplit('/').next().is_some_and(|name| names.contains(name))));
        }
        Ok(files)
    }

    /// What is left of such a file without records that there are not: nothing, when all of them are gone; less, in one of this user.
    /// None when all of it stays.
    pub(crate) fn without_gone(
        &self,
        key: &str,
        records: &HashSet<Sha256Digest>,
    ) -> Result<Option<Trimmed>, RepositoryError> {
        let Some(kept) = self.store.read_derived(key)? else { return Ok(None) };
        let (bytes, is_ours) = self.marks.unmarked(key, &kept);
        let (digests, _) = bytes.as_chunks::<DIGEST>();
        let stays = |digest: &&[u8; DIGEST]| records.contains(&Sha256Digest::from_bytes(**digest));
        let left: Vec<[u8; DIGEST]> = digests.iter().filter(stays).copied().collect();
        let is_less = left.is_empty() || (is_ours && left.len() < digests.len());
        Ok(is_less.then(|| {
            let text = if left.is_empty() { Vec::new() } else { self.marks.marked(key, left.concat()) };
            Trimmed { key: key.to_owned(), freed: kept.len().saturating_sub(text.len()) as u64, text }
        }))
    }

    /// Writes what is left. What somebody remembers at this moment may be lost, and is found out again.
    pub(crate) fn trim(&self, trimmed: &Trimmed) -> Result<(), RepositoryError> {
        match trimmed.text.is_empty() {
            true => self.store.delete(&trimmed.key),
            false => self.store.replace(&trimmed.key, trimmed.text.clone()),
        }
    }

    fn read_vouched(&self, key: &str) -> Vec<Sha256Digest> {
        let Some(kept) = self.store.read_derived(key).ok().flatten() else { return Vec::new() };
        match self.marks.unmarked(key, &kept) {
            (bytes, true) => {
                let (digests, _) = bytes.as_chunks::<DIGEST>();
                digests.iter().map(|digest| Sha256Digest::from_bytes(*digest)).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Vouched<'_> {
    fn has(&self, record: &Sha256Digest) -> bool {
        let first = record.as_bytes()[0];
        let known = self.known[usize::from(first)].get_or_init(|| {
            let owner = self.repository.marks.owner();
            let read = owner.map(|owner| self.repository.read_vouched(&key::vouched(&owner, first)));
            read.into_iter().flatten().collect()
        });
        known.contains(record)
    }

    fn remember(&self, record: Sha256Digest) {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    /// Keeps what was found out.
    pub(crate) fn keep(self) {
        let fresh = self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.repository.vouch_for(fresh);
    }
}
