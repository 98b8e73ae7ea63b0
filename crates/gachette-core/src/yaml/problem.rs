//! One thing wrong, or suspicious, in a file.

use std::fmt;

use serde::Serialize;

use super::Place;

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// What it is read for goes on.
    Warning,
    /// What it is read for cannot start.
    Error,
}

/// One thing wrong in a file: what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether it can be used all the same.
    pub severity: Severity,
    /// What is wrong: a lower-case fragment that reads well after `error: `.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
}

impl Problem {
    /// A problem that makes the file useless.
    pub fn error(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: shown(message.into()), hint: None, place }
    }

    /// A problem that stops nothing.
    pub fn warning(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, message: shown(message.into()), hint: None, place }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(shown(hint.into()));
        self
    }

    /// Whether it makes the file useless.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    /// `line:column: message`; the hint is left to the caller.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.place.line, self.place.column, self.message)
    }
}

/// Text of the file may be in it: without control characters, which could move a terminal's cursor, and not too long.
fn shown(text: String) -> String {
    const LONGEST: usize = 1000;
    let short = text.len() <= LONGEST;
    if short && !text.contains(char::is_control) {
        return text;
    }
    let visible = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().take(LONGEST / 4).map(visible).collect()
}
