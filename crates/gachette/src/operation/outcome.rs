//! What came out of an operation, as values that outlive it.

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::Provenance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ImportReport;
use crate::event::PlannedPackage;

/// What came out of preparing, building, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The working copy that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_copy: Option<PreparedCopy>,
    /// The packages, in build order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<BuiltPackage>,
    /// The stack that has them now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackedIn>,
    /// The packages that would have to be built, when that was asked for and some are not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<PlannedPackage>,
    /// What became of packages that others made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<Box<ImportReport>>,
    /// Where the packages come from, when they are for a repository on another machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Box<Provenance>>,
}

/// A working copy at a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreparedCopy {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub path: String,
    /// The full commit it is at.
    pub commit: String,
    /// What it took to bring it there: `cloned`, `fetched`, `already there`.
    pub action: String,
}

/// A package and how it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BuiltPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// Its architecture.
    pub architecture: Architecture,
    /// The name of its file in the debs folder.
    pub file_name: String,
    /// The size of its file, in bytes.
    pub size: u64,
    /// The SHA-256 of its file.
    pub sha256: Sha256Digest,
    /// How it came about.
    pub state: PackageState,
    /// How long building it took, in milliseconds; 0 when it was not built.
    pub milliseconds: u64,
}

/// How a package came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackageState {
    /// It was built.
    Built,
    /// It was there already, built from the same inputs.
    AlreadyThere,
    /// It was built again, and the bytes came out the same.
    RebuiltSame,
    /// It was built again, and the bytes came out different; the repository keeps the file it knows.
    RebuiltDifferent,
}

/// A stack that has the packages of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StackedIn {
    /// The stack, with its domain.
    pub stack: String,
    /// The number of its newest revision.
    pub revision: u64,
    /// Whether that revision is a new one.
    pub changed: bool,
}
