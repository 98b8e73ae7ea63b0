//! `gachette key export`

use clap::Args;
use gachette::signing::{KeyRef, SigningConfig};

use super::import::failed;
use super::refuse_elsewhere;
use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Print certificates, which clients need, or a secret key for a backup
///
/// What is printed goes into a file that `Signed-By` in a `.sources` file names. Without a key, it is the certificates of all keys that
/// suites are signed with.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExportArgs {
    /// A key's name or fingerprint, or as it stands in `signing.keys`
    key: Option<KeyRef>,
    /// Print the secret key, on the machine that has it; a passphrase still protects it if one did
    #[arg(long, requires = "key")]
    secret: bool,
}

impl ExportArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        let errand = Errand::look("export certificates");
        let text = match self.key {
            Some(key) if self.secret => return print_secret(session, key).await,
            Some(key) => session.client(&errand).await?.certificate(&key).await?,
            None => session.client(&errand).await?.certificates().await?,
        };
        session.output.result(&String::from_utf8_lossy(&text), |text| text.to_string())
    }
}

async fn print_secret(session: &Session, key: KeyRef) -> Result<(), Failure> {
    refuse_elsewhere(session, "export --secret")?;
    let config = SigningConfig::of(&session.config);
    let read = tokio::task::spawn_blocking(move || {
        let own = config.folder.read(&key)?;
        Ok((own.armored()?, own.is_protected()))
    });
    let (secret, protected) = read.await.map_err(Failure::fault)?.map_err(failed)?;
    session.output.result(&String::from_utf8_lossy(&secret), |text| text.to_string())?;
    let note =
        if protected { "its passphrase protects it" } else { "who has it can sign: nothing protects it" };
    session.output.note(&format!("this is a secret key; {note}"));
    Ok(())
}
