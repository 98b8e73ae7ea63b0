//! The passphrase of keys of our own: from the environment or a file, never from an argument.

use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use pgp::types::Password;
use zeroize::Zeroizing;

use super::SigningError;
use super::place::folder_around;
use crate::private_file;

/// The variable that holds a passphrase. It is one of [`trebuchet::process::SECRETS`].
pub const PASSPHRASE_VARIABLE: &str = "GACHETTE_PASSPHRASE";

/// Where the passphrase is taken from, when it is needed: of either place, the first line.
#[derive(Clone, Default)]
pub struct PassphraseSource {
    variable: Option<Zeroizing<Vec<u8>>>,
    file: Option<PathBuf>,
    /// The folders in which the file must not lie.
    repository: Vec<PathBuf>,
}

impl PassphraseSource {
    /// The variable of this process; when it is not set, this file.
    pub fn of_this_process(file: Option<PathBuf>) -> Self {
        let variable = std::env::var_os(PASSPHRASE_VARIABLE).map(|text| Zeroizing::new(text.into_vec()));
        Self { variable: variable.filter(|text| !text.is_empty()), file, repository: Vec::new() }
    }

    /// This file.
    pub fn file(file: PathBuf) -> Self {
        Self { file: Some(file), ..Self::default() }
    }

    /// The same, but for a file in one of these folders, which others read.
    #[must_use]
    pub fn outside_of(self, repository: Vec<PathBuf>) -> Self {
        Self { repository, ..self }
    }

    /// The passphrase that protects a new key, when there is one.
    ///
    /// # Errors
    /// When its file cannot be read, is open to others, or lies in the repository, and when it is empty.
    pub(super) fn read(&self) -> Result<Option<Password>, SigningError> {
        match (&self.variable, &self.file) {
            (Some(text), _) => first_line(text.clone(), PASSPHRASE_VARIABLE).map(Some),
            (None, Some(path)) => self.read_file(path).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Those that may open a key: a line end in the variable counted once.
    ///
    /// # Errors
    /// As for [`PassphraseSource::read`], but for an empty variable.
    pub(super) fn candidates(&self) -> Result<Vec<Password>, SigningError> {
        let Some(text) = &self.variable else { return Ok(self.read()?.into_iter().collect()) };
        let line = first_line(text.clone(), PASSPHRASE_VARIABLE).ok();
        let whole = has_line_end(text).then(|| Password::Static(text.clone()));
        Ok(line.into_iter().chain(whole).collect())
    }

    fn read_file(&self, path: &Path) -> Result<Password, SigningError> {
        if let Some(folder) = folder_around(path, &self.repository) {
            let (path, repository) = (path.to_owned(), folder.to_owned());
            return Err(SigningError::PassphraseInRepository { path, repository });
        }
        let text = private_file::read(path).map_err(SigningError::PassphraseFile)?;
        first_line(text, &path.display().to_string())
    }
}

fn has_line_end(text: &[u8]) -> bool {
    text.iter().any(|byte| b"\r\n".contains(byte))
}

/// What stands before the first line end; `origin` names the place in errors.
fn first_line(mut text: Zeroizing<Vec<u8>>, origin: &str) -> Result<Password, SigningError> {
    let end = text.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(text.len());
    text.truncate(end);
    if text.is_empty() {
        return Err(SigningError::EmptyPassphrase { origin: origin.to_owned() });
    }
    Ok(Password::Static(text))
}

impl fmt::Debug for PassphraseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = self.variable.as_ref().map(|_| PASSPHRASE_VARIABLE);
        f.debug_struct("PassphraseSource").field("variable", &variable).field("file", &self.file).finish()
    }
}
