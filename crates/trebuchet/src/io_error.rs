//! An input or output error together with the path it happened at, and in plain words.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Something on disk could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("`{}`: {}", path.display(), io_reason(source))]
pub struct IoError {
    /// Where it happened.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl IoError {
    /// An error met while walking through a folder.
    pub(crate) fn walking(folder: &Path, error: walkdir::Error) -> Self {
        let path = error.path().unwrap_or(folder).to_owned();
        Self { path, source: error.into() }
    }
}

/// Why something could not be read or written, in plain words where the system's own are none.
pub fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::QuotaExceeded => "this user may not have more on this disk".to_owned(),
        ErrorKind::InvalidData if is_of_text(error) => "it is not UTF-8".to_owned(),
        _ => {
            let said = error.to_string();
            let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
            number.and_then(|number| said.strip_suffix(&number).map(str::to_owned)).unwrap_or(said)
        }
    }
}

/// Whether bytes were to be text and are none: so the standard library's readers say it, and conversions of ours.
fn is_of_text(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(|inner| inner.is::<std::string::FromUtf8Error>())
        || error.to_string() == "stream did not contain valid UTF-8"
}

/// Tells a result's error where it happened.
pub(crate) trait At<T> {
    /// The same, with the path.
    fn at(self, path: &Path) -> Result<T, IoError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, IoError> {
        self.map_err(|source| IoError { path: path.to_owned(), source })
    }
}
