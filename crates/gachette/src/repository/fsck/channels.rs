//! The ledgers of channels: each entry in its place, behind the one before it, and at a revision that is there.

use gachette_core::apt::Suite;
use gachette_core::stack::{Domain, StackName};

use super::super::error::RepositoryError;
use super::super::key;
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
        let files = self.repository.store.children(&key::channel(channel))?.files;
        let numbers = files.iter().filter_map(|file| file.strip_suffix(".json")?.parse::<u64>().ok());
        let last = numbers.max().unwrap_or_default();
        let mut before = None;
        for number in 1..=last {
            let path = key::channel_entry(channel, number);
            let entry = match self.repository.read_channel(channel, number) {
                Ok(entry) => entry,
                Err(RepositoryError::Damaged { reason, .. }) => {
                    self.found(path, Fault::Changed { reason });
                    before = None;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if before.is_some_and(|before| entry.entry.previous != Some(before)) {
                let reason = "it names another entry before it than the one that is there".to_owned();
                self.found(path.clone(), Fault::Changed { reason });
            }
            if let Some(pin) = &entry.entry.state.shows
                && let Err(error) = self.repository.pinned(pin)
            {
                self.found(path, Fault::Lost { reason: format!("what it shows: {error}") });
            }
            before = Some(entry.hash);
        }
        Ok(())
    }
}
