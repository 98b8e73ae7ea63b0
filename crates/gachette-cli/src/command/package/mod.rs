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
    /// List the packages of the repository
    List(list::ListArgs),
    /// Show a package's versions, where they came from, and which stacks have them
    Show(show::ShowArgs),
    /// Show which stacks and channels have a package
    Where(places::WhereArgs),
    /// Print how a package was built
    Buildinfo(buildinfo::BuildinfoArgs),
    /// Print what is stated of a package's origin
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
