//! Why a mirror could not be made, fetched or sent.

use std::io;
use std::path::{Path, PathBuf};

use super::MirrorRefsError;
use crate::git::GitError;

/// Why something could not be done with a mirror.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The refs are none.
    #[error(transparent)]
    Refs(#[from] MirrorRefsError),
    /// Nothing was pushed for this repository.
    #[error("nothing was pushed here for {url}")]
    NotPushed {
        /// The repository.
        url: String,
    },
    /// There is no folder for mirrors.
    #[error("there is no folder for mirrors: neither HOME nor XDG_CACHE_HOME is set")]
    NoHome,
    /// Something on disk could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl MirrorError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
