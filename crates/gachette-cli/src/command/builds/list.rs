//! `gachette builds list`

use clap::Args;
use gachette_http::Build;

use super::{took, work};
use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, plural, table};
use crate::session::Session;

/// List the builds that are under way, and those that ended, newest first
///
/// They are those of this user on the machine, whichever process they are of; on a server, its own.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    /// Show this many builds at the most [default: 20 and all that are under way; with `--format json` all]
    #[arg(short = 'n', long)]
    limit: Option<usize>,
}

/// How many builds that ended people are shown who do not say how many.
const NEWEST: usize = 20;

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let client = session.client(&Errand::look("list the builds")).await?;
        let builds = client.builds(self.limit).await?;
        if builds.is_empty() {
            session.output.note("there are no builds yet; `gachette quick` makes one");
        }
        let mut left_out = 0;
        session.output.result(&builds, |builds| {
            if builds.is_empty() {
                return String::new();
            }
            let is_shown = |(place, build): &(usize, &Build)| {
                self.limit.is_some() || *place < NEWEST || build.state.is_under_way()
            };
            let shown: Vec<&Build> =
                builds.iter().enumerate().filter(is_shown).map(|(_, build)| build).collect();
            left_out = builds.len() - shown.len();
            let rows = shown.into_iter().map(|build| {
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
        })?;
        if left_out > 0 {
            let older = plural(left_out, "older build");
            session.output.note(&format!("  {older} not shown; `--limit {}` shows all", builds.len()));
        }
        Ok(())
    }
}
