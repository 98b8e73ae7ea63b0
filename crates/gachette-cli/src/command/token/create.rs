//! `gachette token create`

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use gachette_http::wire::CreateToken;
use gachette_http::{Role, TokenName};
use jiff::Span;

use crate::command::lifetime::from_now;
use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Make a token; it is shown once
///
/// Servers of this user on this machine know it from then on; with `-H`, the server there.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateArgs {
    /// Its name, which stands in logs and ledgers
    name: TokenName,
    /// What its owner may do: look; build too; change, seal and roll back stacks too; delete, mend and give out tokens too
    #[arg(long, value_parser = PossibleValuesParser::new(["read", "build", "release", "admin"]).try_map(|word| word.parse::<Role>()))]
    role: Role,
    /// Refuse it after this time, such as `12h`, `30d` or `1y`
    #[arg(long, value_name = "DURATION")]
    expires: Option<Span>,
}

impl CreateArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let expires = self.expires.map(from_now).transpose()?;
        let wish = CreateToken { name: self.name, role: self.role, expires };
        let left = "it may be there, though nobody has seen it: `gachette token list` shows it, `gachette token revoke` ends it";
        let errand = Errand::parts(format!("make token {}", wish.name), left);
        let created = session.client(&errand).await?.create_token(&wish).await?;
        session.output.note("this is the only time that the token is shown:");
        session.output.result(&created, |created| created.token.clone())
    }
}
