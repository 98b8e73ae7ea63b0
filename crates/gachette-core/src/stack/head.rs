//! A revision without what it holds: as much as it takes to name it, and to know what may be done with it.

use std::fmt;

use jiff::Timestamp;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::change::Deletion;
use super::ledger::Entry;
use super::name::StackName;
use super::revision::{FormatError, REVISION_FORMAT, parse_format};
use crate::Sha256Digest;

/// What names a revision, and what is true of its stack as of then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The stack it belongs to.
    pub stack: StackName,
    /// Its number.
    pub number: u64,
    /// The SHA-256 of its stored bytes.
    pub hash: Sha256Digest,
    /// When it was made, by the clock of the machine that wrote it.
    pub time: Timestamp,
    /// Whether the stack never changes from here on.
    pub sealed: bool,
    /// Whether the stack was deleted by it.
    pub deleted: bool,
    /// [`super::Content::hash`] of the packages, as it says.
    pub content: Sha256Digest,
    /// How many packages the stack holds.
    pub packages: usize,
}

impl Head {
    /// Reads stored bytes, of which this is the SHA-256, and passes over what they hold. So only bytes should be read that were
    /// found sound before, as [`Entry::check_place`] does: by their hash they are the same.
    ///
    /// # Errors
    /// When they are no revision.
    pub fn parse(bytes: &[u8], hash: Sha256Digest) -> Result<Self, FormatError> {
        /// The part of a revision that is read.
        #[derive(Deserialize)]
        struct Read {
            format: u32,
            stack: StackName,
            number: u64,
            time: Timestamp,
            sealed: bool,
            deleted: bool,
            content: Sha256Digest,
            packages: Passed,
        }
        let read = parse_format(bytes, REVISION_FORMAT, |read: &Read| read.format)?;
        let Read { stack, number, time, sealed, deleted, content, packages, .. } = read;
        Ok(Self { stack, number, hash, time, sealed, deleted, content, packages: packages.0 })
    }

    /// Whether the stack exists as of this revision.
    pub fn exists(&self) -> bool {
        !self.deleted
    }

    /// The end of the stack, when this is the revision that deleted it.
    pub fn deletion(&self) -> Option<Deletion> {
        self.deleted.then_some(Deletion { number: self.number, sealed: self.sealed })
    }
}

impl From<&Entry> for Head {
    fn from(Entry { revision, hash }: &Entry) -> Self {
        Self {
            stack: revision.stack.clone(),
            number: revision.number,
            hash: *hash,
            time: revision.time,
            sealed: revision.sealed,
            deleted: revision.deleted,
            content: revision.content,
            packages: revision.packages.len(),
        }
    }
}

/// The length of a list of which nothing else is read.
struct Passed(usize);

impl<'de> Deserialize<'de> for Passed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counting;
        impl<'de> Visitor<'de> for Counting {
            type Value = Passed;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Passed, A::Error> {
                let mut count = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Passed(count))
            }
        }
        deserializer.deserialize_seq(Counting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{By, Content, Next, StackedPackage};

    #[test]
    fn the_head_of_stored_bytes_is_that_of_the_whole_revision() {
        let package = |number: usize| StackedPackage {
            name: format!("dh-package-{number}").parse().unwrap(),
            version: "1:2.0~rc1-1".parse().unwrap(),
            files: [("all".parse().unwrap(), Sha256Digest::of(b"x"))].into(),
        };
        let content: Content = (0..3).map(package).collect();
        let by = By::new("ada").because("a \"test\"").at(Timestamp::UNIX_EPOCH, "w".to_owned());
        let Next::Revision(revision) = Next::adopt(&"shop/124".parse().unwrap(), content, by) else {
            panic!("nothing came");
        };
        let bytes = revision.to_bytes().unwrap();
        let entry = Entry::parse(&bytes).unwrap();
        let head = Head::parse(&bytes, entry.hash).unwrap();
        assert_eq!((&head, head.packages, head.exists()), (&Head::from(&entry), 3, true));
        assert!(Head::parse(&bytes[..bytes.len() - 3], entry.hash).is_err(), "it was cut");
        let newer = String::from_utf8(bytes).unwrap().replace("\"format\": 1", "\"format\": 2");
        assert!(matches!(Head::parse(newer.as_bytes(), entry.hash), Err(FormatError::Newer { .. })));
    }
}
