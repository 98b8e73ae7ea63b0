//! A package that is in the repository, as it is remembered until a stack names it.

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::{PackageRecord, StackedPackage};

/// What a stack names of a package, and the file that it must find then: of thousands, the rest of their records is too much.
pub(super) struct Imported {
    pub(super) name: PackageName,
    pub(super) version: Version,
    architecture: Architecture,
    sha256: Sha256Digest,
    pub(super) file: String,
    pub(super) size: u64,
}

impl From<PackageRecord> for Imported {
    fn from(record: PackageRecord) -> Self {
        let PackageRecord { name, version, architecture, sha256, file, size, .. } = record;
        Self { name, version, architecture, sha256, file, size }
    }
}

impl Imported {
    /// The package as a stack names it.
    pub(super) fn stacked(&self) -> StackedPackage {
        let Self { name, version, architecture, sha256, .. } = self;
        let files = [(architecture.clone(), *sha256)].into();
        StackedPackage { name: name.clone(), version: version.clone(), files }
    }
}
