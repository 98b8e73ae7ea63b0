//! A finished package file.

use std::path::PathBuf;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::missile::PlannedKind;
use serde::Serialize;

/// A package that was built.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BuiltPackage {
    /// The package.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The architecture it installs on.
    pub architecture: Architecture,
    /// Which part of the recipe it holds.
    #[serde(flatten)]
    pub kind: PlannedKind,
    /// `{package}-{version}-{arch}.deb`.
    pub file_name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// The file's size in bytes.
    pub size: u64,
    /// The file's digest.
    pub sha256: Sha256Digest,
}
