//! `gachette channel …`

mod list;
mod log;

use clap::Subcommand;

use crate::error::Failure;
use crate::session::Session;

/// What to look at. A channel is named NAME or DOMAIN/NAME, and moved by `gachette promote`.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ChannelCommand {
    List(list::ListArgs),
    Log(log::LogArgs),
}

impl ChannelCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::List(args) => args.run(session).await,
            Self::Log(args) => args.run(session).await,
        }
    }
}
