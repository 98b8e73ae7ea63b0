//! `gachette stack …`

mod add;
mod check;
mod create;
mod delete;
mod diff;
mod list;
mod log;
mod remove;
mod rollback;
mod sbom;
mod seal;
mod show;
mod statement;

pub(crate) use add::add_files;
pub(crate) use create::CreateArgs;

use clap::Subcommand;
use gachette_http::wire::Changed;

use crate::error::Failure;
use crate::output::{Output, plural};
use crate::session::Session;

/// What to do with stacks. A stack is named NAME or DOMAIN/NAME; NAME@7 is its revision 7.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum StackCommand {
    Create(create::CreateArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Statement(statement::StatementArgs),
    Sbom(sbom::SbomArgs),
    Log(log::LogArgs),
    Diff(diff::DiffArgs),
    Add(add::AddArgs),
    Remove(remove::RemoveArgs),
    Check(check::CheckArgs),
    Seal(seal::SealArgs),
    Rollback(rollback::RollbackArgs),
    Delete(delete::DeleteArgs),
}

impl StackCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Create(args) => args.run(session).await,
            Self::List(args) => args.run(session).await,
            Self::Show(args) => args.run(session).await,
            Self::Statement(args) => args.run(session).await,
            Self::Sbom(args) => args.run(session).await,
            Self::Log(args) => args.run(session).await,
            Self::Diff(args) => args.run(session).await,
            Self::Add(args) => args.run(session).await,
            Self::Remove(args) => args.run(session).await,
            Self::Check(args) => args.run(session).await,
            Self::Seal(args) => args.run(session).await,
            Self::Rollback(args) => args.run(session).await,
            Self::Delete(args) => args.run(session).await,
        }
    }
}

/// Says what became of a change: `done`, or that nothing had to be done.
fn report(output: &Output, changed: &Changed, done: &str) -> Result<(), Failure> {
    output.result(changed, |Changed { stack, revision, changed, packages, .. }| {
        let packages = plural(*packages, "package");
        if *changed {
            format!("{stack} {done}: revision {revision}, {packages}")
        } else {
            format!("{stack} is unchanged: revision {revision}, {packages}")
        }
    })
}
