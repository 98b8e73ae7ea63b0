//! `gachette stack remove`

use clap::Args;
use gachette_core::debian::PackageName;
use gachette_http::wire::Change;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Remove packages from a stack, all in one revision
#[derive(Debug, Clone, Args)]
pub(crate) struct RemoveArgs {
    /// The stack
    stack: String,
    /// The packages
    #[arg(required = true, value_name = "PACKAGE")]
    packages: Vec<PackageName>,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    reason: String,
}

impl RemoveArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack(&self.stack)?;
        let errand = Errand::on_stack("remove packages from", &stack);
        let changed = session
            .client(&errand)
            .await?
            .change(&stack, Change::Remove(self.packages), &self.reason)
            .await?;
        super::report(&session.output, &changed, "changed")
    }
}
