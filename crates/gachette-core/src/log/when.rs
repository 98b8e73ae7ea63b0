//! A day or a time, as people name one when they ask for what was done then.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use crate::as_text::as_text;

/// A day, or a time to the second, which is how times are shown. In UTC when nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// From midnight to midnight.
    Day(Date),
    /// That second.
    Second(Timestamp),
}

/// Text that is neither a day nor a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day such as 2026-10-01, or a time such as 2026-10-01T12:00:00Z, is expected")]
pub struct WhenError;

impl When {
    /// Where a moment lies: before this, in it, or after it.
    pub fn seen_from(self, time: Timestamp) -> Ordering {
        match self {
            Self::Day(day) => Offset::UTC.to_datetime(time).date().cmp(&day),
            Self::Second(second) => time.as_second().cmp(&second.as_second()),
        }
    }
}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        if let Ok(second) = text.parse() {
            return Ok(Self::Second(second));
        }
        // What is read below would pass over the name of a zone, and of a day over the time.
        let only = |more: &str| text.chars().all(|c| c.is_ascii_digit() || more.contains(c));
        if only("-") {
            return text.parse().map(Self::Day).map_err(|_| WhenError);
        }
        let time = text.parse::<DateTime>().ok().filter(|_| only("-T: ."));
        let second = time.and_then(|time| Offset::UTC.to_timestamp(time).ok());
        second.map(Self::Second).ok_or(WhenError)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Second(second) => second.fmt(f),
        }
    }
}

as_text!(
    When,
    wished r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?$"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_all_of_it_and_a_time_is_its_second() {
        for (when, before, within, after) in [
            ("2026-10-01", "2026-09-30T23:59:59.9Z", "2026-10-01T23:59:59.9Z", "2026-10-02T00:00:00Z"),
            (
                "2026-10-01T12:00:00Z",
                "2026-10-01T11:59:59.9Z",
                "2026-10-01T12:00:00.9Z",
                "2026-10-01T12:00:01Z",
            ),
        ] {
            let seen = |time: &str| when.parse::<When>().unwrap().seen_from(time.parse().unwrap());
            let all = [Ordering::Less, Ordering::Equal, Ordering::Greater];
            assert_eq!([seen(before), seen(within), seen(after)], all, "{when}");
        }
    }

    #[test]
    fn a_time_is_read_as_it_is_shown_and_in_utc_without_a_zone() {
        let noon: When = "2026-10-01T12:00:00Z".parse().unwrap();
        for text in
            ["2026-10-01 12:00:00Z", "2026-10-01T12:00", "2026-10-01 12:00:00", "2026-10-01T14:00:00+02:00"]
        {
            assert_eq!(text.parse(), Ok(noon), "{text}");
        }
        assert_eq!("2026-10-01".parse::<When>().unwrap().to_string(), "2026-10-01");
        assert_eq!(noon.to_string().parse(), Ok(noon));
        for text in [
            "",
            "x",
            "october",
            "2026-10",
            "2026-13-01",
            "2026-10-01T12:00[Europe/Berlin]",
            "2026-10-01T25:00",
        ] {
            assert_eq!(text.parse::<When>(), Err(WhenError), "{text}");
        }
    }
}
