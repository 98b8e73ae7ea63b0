//! What a collector removed or would remove, and why it kept the rest.

use gachette_core::apt::Suite;
use gachette_core::debian::{PackageName, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::marks::Keeper;

/// What was collected, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GcReport {
    /// Whether it was removed; otherwise it would be.
    pub applied: bool,
    /// The versions of packages, with their records and files.
    pub packages: Vec<CollectedPackage>,
    /// The package files without a record.
    pub files: Vec<CollectedFile>,
    /// The suites of stacks that were deleted.
    pub suites: Vec<Suite>,
    /// Indices that were replaced, and that nobody fetches any more.
    pub indices: Tally,
    /// Parts that no suite's indices are made of.
    pub index_parts: Tally,
    /// Answers whether stacks can be installed, which are old.
    pub answers: Tally,
    /// Files that belong to records of packages which are gone: how they were built, who stated what of them, and what they
    /// install.
    #[serde(default)]
    pub orphans: Tally,
    /// Files in which users remember of which records they know that they are true, as far as these are gone.
    #[serde(default)]
    pub vouched: Tally,
    /// How much room all of that takes, in bytes.
    pub bytes: u64,
    /// How many versions of packages stay.
    pub kept_packages: usize,
    /// Why each of them does, when that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptPackage>,
}

/// A version of a package that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CollectedPackage {
    /// Its name.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// Its files: one for each architecture.
    pub files: Vec<CollectedFile>,
}

/// A file that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CollectedFile {
    /// Its name in the folder of package files.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// How many files go, and how large they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// How many.
    pub number: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// A version of a package that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptPackage {
    /// Its name.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// What keeps it: of several, one.
    pub kept_by: Keeper,
}

impl Tally {
    pub(super) fn add(&mut self, bytes: u64) {
        self.number += 1;
        self.bytes += bytes;
    }
}

impl GcReport {
    /// Whether there is nothing to collect.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
            && self.files.is_empty()
            && self.suites.is_empty()
            && [self.indices, self.index_parts, self.answers, self.orphans, self.vouched]
                .iter()
                .all(|tally| tally.number == 0)
    }

    pub(super) fn add_up(&mut self) {
        let files = self.packages.iter().flat_map(|package| &package.files).chain(&self.files);
        self.bytes = files.map(|file| file.bytes).sum::<u64>()
            + self.indices.bytes
            + self.index_parts.bytes
            + self.answers.bytes
            + self.orphans.bytes
            + self.vouched.bytes;
    }
}
