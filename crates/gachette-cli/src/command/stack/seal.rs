//! `gachette stack seal`

use clap::Args;
use gachette_http::wire::Change;

use crate::error::Failure;
use crate::session::Session;

/// Seal a stack: it never changes again
#[derive(Debug, Clone, Args)]
pub(crate) struct SealArgs {
    /// The stack
    stack: String,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    reason: String,
}

impl SealArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack(&self.stack)?;
        let changed = session.client().await?.change(&stack, Change::Seal, &self.reason).await?;
        super::report(&session.output, &changed, "sealed")
    }
}
