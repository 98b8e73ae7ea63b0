//! `gachette publish`

use clap::Args;
use gachette::operation::{Published, SuiteSignature};

use crate::error::Failure;
use crate::output::{bytes, plural};
use crate::session::Session;

/// Publish a stack or channel as an APT suite, and print what goes into a `.sources` file to install from it
///
/// apt then installs exactly the stack's versions. What changed since the last time is written, and nothing else; clients
/// see the old state or the new one, never something in between.
#[derive(Debug, Clone, Args)]
pub(crate) struct PublishArgs {
    /// The stack, NAME or DOMAIN/NAME; NAME@7 is its revision 7. Or a channel, whose suite is written and signed again
    stack: String,
    /// Do not sign it: clients have to be told to trust it
    #[arg(long)]
    unsigned: bool,
}

impl PublishArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack_ref(&self.stack)?;
        let signature = if self.unsigned { SuiteSignature::Unsigned } else { SuiteSignature::Signed };
        let published = session.client().await?.publish(&stack, signature).await?;
        session.output.note(&summary(&published));
        published.warnings.iter().for_each(|warning| session.output.warn(warning));
        session.output.result(&published, |published| published.source.trim_end().to_owned())
    }
}

/// What was done and what was avoided.
fn summary(published: &Published) -> String {
    let suite = &published.suite;
    let shown = format!("{} revision {}, {}", suite.stack, suite.revision, plural(suite.packages, "package"));
    if !suite.changed {
        return format!("suite {} shows {shown} already", suite.suite);
    }
    let signed = if published.signed_by.is_empty() { "not signed" } else { "signed" };
    format!(
        "suite {} shows {shown}: {signed}, {} of {} new, {} written",
        suite.suite,
        suite.parts_made,
        plural(suite.parts_made + suite.parts_kept, "index part"),
        bytes(suite.bytes_written),
    )
}
