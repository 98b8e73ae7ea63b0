//! What the ledger of a channel says of checks of a revision.
//!
//! Its newest state tells that of what it shows and of what may come next. The entries tell all: a check that passed for a revision
//! stays passed, however long ago the channel showed that.

use std::collections::BTreeSet;

use gachette_core::apt::Suite;
use gachette_core::channel::{
    Approvals, ChannelEntry, ChannelPolicy, ChannelRefusal, ChannelStep, CheckName, KeptChannelEntry,
    LackingCheck, NotedCheck, Pin,
};
use gachette_core::stack::{By, Head};
use jiff::Timestamp;

use super::Repository;
use super::error::RepositoryError;

impl Repository {
    /// The newest word of each of the checks that are `asked` for about a revision: from the newest entry back, until all are found.
    pub(super) fn noted_checks(
        &self,
        newest: Option<&KeptChannelEntry>,
        pin: &Pin,
        asked: &[CheckName],
    ) -> Result<Vec<NotedCheck>, RepositoryError> {
        let Some(newest) = newest else { return Ok(Vec::new()) };
        let mut unheard: BTreeSet<&CheckName> = asked.iter().collect();
        let mut found = Vec::new();
        let mut hear = |entry: &ChannelEntry| {
            let of_pin = entry.noted().into_iter().filter(|noted| noted.pin == *pin);
            found.extend(of_pin.filter(|noted| unheard.remove(&noted.check)));
            unheard.is_empty()
        };
        if asked.is_empty() || hear(&newest.entry) {
            return Ok(found);
        }
        for before in self.entries_before(newest) {
            if hear(&before?.entry) {
                break;
            }
        }
        Ok(found)
    }

    /// The checks that a channel asks for, and that a revision did not pass.
    ///
    /// # Errors
    /// When an entry of its ledger cannot be read.
    pub(crate) fn lacking_checks(
        &self,
        newest: &KeptChannelEntry,
        pin: &Pin,
        policy: &ChannelPolicy,
    ) -> Result<Vec<LackingCheck>, RepositoryError> {
        let noted = self.noted_checks(Some(newest), pin, &policy.required_checks)?;
        Ok(LackingCheck::of(pin, &policy.required_checks, &noted))
    }

    /// All for which a channel would not be moved from its newest entry, as long as nobody writes another; and whose word it has.
    ///
    /// # Errors
    /// When an entry of its ledger cannot be read.
    pub(crate) fn obstacles(
        &self,
        (channel, newest): (&Suite, Option<&KeptChannelEntry>),
        to: &Head,
        policy: &ChannelPolicy,
        author: Option<&str>,
    ) -> Result<(Vec<ChannelRefusal>, Approvals), RepositoryError> {
        let pin = Pin::of(to);
        let noted = self.noted_checks(newest, &pin, &policy.required_checks)?;
        let step = ChannelStep { channel, newest, noted: &noted };
        Ok((step.obstacles(to, policy, author), step.approvals(&pin, policy, author)))
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
