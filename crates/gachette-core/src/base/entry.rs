//! One entry of a base's ledger: which lists of packages it was, from when on.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BaseName;
use crate::Sha256Digest;
use crate::debian::Architecture;
use crate::stack::{FormatError, parse_format, to_readable_json};

/// The version of the format that is written, and the newest that is read.
pub const BASE_FORMAT: u32 = 1;

/// One immutable state of a base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaseEntry {
    /// The version of this format.
    pub format: u32,
    /// The base it belongs to.
    pub base: BaseName,
    /// Its number: 1, then one more each time.
    pub number: u64,
    /// The SHA-256 of the bytes of the entry before; none for the first.
    pub previous: Option<Sha256Digest>,
    /// The person or program that took it.
    pub author: String,
    /// When, by the clock of the machine that wrote it.
    pub time: Timestamp,
    /// Unique for each attempt to write.
    pub writer: String,
    /// Its lists of packages.
    pub lists: Vec<BaseList>,
}

/// One list of packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaseList {
    /// What it is called to people, such as `bookworm-security`.
    pub origin: String,
    /// The architecture it is for; any when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Architecture>,
    /// As apt's: of two versions of a package the one of higher priority is taken, then the newer one.
    pub priority: i32,
    /// How many packages are in it.
    pub packages: u64,
    /// The SHA-256 of what is kept of it.
    pub sha256: Sha256Digest,
    /// Where it came from.
    pub source: ListSource,
}

/// Where a list of packages came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSource {
    /// The file, or the address.
    pub place: String,
    /// The SHA-256 of the whole list.
    pub sha256: Sha256Digest,
    /// Of a file of this machine: its size in bytes when it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Of a file of this machine: when it had been changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
}

impl BaseEntry {
    /// The bytes that are stored, and whose SHA-256 the next entry holds.
    ///
    /// # Errors
    /// Never in practice; the signature is JSON's.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        Ok(to_readable_json(self)?)
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// When they are no entry, or one of a newer format.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        parse_format(bytes, BASE_FORMAT, |entry: &Self| entry.format)
    }
}
