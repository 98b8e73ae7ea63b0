//! A package version and its order, by deb-version(7) and Debian Policy 5.6.12.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::version_ref::{VersionRef, take_number};
use crate::as_text::as_text;

/// A Debian version, `[epoch:]upstream[-revision]`.
///
/// Two versions are equal when dpkg calls them equal (`1.0` = `1.00` = `0:1.0`); [`Version::as_str`] keeps the spelling.
#[derive(Clone, Debug)]
pub struct Version {
    text: String,
    epoch: u32,
    upstream: (usize, usize),
}

/// Text that is no Debian version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no Debian version: {reason}", text.escape_debug())]
pub struct VersionError {
    text: String,
    reason: &'static str,
}

/// The longest version that is accepted, in bytes: a version is part of a file name.
const LONGEST: usize = 160;

impl Version {
    /// `1.0.0`, the version of what is built without saying one.
    pub fn initial() -> Self {
        let text = "1.0.0";
        Self { text: text.to_owned(), epoch: 0, upstream: (0, text.len()) }
    }

    /// The version as it was spelled.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The epoch; 0 when none is written.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The upstream part.
    pub fn upstream(&self) -> &str {
        &self.text[self.upstream.0..self.upstream.1]
    }

    /// The Debian revision, when there is one.
    pub fn revision(&self) -> Option<&str> {
        self.text.get(self.upstream.1 + 1..)
    }

    /// The version as one that is compared in place.
    pub fn in_place(&self) -> VersionRef<'_> {
        VersionRef::new(self.epoch, self.upstream(), self.revision().unwrap_or_default())
    }

    /// The version without its epoch, as Debian writes it into file names.
    pub fn without_epoch(&self) -> &str {
        &self.text[self.upstream.0..]
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let refuse = |reason| Err(VersionError { text: text.chars().take(LONGEST).collect(), reason });
        if text.len() > LONGEST {
            return refuse("it is longer than 160 characters");
        }
        let (epoch, start) = match text.split_once(':') {
            None => (0, 0),
            Some((epoch, _)) => match epoch.parse::<u32>() {
                // dpkg keeps the epoch in a C int.
                Ok(number) if number <= i32::MAX as u32 && !epoch.starts_with('+') => {
                    (number, epoch.len() + 1)
                }
                _ => return refuse("the epoch before `:` must be a number up to 2147483647"),
            },
        };
        let end = text[start..].rfind('-').map_or(text.len(), |at| start + at);
        let (upstream, revision) = (&text[start..end], text.get(end + 1..));
        if !upstream.starts_with(|c: char| c.is_ascii_digit()) {
            return refuse("it must begin with a digit");
        }
        let common = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'~');
        if !upstream.bytes().all(|b| common(b) || b == b'-' || (b == b':' && start > 0)) {
            return refuse("only letters, digits and `. + ~ -` are allowed");
        }
        if revision.is_some_and(|r| r.is_empty() || !r.bytes().all(common)) {
            return refuse("the revision after the last `-` must be letters, digits and `. + ~`");
        }
        Ok(Self { text: text.to_owned(), epoch, upstream: (start, end) })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.in_place().cmp(&other.in_place())
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Hash for Version {
    /// Equal versions hash alike: digits are hashed without leading zeros, and a last run of zeros not at all.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.epoch.hash(state);
        canonical(self.upstream()).hash(state);
        canonical(self.revision().unwrap_or_default()).hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

as_text!(
    Version,
    r"^([0-9]{1,9}:[0-9]([A-Za-z0-9.+~:]*|[A-Za-z0-9.+~:-]*-[A-Za-z0-9.+~]+)|[0-9]([A-Za-z0-9.+~-]*[A-Za-z0-9.+~])?)$",
    at most 160
);

/// One spelling for all parts that compare equal.
fn canonical(part: &str) -> Vec<u8> {
    let (mut rest, mut spelled) = (part.as_bytes(), Vec::new());
    while !rest.is_empty() {
        let end = rest.iter().position(u8::is_ascii_digit).unwrap_or(rest.len());
        spelled.extend_from_slice(&rest[..end]);
        rest = &rest[end..];
        let number = take_number(&mut rest);
        if !number.is_empty() || !rest.is_empty() {
            spelled.push(b'0');
            spelled.extend_from_slice(number);
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_version_falls_into_epoch_upstream_and_revision() {
        let v = version("2:1.0-rc1-3~bpo");
        assert_eq!((v.epoch(), v.upstream(), v.revision()), (2, "1.0-rc1", Some("3~bpo")));
        assert_eq!((version("1.0").epoch(), version("1.0").revision()), (0, None));
        assert_eq!(v.without_epoch(), "1.0-rc1-3~bpo");
    }

    #[test]
    fn the_initial_version_is_what_its_text_parses_to() {
        let (initial, parsed) = (Version::initial(), version("1.0.0"));
        assert_eq!(initial, parsed);
        assert_eq!((initial.upstream(), initial.revision()), (parsed.upstream(), parsed.revision()));
    }

    #[test]
    fn what_dpkg_refuses_or_warns_about_is_refused() {
        for text in
            ["", "a1", "1_0", "-1", "1:", ":1", "x:1", "1-", "1 0", "1/0", "1\n", "+1:2", "1:2/3", "é"]
        {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_tilde_sorts_before_the_end() {
        assert!(version("1.0~rc1") < version("1.0"));
        assert!(version("1.0") < version("1.0a"));
        assert!(version("1.0a") < version("1.0+"));
    }
}

#[cfg(test)]
#[path = "version_laws.rs"]
mod laws;
