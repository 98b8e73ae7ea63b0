//! The passphrase of keys of our own: from the environment or a file, never from an argument.

use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use pgp::types::Password;
use zeroize::Zeroizing;

use super::SigningError;
use crate::private_file;

/// The variable that holds a passphrase. It is one of [`trebuchet::process::SECRETS`].
pub const PASSPHRASE_VARIABLE: &str = "GACHETTE_PASSPHRASE";

/// Where the passphrase is taken from, when it is needed.
#[derive(Clone, Default)]
pub struct PassphraseSource {
    variable: Option<Zeroizing<Vec<u8>>>,
    file: Option<PathBuf>,
}

impl PassphraseSource {
    /// The variable of this process; when it is not set, the first line of this file.
    pub fn of_this_process(file: Option<PathBuf>) -> Self {
        let variable = std::env::var_os(PASSPHRASE_VARIABLE).map(|text| Zeroizing::new(text.into_vec()));
        Self { variable: variable.filter(|text| !text.is_empty()), file }
    }

    /// The first line of this file.
    pub fn file(file: PathBuf) -> Self {
        Self { variable: None, file: Some(file) }
    }

    /// The passphrase, when there is one.
    ///
    /// # Errors
    /// When its file cannot be read, is open to others, or is empty.
    pub(super) fn read(&self) -> Result<Option<Password>, SigningError> {
        if let Some(text) = &self.variable {
            return Ok(Some(Password::Static(text.clone())));
        }
        let Some(path) = &self.file else { return Ok(None) };
        let mut text = private_file::read(path)?;
        let end = text.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(text.len());
        text.truncate(end);
        if text.is_empty() {
            return Err(SigningError::EmptyPassphrase { path: path.clone() });
        }
        Ok(Some(Password::Static(text)))
    }
}

impl fmt::Debug for PassphraseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = self.variable.as_ref().map(|_| PASSPHRASE_VARIABLE);
        f.debug_struct("PassphraseSource").field("variable", &variable).field("file", &self.file).finish()
    }
}
