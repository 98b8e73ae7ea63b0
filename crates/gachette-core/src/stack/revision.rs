//! One revision of a stack: a whole, immutable state, and who made it, when and why.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::encoding::to_readable_json_of;
use super::name::StackName;
use crate::Sha256Digest;
use crate::debian::PackageName;

/// The version of the format that is written, and the newest that is read.
pub const REVISION_FORMAT: u32 = 1;

/// The longest reason, in characters; of a longer one this much is kept.
pub(super) const LONGEST_REASON: usize = 4000;

/// One immutable state of a stack.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// The version of this format.
    pub format: u32,
    /// The stack it belongs to.
    pub stack: StackName,
    /// Its number: 1, then one more each time.
    pub number: u64,
    /// The SHA-256 of the bytes of the revision before; none for the first.
    pub previous: Option<Sha256Digest>,
    /// What was done.
    pub change: Change,
    /// The person or program that did it.
    pub author: String,
    /// When, by the clock of the machine that wrote it.
    pub time: Timestamp,
    /// Why; may be empty.
    pub reason: String,
    /// Unique for each attempt to write: tells a writer whose reply got lost that the revision it finds is its own.
    pub writer: String,
    /// Whether the stack never changes from here on.
    pub sealed: bool,
    /// Whether the stack was deleted by this revision. Its ledger stays.
    pub deleted: bool,
    /// [`Content::hash`] of the packages.
    pub content: Sha256Digest,
    /// What the stack holds.
    pub packages: Content,
}

/// What a revision did to its stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// An empty stack was made.
    Create {},
    /// The stack was made as a copy of another.
    Clone {
        /// Of which revision of which stack.
        from: Origin,
    },
    /// The stack was found in a tree of the original tool.
    Adopt {},
    /// Packages were added, or their versions replaced.
    Add {
        /// Which.
        packages: Vec<PackageName>,
    },
    /// Packages were taken out.
    Remove {
        /// Which.
        packages: Vec<PackageName>,
    },
    /// The stack was sealed.
    Seal {},
    /// An earlier content was restored.
    Rollback {
        /// The revision whose content it was.
        to: u64,
    },
    /// The stack was deleted.
    Delete {},
}

/// The exact revision a stack was copied from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The stack.
    pub stack: StackName,
    /// The number of its revision.
    pub revision: u64,
    /// The SHA-256 of that revision's bytes.
    pub hash: Sha256Digest,
}

/// Who changes a stack, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct By {
    /// The person or program, such as `ada@build1`.
    pub author: String,
    /// The reason in their words; may be empty.
    #[serde(default)]
    pub reason: String,
}

/// Who made a revision, when, why, and in which attempt to write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// The person or program.
    pub author: String,
    /// When, by the clock of the machine that wrote it.
    pub time: Timestamp,
    /// Why; may be empty.
    pub reason: String,
    /// Unique for each attempt: tells a writer whose reply got lost that the revision it finds is its own.
    pub writer: String,
}

/// Bytes that are no revision, or no package record.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// Written by a newer gachette.
    #[error("format {found} is newer than {newest}, the newest this gachette reads")]
    Newer {
        /// The version of its format.
        found: u32,
        /// The newest version that is known.
        newest: u32,
    },
    /// No JSON, or not that of this format.
    #[error("{}", crate::json_reason(.0))]
    Malformed(#[from] serde_json::Error),
}

impl By {
    /// Somebody, without a reason. Control characters and line breaks become spaces, since logs are shown on
    /// terminals, a line each.
    pub fn new(author: impl AsRef<str>) -> Self {
        Self { author: printable(author.as_ref(), 200), reason: String::new() }
    }

    /// With this reason.
    #[must_use]
    pub fn because(mut self, reason: impl AsRef<str>) -> Self {
        self.reason = printable(reason.as_ref(), LONGEST_REASON);
        self
    }

    /// At this time, in this attempt to write.
    pub fn at(&self, time: Timestamp, writer: String) -> Attribution {
        let (author, reason) = (printable(&self.author, 200), printable(&self.reason, LONGEST_REASON));
        Attribution { author, time, reason, writer }
    }
}

impl Revision {
    /// The bytes that are stored, and whose SHA-256 the next revision holds: JSON with one line a package.
    ///
    /// # Errors
    /// Never in practice; the signature is JSON's.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        Ok(to_readable_json_of(1024 + 192 * self.packages.len(), self)?)
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// When they are no revision, or one of a newer format.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        parse_format(bytes, REVISION_FORMAT, |revision: &Self| revision.format)
    }
}

/// Whose name this is: one who comes from two machines, `ada@one` and `ada@two`, is one.
pub fn person(author: &str) -> &str {
    author.split('@').next().unwrap_or(author)
}

/// Reads one of our formats, and tells a newer one from a damaged one.
pub(crate) fn parse_format<T: DeserializeOwned>(
    bytes: &[u8],
    newest: u32,
    format: impl Fn(&T) -> u32,
) -> Result<T, FormatError> {
    /// The part of a format that every later version keeps.
    #[derive(Deserialize)]
    struct Any {
        format: u32,
    }
    let outcome = serde_json::from_slice::<T>(bytes);
    let found = match &outcome {
        Ok(value) => format(value),
        Err(_) => serde_json::from_slice::<Any>(bytes).map_or(newest, |any| any.format),
    };
    if found > newest { Err(FormatError::Newer { found, newest }) } else { Ok(outcome?) }
}

fn printable(text: &str, longest: usize) -> String {
    // U+2028 and U+2029 end lines too, and are no control characters.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().take(longest).map(|c| if breaks(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let newer = br#"{"format": 2, "shape": "unheard of"}"#;
        assert_eq!(
            Revision::parse(newer).unwrap_err().to_string(),
            "format 2 is newer than 1, the newest this gachette reads"
        );
        assert!(matches!(Revision::parse(br#"{"format": 1}"#), Err(FormatError::Malformed(_))));
        assert!(matches!(Revision::parse(b"\xff"), Err(FormatError::Malformed(_))));
    }
}
