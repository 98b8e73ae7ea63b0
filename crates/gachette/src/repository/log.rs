//! What was done with all stacks and channels, newest first: their ledgers, read together.
//!
//! Each is read from its end, and of revisions not what they hold. No more is kept than is asked for, or fits into an answer.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use gachette_core::log::{Ledger, LogEntry, LogRequest};
use gachette_core::stack::{Domain, StackName};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::RepositoryError;
use super::ledger::{lost, number_of, unreadable};
use super::spread::{Worth, gather};
use super::{Repository, key};

/// The most entries that are told at once.
const MOST_ENTRIES: usize = 10_000;

/// The most memory that they take, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// The most faults of one ledger that are told; `fsck` tells all.
const MOST_FAULTS: usize = 100;

/// By how much the clocks of two who write into one ledger may differ, in seconds: where only the newest entries are wanted, a ledger
/// is read back until one is older than they are by more than this.
const CLOCKS_DIFFER_BY: i64 = 24 * 60 * 60;

/// What was done in a repository.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RepositoryLog {
    /// The entries, newest first.
    pub entries: Vec<LogEntry>,
    /// What cannot be read, or is not what was written.
    pub damaged: Vec<DamagedLedger>,
    /// Whether there may be more, older ones, which are not told.
    pub cut: bool,
}

/// A ledger of which an entry cannot be read, or is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DamagedLedger {
    /// Whose it is.
    #[serde(flatten)]
    pub ledger: Ledger,
    /// Which file, and what is wrong with it.
    pub reason: String,
}

/// A ledger as it was found.
struct Found<'a> {
    ledger: &'a Ledger,
    /// Its place among all.
    place: usize,
    /// The numbers of its entries, the newest last.
    numbers: Vec<u64>,
    /// When the newest entry was written, if it can be read.
    changed: Option<Timestamp>,
    damaged: Vec<RepositoryError>,
}

impl Repository {
    /// What was done with the stacks and channels of the repository, also with those that were deleted.
    ///
    /// # Errors
    /// When the folders of domains cannot be read. A ledger that cannot be read is named in what is returned.
    pub fn log(&self, request: &LogRequest) -> Result<RepositoryLog, RepositoryError> {
        let mut ledgers = Vec::new();
        for domain in self.domain_folders()?.iter().filter(|domain| request.asks_for(domain)) {
            let stacks = self.ledgers(domain)?;
            let channels = self.all_channels(domain, &stacks.iter().collect())?;
            ledgers.extend(stacks.into_iter().map(Ledger::Stack));
            ledgers.extend(channels.into_iter().map(|name| Ledger::Channel(name.into())));
        }
        let places: Vec<(usize, &Ledger)> = ledgers.iter().enumerate().collect();
        let mut found = gather(Worth::Files, &places, |(place, ledger)| {
            Ok::<_, RepositoryError>(self.find_ledger(*place, ledger))
        })?;
        // What was changed last comes first: where the newest are wanted, little is read of the others.
        found.sort_by_key(|found| Reverse(found.changed));
        let newest = Mutex::new(Newest::of(request.limit));
        let damaged = gather(Worth::Files, &found, |found| {
            Ok::<_, RepositoryError>(self.read_ledger(found, request, &newest))
        })?;
        let Newest { entries, above, .. } = newest.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut reasons = Vec::new();
        for (found, damaged) in found.into_iter().zip(damaged) {
            let of_it = found.damaged.into_iter().chain(damaged);
            reasons.extend(
                of_it.map(|error| DamagedLedger { ledger: found.ledger.clone(), reason: error.to_string() }),
            );
        }
        Ok(RepositoryLog {
            entries: entries.into_values().rev().collect(),
            damaged: reasons,
            cut: above.is_some(),
        })
    }

    /// The channels of a domain that has these stacks, also those of which nothing is left but a suite.
    fn all_channels(
        &self,
        domain: &Domain,
        stacks: &HashSet<&StackName>,
    ) -> Result<BTreeSet<StackName>, RepositoryError> {
        let mut channels: BTreeSet<StackName> = self.channel_folders(domain)?.into_iter().collect();
        let files = self.store.children(&key::suite_states(domain))?.files;
        let suites = files.iter().filter_map(|file| file.strip_suffix(".json"));
        let suites = suites.filter_map(|name| StackName::new(domain.clone(), name).ok());
        channels.extend(suites.filter(|name| !stacks.contains(name)));
        Ok(channels)
    }

