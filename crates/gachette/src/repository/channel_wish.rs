//! What is wished of a channel, each with the step in its ledger that does it.

use gachette_core::channel::{ChannelEntry, ChannelPolicy, ChannelRefusal, ChannelStep, Pin};
use gachette_core::stack::{Attribution, Head};

/// What is wished of a channel.
#[derive(Clone, Debug)]
pub enum ChannelWish<'a> {
    /// To show this revision.
    Promote(&'a Head),
    /// To show this revision, if it shows now what was looked at.
    PromoteFrom(Option<&'a Pin>, &'a Head),
    /// That this revision may be shown.
    Approve(&'a Head),
    /// That nothing else is shown.
    Hold,
    /// That this is over.
    Release,
}

impl ChannelWish<'_> {
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
            Self::Hold => step.hold(by),
            Self::Release => Ok(step.release(by)),
        }
    }
}
