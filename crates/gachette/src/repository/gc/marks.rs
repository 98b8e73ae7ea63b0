//! What is named: by channels, by revisions of stacks, by the original tool, and by indices that clients may have.

use std::collections::{HashMap, HashSet};

use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{Entry, StackName, StackRef};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::error::RepositoryError;
use super::super::ledger::lost;
use super::super::{Repository, key};

/// What keeps a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Keeper {
    /// A channel that shows it, or that it is approved for.
    Channel {
        /// The channel.
        channel: Suite,
    },
    /// A revision of a stack that exists, or was deleted not long ago.
    Stack {
        /// The newest revision that names it.
        stack: StackRef,
    },
    /// A stack that only the original tool knows.
    OriginalTool {
        /// The stack.
        stack: StackName,
    },
    /// An index of a suite that clients may have fetched.
    Suite {
        /// The suite.
        suite: Suite,
    },
    /// Its age.
    Age {
        /// When it was brought or used last.
        since: Timestamp,
    },
    /// That its record cannot be read.
    Damage {
        /// Why not.
        reason: String,
    },
}

/// What is named, as far as was read.
pub(super) struct Marks {
    versions: HashMap<PackageName, HashMap<String, Keeper>>,
    /// The package files that indices name.
    shown: HashMap<Sha256Digest, Suite>,
    /// The package files that references of the original tool name, to versions that are named.
    referenced: HashSet<String>,
    ledgers: HashMap<StackName, Ledger>,
}

/// How much of a ledger was read.
#[derive(Clone, Copy)]
enum Ledger {
    /// Up to this revision.
    Marked(u64),
    /// Not at all: the stack was deleted long ago, by this revision.
    Gone(u64),
}

impl Marks {
    /// Reads everything. What a stack held that was deleted before `since` is not named by it.
    pub(super) fn read(repository: &Repository, since: Timestamp) -> Result<Self, RepositoryError> {
        let mut marks = Self {
            versions: HashMap::new(),
            shown: HashMap::new(),
            referenced: HashSet::new(),
            ledgers: HashMap::new(),
        };
        marks.read_channels(repository)?;
        for domain in repository.domain_folders()? {
            for stack in repository.ledgers(&domain)? {
                match repository.newest(&stack)? {
                    Some(newest) if !newest.exists() && newest.revision.time < since => {
                        marks.ledgers.insert(stack, Ledger::Gone(newest.revision.number));
                    }
                    _ => marks.read_stack(repository, &stack)?,
                }
            }
        }
        Ok(marks)
    }

    /// Reads what was written since.
    pub(super) fn catch_up(&mut self, repository: &Repository) -> Result<(), RepositoryError> {
        for domain in repository.domain_folders()? {
            for stack in repository.ledgers(&domain)? {
                self.read_stack(repository, &stack)?;
            }
        }
        Ok(())
    }

    fn read_channels(&mut self, repository: &Repository) -> Result<(), RepositoryError> {
        for domain in repository.domain_folders()? {
            for kept in repository.channels(&domain)? {
                let channel = kept.entry.channel;
                let approved = kept.entry.state.approvals.into_iter().map(|approval| approval.pin);
                for pin in kept.entry.state.shows.into_iter().chain(approved) {
                    self.mark(&repository.pinned(&pin)?, &Keeper::Channel { channel: channel.clone() });
                }
            }
        }
        Ok(())
    }

    /// Reads the revisions of a stack that were not read yet, the newest first.
    fn read_stack(&mut self, repository: &Repository, stack: &StackName) -> Result<(), RepositoryError> {
        let (read, known) = match self.ledgers.get(stack) {
            Some(Ledger::Marked(number)) => (*number, *number),
            // Made again since: all that it held can come back.
            Some(Ledger::Gone(number)) => (0, *number),
            None => (0, 0),
        };
        let newest = repository.newest_number(stack, known)?;
        if newest == 0 {
            return self.read_original(repository, stack);
        }
        if newest == known {
            return Ok(());
        }
        for number in (read + 1..=newest).rev() {
            let entry = repository.read_revision(stack, number)?.ok_or_else(|| lost(stack, number))?;
            self.mark(&entry, &Keeper::Stack { stack: stack.at(number) });
        }
        self.ledgers.insert(stack.clone(), Ledger::Marked(newest));
        Ok(())
    }

    /// A stack without a ledger holds what its files for old clients say.
    fn read_original(&mut self, repository: &Repository, stack: &StackName) -> Result<(), RepositoryError> {
        for (name, version) in repository.read_shown(stack)? {
            let Ok(parsed) = version.parse::<Version>() else { continue };
            let line = repository.store.read(&key::file(&name, &parsed))?.unwrap_or_default();
            self.referenced.insert(String::from_utf8_lossy(&line).trim_end().to_owned());
            self.name(&name, &version, &Keeper::OriginalTool { stack: stack.clone() });
        }
        Ok(())
    }

    fn mark(&mut self, entry: &Entry, keeper: &Keeper) {
        for package in entry.revision.packages.iter() {
            self.name(&package.name, package.version.as_str(), keeper);
        }
    }

    fn name(&mut self, name: &PackageName, version: &str, keeper: &Keeper) {
        // Nearly always both are known: a revision holds what the one before did.
        if !self.versions.contains_key(name) {
            self.versions.insert(name.clone(), HashMap::new());
        }
        if let Some(versions) = self.versions.get_mut(name)
            && !versions.contains_key(version)
        {
            versions.insert(version.to_owned(), keeper.clone());
        }
    }

    /// An index of a suite names this package file.
    pub(super) fn show(&mut self, file: Sha256Digest, suite: &Suite) {
        self.shown.entry(file).or_insert_with(|| suite.clone());
    }

    /// What names a version.
    /// Every version that is named, with its package's name.
    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        let versions = self.versions.iter();
        versions.flat_map(|(name, versions)| versions.keys().map(|version| (name.as_str(), version.as_str())))
    }

    pub(super) fn keeper(&self, name: &PackageName, version: &Version) -> Option<&Keeper> {
        self.versions.get(name)?.get(version.as_str())
    }

    /// The suite whose indices name a package file.
    pub(super) fn suite_with(&self, file: &Sha256Digest) -> Option<&Suite> {
        self.shown.get(file)
    }

    /// Whether the original tool's reference to a version that is named names this file.
    pub(super) fn is_referenced(&self, file: &str) -> bool {
        self.referenced.contains(file)
    }
}
