//! `gachette key …`

mod export;
mod extend;
mod generate;
mod import;
mod list;

use clap::Subcommand;
use gachette_http::wire::KeySummary;

use crate::error::Failure;
use crate::output::moment;
use crate::session::Session;

/// What to do with signing keys.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum KeyCommand {
    Generate(generate::GenerateArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    List(list::ListArgs),
    Extend(extend::ExtendArgs),
}

impl KeyCommand {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Generate(args) => args.run(session).await,
            Self::Import(args) => args.run(session).await,
            Self::Export(args) => args.run(session).await,
            Self::List(args) => args.run(session).await,
            Self::Extend(args) => args.run(session).await,
        }
    }
}

/// A secret key is on one machine, and does not go to another by way of gachette.
fn refuse_elsewhere(session: &Session, words: &str) -> Result<(), Failure> {
    match session.host() {
        None => Ok(()),
        Some(host) => {
            let refusal = format!("a secret key is not sent to {host}, nor fetched from there");
            Err(Failure::refused(refusal).with_hint(format!("run `gachette key {words}` on that machine")))
        }
    }
}

/// When a key ends, in words.
fn end(summary: &KeySummary) -> String {
    let expires = summary.certificate.as_ref().and_then(|certificate| certificate.expires);
    expires.map_or_else(|| "never ends".to_owned(), |expires| format!("ends on {}", moment(expires)))
}

/// A key in a line.
fn line(summary: &KeySummary) -> String {
    let fingerprint = summary.certificate.as_ref().map(|certificate| format!(" {}", certificate.fingerprint));
    format!("key {}{}, {}", summary.key, fingerprint.unwrap_or_default(), end(summary))
}
