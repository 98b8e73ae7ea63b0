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
    Update(update::UpdateArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
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
