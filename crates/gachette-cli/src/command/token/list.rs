//! `gachette token list`

use clap::Args;

use crate::errand::Errand;
use crate::error::Failure;
use crate::output::{moment, table};
use crate::session::Session;

/// List the tokens
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let tokens = session.client(&Errand::look("list the tokens")).await?.tokens().await?;
        if tokens.is_empty() {
            session.output.note("there are no tokens yet; `gachette token create` makes one");
        }
        session.output.result(&tokens, |tokens| {
            if tokens.is_empty() {
                return String::new();
            }
            let rows = tokens.iter().map(|token| {
                let expires = token.expires.map_or_else(|| "never".to_owned(), moment);
                vec![token.name.to_string(), token.role.to_string(), moment(token.created), expires]
            });
            table(&["token", "role", "created", "expires"], rows)
        })
    }
}
