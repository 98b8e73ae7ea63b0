//! What is signed with, as the configuration and the environment of this process say.

use std::path::PathBuf;

use super::{Gpg, KeyFolder, KeyRef, PassphraseSource};
use crate::config::Config;

/// What is signed with.
#[derive(Debug, Clone)]
pub struct SigningConfig {
    /// The keys that sign, all of them each time.
    pub keys: Vec<KeyRef>,
    /// The folder of our own keys.
    pub folder: KeyFolder,
    /// Where the passphrase of our own keys is taken from.
    pub passphrase: PassphraseSource,
    /// Who holds the other keys.
    pub gpg: Gpg,
}

impl SigningConfig {
    /// What a configuration says, with the environment of this process.
    pub fn of(config: &Config) -> Self {
        let signing = &config.signing;
        let folder = signing.folder.clone().unwrap_or_else(|| crate::state::data_folder().join("keys"));
        let repository: Vec<PathBuf> =
            [&config.meta_path, &config.debs_path].into_iter().flatten().cloned().collect();
        let passphrase = PassphraseSource::of_this_process(signing.passphrase_file.clone());
        Self {
            keys: signing.keys.clone(),
            passphrase: passphrase.outside_of(repository.clone()),
            folder: KeyFolder::new(folder, repository),
            gpg: Gpg::new(),
        }
    }
}
