//! `gachette stack sbom`

use clap::Args;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Print what a stack is made of, for programs that look for known weaknesses: CycloneDX 1.6, as JSON
///
/// The same revision gives the same text each time.
#[derive(Debug, Clone, Args)]
pub(crate) struct SbomArgs {
    /// The stack, or one revision of it: NAME, DOMAIN/NAME, NAME@7
    stack: String,
}

impl SbomArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let stack = session.stack_ref(&self.stack)?;
        let errand = Errand::look(format!("show what stack {stack} is made of"));
        let sbom = session.client(&errand).await?.sbom(&stack).await?;
        session.output.result(&sbom, |sbom| serde_json::to_string_pretty(sbom).unwrap_or_default())
    }
}
