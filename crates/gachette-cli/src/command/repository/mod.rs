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
    /// Make the repository that is configured
    Init(init::InitArgs),
    /// Check the repository, and mend what can be made again
    Fsck(fsck::FsckArgs),
    /// Take package files, or those of a repository of aptly, reprepro or APT, into the repository
    Import(import::ImportArgs),
    /// Show all that was done with stacks and channels, by whom and why, newest first
    Log(log::LogArgs),
    /// Remove packages and indices that nothing names any more
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
