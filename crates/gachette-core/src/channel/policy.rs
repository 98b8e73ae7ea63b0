//! What must hold before a channel is moved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{CheckName, LackingCheck};
use super::entry::Hold;
use crate::apt::Suite;
use crate::stack::StackName;

/// What a channel asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChannelPolicy {
    /// How many people must say that it may be moved; whoever moves it is one of them.
    pub approvals: usize,
    /// Whether the stack must be installable on its base, and hosts able to go there from what the channel shows, and back, if
    /// only by a command that is known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub checked: bool,
    /// The checks of others, such as smoke tests, that must have passed for the revision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required_checks: Vec<CheckName>,
}

/// Why a channel is not moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelRefusal {
    /// What it would show could still change.
    #[error("revision {revision} of stack {stack} is not sealed")]
    Open {
        /// The stack.
        stack: StackName,
        /// The revision that was meant.
        revision: u64,
    },
    /// A stack of another domain.
    #[error("stack {stack} is not in the domain of channel {channel}")]
    Foreign {
        /// The stack.
        stack: StackName,
        /// The channel.
        channel: Suite,
    },
    /// Promotions are stopped.
    #[error("channel {channel} is held by {}: {}", hold.author, hold.reason)]
    Held {
        /// The channel.
        channel: Suite,
        /// By whom and why.
        hold: Box<Hold>,
    },
    /// Too few people said that it may be moved.
    #[error(transparent)]
    Unapproved(Box<Unapproved>),
    /// Not all checks that it asks for passed.
    #[error(transparent)]
    Unpassed(Box<Unpassed>),
    /// It was moved by somebody else meanwhile.
    #[error("channel {channel} was moved by somebody else, while it was checked whether it may be")]
    Moved {
        /// The channel.
        channel: Suite,
    },
    /// A hold without a word of why.
    #[error("a hold needs a reason")]
    NoReason,
    /// Several of these at once, each in a line.
    #[error("{}", as_lines(.0))]
    Several(Vec<ChannelRefusal>),
}

/// Whose word a channel has for a revision, and how many people it asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approvals {
    /// How many people must agree; whoever moves it is one of them.
    pub needed: usize,
    /// Who does.
    pub by: Vec<String>,
}

impl ChannelRefusal {
    /// All of these as one; nothing when there are none.
    pub fn all(mut refusals: Vec<Self>) -> Option<Self> {
        if refusals.len() > 1 { Some(Self::Several(refusals)) } else { refusals.pop() }
    }
}

/// Too few people said that a channel may be moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel} asks for {needed} approvals of stack {stack}, and has {}", list(by))]
pub struct Unapproved {
    /// The channel.
    pub channel: Suite,
    /// The stack.
    pub stack: StackName,
    /// How many it asks for.
    pub needed: usize,
    /// Whose it has, whoever wants to promote among them.
    pub by: Vec<String>,
}

/// Not all checks that a channel asks for passed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel} asks for what stack {stack} did not pass: {}{}", as_words(lacking), behind(unread.as_ref()))]
pub struct Unpassed {
    /// The channel.
    pub channel: Suite,
    /// The stack.
    pub stack: StackName,
    /// What is lacking.
    pub lacking: Vec<LackingCheck>,
    /// Why the channel's ledger could not be read to its beginning: what was noted there does not count.
    pub unread: Option<String>,
}

fn as_words(lacking: &[LackingCheck]) -> String {
    lacking.iter().map(LackingCheck::to_string).collect::<Vec<_>>().join(", ")
}

fn behind(unread: Option<&String>) -> String {
    unread.map(|why| format!("; what was noted longer ago is not believed, since {why}")).unwrap_or_default()
}

fn as_lines(refusals: &[ChannelRefusal]) -> String {
    refusals.iter().map(ChannelRefusal::to_string).collect::<Vec<_>>().join("\n")
}

fn list(by: &[String]) -> String {
    if by.is_empty() { "none".to_owned() } else { format!("those of {}", by.join(", ")) }
}
