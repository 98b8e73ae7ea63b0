//! `gachette token revoke`

use clap::Args;
use gachette_http::TokenName;

use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Take a token back: the server refuses it from then on
#[derive(Debug, Clone, Args)]
pub(crate) struct RevokeArgs {
    /// Its name
    name: TokenName,
}

impl RevokeArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let errand = Errand::step(format!("revoke token {}", self.name), "token list");
        session.client(&errand).await?.revoke_token(&self.name).await?;
        session.output.result(&self.name, |name| format!("token {name} is revoked"))
    }
}
