//! The ledger of a channel read from its end, as far as somebody wants to know: each entry is the one that the next one names.

use std::iter;

use gachette_core::apt::Suite;
use gachette_core::channel::{ChannelChange, ChannelEntry, KeptChannelEntry, Pin};
use gachette_core::log::Ledger;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::channels::missing;
use super::error::RepositoryError;
use super::ledger::unreadable;
use super::{Repository, key};

/// The most entries that are told at once.
const MOST_ENTRIES: usize = 10_000;

/// The most faults that are told of them.
const MOST_FAULTS: usize = 100;
/// The most bytes that they have: an answer is no longer than a client takes.
const MOST_BYTES: usize = 16 << 20;

/// Which entries of a channel are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelLogRange {
    /// Those before the entry of this number.
    pub before: Option<u64>,
    /// So many, at most: the newest.
    pub limit: Option<usize>,
}

/// What was done with a channel.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChannelLog {
    /// The entries, newest first: ten thousand at the most, and fewer where they say much.
    pub entries: Vec<ChannelEntry>,
    /// Whether there are more, older ones, which are not told.
    pub cut: bool,
    /// What is lost or was edited of these entries, in words; not everything where that is much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<String>,
}

impl Repository {
    /// What was done with a channel, newest first. What cannot be read of it is named in what is returned.
    ///
    /// # Errors
    /// When there is no such channel, or its folder cannot be read.
    pub fn log_channel(
        &self,
        channel: &Suite,
        range: &ChannelLogRange,
    ) -> Result<ChannelLog, RepositoryError> {
        let most = range.limit.unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES);
        let (numbers, lost) = self.numbers_of(&Ledger::Channel(channel.clone()))?;
        if numbers.is_empty() {
            return Err(missing(channel));
        }
        let mut log = ChannelLog { entries: Vec::new(), cut: false, damaged: Vec::new() };
        let end = if range.before.is_none() { self.lost_end_of_channel(channel)? } else { None };
        log.damaged.extend(lost.into_iter().chain(end).map(|error| error.to_string()));
        let asked = |number: &u64| range.before.is_none_or(|before| *number < before);
        let after = numbers.iter().copied().find(|number| !asked(number));
        let after =
            after.and_then(|after| Some((after, self.read_channel(channel, after).ok()?.entry.previous)));
        let (mut after, mut bytes) = (after, 0);
        for number in numbers.into_iter().filter(asked).rev() {
            if log.entries.len() == most || log.damaged.len() >= MOST_FAULTS {
                log.cut = true;
                break;
            }
            let kept = match self.read_channel(channel, number) {
                Ok(kept) => kept,
                Err(error) => {
                    log.damaged.push(error.to_string());
                    continue;
                }
            };
            if let Some((after, named)) = after.replace((number, kept.entry.previous))
                && after == number + 1
                && named != Some(kept.hash)
            {
                log.damaged.push(not_named(channel, after).to_string());
            }
            let text = kept.entry.to_bytes();
            bytes += text.map_err(|error| unreadable(key::channel_entry(channel, number), &error))?.len();
            if bytes > MOST_BYTES {
                log.cut = true;
                break;
            }
            log.entries.push(kept.entry);
        }
        Ok(log)
    }

    /// Every entry of a channel, newest first.
    ///
    /// # Errors
    /// When there is no such channel.
    pub(crate) fn entries_of<'a>(
        &'a self,
        channel: &'a Suite,
    ) -> Result<impl Iterator<Item = Result<ChannelEntry, RepositoryError>> + 'a, RepositoryError> {
        match self.last_of_channel(channel)? {
            0 => Err(missing(channel)),
            newest => Ok((1..=newest).rev().map(|number| Ok(self.read_channel(channel, number)?.entry))),
        }
    }

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
                    return Err(not_named(channel, number));
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

/// The error of an entry that the next one, which has this number, does not name.
fn not_named(channel: &Suite, next: u64) -> RepositoryError {
    let key = key::channel_entry(channel, next - 1);
    let reason = format!("it is not the entry that the next one, {next}, names: one of them was edited");
    RepositoryError::Damaged { key, reason }
}
