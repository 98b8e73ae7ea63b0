//! Bases in the store: their ledgers, the same way as those of stacks, and their lists of packages by hash.

use gachette_core::Sha256Digest;
use gachette_core::base::{BASE_FORMAT, BaseEntry, BaseList, BaseName, BaseRef};
use gachette_core::stack::By;
use jiff::Timestamp;

use super::error::RepositoryError;
use super::ledger::{check_number, last_number, unreadable};
use super::store::Created;
use super::{Repository, key, writer};

/// How lists are compressed: they are read more often than written.
const LEVEL: i32 = 9;

/// The most bytes of a list of packages. Debian's main has ten million of them.
pub(crate) const LARGEST_LIST: u64 = 1 << 30;

/// A list of packages to be kept.
#[derive(Clone, Debug)]
pub struct KeptList {
    /// What is known of it.
    pub list: BaseList,
    /// Its condensed text.
    pub text: String,
}

/// What became of a base.
#[derive(Clone, Debug)]
pub struct BaseCommitted {
    /// Its newest entry.
    pub entry: BaseEntry,
    /// The SHA-256 of its stored bytes.
    pub hash: Sha256Digest,
    /// Whether it was written; otherwise the base was so already.
    pub changed: bool,
}

impl Repository {
    /// Makes a base what these lists are, unless it is already.
    ///
    /// # Errors
    /// When it is not as expected any more, or cannot be read or written.
    pub fn keep_base(
        &self,
        base: &BaseName,
        lists: &[KeptList],
        by: &By,
    ) -> Result<BaseCommitted, RepositoryError> {
        let named: Vec<BaseList> = lists.iter().map(|kept| kept.list.clone()).collect();
        for kept in lists {
            self.keep_list(kept)?;
        }
        loop {
            let newest = self.newest_of_base(base)?;
            let seen = newest.as_ref().map(|(entry, hash)| (entry.number, hash));
            self.check_newest(format!("base {base}"), seen)?;
            let previous = newest.as_ref().map(|(_, hash)| *hash);
            let number = match newest {
                Some((entry, hash)) if entry.lists == named => {
                    return Ok(BaseCommitted { entry, hash, changed: false });
                }
                Some((entry, _)) => entry.number + 1,
                None => 1,
            };
            let by = by.at(Timestamp::now(), writer::id());
            let entry = BaseEntry {
                format: BASE_FORMAT,
                base: base.clone(),
                number,
                previous,
                author: by.author,
                time: by.time,
                writer: by.writer,
                lists: named.clone(),
            };
            let key = key::base_entry(base, number);
            check_number(number, || key::base_entry(base, key::LAST_REVISION))?;
            let bytes = entry.to_bytes().map_err(|error| unreadable(key.clone(), &error))?;
            let hash = Sha256Digest::of(&bytes);
            if self.store.create(&key, bytes)? == Created::New {
                return Ok(BaseCommitted { entry, hash, changed: true });
            }
        }
    }

    /// A base as it was kept last, or at the entry that is named.
    ///
    /// # Errors
    /// When there is no such base or entry, or it cannot be read.
    pub fn base(&self, base: &BaseRef) -> Result<BaseEntry, RepositoryError> {
        Ok(self.hashed_base(base)?.0)
    }

    /// The same, with the SHA-256 of its stored bytes.
    ///
    /// # Errors
    /// As [`Repository::base`].
    pub fn hashed_base(&self, base: &BaseRef) -> Result<(BaseEntry, Sha256Digest), RepositoryError> {
        let newest = || self.newest_of_base(&base.base);
        let found = match base.number {
            None => newest()?,
            Some(number) => self.read_base(&base.base, number)?,
        };
        if let Some(found) = found {
            return Ok(found);
        }
        let number = if newest()?.is_some() { base.number } else { None };
        Err(RepositoryError::MissingBase { base: BaseRef { base: base.base.clone(), number } })
    }

