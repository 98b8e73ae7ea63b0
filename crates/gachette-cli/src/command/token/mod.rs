//! `gachette token …`

mod create;
mod list;
mod revoke;

use clap::Subcommand;

use crate::error::Failure;
use crate::session::Session;

/// What to do with tokens.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TokenCommand {
    Create(create::CreateArgs),
    List(list::ListArgs),
    Revoke(revoke::RevokeArgs),
}

impl TokenCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Create(args) => args.run(session).await,
            Self::List(args) => args.run(session).await,
            Self::Revoke(args) => args.run(session).await,
        }
    }
}
