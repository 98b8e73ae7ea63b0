//! `gachette package list`

use clap::Args;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::table;
use crate::session::Session;

/// List the packages of the repository
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let packages = session.client(&Errand::look("list the packages")).await?.packages().await?;
        if packages.is_empty() {
            session.output.note("there are no packages yet; `gachette quick` builds them into a stack");
        }
        session.output.result(&packages, |packages| {
            if packages.is_empty() {
                return String::new();
            }
            let rows = packages.iter().map(|package| {
                let newest = package.newest.as_ref().map(ToString::to_string);
                vec![package.name.to_string(), package.versions.to_string(), newest.unwrap_or_default()]
            });
            table(&["package", "versions", "newest"], rows)
        })
    }
}
