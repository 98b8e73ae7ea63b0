//! The chain of a stack's revisions, and whether a revision fits behind the one before it.

use super::name::StackName;
use super::revision::{FormatError, Revision};
use crate::Sha256Digest;

/// A revision as it is stored, with the hash that names it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The revision.
    pub revision: Revision,
    /// The SHA-256 of its stored bytes.
    pub hash: Sha256Digest,
}

/// The stack that clients of the original tool mean by `latest`: of these newest revisions the newest that is sealed, and
/// without one the newest.
pub fn latest(stacks: Vec<Entry>) -> Option<Entry> {
    stacks.into_iter().max_by_key(|entry| (entry.revision.sealed, entry.revision.time))
}

/// Why a revision does not belong where it was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerFault {
    /// It calls itself by another number.
    #[error("it says it is revision {found}")]
    Number {
        /// The number in it.
        found: u64,
    },
    /// It calls itself a revision of another stack.
    #[error("it says it belongs to stack {found}")]
    Stack {
        /// The stack in it.
        found: String,
    },
    /// It does not name the bytes of the revision before.
    #[error("it names another revision before it than the one that is there")]
    Chain,
    /// Its content hash is not that of its packages.
    #[error("its packages do not have the hash that it says they have")]
    Content,
    /// It changes a stack that was sealed before.
    #[error("it changes a sealed stack")]
    Sealed,
    /// Its bytes are not those that gachette writes for it.
    #[error("its bytes were edited")]
    Bytes,
}

impl Entry {
    /// Reads stored bytes, and names them.
    ///
    /// # Errors
    /// When they are no revision.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        Ok(Self { revision: Revision::parse(bytes)?, hash: Sha256Digest::of(bytes) })
    }

    /// A revision that was just encoded to `bytes`.
    pub fn of(revision: Revision, bytes: &[u8]) -> Self {
        Self { revision, hash: Sha256Digest::of(bytes) }
    }

    /// Whether the stack exists as of this revision.
    pub fn exists(&self) -> bool {
        !self.revision.deleted
    }

    /// Whether this is what its place says, and its packages are those that were written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_place(&self, stack: &StackName, number: u64) -> Result<(), LedgerFault> {
        let revision = &self.revision;
        if revision.stack != *stack {
            return Err(LedgerFault::Stack { found: revision.stack.to_string() });
        }
        if revision.number != number {
            return Err(LedgerFault::Number { found: revision.number });
        }
        if revision.content != revision.packages.hash() {
            return Err(LedgerFault::Content);
        }
        Ok(())
    }

    /// Whether this revision is sound in itself.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), LedgerFault> {
        let revision = &self.revision;
        if revision.content != revision.packages.hash() {
            return Err(LedgerFault::Content);
        }
        match revision.to_bytes() {
            Ok(bytes) if Sha256Digest::of(&bytes) == self.hash => Ok(()),
            _ => Err(LedgerFault::Bytes),
        }
    }

    /// Whether this revision may stand behind `before`, or first in its ledger.
    ///
    /// # Errors
    /// What is wrong with the chain.
    pub fn check_after(&self, before: Option<&Self>) -> Result<(), LedgerFault> {
        let (revision, number) = (&self.revision, before.map_or(1, |b| b.revision.number + 1));
        if revision.number != number {
            return Err(LedgerFault::Number { found: revision.number });
        }
        if before.is_some_and(|b| b.revision.stack != revision.stack) {
            return Err(LedgerFault::Stack { found: revision.stack.to_string() });
        }
        if revision.previous != before.map(|b| b.hash) {
            return Err(LedgerFault::Chain);
        }
        // Only its deletion follows a seal, which stays.
        let deletes = |before: &Self| before.exists() && revision.deleted && revision.sealed;
        if before.is_some_and(|before| before.revision.sealed && !deletes(before)) {
            return Err(LedgerFault::Sealed);
        }
        Ok(())
    }
}
