//! Names of commits: whole, or shortened as people write them.

use std::fmt;
use std::str::FromStr;

use crate::as_text::as_text;

/// The whole name of a commit: 40 hexadecimal digits (SHA-1) or 64 (SHA-256), in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Commit(String);

/// The beginning of a commit's name, at least four hexadecimal digits, as git accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbbreviatedCommit(String);

/// Text that names no commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no {wanted}", .text.escape_debug())]
pub struct CommitError {
    text: String,
    wanted: &'static str,
}

impl Commit {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven digits, for people. Two commits may share them.
    pub fn short(&self) -> AbbreviatedCommit {
        AbbreviatedCommit(self.0[..7].to_owned())
    }

    /// Whether this is the commit's name in full, or the beginning of it.
    pub fn begins_with(&self, start: &AbbreviatedCommit) -> bool {
        self.0.starts_with(&start.0)
    }
}

impl AbbreviatedCommit {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn digits(text: &str, wanted: &'static str, fits: fn(usize) -> bool) -> Result<String, CommitError> {
    if fits(text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(CommitError { text: text.chars().take(80).collect(), wanted })
}

impl FromStr for Commit {
    type Err = CommitError;

    fn from_str(text: &str) -> Result<Self, CommitError> {
        let wanted = "commit: 40 or 64 hexadecimal digits are needed";
        digits(text, wanted, |length| length == 40 || length == 64).map(Self)
    }
}

impl FromStr for AbbreviatedCommit {
    type Err = CommitError;

    fn from_str(text: &str) -> Result<Self, CommitError> {
        // git's MINIMUM_ABBREV is 4.
        let wanted = "short commit: 4 to 63 hexadecimal digits are needed";
        digits(text, wanted, |length| (4..64).contains(&length)).map(Self)
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AbbreviatedCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(Commit);
as_text!(AbbreviatedCommit);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_all_of_its_digits() {
        let sha1 = "0123456789abcdef0123456789ABCDEF01234567";
        let commit: Commit = sha1.parse().unwrap();
        assert_eq!(commit.as_str(), sha1.to_lowercase());
        assert!(commit.begins_with(&commit.short()));
        assert!("a".repeat(64).parse::<Commit>().is_ok());
        for wrong in ["", "abc1234", &"a".repeat(39), &"a".repeat(41), &"g".repeat(40), &"é".repeat(20)] {
            assert!(wrong.parse::<Commit>().is_err(), "{wrong:?}");
        }
        for wrong in ["", "abc", "abcg", "-abc", "HEAD"] {
            assert!(wrong.parse::<AbbreviatedCommit>().is_err(), "{wrong:?}");
        }
    }
}
