//! The ledgers of channels: each entry in its place, behind the one before it, and at a revision that is there.

use gachette_core::apt::Suite;
use gachette_core::channel::{ChannelChange, KeptChannelEntry};
use gachette_core::stack::{Domain, StackName};

use super::super::error::RepositoryError;
use super::super::key;
use super::super::ledger::number_of;
use super::{Fault, Fsck};

impl Fsck<'_> {
    pub(super) fn check_channels(&mut self, domain: &Domain) -> Result<(), RepositoryError> {
        let path = key::channels(domain);
        let children = self.repository.store.children(&path)?;
        self.unknown(&path, &children.files);
        for folder in children.folders {
            match StackName::new(domain.clone(), &folder) {
                Ok(name) => {
                    let channel = Suite::from(name);
                    let checked = self.check_channel(&channel);
                    self.seen(&key::channel(&channel), checked);
                }
                Err(_) => self.unknown(&path, &[folder]),
            }
        }
        Ok(())
    }

    pub(super) fn check_channel(&mut self, channel: &Suite) -> Result<(), RepositoryError> {
        let folder = key::channel(channel);
        let children = self.repository.store.children(&folder)?;
        self.unknown(&folder, &children.folders);
        let (mut before, mut next) = (Before::First, 1);
        let mut files = children.files;
        files.sort();
        for file in files {
            let Some(number) = number_of(&file) else {
                self.unknown(&folder, &[file]);
                continue;
            };
            if number > next {
                let reason = format!("and all up to {}: later entries are there", number - 1);
                self.found(key::channel_entry(channel, next), Fault::Lost { reason });
                before = Before::Unknown;
            }
            next = number + 1;
            let path = key::channel_entry(channel, number);
            before = match self.repository.read_channel(channel, number) {
                Ok(entry) => {
                    self.check_entry(&path, &entry, &before);
                    Before::Entry(Box::new(entry))
                }
                Err(RepositoryError::Damaged { reason, .. }) => {
                    self.found(path, Fault::Changed { reason });
                    Before::Unknown
                }
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    /// An entry that can be read: it follows from the one before it, and what it shows is there.
    fn check_entry(&mut self, path: &str, kept: &KeptChannelEntry, before: &Before) {
        let entry = &kept.entry;
        let (follows, shown) = match before {
            Before::First => (entry.previous.is_none(), Some(None)),
            Before::Entry(before) => {
                (entry.previous == Some(before.hash), Some(before.entry.state.shows.as_ref()))
            }
            Before::Unknown => (entry.previous.is_some(), None),
        };
        if !follows {
            let reason = "it names another entry before it than the one that is there".to_owned();
            self.found(path.to_owned(), Fault::Changed { reason });
        }
        let is_done = match (&entry.change, shown) {
            (ChannelChange::Promote { to, .. }, _) => entry.state.shows.as_ref() == Some(to),
            (_, Some(shown)) => entry.state.shows.as_ref() == shown,
            (_, None) => true,
        };
        if !is_done {
            let reason = "it shows something else than follows from what was done".to_owned();
            self.found(path.to_owned(), Fault::Changed { reason });
        }
        let known = match before {
            Before::First => Some(&[][..]),
            Before::Entry(before) => Some(&*before.entry.state.checks),
            Before::Unknown => None,
        };
        if known.is_some_and(|known| !entry.follows_in_checks(known)) {
            let reason = "it says something else of checks than follows from what was done".to_owned();
            self.found(path.to_owned(), Fault::Changed { reason });
        }
        if let Some(pin) = &entry.state.shows
            && let Err(error) = self.repository.pinned(pin)
        {
            self.found(path.to_owned(), Fault::Lost { reason: format!("what it shows: {error}") });
        }
    }
}

/// What is known of the entry before one.
enum Before {
    /// There is none.
    First,
    Entry(Box<KeptChannelEntry>),
    /// It is lost, or cannot be read.
    Unknown,
}
