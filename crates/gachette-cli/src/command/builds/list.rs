//! `gachette builds list`

use clap::Args;

use super::{took, work};
use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// List the builds that are under way, and those that ended, newest first
///
/// They are those of this user on the machine, whichever process they are of; on a server, its own.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let builds = session.client(&Errand::look("list the builds")).await?.builds().await?;
        if builds.is_empty() {
            session.output.note("there are no builds yet; `gachette quick` makes one");
        }
        session.output.result(&builds, |builds| {
            if builds.is_empty() {
                return String::new();
            }
            let rows = builds.iter().map(|build| {
                let state = match build.position {
                    Some(position) => format!("{} ({position})", build.state),
                    None => build.state.to_string(),
                };
                vec![
                    build.id.to_string(),
                    work(build),
                    state,
                    build.by.clone(),
                    moment(build.started),
                    took(build),
                ]
            });
            table(&["build", "work", "state", "by", "ordered", "took"], rows)
        })
    }
}
