//! `gachette key generate`

use clap::Args;
use gachette::signing::KeyName;
use gachette_http::wire::CreateKey;

use super::line;
use crate::command::lifetime::Lifetime;
use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Make a key
///
/// It is made on the machine where the repository is, and stays there. A passphrase that is set there, in
/// GACHETTE_PASSPHRASE or `signing.passphrase_file`, protects it.
#[derive(Debug, Clone, Args)]
pub(crate) struct GenerateArgs {
    /// Its name: that of its file, and the first part of its user id
    name: KeyName,
    /// A mail address for its user id
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// How long it lasts, such as `2y`, or `never` [default: 3y]
    #[arg(long, value_name = "DURATION")]
    expires: Option<Lifetime>,
}

impl GenerateArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let expires = self.expires.map(|lifetime| lifetime.end()).transpose()?;
        let wish = CreateKey { name: self.name, email: self.email, expires };
        let errand = Errand::step(format!("make key {}", wish.name), "key list");
        let made = session.client(&errand).await?.create_key(&wish).await?;
        session.output.result(&made, line)?;
        let name = &wish.name;
        if made.protected == Some(false) {
            session.output.note("no passphrase protects it: who can read its file can sign");
        }
        if !made.signs {
            session
                .output
                .note(&format!("to sign with it, add it to `signing.keys` in gachette.yml: [{name}]"));
        }
        session.output.note(&format!("back it up: `gachette key export {name} --secret`"));
        Ok(())
    }
}
