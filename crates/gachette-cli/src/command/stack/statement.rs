//! `gachette stack statement`

use clap::Args;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::statement;
use crate::session::Session;

/// Print what is stated of a stack and where its packages come from: SLSA provenance in a DSSE envelope, as JSON
///
/// A sealed stack's statement is signed when the stack is published.
#[derive(Debug, Clone, Args)]
pub(crate) struct StatementArgs {
    /// The stack, or one revision of it: NAME, DOMAIN/NAME, NAME@7
    stack: String,
}

impl StatementArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack_ref(&self.stack)?;
        let errand = Errand::look(format!("show the statement of stack {stack}"));
        statement(&session.output, &session.client(&errand).await?.stack_statement(&stack).await?)
    }
}
