//! What is wished of a channel, each with the step in its ledger that does it.

use std::collections::BTreeMap;

use gachette_core::channel::{
    ChannelEntry, ChannelPolicy, ChannelRefusal, ChannelStep, CheckName, CheckOutcome, Leaving,
};
use gachette_core::stack::{Attribution, Head};

/// What is wished of a channel.
#[derive(Clone, Debug)]
pub enum ChannelWish<'a> {
    /// To show this revision.
    Promote(&'a Head),
    /// To show this revision, if it shows now what was looked at.
    PromoteFrom(Leaving<'a>, &'a Head),
    /// That this revision may be shown.
    Approve(&'a Head),
    /// That it is noted what checks said of this revision.
    Note(&'a Head, &'a BTreeMap<CheckName, CheckOutcome>),
    /// That nothing else is shown.
    Hold,
    /// That this is over.
    Release,
}

impl ChannelWish<'_> {
    /// What it would show.
    pub(super) fn promoted(&self) -> Option<&Head> {
        match self {
            Self::Promote(to) | Self::PromoteFrom(_, to) => Some(to),
            Self::Approve(_) | Self::Note(..) | Self::Hold | Self::Release => None,
        }
    }

    /// The entry that would do it, or why there is none.
    pub(super) fn step(
        &self,
        step: ChannelStep<'_>,
        policy: &ChannelPolicy,
        by: Attribution,
    ) -> Result<Option<ChannelEntry>, ChannelRefusal> {
        match self {
            Self::Promote(to) => step.promote(to, policy, by),
            Self::PromoteFrom(from, to) => step.promote_from(*from, to, policy, by),
            Self::Approve(to) => step.approve(to, by),
            Self::Note(to, results) => step.note(to, results, by),
            Self::Hold => step.hold(by),
            Self::Release => Ok(step.release(by)),
        }
    }
}
