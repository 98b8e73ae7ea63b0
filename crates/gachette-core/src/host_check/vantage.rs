//! What whoever asks knows beside what is found on the host.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgentState, ProjectFact};

/// What whoever asks knows. What he does not know is not judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vantage {
    /// How the host was reached.
    pub link: Option<Link>,
    /// His own clock; none where it is the same.
    pub clock: Option<AskerClock>,
    /// The agent that should be forwarded; none where there is no forwarding.
    pub agent: Option<ForwardedAgent>,
    /// The projects whose commits he pushes, as he reaches them.
    pub pushed: Vec<ProjectFact>,
    /// The version of his gachette.
    pub gachette: Option<String>,
}

/// How a host was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Link {
    /// Not at all: it is this process.
    Process,
    /// By `ssh`.
    Ssh {
        /// How long it took until gachette answered there.
        milliseconds: u64,
        /// Whether it was sent there for that.
        was_sent: bool,
        /// Whether it went through a connection that was there before.
        was_kept: bool,
        /// Whether the connection is there for the next command.
        is_kept: bool,
    },
    /// By the socket of a server of this machine.
    Socket {
        /// How long it took to connect.
        milliseconds: u64,
    },
    /// By a server's address.
    Server {
        /// How long it took to connect.
        milliseconds: u64,
    },
}

/// The clock of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskerClock {
    /// When he asked.
    pub sent: Timestamp,
    /// When the answer was there.
    pub back: Timestamp,
}

/// Whether an agent should be forwarded to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardedAgent {
    /// It should not.
    No,
    /// This one should.
    Yes(AgentState),
}