    /// Which entries a ledger has, and which it has lost.
    fn find_ledger<'a>(&self, place: usize, ledger: &'a Ledger) -> Found<'a> {
        let mut found = Found { ledger, place, numbers: Vec::new(), changed: None, damaged: Vec::new() };
        match self.numbers_of(ledger) {
            Ok((numbers, lost)) => {
                // Nothing in a channel's ledger betrays that its end is lost; its suite does.
                let end = match ledger {
                    Ledger::Channel(channel) if lost.is_none() => self.lost_end_of_channel(channel),
                    _ => Ok(None),
                };
                found.damaged.extend(lost.into_iter().chain(end.unwrap_or_else(Some)));
                found.numbers = numbers;
            }
            Err(error) => found.damaged.push(error),
        }
        let newest = found.numbers.last().and_then(|number| self.read_logged(ledger, *number).ok());
        found.changed = newest.map(|newest| newest.time);
        found
    }

    /// The numbers of a ledger's entries that are there, and the error for those that are not.
    pub(super) fn numbers_of(
        &self,
        ledger: &Ledger,
    ) -> Result<(Vec<u64>, Option<RepositoryError>), RepositoryError> {
        // The mark of a stack's derived files betrays that the end of its ledger is lost.
        let (folder, known) = match ledger {
            Ledger::Stack(stack) => {
                (key::revisions(stack), self.shown(stack)?.map_or(0, |shown| shown.revision))
            }
            Ledger::Channel(channel) => (key::channel(channel), 0),
        };
        // Names of ten digits, sorted.
        let files = self.store.children(&folder)?.files;
        let numbers: Vec<u64> = files.iter().filter_map(|file| number_of(file)).collect();
        let last = numbers.last().map_or(known, |last| known.max(*last));
        let lost = last - numbers.len() as u64;
        let first = (1..).zip(&numbers).find(|(expected, number)| expected != *number);
        let first = first.map_or(numbers.len() as u64 + 1, |(expected, _)| expected);
        let reason = match lost {
            0 => return Ok((numbers, None)),
            1 => "the file is lost".to_owned(),
            _ => format!("the file is lost, and {} more after it", lost - 1),
        };
        Ok((numbers, Some(RepositoryError::Damaged { key: key_of(ledger, first), reason })))
    }

    /// Puts the entries of a ledger that are asked for among the newest; what is wrong with the ledger.
    fn read_ledger(
        &self,
        found: &Found<'_>,
        request: &LogRequest,
        newest: &Mutex<Newest>,
    ) -> Vec<RepositoryError> {
        let (ledger, mut damaged) = (found.ledger, Vec::new());
        let mut after: Option<(u64, _)> = None;
        for number in found.numbers.iter().rev().copied() {
            let entry = match self.read_logged(ledger, number) {
                Ok(entry) => entry,
                Err(error) => {
                    damaged.push(error);
                    continue;
                }
            };
            if let Some((after, previous)) = after.replace((number, entry.previous))
                && after == number + 1
                && previous != Some(entry.hash)
            {
                let reason = "it names another entry before it than the one that is there".to_owned();
                damaged.push(RepositoryError::Damaged { key: key_of(ledger, after), reason });
            }
            let mut newest = newest.lock().unwrap_or_else(PoisonError::into_inner);
            if newest.is_above(entry.time) {
                break;
            }
            if request.fits(&entry) {
                newest.put((entry.time, found.place, number), entry);
            }
        }
        damaged.truncate(MOST_FAULTS);
        damaged
    }

    fn read_logged(&self, ledger: &Ledger, number: u64) -> Result<LogEntry, RepositoryError> {
        let entry: LogEntry = match ledger {
            Ledger::Channel(channel) => self.read_channel(channel, number)?.into(),
            Ledger::Stack(stack) => {
                let key = key::revision(stack, number);
                let bytes = self.store.read(&key)?.ok_or_else(|| lost(stack, number))?;
                LogEntry::of_revision(&bytes).map_err(|error| unreadable(key, &error))?
            }
        };
        if entry.ledger == *ledger && entry.number == number {
            return Ok(entry);
        }
        let reason = "it is of another place".to_owned();
        Err(RepositoryError::Damaged { key: key_of(ledger, number), reason })
    }
}

