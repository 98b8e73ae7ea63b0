//! `gachette stack log`

use clap::Args;
use gachette_core::debian::PackageName;
use gachette_core::stack::Change;

use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// Show a stack's history, newest revision first
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// The stack
    stack: String,
    /// Show this many revisions at the most
    #[arg(short = 'n', long)]
    limit: Option<usize>,
}

impl LogArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let log = session.client.log(&session.stack(&self.stack)?, self.limit).await?;
        session.output.result(&log, |log| {
            let rows = log.iter().map(|revision| {
                vec![
                    revision.number.to_string(),
                    moment(revision.time),
                    revision.author.clone(),
                    describe(&revision.change),
                    revision.packages.to_string(),
                    revision.reason.clone(),
                ]
            });
            table(&["revision", "time", "by", "change", "packages", "reason"], rows)
        })
    }
}

fn describe(change: &Change) -> String {
    match change {
        Change::Create {} => "created".to_owned(),
        Change::Clone { from } => format!("copied from {}", from.stack.at(from.revision)),
        Change::Adopt {} => "taken over".to_owned(),
        Change::Add { packages } => format!("added {}", few(packages)),
        Change::Remove { packages } => format!("removed {}", few(packages)),
        Change::Seal {} => "sealed".to_owned(),
        Change::Rollback { to } => format!("rolled back to {to}"),
        Change::Delete {} => "deleted".to_owned(),
    }
}

fn few(packages: &[PackageName]) -> String {
    let names: Vec<&str> = packages.iter().take(3).map(PackageName::as_str).collect();
    match packages.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
