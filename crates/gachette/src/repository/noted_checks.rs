//! What the ledger of a channel says of checks of a revision.
//!
//! Its newest state tells that of what it shows and of what may come next. The entries tell all: a check that passed for a revision
//! stays passed, however long ago the channel showed that.

use std::collections::BTreeSet;

use gachette_core::apt::Suite;
use gachette_core::channel::{
    Approvals, ChannelEntry, ChannelPolicy, ChannelRefusal, ChannelStep, CheckName, KeptChannelEntry,
    LackingCheck, NotedChecks, Pin,
};
use gachette_core::stack::{By, Head};
use jiff::Timestamp;

use super::Repository;
use super::error::RepositoryError;

/// What the ledger of a channel says of a move to a revision.
pub(crate) struct LedgerOutlook {
    /// All for which it would not be moved.
    pub(crate) refusals: Vec<ChannelRefusal>,
    /// Whose word it has.
    pub(crate) approvals: Approvals,
    /// The checks that it asks for and that the revision did not pass: of what it shows already, those that failed since.
    pub(crate) lacking: Vec<LackingCheck>,
}

impl Repository {
    /// The newest word of each of the checks that are `asked` for about a revision: from the newest entry back, until all are found, or
    /// to an entry that is damaged or lost. What lies behind that is not to be believed.
    pub(super) fn noted_checks(
        &self,
        newest: Option<&KeptChannelEntry>,
        pin: &Pin,
        asked: &[CheckName],
    ) -> Result<NotedChecks, RepositoryError> {
        let mut noted = NotedChecks::default();
        let Some(newest) = newest else { return Ok(noted) };
        let mut unheard: BTreeSet<&CheckName> = asked.iter().collect();
        let mut hear = |entry: &ChannelEntry| {
            let of_pin = entry.noted().into_iter().filter(|noted| noted.pin == *pin);
            noted.checks.extend(of_pin.filter(|noted| unheard.remove(&noted.check)));
            unheard.is_empty()
        };
        if asked.is_empty() || hear(&newest.entry) {
            return Ok(noted);
        }
        for before in self.entries_before(newest) {
            match before {
                Ok(before) if hear(&before.entry) => break,
                Ok(_) => {}
                Err(error) if error.is_of_one_path() => {
                    noted.unread = Some(error.to_string());
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(noted)
    }

    /// What a channel's ledger says of a move from its newest entry to a revision, as long as nobody writes another.
    ///
    /// # Errors
    /// When the folder of its ledger cannot be read.
    pub(crate) fn outlook(
        &self,
        (channel, newest): (&Suite, Option<&KeptChannelEntry>),
        to: &Head,
        policy: &ChannelPolicy,
        author: Option<&str>,
    ) -> Result<LedgerOutlook, RepositoryError> {
        let pin = Pin::of(to);
        let noted = self.noted_checks(newest, &pin, &policy.required_checks)?;
        let step = ChannelStep { channel, newest, noted: &noted };
        Ok(LedgerOutlook {
            refusals: step.obstacles(to, policy, author),
            approvals: step.approvals(&pin, policy, author),
            lacking: LackingCheck::of(&pin, &policy.required_checks, &noted.checks),
        })
    }

    /// The entry by which a channel would be moved from its newest one, as long as nobody writes another; nothing when it is there already.
    ///
    /// # Errors
    /// When it would be refused.
    pub(crate) fn try_promotion(
        &self,
        (channel, newest): (&Suite, Option<&KeptChannelEntry>),
        to: &Head,
        policy: &ChannelPolicy,
        by: &By,
    ) -> Result<Option<ChannelEntry>, RepositoryError> {
        let noted = self.noted_checks(newest, &Pin::of(to), &policy.required_checks)?;
        let step = ChannelStep { channel, newest, noted: &noted };
        Ok(step.promote(to, policy, by.at(Timestamp::now(), String::new()))?)
    }
}
