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
    /// Make a token; it is shown once
    Create(create::CreateArgs),
    /// List the tokens
    List(list::ListArgs),
    /// Take a token back: the server refuses it from then on
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
