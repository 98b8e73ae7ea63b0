//! What the next entry of a channel's ledger would be, or why there cannot be one.

use std::collections::BTreeMap;

use super::check::{CheckName, CheckOutcome, LackingCheck, NotedChecks};
use super::entry::{Approval, ChannelChange, ChannelEntry, ChannelState, Hold, KeptChannelEntry, Pin};
use super::policy::{Approvals, ChannelPolicy, ChannelRefusal, Unapproved, Unpassed};
use crate::apt::Suite;
use crate::stack::{Attribution, Head, person};

/// A step from a channel's newest entry, if it has one, to the next.
#[derive(Clone, Copy, Debug)]
pub struct ChannelStep<'a> {
    /// The channel.
    pub channel: &'a Suite,
    /// Its newest entry.
    pub newest: Option<&'a KeptChannelEntry>,
    /// What the ledger says of checks of the revision that is meant.
    pub noted: &'a NotedChecks,
}

/// What a channel showed when it was looked at whether it may be moved.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'a> {
    /// The revision; none before the first promotion.
    pub from: Option<&'a Pin>,
    /// Whether it was found that hosts can go from there to what it is to show, and back.
    pub both_ways: bool,
}

impl ChannelStep<'_> {
    /// Moves the channel to this revision. Nothing when it is there already.
    ///
    /// # Errors
    /// When the revision could still change, promotions are stopped, too few people agree, or a check is lacking.
    pub fn promote(
        self,
        to: &Head,
        policy: &ChannelPolicy,
        by: Attribution,
    ) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        if let Some(refusal) = ChannelRefusal::all(self.obstacles(to, policy, Some(&by.author))) {
            return Err(refusal);
        }
        let (pin, state) = (self.pin(to)?, self.state());
        if state.shows.as_ref() == Some(&pin) {
            return Ok(None);
        }
        let state =
            ChannelState { shows: Some(pin.clone()), checks: state.checks, ..ChannelState::default() };
        Ok(Some(self.next(ChannelChange::Promote { to: pin, both_ways: false }, state, by)))
    }

    /// All for which the channel would not be moved to this revision by this author; or, of nobody in particular, by somebody who did
    /// not say yet that it may be. Nothing when it is there already.
    pub fn obstacles(self, to: &Head, policy: &ChannelPolicy, author: Option<&str>) -> Vec<ChannelRefusal> {
        let is_open = match self.pin(to) {
            Ok(_) => None,
            Err(open @ ChannelRefusal::Open { .. }) => Some(open),
            Err(other) => return vec![other],
        };
        let (pin, state) = (Pin::of(to), self.state());
        if is_open.is_none() && state.shows.as_ref() == Some(&pin) {
            return Vec::new();
        }
        let channel = || self.channel.clone();
        let held = state.held.map(|hold| ChannelRefusal::Held { channel: channel(), hold: Box::new(hold) });
        let Approvals { needed, by } = self.approvals(&pin, policy, author);
        let unapproved = (by.len() + usize::from(author.is_none()) < needed).then(|| {
            let unapproved = Unapproved { channel: channel(), stack: pin.stack.clone(), needed, by };
            ChannelRefusal::Unapproved(Box::new(unapproved))
        });
        let lacking = LackingCheck::of(&pin, &policy.required_checks, &self.noted.checks);
        let unpassed = (!lacking.is_empty()).then(|| {
            let unread = self.noted.unread.clone();
            let unpassed = Unpassed { channel: channel(), stack: pin.stack.clone(), lacking, unread };
            ChannelRefusal::Unpassed(Box::new(unpassed))
        });
        [is_open, held, unapproved, unpassed].into_iter().flatten().collect()
    }

    /// Whose word the channel has for a revision, this author's among them.
    pub fn approvals(self, pin: &Pin, policy: &ChannelPolicy, author: Option<&str>) -> Approvals {
        let said = self.state().approvals.into_iter().filter(|it| it.pin == *pin).map(|it| it.author);
        let mut by: Vec<String> = said.chain(author.map(str::to_owned)).collect();
        by.sort();
        by.dedup_by(|one, other| person(one) == person(other));
        Approvals { needed: policy.approvals, by }
    }

    /// Moves the channel to this revision, if it shows now what was looked at. Nothing when it is there already.
    ///
    /// # Errors
    /// When it shows something else, and as for [`ChannelStep::promote`].
    pub fn promote_from(
        self,
        leaving: Leaving<'_>,
        to: &Head,
        policy: &ChannelPolicy,
        by: Attribution,
    ) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        let Some(mut next) = self.promote(to, policy, by)? else { return Ok(None) };
        if self.state().shows.as_ref() != leaving.from {
            return Err(ChannelRefusal::Moved { channel: self.channel.clone() });
        }
        if let ChannelChange::Promote { both_ways, .. } = &mut next.change {
            *both_ways = leaving.both_ways;
        }
        next.format = next.oldest_format();
        Ok(Some(next))
    }

    /// Notes that somebody agrees to move the channel to this revision. Nothing when they said so already.
    ///
    /// # Errors
    /// When the revision could still change.
    pub fn approve(self, to: &Head, by: Attribution) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        let (pin, mut state) = (self.pin(to)?, self.state());
        if state.approvals.iter().any(|it| it.pin == pin && person(&it.author) == person(&by.author)) {
            return Ok(None);
        }
        state.approvals.push(Approval { author: by.author.clone(), pin: pin.clone(), time: by.time });
        Ok(Some(self.next(ChannelChange::Approve { pin }, state, by)))
    }

    /// Notes what checks said of this revision; the newest word of a check counts. Nothing when the same person said the same for the
    /// same reason, and nobody anything else since.
    ///
    /// # Errors
    /// When the revision could still change.
    pub fn note(
        self,
        to: &Head,
        results: &BTreeMap<CheckName, CheckOutcome>,
        by: Attribution,
    ) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        let (pin, state) = (self.pin(to)?, self.state());
        let is_known = |(check, outcome): (&CheckName, &CheckOutcome)| {
            let said = state.checks.iter().find(|it| it.check == *check && it.pin == pin);
            said.is_some_and(|it| (it.outcome, &it.author, &it.reason) == (*outcome, &by.author, &by.reason))
        };
        if results.iter().all(is_known) {
            return Ok(None);
        }
        Ok(Some(self.next(ChannelChange::Check { pin, results: results.clone() }, state, by)))
    }

    /// Stops promotions, for a reason. Whoever holds a channel that is held takes the hold over.
    ///
    /// # Errors
    /// Without a reason.
    pub fn hold(self, by: Attribution) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        if by.reason.trim().is_empty() {
            return Err(ChannelRefusal::NoReason);
        }
        let hold = Hold { author: by.author.clone(), since: by.time, reason: by.reason.clone() };
        let state = ChannelState { held: Some(hold), ..self.state() };
        Ok(Some(self.next(ChannelChange::Hold {}, state, by)))
    }

    /// Lets promotions go on. Nothing when they do.
    pub fn release(self, by: Attribution) -> Option<ChannelEntry> {
        let state = self.state();
        state
            .held
            .is_some()
            .then(|| self.next(ChannelChange::Release {}, ChannelState { held: None, ..state }, by))
    }

    fn state(self) -> ChannelState {
        self.newest.map(|newest| newest.entry.state.clone()).unwrap_or_default()
    }

    fn pin(self, to: &Head) -> Result<Pin, ChannelRefusal> {
        if to.stack.domain() != self.channel.domain() {
            let (stack, channel) = (to.stack.clone(), self.channel.clone());
            return Err(ChannelRefusal::Foreign { stack, channel });
        }
        if !to.sealed {
            return Err(ChannelRefusal::Open { stack: to.stack.clone(), revision: to.number });
        }
        Ok(Pin::of(to))
    }

    fn next(self, change: ChannelChange, state: ChannelState, by: Attribution) -> ChannelEntry {
        let checks = state.checks.clone();
        let mut entry = ChannelEntry {
            format: 1,
            channel: self.channel.clone(),
            number: self.newest.map_or(1, |newest| newest.entry.number + 1),
            previous: self.newest.map(|newest| newest.hash),
            change,
            author: by.author,
            // The date of the suite is that of the promotion, and apt takes no older one after a newer.
            time: self.newest.map_or(by.time, |newest| newest.entry.time.max(by.time)),
            reason: by.reason,
            writer: by.writer,
            state,
        };
        entry.state.checks = entry.checks_behind(&checks);
        entry.format = entry.oldest_format();
        entry
    }
}

#[cfg(test)]
mod tests;
