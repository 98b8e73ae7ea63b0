//! `gachette working-copy remove`

use clap::Args;
use gachette_core::git::WorkingCopyName;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Remove working copies in which nobody is at work
///
/// What was changed in them by hand goes too. The next build of the project makes a new one.
#[derive(Debug, Clone, Args)]
pub(crate) struct RemoveArgs {
    /// The working copies
    #[arg(required = true, value_name = "NAME")]
    names: Vec<WorkingCopyName>,
}

impl RemoveArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        for name in &self.names {
            let errand = Errand::step(format!("remove working copy {name}"), "working-copy list");
            session.client(&errand).await?.remove_working_copy(name).await?;
        }
        session.output.result(&self.names, |names| {
            let lines = names.iter().map(|name| format!("working copy {name} is removed"));
            lines.collect::<Vec<_>>().join("\n")
        })
    }
}
