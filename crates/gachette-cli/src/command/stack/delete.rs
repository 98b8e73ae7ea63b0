//! `gachette stack delete`

use clap::Args;
use gachette_http::wire::Change;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Delete a stack; its history stays, and it may be created again, unless it was sealed
///
/// One that is sealed is deleted when no channel shows it, or would go back to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeleteArgs {
    /// The stack
    stack: String,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    reason: String,
}

impl DeleteArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack(&self.stack)?;
        session.confirm(&format!("delete stack {stack}?"))?;
        let errand = Errand::step(format!("delete stack {stack}"), "stack list");
        let changed = session.client(&errand).await?.change(&stack, Change::Delete, &self.reason).await?;
        super::report(&session.output, &changed, "deleted")
    }
}
