//! `gachette package buildinfo`

use clap::Args;
use gachette_core::debian::{Architecture, PackageName, Version};
use serde::Serialize;

use crate::error::Failure;
use crate::session::Session;

/// Print how a package was built: what was installed, in which environment, and what came out (deb-buildinfo(5))
#[derive(Debug, Clone, Args)]
pub(crate) struct BuildinfoArgs {
    /// The package
    package: PackageName,
    /// The version [default: the highest]
    #[arg(long)]
    version: Option<Version>,
    /// The architecture, when there are several
    #[arg(long)]
    arch: Option<Architecture>,
}

/// The answer as JSON.
#[derive(Serialize)]
struct Answer {
    buildinfo: String,
}

impl BuildinfoArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let client = session.client().await?;
        let known = client.package(&self.package).await?;
        let wanted =
            |version: &Version| self.version.as_ref().is_none_or(|it| it.as_str() == version.as_str());
        let records = known.versions.iter().filter(|it| wanted(&it.version)).flat_map(|it| &it.files);
        let of_arch = |arch: &Architecture| self.arch.as_ref().is_none_or(|it| it == arch);
        let Some(record) = records.clone().find(|record| of_arch(&record.architecture)) else {
            return Err(Failure::usage(format!("there is no such version of {}", self.package))
                .with_hint(format!("see `gachette package show {}`", self.package)));
        };
        let Some(digest) = &record.provenance.buildinfo else {
            let (name, version) = (&record.name, &record.version);
            return Err(Failure::usage(format!("it is not known how {name} {version} was built")));
        };
        let answer = Answer { buildinfo: client.buildinfo(digest).await? };
        session.output.result(&answer, |answer| answer.buildinfo.clone())
    }
}
