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
        _ => error.to_string(),
    }
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
