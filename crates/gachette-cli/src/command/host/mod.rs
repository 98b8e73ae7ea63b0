//! `gachette host …`

mod check;

use clap::Subcommand;

use crate::error::Failure;
use crate::session::Session;

/// What to do with hosts.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum HostCommand {
    Check(check::CheckArgs),
}

impl HostCommand {
    /// The hosts that are named behind the command.
    pub(crate) fn hosts(&self) -> &[String] {
        let Self::Check(args) = self;
        &args.names
    }

    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self::Check(args) = self;
        args.run(session).await
    }
}
