//! Checking a stack's ledger: every revision there, sound, and chained to the one before.

use std::collections::BTreeSet;

use gachette_core::stack::{Change, Entry, Head, LedgerFault, StackName};

use super::super::derived::Shown;
use super::super::error::RepositoryError;
use super::super::key;
use super::super::ledger::number_of;
use super::{Fault, Fsck};

impl Fsck<'_> {
    /// Returns the highest number there is, 0 without any.
    pub(super) fn check_ledger(&mut self, stack: &StackName) -> Result<u64, RepositoryError> {
        // First the mark, then the ledger: a writer that comes between them only makes the ledger longer.
        let shown = self.repository.shown(stack)?;
        let numbers = self.numbers(stack)?;
        let mut before = Before::First;
        for &number in &numbers {
            if number > before.next() {
                self.lost(stack, before.next(), number - 1, "later revisions are there");
                before = Before::Unknown(number);
            }
            before = match self.check_revision(stack, number, &before)? {
                Some(entry) => {
                    self.check_shown(stack, &entry, shown.as_ref());
                    Before::Entry(Box::new(entry))
                }
                None => Before::Unknown(number + 1),
            };
        }
        let newest = numbers.last().copied().unwrap_or(0);
        if let Before::Entry(entry) = &before {
            self.check_witnesses(entry)?;
        }
        if let Some(shown) = shown.filter(|shown| shown.revision > newest) {
            self.lost(
                stack,
                newest + 1,
                shown.revision,
                "it was there when derived files were written from it",
            );
        }
        Ok(newest)
    }

    /// The numbers of the revisions that are there.
    fn numbers(&mut self, stack: &StackName) -> Result<BTreeSet<u64>, RepositoryError> {
        let folder = key::revisions(stack);
        let children = self.repository.store.children(&folder)?;
        self.unknown(&folder, &children.folders);
        let mut numbers = BTreeSet::new();
        for file in children.files {
            match number_of(&file) {
                Some(number) => drop(numbers.insert(number)),
                None => self.unknown(&folder, &[file]),
            }
        }
        Ok(numbers)
    }

    /// One revision, when it can be read and bears its number.
    fn check_revision(
        &mut self,
        stack: &StackName,
        number: u64,
        before: &Before,
    ) -> Result<Option<Entry>, RepositoryError> {
        let key = key::revision(stack, number);
        self.report.checked.revisions += 1;
        let Some(bytes) = self.repository.store.read(&key)? else { return Ok(None) };
        let entry = match Entry::parse(&bytes) {
            Ok(entry) => entry,
            Err(error) => {
                self.found(key, Fault::Changed { reason: error.to_string() });
                return Ok(None);
            }
        };
        if let Err(fault) = entry.check().and_then(|()| before.check(stack, &entry)) {
            self.found(key, Fault::Changed { reason: fault.to_string() });
            let misplaced = matches!(fault, LedgerFault::Number { .. } | LedgerFault::Stack { .. });
            return Ok(Some(entry).filter(|_| !misplaced));
        }
        if let Change::Clone { from } = &entry.revision.change {
            let origin = self.repository.store.read(&key::revision(&from.stack, from.revision))?;
            if origin.is_some_and(|bytes| gachette_core::Sha256Digest::of(&bytes) != from.hash) {
                let reason = format!("it is not the revision that {} was copied from", stack.at(number));
                self.found(key::revision(&from.stack, from.revision), Fault::Changed { reason });
            }
        }
        Ok(Some(entry))
    }

    /// The mark betrays a change of the newest revision, which no later one could.
    fn check_shown(&mut self, stack: &StackName, entry: &Entry, shown: Option<&Shown>) {
        let same_number = shown.filter(|shown| shown.revision == entry.revision.number);
        if same_number.is_some_and(|shown| *shown != Shown::of(entry)) {
            let reason = "it is not the revision that derived files were written from".to_owned();
            self.found(key::revision(stack, entry.revision.number), Fault::Changed { reason });
        }
    }

    /// The same do its suite, channels and statements. They know of a sealed stack what was sealed, also once it is deleted.
    fn check_witnesses(&mut self, newest: &Entry) -> Result<(), RepositoryError> {
        let revision = &newest.revision;
        let sealed = if revision.sealed && revision.deleted {
            // One that is lost or damaged is told of where the chain is checked.
            match self.repository.read_revision(&revision.stack, revision.number - 1) {
                Ok(Some(sealed)) => Head::from(&sealed),
                _ => return Ok(()),
            }
        } else {
            Head::from(newest)
        };
        let against = self.repository.witness_against(&sealed)?;
        let stated = || self.stated.iter().find_map(|stated| stated.speaks_against(&sealed));
        if let Some(reason) = against.or_else(stated) {
            self.found(key::revision(&sealed.stack, sealed.number), Fault::Changed { reason });
        }
        Ok(())
    }

    fn lost(&mut self, stack: &StackName, first: u64, last: u64, how: &str) {
        let reason = if first == last { how.to_owned() } else { format!("and those up to {last}: {how}") };
        self.found(key::revision(stack, first), Fault::Lost { reason });
    }
}

/// What is known of the revision before.
enum Before {
    /// There is none.
    First,
    /// It was there and could be read.
    Entry(Box<Entry>),
    /// It was not; the next has this number.
    Unknown(u64),
}

impl Before {
    fn next(&self) -> u64 {
        match self {
            Self::First => 1,
            Self::Entry(entry) => entry.revision.number + 1,
            Self::Unknown(number) => *number,
        }
    }

    fn check(&self, stack: &StackName, entry: &Entry) -> Result<(), LedgerFault> {
        let revision = &entry.revision;
        if revision.stack != *stack {
            return Err(LedgerFault::Stack { found: revision.stack.to_string() });
        }
        match self {
            Self::First => entry.check_after(None),
            Self::Entry(before) => entry.check_after(Some(before)),
            Self::Unknown(number) if *number != revision.number => {
                Err(LedgerFault::Number { found: revision.number })
            }
            Self::Unknown(_) => Ok(()),
        }
    }
}
