//! When keys end: warned about in time, since every client needs the new certificate before.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{Fingerprint, KeyRef};

/// How long before its end a key is warned about.
const WARN_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A signing key that ends soon, or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingKey {
    /// The key.
    pub key: KeyRef,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// When it ends.
    pub expires: Timestamp,
    /// How long it still lasts; less than nothing when it has ended.
    pub left: SignedDuration,
}

impl EndingKey {
    /// The key, when it ends within thirty days.
    pub fn of(
        key: &KeyRef,
        fingerprint: Fingerprint,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let expires = expires?;
        let left = expires.duration_since(now);
        (left <= WARN_WITHIN).then(|| Self { key: key.clone(), fingerprint, expires, left })
    }
}

impl fmt::Display for EndingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, fingerprint, expires, left } = self;
        write!(f, "signing key {key} ({fingerprint}) ")?;
        match left.as_hours().div_euclid(24) {
            _ if left.is_negative() || left.is_zero() => write!(f, "ended on {}", day(*expires)),
            0 => write!(f, "ends within a day, on {}", expires.strftime("%Y-%m-%d at %H:%MZ")),
            1 => write!(f, "ends within two days, on {}", day(*expires)),
            days => write!(f, "ends on {}, in {days} days", day(*expires)),
        }?;
        write!(f, "; {}", how_to_extend(key, *fingerprint))
    }
}

/// What to do about a key that ends, or has ended.
pub(super) fn how_to_extend(key: &KeyRef, fingerprint: Fingerprint) -> String {
    let command = match key {
        KeyRef::Gpg(_) => format!("gpg --quick-set-expire {fingerprint} 2y"),
        key => format!("gachette key extend {key} --expires 2y"),
    };
    format!("extend it with `{command}`, and hand out its certificate again")
}

/// The day of a point in time, in UTC.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_warned_about_in_its_last_thirty_days() {
        let key: KeyRef = "archive".parse().unwrap();
        let fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567".parse().unwrap();
        let expires: Timestamp = "2027-03-31T12:00:00Z".parse().unwrap();
        let said = |now: &str| {
            let ending = EndingKey::of(&key, fingerprint, Some(expires), now.parse().unwrap())?;
            let (_, said) = ending.to_string().split_once(") ").map(|(a, b)| (a.to_owned(), b.to_owned()))?;
            said.split_once("; extend it with `gachette key extend archive ").map(|(end, _)| end.to_owned())
        };
        assert_eq!(said("2027-03-01T11:59:59Z"), None);
        assert_eq!(said("2027-03-01T12:00:00Z").unwrap(), "ends on 2027-03-31, in 30 days");
        assert_eq!(said("2027-03-30T11:00:00Z").unwrap(), "ends within two days, on 2027-03-31");
        assert_eq!(said("2027-03-31T11:00:00Z").unwrap(), "ends within a day, on 2027-03-31 at 12:00Z");
        assert_eq!(said("2027-03-31T12:00:00Z").unwrap(), "ended on 2027-03-31");
        assert_eq!(EndingKey::of(&key, fingerprint, None, expires), None);
    }
}
