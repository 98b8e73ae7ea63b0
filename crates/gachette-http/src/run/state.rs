//! What is known of a build, on the wire and in its record: what it is, how far it came, what came out of it.

use std::fmt;
use std::str::FromStr;

use gachette::operation::Outcome as OperationOutcome;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Problem;
use crate::wire::StartBuild;

/// What came out of a build.
pub type Outcome = OperationOutcome;

/// The identity of a build: its time, and digits that make it unique. Sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[0-9][0-9A-Za-z-]{9,39}$"))]
pub struct BuildId(String);

/// Text that is no build's identity.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is no build; `gachette builds list` lists them", .0.escape_debug())]
pub struct BuildIdError(String);

impl BuildId {
    /// A new identity for work that begins now.
    pub(super) fn new(now: Timestamp, unique: u32) -> Self {
        Self(format!("{}-{unique:08x}", now.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// The identity as text; safe in a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BuildId {
    type Err = BuildIdError;

    fn from_str(text: &str) -> Result<Self, BuildIdError> {
        let well_formed = (10..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && text.starts_with(|c: char| c.is_ascii_digit());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(BuildIdError(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for BuildId {
    type Error = BuildIdError;

    fn try_from(text: String) -> Result<Self, BuildIdError> {
        text.parse()
    }
}

impl From<BuildId> for String {
    fn from(id: BuildId) -> Self {
        id.0
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a build does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildKind {
    /// Makes or refreshes a working copy.
    Prepare,
    /// Builds the packages of a working copy.
    Build,
    /// Prepares and builds, for a repository on another machine.
    Make,
    /// Prepares, builds and adds to a stack.
    Quick,
    /// Takes packages that others made into the repository.
    Import,
}

/// How far a build came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    /// It waits for its turn; `position` says how many turns.
    Queued,
    /// It is at work.
    Running,
    /// It did all that was asked for.
    Succeeded,
    /// It failed; `problem` says why.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// Its server ended before it did, and takes it up again when it starts.
    HandedBack,
    /// The process that did it died without a word.
    Lost,
}

impl BuildState {
    /// Whether somebody is at it, or will be when its turn comes.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

impl BuildKind {
    /// What this order asks for.
    pub(super) fn of(order: &StartBuild) -> Self {
        match order {
            StartBuild::Prepare { .. } => Self::Prepare,
            StartBuild::Build(_) => Self::Build,
            StartBuild::Make(_) => Self::Make,
            StartBuild::Quick { .. } => Self::Quick,
            StartBuild::Import(_) => Self::Import,
        }
    }
}

impl fmt::Display for BuildKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "prepare",
            Self::Build => "build",
            Self::Make => "make",
            Self::Quick => "quick",
            Self::Import => "import",
        })
    }
}

impl fmt::Display for BuildState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::HandedBack => "handed back",
            Self::Lost => "lost",
        })
    }
}

/// A build.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// Its identity.
    pub id: BuildId,
    /// What it does.
    pub kind: BuildKind,
    /// The working copy or project it is about.
    pub subject: String,
    /// Who ordered it.
    #[serde(default)]
    pub by: String,
    /// What was ordered, without passwords; none when it was ordered in words that are not known here.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub order: Option<Box<StartBuild>>,
    /// How far it came.
    pub state: BuildState,
    /// Its place among those that wait, from 1, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// When it was asked for.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// The file of its log, on the machine that builds.
    pub log: Option<String>,
    /// What came out of it, when it succeeded.
    pub outcome: Option<Outcome>,
    /// Why it failed, when it did.
    pub problem: Option<Problem>,
}

/// A value of a kind that is known here, and none of any other.
fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<StartBuild>>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}