fn key_of(ledger: &Ledger, number: u64) -> String {
    match ledger {
        Ledger::Stack(stack) => key::revision(stack, number),
        Ledger::Channel(channel) => key::channel_entry(channel, number),
    }
}

/// Where an entry is in time: of two of the same moment, by the place of the ledger and the number in it.
type Position = (Timestamp, usize, u64);

/// The newest entries, as many as are wanted and fit.
struct Newest {
    limit: usize,
    entries: BTreeMap<Position, LogEntry>,
    /// How much memory they take.
    bytes: usize,
    /// The newest of those that were dropped: only what is above it is kept.
    above: Option<Position>,
}

impl Newest {
    fn of(limit: Option<usize>) -> Self {
        let limit = limit.unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES);
        Self { limit, entries: BTreeMap::new(), bytes: 0, above: None }
    }

    fn put(&mut self, position: Position, entry: LogEntry) {
        if self.above.is_some_and(|above| position < above) {
            return;
        }
        self.bytes += entry.weight();
        self.entries.insert(position, entry);
        while self.entries.len() > self.limit || self.bytes > MOST_BYTES {
            let Some((oldest, dropped)) = self.entries.pop_first() else { break };
            self.bytes -= dropped.weight();
            self.above = Some(oldest);
        }
    }

    /// Whether no entry of a ledger that is older than one of this time can be among them, unless clocks were wrong.
    fn is_above(&self, time: Timestamp) -> bool {
        self.above.is_some_and(|(above, ..)| time.as_second() + CLOCKS_DIFFER_BY < above.as_second())
    }
}

#[cfg(test)]
mod tests {
    use gachette_core::stack::{By, Next, StackName};

    use super::*;

    fn entry(second: i64, reason: &str) -> (Position, LogEntry) {
        let stack: StackName = "124".parse().unwrap();
        let time = Timestamp::from_second(second).unwrap();
        let by = By::new("ada").because(reason).at(time, "w".to_owned());
        let Next::Revision(revision) = Next::create(None, &stack, None, by).unwrap() else { panic!() };
        ((time, 0, 1), LogEntry::of_revision(&revision.to_bytes().unwrap()).unwrap())
    }

    fn seconds(newest: &Newest) -> Vec<i64> {
        newest.entries.keys().map(|(time, ..)| time.as_second()).collect()
    }

    #[test]
    fn the_newest_are_kept_in_whatever_order_they_come_and_none_between_them_is_missing() {
        let mut newest = Newest::of(Some(3));
        for second in [5, 9, 1, 7, 8, 2, 6] {
            let (position, entry) = entry(second, "");
            newest.put(position, entry);
            assert!(newest.entries.len() <= 3);
        }
        assert_eq!(
            (seconds(&newest), newest.above.map(|(time, ..)| time.as_second())),
            (vec![7, 8, 9], Some(6))
        );
        assert!(!newest.is_above(Timestamp::from_second(6 - CLOCKS_DIFFER_BY).unwrap()));
        assert!(newest.is_above(Timestamp::from_second(5 - CLOCKS_DIFFER_BY).unwrap()));
    }

    #[test]
    fn long_reasons_take_no_more_memory_than_there_is_for_them() {
        let mut newest = Newest::of(None);
        let (_, long) = entry(0, &"x".repeat(4000));
        for second in 0..10_000 {
            newest.put((Timestamp::from_second(second).unwrap(), 0, 1), long.clone());
        }
        assert!(newest.bytes <= MOST_BYTES && newest.bytes > MOST_BYTES / 2);
        assert_eq!(newest.bytes, newest.entries.values().map(LogEntry::weight).sum::<usize>());
        let kept = seconds(&newest);
        assert_eq!(kept, (kept[0]..10_000).collect::<Vec<_>>());
        assert!(newest.above.is_some() && kept[0] > 0);
    }
}
