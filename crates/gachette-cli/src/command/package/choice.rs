//! Which file of a package is meant.

use clap::Args;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::PackageRecord;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// A package, in one version and for one architecture.
#[derive(Debug, Clone, Args)]
pub(super) struct Choice {
    /// The package
    package: PackageName,
    /// The version [default: the highest]
    #[arg(long)]
    version: Option<Version>,
    /// The architecture, when there are several
    #[arg(long)]
    arch: Option<Architecture>,
}

impl Choice {
    /// The record that is meant.
    pub(super) async fn record(&self, session: &Session) -> Result<PackageRecord, Failure> {
        let errand = Errand::look(format!("look up package {}", self.package));
        let known = session.client(&errand).await?.package(&self.package).await?;
        let of_version =
            |version: &Version| self.version.as_ref().is_none_or(|it| it.as_str() == version.as_str());
        let of_arch = |arch: &Architecture| self.arch.as_ref().is_none_or(|it| it == arch);
        let versions = known.versions.into_iter().filter(|it| of_version(&it.version));
        let found = versions.flat_map(|it| it.files).find(|record| of_arch(&record.architecture));
        found.ok_or_else(|| {
            Failure::usage(format!("there is no such version of {}", self.package))
                .with_hint(format!("see `gachette package show {}`", self.package))
        })
    }
}
