//! `gachette stack rollback`

use clap::Args;
use gachette_http::wire::Change;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Give a stack the content of an earlier revision again, as a new revision
#[derive(Debug, Clone, Args)]
pub(crate) struct RollbackArgs {
    /// The stack
    stack: String,
    /// The revision whose content is wanted
    #[arg(long, value_name = "REVISION")]
    to: u64,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    reason: String,
}

impl RollbackArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack(&self.stack)?;
        let errand = Errand::on_stack("roll back", &stack);
        let changed =
            session.client(&errand).await?.change(&stack, Change::Rollback(self.to), &self.reason).await?;
        super::report(&session.output, &changed, "rolled back")
    }
}
