//! `gachette token revoke`

use clap::Args;
use gachette_http::TokenName;

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
        session.client().await?.revoke_token(&self.name).await?;
        session.output.result(&self.name, |name| format!("token {name} is revoked"))
    }
}
