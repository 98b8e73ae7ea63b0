//! One entry of a channel's ledger: what was done, by whom, when and why, and what holds since.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{CheckName, CheckOutcome, NotedCheck};
use crate::Sha256Digest;
use crate::apt::Suite;
use crate::stack::{FormatError, Head, StackName, parse_format, to_readable_json};

/// The newest version of the format that is read: it knows of moves both ways, and the second of checks. What says nothing of either
/// is written in the first, for those who read no other.
pub const CHANNEL_FORMAT: u32 = 3;
/// How much of what checks said a state holds at the most. It is a part of the format.
const MOST_NOTED: usize = 64;

/// One immutable state of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelEntry {
    /// The version of this format.
    pub format: u32,
    /// The channel it belongs to.
    pub channel: Suite,
    /// Its number: 1, then one more each time.
    pub number: u64,
    /// The SHA-256 of the bytes of the entry before; none for the first.
    pub previous: Option<Sha256Digest>,
    /// What was done.
    pub change: ChannelChange,
    /// The person or program that did it.
    pub author: String,
    /// When, by the clock of the machine that wrote it.
    pub time: Timestamp,
    /// Why; may be empty.
    pub reason: String,
    /// Unique for each attempt to write.
    pub writer: String,
    /// What holds since.
    pub state: ChannelState,
}

/// An entry as it is stored, with the hash that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptChannelEntry {
    /// The entry.
    pub entry: ChannelEntry,
    /// The SHA-256 of its stored bytes.
    pub hash: Sha256Digest,
}

/// What an entry did to its channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChannelChange {
    /// The channel was moved.
    Promote {
        /// To which revision.
        to: Pin,
        /// Whether it was found before that hosts can go there from what the channel showed, and back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        both_ways: bool,
    },
    /// Somebody said that the channel may be moved there.
    Approve {
        /// To which revision.
        pin: Pin,
    },
    /// Somebody noted what checks said.
    Check {
        /// Of which revision.
        pin: Pin,
        /// What each said.
        results: BTreeMap<CheckName, CheckOutcome>,
    },
    /// Nothing may be promoted from here on.
    Hold {},
    /// That is over.
    Release {},
}

/// What is true of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelState {
    /// Where it is; nowhere before the first promotion.
    pub shows: Option<Pin>,
    /// Who stopped promotions, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Hold>,
    /// Who said since the last promotion what may come next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// The newest word of each check about what it shows, and what was said since the last promotion of what may come next: 64 at the
    /// most, the oldest of the latter go first. What was said before stays in the entries that say it, and counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<NotedCheck>,
}

/// One exact revision of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The stack.
    pub stack: StackName,
    /// The number of its revision.
    pub revision: u64,
    /// The SHA-256 of that revision's bytes.
    pub hash: Sha256Digest,
    /// The SHA-256 of what it holds.
    pub content: Sha256Digest,
}

/// Promotions are stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// By whom.
    pub author: String,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: String,
}

/// Somebody's word that a channel may be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Whose.
    pub author: String,
    /// To where.
    pub pin: Pin,
    /// When it was said.
    pub time: Timestamp,
}

impl Pin {
    /// This revision.
    pub fn of(head: &Head) -> Self {
        Self { stack: head.stack.clone(), revision: head.number, hash: head.hash, content: head.content }
    }
}

impl ChannelEntry {
    /// What checks said by this entry.
    pub fn noted(&self) -> Vec<NotedCheck> {
        let ChannelChange::Check { pin, results } = &self.change else { return Vec::new() };
        let noted = |(check, outcome): (&CheckName, &CheckOutcome)| NotedCheck {
            check: check.clone(),
            outcome: *outcome,
            pin: pin.clone(),
            author: self.author.clone(),
            time: self.time,
            reason: self.reason.clone(),
        };
        results.iter().map(noted).collect()
    }

    /// What its state says of checks, when that of the entry before said this. What is said of what may come next pushes nothing out
    /// that was said of what is shown.
    pub fn checks_behind(&self, before: &[NotedCheck]) -> Vec<NotedCheck> {
        let mut checks = self.all_checks_behind(before);
        let mut too_many = checks.len().saturating_sub(MOST_NOTED);
        checks.retain(|it| {
            let goes = too_many > 0 && self.state.shows.as_ref() != Some(&it.pin);
            too_many -= usize::from(goes);
            !goes
        });
        checks.split_off(too_many)
    }

    /// Whether what its state says of checks follows, when that of the entry before said this.
    pub fn follows_in_checks(&self, before: &[NotedCheck]) -> bool {
        // Before what is shown was kept longer, the oldest went.
        let oldest_went = || {
            let mut checks = self.all_checks_behind(before);
            checks.split_off(checks.len().saturating_sub(MOST_NOTED))
        };
        self.state.checks == self.checks_behind(before) || self.state.checks == oldest_went()
    }

    fn all_checks_behind(&self, before: &[NotedCheck]) -> Vec<NotedCheck> {
        let new = self.noted();
        let stays = |it: &&NotedCheck| match &self.change {
            ChannelChange::Promote { to, .. } => it.pin == *to,
            _ => !new.iter().any(|newer| newer.check == it.check && newer.pin == it.pin),
        };
        let mut checks: Vec<NotedCheck> = before.iter().filter(stays).cloned().collect();
        checks.extend(new);
        checks
    }

    /// The first version of the format in which it can be written.
    pub fn oldest_format(&self) -> u32 {
        match &self.change {
            ChannelChange::Promote { both_ways: true, .. } => 3,
            ChannelChange::Check { .. } => 2,
            _ if self.state.checks.is_empty() => 1,
            _ => 2,
        }
    }

    /// The bytes that are stored, and whose SHA-256 the next entry holds.
    ///
    /// # Errors
    /// Never in practice; the signature is JSON's.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        Ok(to_readable_json(self)?)
    }
}

impl KeptChannelEntry {
    /// Reads stored bytes, and names them.
    ///
    /// # Errors
    /// When they are no entry, or one of a newer format.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let entry = parse_format(bytes, CHANNEL_FORMAT, |entry: &ChannelEntry| entry.format)?;
        Ok(Self { entry, hash: Sha256Digest::of(bytes) })
    }

    /// An entry that was just encoded to `bytes`.
    pub fn of(entry: ChannelEntry, bytes: &[u8]) -> Self {
        Self { entry, hash: Sha256Digest::of(bytes) }
    }

    /// Whether it is what its place says.
    pub fn belongs(&self, channel: &Suite, number: u64) -> bool {
        self.entry.channel == *channel && self.entry.number == number
    }
}
