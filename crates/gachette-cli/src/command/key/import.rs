//! `gachette key import`

use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use clap::Args;
use gachette::private_file::{self, PrivateFileError};
use gachette::signing::{Import, KeyName, KeyRef, SigningConfig, SigningError};

use super::{line, refuse_elsewhere};
use crate::errand::Errand;
use crate::error::Failure;
use crate::session::Session;

/// Take in a secret key that was made elsewhere
///
/// It is one that `gpg --export-secret-keys` wrote, or `--export-secret-subkeys`, or `gachette key export --secret`: Ed25519 or ECDSA.
/// Keys of other kinds are left to gpg. What protects it stays. This happens on the machine at which it is said, and nowhere else.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportArgs {
    /// The file, or `-` for standard input
    file: PathBuf,
    /// Its name [default: the file's]
    #[arg(long)]
    name: Option<KeyName>,
    /// Have it take the place of the same key, as it was exported at another time
    #[arg(long)]
    replace: bool,
}

impl ImportArgs {
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        refuse_elsewhere(session, "import")?;
        let name = self.name.clone().map_or_else(|| name_of(&self.file), Ok)?;
        let import = if self.replace { Import::Replace } else { Import::New };
        let (config, file) = (SigningConfig::of(&session.config), self.file);
        let key = KeyRef::Name(name.clone());
        let taken = tokio::task::spawn_blocking(move || {
            let bytes = read(&file).map_err(Failure::usage)?;
            config.folder.import(&name, &bytes, import).map(drop).map_err(failed)
        });
        taken.await.map_err(Failure::fault)??;
        let keys = session.client(&Errand::look("list the keys")).await?.keys().await?;
        let Some(summary) = keys.into_iter().find(|summary| summary.key == key) else {
            return Err(Failure::fault(format!("key {key} is gone")));
        };
        session.output.result(&summary, line)
    }
}

/// What is handed over: a file, or what comes through a pipe.
fn read(file: &Path) -> Result<impl Deref<Target = Vec<u8>>, PrivateFileError> {
    if file == Path::new("-") {
        return private_file::read_all(io::stdin().lock(), Path::new("standard input"));
    }
    let opened = trebuchet::open_handed_over(file).map_err(PrivateFileError::io(file))?;
    private_file::read_all(opened, file)
}

pub(super) fn failed(error: SigningError) -> Failure {
    gachette_http::Problem::from(gachette::operation::OperationError::from(error)).into()
}

fn name_of(file: &Path) -> Result<KeyName, Failure> {
    let name = file.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
    let unnamed = || Failure::usage(format!("{} gives the key no name", file.display()));
    name.ok_or_else(|| unnamed().with_hint("say `--name NAME`"))
}
