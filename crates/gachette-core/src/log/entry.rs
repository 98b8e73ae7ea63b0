//! One entry of a ledger, of a stack or of a channel, in one form for both.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sha256Digest;
use crate::apt::Suite;
use crate::channel::{ChannelChange, ChannelEntry, CheckName, CheckOutcome, KeptChannelEntry};
use crate::debian::PackageName;
use crate::stack::{Change, FormatError, REVISION_FORMAT, StackName, is_forced, parse_format};

/// How many packages of a change are named; a stack's own log has all of them.
const MOST_NAMES: usize = 100;

/// Whose ledger it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Ledger {
    /// That of a stack.
    Stack(StackName),
    /// That of a channel.
    Channel(Suite),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Deed {
    /// With a stack.
    Stack(Change),
    /// With a channel.
    Channel(ChannelChange),
}

/// One entry of a ledger: what was done with a stack or channel, by whom, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogEntry {
    /// Whose ledger it is in.
    #[serde(flatten)]
    pub ledger: Ledger,
    /// The number of the revision, or of the channel's entry.
    pub number: u64,
    /// The SHA-256 of its bytes.
    pub hash: Sha256Digest,
    /// The SHA-256 of the bytes of the one before; none for the first.
    pub previous: Option<Sha256Digest>,
    /// When, by the clock of the machine that wrote it.
    pub time: Timestamp,
    /// The person or program that did it.
    pub author: String,
    /// What was done.
    pub change: Deed,
    /// How many packages were added or removed that are not named in it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unnamed: usize,
    /// Whether it was sealed or promoted although it would have been refused, as the reason says.
    pub forced: bool,
    /// Why; may be empty.
    pub reason: String,
}

impl LogEntry {
    /// Reads the stored bytes of a revision, and passes over what it holds.
    ///
    /// # Errors
    /// When they are no revision.
    pub fn of_revision(bytes: &[u8]) -> Result<Self, FormatError> {
        /// The part of a revision that is read.
        #[derive(Deserialize)]
        struct Read {
            format: u32,
            stack: StackName,
            number: u64,
            previous: Option<Sha256Digest>,
            change: Change,
            author: String,
            time: Timestamp,
            reason: String,
        }
        let read = parse_format(bytes, REVISION_FORMAT, |read: &Read| read.format)?;
        let Read { stack, number, previous, mut change, author, time, reason, .. } = read;
        let unnamed = match &mut change {
            Change::Add { packages } | Change::Remove { packages } => shorten(packages),
            _ => 0,
        };
        Ok(Self {
            ledger: Ledger::Stack(stack),
            number,
            hash: Sha256Digest::of(bytes),
            previous,
            time,
            author,
            unnamed,
            forced: change == Change::Seal {} && is_forced(&reason),
            change: Deed::Stack(change),
            reason,
        })
    }

    /// How much memory it takes, roughly, in bytes.
    pub fn weight(&self) -> usize {
        let names = match &self.change {
            Deed::Stack(Change::Add { packages } | Change::Remove { packages }) => {
                packages.iter().map(|name| name.as_str().len() + size_of::<PackageName>()).sum()
            }
            Deed::Channel(ChannelChange::Check { results, .. }) => {
                let weight = |name: &CheckName| name.as_str().len() + size_of::<(CheckName, CheckOutcome)>();
                results.keys().map(weight).sum()
            }
            _ => 0,
        };
        size_of::<Self>() + self.author.len() + self.reason.len() + names
    }
}

impl From<KeptChannelEntry> for LogEntry {
    fn from(KeptChannelEntry { entry, hash }: KeptChannelEntry) -> Self {
        let ChannelEntry { channel, number, previous, change, author, time, reason, .. } = entry;
        Self {
            ledger: Ledger::Channel(channel),
            number,
            hash,
            previous,
            time,
            author,
            unnamed: 0,
            forced: matches!(change, ChannelChange::Promote { .. }) && is_forced(&reason),
            change: Deed::Channel(change),
            reason,
        }
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack(stack) => write!(f, "stack {stack}"),
            Self::Channel(channel) => write!(f, "channel {channel}"),
        }
    }
}

