//! `gachette stack add`

use clap::Args;
use gachette_core::stack::Provenance;
use gachette_http::wire::{AddFile, Change};

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Add built packages to a stack, all in one revision
///
/// Another version of a package makes way.
#[derive(Debug, Clone, Args)]
pub(crate) struct AddArgs {
    /// The stack
    stack: String,
    /// Package files in the debs folder, by name
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    reason: String,
}

impl AddArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let files = self.files.into_iter().map(|file_name| AddFile {
            file_name,
            expected: None,
            provenance: Provenance::default(),
        });
        add_files(session, &self.stack, files.collect(), &self.reason).await
    }
}

/// Registers package files and adds them to a stack.
pub(crate) async fn add_files(
    session: &Session,
    stack: &str,
    files: Vec<AddFile>,
    reason: &str,
) -> Result<(), Failure> {
    let stack = session.stack(stack)?;
    let errand = Errand::on_stack("add packages to", &stack);
    let changed = session.client(&errand).await?.change(&stack, Change::Add(files), reason).await?;
    super::report(&session.output, &changed, "changed")
}
