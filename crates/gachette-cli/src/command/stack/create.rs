//! `gachette stack create`

use clap::Args;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::plural;
use crate::session::Session;

/// Create a stack, empty or as a copy of another
///
/// A stack that exists is left as it is; one that was to be a copy, and has other contents, is refused.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateArgs {
    /// The new stack: NAME or DOMAIN/NAME
    pub(crate) stack: String,
    /// Copy this stack, or this revision of one
    #[arg(long, value_name = "STACK")]
    pub(crate) from: Option<String>,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    pub(crate) reason: String,
}

impl CreateArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack(&self.stack)?;
        // A stack is copied from its own domain when the source names none.
        let from = self.from.as_deref().map(|from| {
            gachette_core::stack::StackRef::parse_in(from, stack.domain()).map_err(Failure::usage)
        });
        let from = from.transpose()?;
        let copied = from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        let errand = Errand::step(format!("create stack {stack}{copied}"), "stack list");
        let created = session.client(&errand).await?.create_stack(&stack, from, &self.reason).await?;
        session.output.result(&created, |created| {
            let packages = plural(created.packages, "package");
            match created.changed {
                true => format!("{} created: revision {}, {packages}", created.stack, created.revision),
                false => format!("{} exists already and is left as it is: {packages}", created.stack),
            }
        })
    }
}