/// Leaves the first packages in the list; how many went.
fn shorten(packages: &mut Vec<PackageName>) -> usize {
    let unnamed = packages.len().saturating_sub(MOST_NAMES);
    packages.truncate(MOST_NAMES);
    packages.shrink_to_fit();
    unnamed
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{ChannelPolicy, ChannelStep, NotedChecks};
    use crate::stack::{By, Content, Entry, Head, Next, StackedPackage};

    fn kept(next: Next) -> (Entry, LogEntry) {
        let Next::Revision(revision) = next else { panic!("nothing came") };
        let bytes = revision.to_bytes().unwrap();
        (Entry::of(*revision, &bytes), LogEntry::of_revision(&bytes).unwrap())
    }

    #[test]
    fn an_entry_says_of_a_revision_and_of_a_channel_what_they_say_themselves() {
        let by = |by: By| by.at(Timestamp::UNIX_EPOCH, "w".to_owned());
        let stack: StackName = "shop/124".parse().unwrap();
        let (first, _) = kept(Next::create(None, &stack, None, by(By::new("ada"))).unwrap());
        let package = |number: usize| StackedPackage {
            name: format!("dh-package-{number}").parse().unwrap(),
            version: "1".parse().unwrap(),
            files: [("all".parse().unwrap(), Sha256Digest::of(b"x"))].into(),
        };
        let packages: Content = (0..MOST_NAMES + 7).map(package).collect();
        let added = first.add(Vec::from(packages), by(By::new("eve").because("more"))).unwrap();
        let (second, told) = kept(added);
        assert_eq!((&told.ledger, told.number), (&Ledger::Stack(stack), 2));
        assert_eq!((told.hash, told.previous), (second.hash, Some(first.hash)));
        assert_eq!((told.author.as_str(), told.reason.as_str(), told.forced), ("eve", "more", false));
        assert_eq!(told.unnamed, 7);
        let Deed::Stack(Change::Add { packages }) = &told.change else { panic!("{told:?}") };
        assert_eq!(packages.len(), MOST_NAMES);
        let (sealed, told) = kept(second.seal(by(By::new("eve").forcing("no", "yes"))).unwrap());
        assert!(told.forced && told.change == Deed::Stack(Change::Seal {}));
        let live = "shop/live".parse::<StackName>().unwrap().into();
        let step = ChannelStep { channel: &live, newest: None, noted: &NotedChecks::default() };
        let (head, policy) = (Head::from(&sealed), ChannelPolicy::default());
        let moved = step.promote(&head, &policy, by(By::new("ada"))).unwrap().unwrap();
        let bytes = moved.to_bytes().unwrap();
        let told = LogEntry::from(KeptChannelEntry::of(moved, &bytes));
        assert_eq!((told.ledger.to_string().as_str(), told.forced), ("channel shop/live", false));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let by = By::new("ada").because("why").at(Timestamp::UNIX_EPOCH, "w".to_owned());
        let (first, told) = kept(Next::create(None, &"124".parse().unwrap(), None, by.clone()).unwrap());
        let (sealed, _) = kept(first.seal(by.clone()).unwrap());
        let live = "live".parse::<StackName>().unwrap().into();
        let step = ChannelStep { channel: &live, newest: None, noted: &NotedChecks::default() };
        let held = step.hold(by.clone()).unwrap().unwrap();
        let moved = step.promote(&Head::from(&sealed), &ChannelPolicy::default(), by).unwrap().unwrap();
        let channel = [held, moved].map(|entry| {
            let bytes = entry.to_bytes().unwrap();
            LogEntry::from(KeptChannelEntry::of(entry, &bytes))
        });
        let noted = |results: &[String]| {
            let results = results.iter().map(|name| (name.parse().unwrap(), CheckOutcome::Passed)).collect();
            let by = By::new("ci").at(Timestamp::UNIX_EPOCH, "w".to_owned());
            let entry = step.note(&Head::from(&sealed), &results, by).unwrap().unwrap();
            let bytes = entry.to_bytes().unwrap();
            LogEntry::from(KeptChannelEntry::of(entry, &bytes))
        };
        let names: Vec<String> = (10..74).map(|number| format!("{}{number}", "x".repeat(98))).collect();
        let (one, all) = (noted(&names[..1]), noted(&names));
        assert!(all.weight() - one.weight() >= 63 * 100, "{} {}", all.weight(), one.weight());
        for told in [told, one, all].into_iter().chain(channel) {
            let text = serde_json::to_string(&told).unwrap();
            assert_eq!(serde_json::from_str::<LogEntry>(&text).unwrap(), told, "{text}");
        }
    }
}