    /// How a base was kept, newest first: at most `limit` entries.
    ///
    /// # Errors
    /// When it was never taken, or an entry cannot be read.
    pub fn log_base(&self, base: &BaseName, limit: Option<usize>) -> Result<Vec<BaseEntry>, RepositoryError> {
        let numbers = (1..=self.last_of_base(base)?).rev().take(limit.unwrap_or(usize::MAX));
        let entry = |number| self.base(&BaseRef { base: base.clone(), number: Some(number) });
        match numbers.map(entry).collect::<Result<Vec<_>, _>>()? {
            none if none.is_empty() && limit != Some(0) => {
                Err(RepositoryError::MissingBase { base: base.clone().into() })
            }
            entries => Ok(entries),
        }
    }

    /// The bases that are kept, by name, as they were kept last.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn bases(&self) -> Result<Vec<BaseEntry>, RepositoryError> {
        let folders = self.store.children(key::BASES)?.folders;
        let names = folders.iter().filter_map(|name| name.parse::<BaseName>().ok());
        let newest = names.map(|name| Ok(self.newest_of_base(&name)?.map(|(entry, _)| entry)));
        newest.filter_map(Result::transpose).collect()
    }

    /// The condensed text of a list of packages.
    ///
    /// # Errors
    /// When it is lost, or not what it was.
    pub fn base_list(&self, sha256: &Sha256Digest) -> Result<String, RepositoryError> {
        let key = key::base_list(sha256);
        let damaged = |reason: &str| RepositoryError::Damaged { key: key.clone(), reason: reason.to_owned() };
        let bytes = self.store.read(&key)?.ok_or_else(|| damaged("the file is lost"))?;
        // Straight into its place: as long as the text is by what comes before it.
        let length = zstd::zstd_safe::get_frame_content_size(&bytes).ok().flatten().unwrap_or_default();
        let text = zstd::bulk::decompress(&bytes, length.min(LARGEST_LIST) as usize);
        let text = text.map_err(|error| damaged(&error.to_string()))?;
        if Sha256Digest::of(&text) != *sha256 {
            return Err(damaged("its SHA-256 is another"));
        }
        String::from_utf8(text).map_err(|error| damaged(&error.utf8_error().to_string()))
    }

    fn keep_list(&self, kept: &KeptList) -> Result<(), RepositoryError> {
        let key = key::base_list(&kept.list.sha256);
        match self.base_list(&kept.list.sha256) {
            Ok(_) => return Ok(()),
            // Lost, or not what it was: it is here again.
            Err(RepositoryError::Damaged { .. }) => self.store.delete(&key)?,
            Err(error) => return Err(error),
        }
        let unreadable =
            |error: std::io::Error| RepositoryError::Damaged { key: key.clone(), reason: error.to_string() };
        let bytes = zstd::bulk::compress(kept.text.as_bytes(), LEVEL).map_err(unreadable)?;
        // Another version of the library may have compressed it to other bytes: of the same text.
        self.store.create(&key, bytes).map(|_| ())
    }

    /// A base's newest entry, with the hash of its bytes.
    fn newest_of_base(&self, base: &BaseName) -> Result<Option<(BaseEntry, Sha256Digest)>, RepositoryError> {
        match self.last_of_base(base)? {
            0 => Ok(None),
            number => self.read_base(base, number),
        }
    }

    /// The number of a base's newest entry; 0 without any.
    fn last_of_base(&self, base: &BaseName) -> Result<u64, RepositoryError> {
        last_number(0, |number| self.store.exists(&key::base_entry(base, number)))
    }

    pub(super) fn read_base(
        &self,
        base: &BaseName,
        number: u64,
    ) -> Result<Option<(BaseEntry, Sha256Digest)>, RepositoryError> {
        let key = key::base_entry(base, number);
        let Some(bytes) = self.store.read(&key)? else { return Ok(None) };
        let entry = BaseEntry::parse(&bytes).map_err(|error| unreadable(key.clone(), &error))?;
        if entry.base != *base || entry.number != number {
            return Err(RepositoryError::Damaged { key, reason: "it is of another place".to_owned() });
        }
        Ok(Some((entry, Sha256Digest::of(&bytes))))
    }
}
