//! Which stacks and channels have a package, now or ever.

use gachette_core::apt::Suite;
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{Domain, Entry, StackName, StackRef};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::RepositoryError;
use super::ledger::lost;
use super::spread::{Worth, gather};
use super::{DamagedStack, Readable, Repository, key};

/// How far back is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// At what stacks and channels are now.
    Now,
    /// At all that they ever were.
    Ever,
}

/// A stack that holds a package, or once did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StackWithPackage {
    /// The stack.
    pub stack: StackName,
    /// The version of the package in it.
    pub version: Version,
    /// The last revision, of those in a row, that has it in this version.
    pub revision: u64,
    /// The first of them, where earlier revisions were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// What that means for the stack as it is now.
    pub standing: Standing,
}

/// What it means for a stack that one of its revisions holds a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It holds it now, and may change.
    Open,
    /// It holds it for ever.
    Sealed,
    /// It held it before.
    Earlier,
    /// It held it before it was deleted.
    Deleted,
}

/// A channel that shows a package, or once did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelWithPackage {
    /// The channel.
    pub channel: Suite,
    /// The version of the package in it.
    pub version: Version,
    /// The revision that it shows.
    pub shows: StackRef,
    /// Since when.
    pub since: Timestamp,
    /// When it was moved elsewhere; none while it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// One package, in one version or any.
struct Sought<'a> {
    name: &'a PackageName,
    version: Option<&'a Version>,
}

impl Sought<'_> {
    /// The version that a revision holds, if it is one that is sought.
    fn version_in(&self, entry: &Entry) -> Option<Version> {
        let held = entry.revision.packages.get(self.name)?;
        self.version.is_none_or(|version| *version == held.version).then(|| held.version.clone())
    }
}

impl Repository {
    /// The stacks that hold a package, in that version or, without one, in any.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn stacks_with(
        &self,
        name: &PackageName,
        version: Option<&Version>,
        span: Span,
    ) -> Result<Readable<StackWithPackage>, RepositoryError> {
        let sought = Sought { name, version };
        let mut with = Readable::new();
        for domain in self.domain_folders()? {
            let ledgers = self.ledgers(&domain)?;
            let found = gather(Worth::Files, &ledgers, |stack| {
                Ok::<_, RepositoryError>(match span {
                    Span::Now => self.holds_now(stack, &sought),
                    Span::Ever => self.held_ever(stack, &sought),
                })
            })?;
            for (stack, found) in ledgers.iter().zip(found) {
                match found {
                    Ok(found) => with.found.extend(found),
                    Err(error) => with.put(stack, Err(error)),
                }
            }
        }
        Ok(with)
    }

    fn holds_now(
        &self,
        stack: &StackName,
        sought: &Sought<'_>,
    ) -> Result<Vec<StackWithPackage>, RepositoryError> {
        let newest = self.newest(stack)?.filter(Entry::exists);
        let held = newest.and_then(|newest| {
            let version = sought.version_in(&newest)?;
            let (stack, revision) = (stack.clone(), newest.revision.number);
            Some(StackWithPackage { stack, version, revision, first: None, standing: standing(&newest) })
        });
        Ok(held.into_iter().collect())
    }

    /// Every version that the stack held, each with the revisions in a row that did; the last ones first.
    fn held_ever(
        &self,
        stack: &StackName,
        sought: &Sought<'_>,
    ) -> Result<Vec<StackWithPackage>, RepositoryError> {
        let Some(newest) = self.newest(stack)? else { return Ok(Vec::new()) };
        let mut held: Vec<StackWithPackage> = Vec::new();
        for number in 1..=newest.revision.number {
            let entry = self.read_revision(stack, number)?.ok_or_else(|| lost(stack, number))?;
            let Some(version) = sought.version_in(&entry) else { continue };
            match held.last_mut() {
                Some(last) if last.revision + 1 == number && last.version.as_str() == version.as_str() => {
                    last.revision = number;
                }
                _ => held.push(StackWithPackage {
                    stack: stack.clone(),
                    version,
                    revision: number,
                    first: Some(number),
                    standing: if newest.exists() { Standing::Earlier } else { Standing::Deleted },
                }),
            }
        }
        if let Some(last) = held.last_mut().filter(|last| last.revision == newest.revision.number) {
            last.standing = standing(&newest);
        }
        held.reverse();
        Ok(held)
    }

    /// The channels that show a package, in that version or, without one, in any. Of one that cannot be read it is told under
    /// the name that a stack would have in its place.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn channels_with(
        &self,
        name: &PackageName,
        version: Option<&Version>,
        span: Span,
    ) -> Result<Readable<ChannelWithPackage>, RepositoryError> {
        let sought = Sought { name, version };
        let mut with = Readable::new();
        for domain in self.domain_folders()? {
            for place in self.channel_folders(&domain)? {
                match self.shown_by_channel(&place.clone().into(), &sought, span) {
                    Ok(found) => with.found.extend(found),
                    Err(error) => {
                        with.damaged.push(DamagedStack { stack: place, reason: error.to_string() });
                    }
                }
            }
        }
        Ok(with)
    }

    fn shown_by_channel(
        &self,
        channel: &Suite,
        sought: &Sought<'_>,
        span: Span,
    ) -> Result<Vec<ChannelWithPackage>, RepositoryError> {
        // Entries that move it nowhere, such as an approval, begin no new stay.
        let mut stays = Vec::new();
        for entry in self.entries_of(channel)? {
            let entry = entry?;
            let Some(pin) = entry.state.shows else { continue };
            match stays.last_mut() {
                Some((last, since)) if *last == pin => *since = entry.time,
                _ => stays.push((pin, entry.time)),
            }
        }
        let mut until = None;
        let mut found = Vec::new();
        for (pin, since) in stays {
            if let Some(version) = sought.version_in(&self.pinned(&pin)?) {
                let shows = pin.stack.at(pin.revision);
                found.push(ChannelWithPackage { channel: channel.clone(), version, shows, since, until });
            }
            if span == Span::Now {
                break;
            }
            until = Some(since);
        }
        Ok(found)
    }

    /// The domains that there are folders of, whether or not they have a stack now.
    pub(crate) fn domain_folders(&self) -> Result<Vec<Domain>, RepositoryError> {
        let folders = self.store.children(key::DOMAINS)?.folders;
        Ok(folders.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

fn standing(newest: &Entry) -> Standing {
    if newest.revision.sealed { Standing::Sealed } else { Standing::Open }
}
