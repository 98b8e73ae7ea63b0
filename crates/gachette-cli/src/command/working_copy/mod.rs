//! `gachette working-copy …`

mod list;
mod remove;
mod show;

use clap::Subcommand;
use gachette::operation::WorkingCopyState;

use crate::error::Failure;
use crate::session::Session;

/// What to do with working copies.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum WorkingCopyCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Remove(remove::RemoveArgs),
}

impl WorkingCopyCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(args) => args.run(session).await,
            Self::Show(args) => args.run(session).await,
            Self::Remove(args) => args.run(session).await,
        }
    }
}

/// Whether it can be built from, in a word.
fn condition(copy: &WorkingCopyState) -> &'static str {
    match copy {
        WorkingCopyState { in_use: true, .. } => "in use",
        WorkingCopyState { url: None, .. } => "unfinished",
        _ => "ready",
    }
}
