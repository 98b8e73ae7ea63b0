//! `gachette key extend`

use clap::Args;
use gachette::signing::KeyRef;
use gachette_http::wire::ExtendKey;

use super::line;
use crate::command::lifetime::Lifetime;
use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Have a key end later
///
/// It stays the same key, but clients believe in its new end only when they have got its new certificate.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExtendArgs {
    /// Its name or fingerprint
    key: KeyRef,
    /// How long it lasts from now on, such as `2y`, or `never`
    #[arg(long, value_name = "DURATION")]
    expires: Lifetime,
    /// Have it end earlier than it does, too
    #[arg(long)]
    shorten: bool,
}

impl ExtendArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let wish = ExtendKey { expires: self.expires.end()?, shorten: self.shorten };
        let errand = Errand::step(format!("extend key {}", self.key), "key list");
        let extended = session.client(&errand).await?.extend_key(&self.key, &wish).await?;
        session.output.result(&extended, line)?;
        session.output.note(&format!(
            "hand its certificate out again, well before the old end: `gachette key export {}`",
            self.key
        ));
        Ok(())
    }
}
