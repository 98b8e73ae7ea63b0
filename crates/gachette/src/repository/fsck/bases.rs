//! The ledgers of bases: each entry in its place, behind the one before it, and the lists that it names as they were.
//!
//! A list that no entry names may be one that somebody is about to name, so it is left alone.

use std::collections::{BTreeSet, HashSet};

use gachette_core::Sha256Digest;
use gachette_core::base::BaseName;

use super::super::error::RepositoryError;
use super::super::key;
use super::super::ledger::number_of;
use super::{Fault, Fsck};

impl Fsck<'_> {
    pub(super) fn check_bases(&mut self) -> Result<(), RepositoryError> {
        let (children, mut lists) = (self.repository.store.children(key::BASES)?, HashSet::new());
        let is_list = |file: &String| {
            file.strip_suffix(".zst").is_some_and(|hash| hash.parse::<Sha256Digest>().is_ok())
        };
        let strange: Vec<String> = children.files.into_iter().filter(|file| !is_list(file)).collect();
        self.unknown(key::BASES, &strange);
        for folder in children.folders {
            match folder.parse::<BaseName>() {
                Ok(base) => {
                    let checked = self.check_base(&base, &mut lists);
                    self.seen(&format!("{}/{base}", key::BASES), checked);
                }
                Err(_) => self.unknown(key::BASES, &[folder]),
            }
        }
        for list in lists {
            match self.repository.base_list(&list) {
                Ok(_) => {}
                Err(RepositoryError::Damaged { key, reason }) => {
                    self.found(key, Fault::Lost { reason });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn check_base(
        &mut self,
        base: &BaseName,
        lists: &mut HashSet<Sha256Digest>,
    ) -> Result<(), RepositoryError> {
        let files = self.repository.store.children(&format!("{}/{base}", key::BASES))?.files;
        let numbers: BTreeSet<u64> = files.iter().filter_map(|file| number_of(file)).collect();
        let (mut before, mut next) = (None, 1);
        for number in numbers {
            if number > next {
                let reason = format!("and all up to {}: there are entries after it", number - 1);
                self.found(key::base_entry(base, next), Fault::Lost { reason });
                before = None;
            }
            next = number + 1;
            let path = key::base_entry(base, number);
            let (entry, hash) = match self.repository.read_base(base, number) {
                Ok(Some(found)) => found,
                Ok(None) => {
                    let reason = "it is no file".to_owned();
                    self.found(path, Fault::Lost { reason });
                    before = None;
                    continue;
                }
                Err(RepositoryError::Damaged { reason, .. }) => {
                    self.found(path, Fault::Changed { reason });
                    before = None;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if before.is_some_and(|before| entry.previous != Some(before)) {
                let reason = "it names another entry before it than the one that is there".to_owned();
                self.found(path, Fault::Changed { reason });
            }
            lists.extend(entry.lists.iter().map(|list| list.sha256));
            before = Some(hash);
        }
        Ok(())
    }
}
