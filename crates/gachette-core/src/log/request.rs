//! Which entries of the log are asked for.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::LogEntry;
use super::when::When;
use crate::stack::{Domain, person};

/// Which entries are asked for: those that fit all that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogRequest {
    /// Of this domain.
    pub domain: Option<Domain>,
    /// Of this author, from whichever machine: of a name the part before `@` counts.
    pub by: Option<String>,
    /// Of this day or time, and later.
    pub since: Option<When>,
    /// Of this day or time, and earlier.
    pub until: Option<When>,
    /// So many, at most: the newest.
    pub limit: Option<usize>,
}

impl LogRequest {
    /// Whether this domain is asked for.
    pub fn asks_for(&self, domain: &Domain) -> bool {
        self.domain.as_ref().is_none_or(|asked| asked == domain)
    }

    /// Whether an entry of such a domain is asked for, unless newer ones are as many as are wanted.
    pub fn fits(&self, entry: &LogEntry) -> bool {
        self.by.as_ref().is_none_or(|by| person(by) == person(&entry.author))
            && self.since.is_none_or(|since| since.seen_from(entry.time) != Ordering::Less)
            && self.until.is_none_or(|until| until.seen_from(entry.time) != Ordering::Greater)
    }
}
