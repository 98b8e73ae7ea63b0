//! `gachette repository …`

mod fsck;
mod gc;
mod import;
mod init;
mod log;

use clap::Subcommand;

use crate::error::Failure;
use crate::session::Session;

/// What to do with the repository.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum RepositoryCommand {
    Init(init::InitArgs),
    Fsck(fsck::FsckArgs),
    Import(import::ImportArgs),
    Log(log::LogArgs),
    Gc(gc::GcArgs),
}

impl RepositoryCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Init(args) => args.run(session).await,
            Self::Fsck(args) => args.run(session).await,
            Self::Import(args) => args.run(session).await,
            Self::Log(args) => args.run(session).await,
            Self::Gc(args) => args.run(session).await,
        }
    }
}
