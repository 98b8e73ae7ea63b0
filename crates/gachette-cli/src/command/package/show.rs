//! `gachette package show`

use clap::Args;
use gachette_core::debian::PackageName;
use gachette_http::wire::PackageDetail;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{bytes, table};
use crate::session::Session;

/// Show a package's versions, where they came from, and which stacks have them
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The package
    package: PackageName,
}

impl ShowArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let errand = Errand::look(format!("show package {}", self.package));
        let package = session.client(&errand).await?.package(&self.package).await?;
        session.output.warn_of_damage(&package.damaged);
        session.output.result(&package, text)
    }
}

fn text(package: &PackageDetail) -> String {
    let rows = package.versions.iter().flat_map(|version| {
        let stacks: Vec<String> = version.stacks.iter().map(ToString::to_string).collect();
        version.files.iter().map(move |record| {
            let provenance = &record.provenance;
            let commit = provenance.commit.as_deref().map(|commit| commit.get(..12).unwrap_or(commit));
            vec![
                version.version.to_string(),
                record.architecture.to_string(),
                bytes(record.size),
                provenance.project.clone().unwrap_or_default(),
                commit.unwrap_or_default().to_owned(),
                provenance.buildinfo.map(|it| it.to_string().chars().take(12).collect()).unwrap_or_default(),
                stacks.join(" "),
            ]
        })
    });
    let rows = table(&["version", "arch", "size", "project", "commit", "buildinfo", "in stacks"], rows);
    format!("{}\n\n{rows}", package.name)
}
