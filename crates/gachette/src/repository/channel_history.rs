//! The ledger of a channel read from its end, as far as somebody wants to know: each entry is the one that the next one names.

use std::iter;

use gachette_core::channel::{ChannelChange, KeptChannelEntry, Pin};

use super::error::RepositoryError;
use super::{Repository, key};

impl Repository {
    /// The entries before this one, newest first. After an error there are no more: what lies behind it is not to be believed.
    pub(super) fn entries_before<'a>(
        &'a self,
        entry: &'a KeptChannelEntry,
    ) -> impl Iterator<Item = Result<KeptChannelEntry, RepositoryError>> + 'a {
        let channel = &entry.entry.channel;
        let mut after = Some((entry.entry.number, entry.entry.previous));
        iter::from_fn(move || {
            let (number, named) = after.take().filter(|(number, _)| *number > 1)?;
            let before = self.read_channel(channel, number - 1);
            Some(before.and_then(|before| {
                if named != Some(before.hash) {
                    let key = key::channel_entry(channel, number - 1);
                    let reason =
                        format!("it is not the entry that the next one, {number}, names: it was edited");
                    return Err(RepositoryError::Damaged { key, reason });
                }
                after = Some((before.entry.number, before.entry.previous));
                Ok(before)
            }))
        })
    }

    /// What a channel showed before its newest move, when that was made knowing that hosts can go there from it, and back.
    pub(crate) fn open_way_back(&self, newest: &KeptChannelEntry) -> Result<Option<Pin>, RepositoryError> {
        let mut entries = iter::once(Ok(newest.clone())).chain(self.entries_before(newest));
        while let Some(entry) = entries.next().transpose()? {
            match entry.entry.change {
                ChannelChange::Promote { both_ways: true, .. } => {
                    return Ok(entries.next().transpose()?.and_then(|before| before.entry.state.shows));
                }
                ChannelChange::Promote { .. } => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }
}
