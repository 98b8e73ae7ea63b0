//! Packages on the wire.

use gachette::repository::{ChannelWithPackage, DamagedStack, StackWithPackage};
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{PackageRecord, StackName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A package in a list.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackageSummary {
    /// Its name.
    pub name: PackageName,
    /// How many versions are known.
    pub versions: usize,
    /// The highest of them.
    pub newest: Option<Version>,
}

/// A package with all its versions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackageDetail {
    /// Its name.
    pub name: PackageName,
    /// Its versions, highest first.
    pub versions: Vec<PackageVersion>,
    /// The stacks that cannot be read, and might have it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<DamagedStack>,
}

/// One version of a package.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackageVersion {
    /// The version.
    pub version: Version,
    /// Its files: one for each architecture.
    pub files: Vec<PackageRecord>,
    /// The stacks whose newest revision has this version.
    pub stacks: Vec<StackName>,
}

/// Where a package is, or once was.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PackagePlaces {
    /// Its name.
    pub name: PackageName,
    /// The version that was asked for; any without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The stacks, by name; of one stack what is newest comes first.
    pub stacks: Vec<StackWithPackage>,
    /// The channels, likewise.
    pub channels: Vec<ChannelWithPackage>,
    /// The stacks and channels that cannot be read, and might have it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<DamagedStack>,
}
