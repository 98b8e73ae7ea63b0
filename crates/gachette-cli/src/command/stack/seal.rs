//! `gachette stack seal`

use clap::Args;
use gachette_http::wire::Change;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{unneeded_force, verdict_text};
use crate::session::Session;

/// Seal a stack: it never changes again
///
/// When a base is configured for its domain, a stack that cannot be installed on it is not sealed; `gachette stack check` says why.
/// With keys of gachette's own in `signing.keys`, what is stated of the stack and its packages is signed; done again, what was lost of that.
#[derive(Debug, Clone, Args)]
pub(crate) struct SealArgs {
    /// The stack
    stack: String,
    /// Why, for the stack's log
    #[arg(short = 'm', long, default_value = "")]
    reason: String,
    /// Seal it although it cannot be installed, or although that is not known, for this reason
    #[arg(long, value_name = "REASON")]
    force: Option<String>,
}

impl SealArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack(&self.stack)?;
        let forced = self.force.is_some();
        let change = self.force.map_or(Change::Seal, Change::ForceSeal);
        let errand = Errand::on_stack("seal", &stack);
        let changed = session.client(&errand).await?.change(&stack, change, &self.reason).await?;
        if let Some(check) = &changed.check {
            session.output.note(&format!("  {}", verdict_text(check)));
        }
        if let Some(reason) = &changed.unsigned {
            let later = "what is stated of it is signed when it is published";
            session.output.warn(&format!("{later}: {reason}"));
        }
        if forced {
            unneeded_force(&session.output, changed.check.as_ref());
        }
        super::report(&session.output, &changed, "sealed")
    }
}
