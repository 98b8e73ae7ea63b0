//! Checks that others make of a revision, such as smoke tests: what they said, and what is lacking of those that a channel asks for.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::Pin;
use crate::as_text::as_text;
use crate::stack::{NameError, segment};

/// The most checks that a channel may ask for, or that are noted at once.
pub const MOST_CHECKS: usize = 64;

/// The name of a check, such as `smoke-tests`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckName(String);

/// What a check said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The revision is good.
    Passed,
    /// It is not, whatever was said before.
    Failed,
}

/// What a check said of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotedCheck {
    /// The check.
    pub check: CheckName,
    /// What it said.
    pub outcome: CheckOutcome,
    /// Of which revision.
    pub pin: Pin,
    /// Who noted it.
    pub author: String,
    /// When.
    pub time: Timestamp,
    /// Where that can be seen, or why it is so; may be empty.
    pub reason: String,
}

/// What the ledger of a channel says of checks of a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotedChecks {
    /// The newest of each check last: of those at least that are asked for.
    pub checks: Vec<NotedCheck>,
    /// Why no more of the ledger could be read, where that is so and not all were found.
    pub unread: Option<String>,
}

/// A check that a channel asks for, and that a revision did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LackingCheck {
    /// The check.
    pub check: CheckName,
    /// What was noted when it failed; nothing when nobody noted anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<NotedCheck>,
}

impl LackingCheck {
    /// Those of the checks that are `asked` for which the revision did not pass, by the newest word of each: `noted` has it last.
    pub fn of(pin: &Pin, asked: &[CheckName], noted: &[NotedCheck]) -> Vec<Self> {
        let lacking = |check: &CheckName| {
            let newest = noted.iter().rev().find(|it| it.check == *check && it.pin == *pin);
            let failed = match newest {
                Some(NotedCheck { outcome: CheckOutcome::Passed, .. }) => return None,
                other => other.cloned(),
            };
            Some(Self { check: check.clone(), failed })
        };
        asked.iter().filter_map(lacking).collect()
    }
}

impl CheckName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CheckName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        segment(text, "name of a check").map(Self)
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name; of one that failed with who said so, when and why.
impl fmt::Display for LackingCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.check)?;
        let Some(NotedCheck { author, time, reason, .. }) = &self.failed else { return Ok(()) };
        write!(f, " (failed at {time:.0}, as {author} said")?;
        if reason.is_empty() { write!(f, ")") } else { write!(f, ": {reason})") }
    }
}

as_text!(CheckName, r"^[A-Za-z0-9_][A-Za-z0-9._+~-]{0,99}$");
