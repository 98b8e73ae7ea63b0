//! How long something lasts that is made now, as one says it on the command line.

use std::str::FromStr;

use gachette_http::wire::KeyEnd;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::error::Failure;

/// A length of time from now, such as `2y`, or `never` of what has no end.
#[derive(Debug, Clone)]
pub(crate) enum Lifetime {
    Endless,
    Lasting(Span),
}

impl Lifetime {
    /// When what lasts so long ends.
    pub(crate) fn end(&self) -> Result<KeyEnd, Failure> {
        match self {
            Self::Endless => Ok(KeyEnd::Never),
            Self::Lasting(span) => from_now(*span).map(KeyEnd::At),
        }
    }
}

impl FromStr for Lifetime {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        if text == "never" { Ok(Self::Endless) } else { text.parse().map(Self::Lasting) }
    }
}

/// The point in time so far from now, by the calendar.
pub(crate) fn from_now(span: Span) -> Result<Timestamp, Failure> {
    let wrong = || Failure::usage(format!("`--expires {span:#}` is no time to come"));
    let now = Timestamp::now();
    let then = now.to_zoned(TimeZone::UTC).checked_add(span).map_err(|_| wrong())?.timestamp();
    if then > now { Ok(then) } else { Err(wrong()) }
}
