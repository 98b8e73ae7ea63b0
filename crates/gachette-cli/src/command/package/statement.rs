//! `gachette package statement`

use clap::Args;

use super::choice::Choice;
use crate::errand::Errand;
use crate::error::Failure;
use crate::output::statement;
use crate::session::Session;

/// Print what is stated of a package's origin: SLSA provenance in a DSSE envelope, as JSON
#[derive(Debug, Clone, Args)]
pub(crate) struct StatementArgs {
    #[command(flatten)]
    choice: Choice,
}

impl StatementArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let record = self.choice.record(session).await?;
        let errand = Errand::look(format!("show the statement of package {}", record.name));
        statement(&session.output, &session.client(&errand).await?.package_statement(&record).await?)
    }
}
