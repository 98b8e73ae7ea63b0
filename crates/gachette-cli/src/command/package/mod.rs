//! `gachette package …`

mod buildinfo;
mod choice;
mod list;
mod places;
mod show;
mod statement;

use clap::Subcommand;

use crate::error::Failure;
use crate::session::Session;

/// What to do with packages.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum PackageCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Where(places::WhereArgs),
    Buildinfo(buildinfo::BuildinfoArgs),
    Statement(statement::StatementArgs),
}

impl PackageCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(args) => args.run(session).await,
            Self::Show(args) => args.run(session).await,
            Self::Where(args) => args.run(session).await,
            Self::Buildinfo(args) => args.run(session).await,
            Self::Statement(args) => args.run(session).await,
        }
    }
}
