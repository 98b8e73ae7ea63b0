//! Channels: movable pointers in a domain, such as `live`, each at one sealed revision of a stack.
//!
//! A channel's history is a ledger like that of a stack: entries numbered from 1, each a whole state with the hash of the one
//! before. Which entry comes next, or why there cannot be one, is decided here; where it is kept, elsewhere. A channel is
//! named as the suite that shows it.

mod check;
mod entry;
mod policy;
mod step;

pub use check::{CheckName, CheckOutcome, LackingCheck, MOST_CHECKS, NotedCheck, NotedChecks};
pub use entry::{
    Approval, CHANNEL_FORMAT, ChannelChange, ChannelEntry, ChannelState, Hold, KeptChannelEntry, Pin,
};
pub use policy::{Approvals, ChannelPolicy, ChannelRefusal, Unapproved, Unpassed};
pub use step::{ChannelStep, Leaving};
