//! `gachette base …`

mod list;
mod log;
mod show;
mod update;

use clap::Subcommand;
use gachette_core::base::BaseEntry;

use crate::error::Failure;
use crate::output::plural;
use crate::session::Session;

/// What to do with bases: the distributions that stacks are meant for, as they were at some time. BOOKWORM@3 is entry 3 of a base.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum BaseCommand {
    /// Take bases as they are now: read their files, or have apt fetch and verify their lists of packages
    Update(update::UpdateArgs),
    /// List bases
    List(list::ListArgs),
    /// Show the lists of packages of a base
    Show(show::ShowArgs),
    /// Show how often a base was taken, and when
    Log(log::LogArgs),
}

impl BaseCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Update(args) => args.run(session).await,
            Self::List(args) => args.run(session).await,
            Self::Show(args) => args.run(session).await,
            Self::Log(args) => args.run(session).await,
        }
    }
}

/// How much there is in a base: `63440 packages in 2 lists`.
fn size(entry: &BaseEntry) -> String {
    let packages: u64 = entry.lists.iter().map(|list| list.packages).sum();
    let packages = plural(usize::try_from(packages).unwrap_or(usize::MAX), "package");
    format!("{packages} in {}", plural(entry.lists.len(), "list"))
}
