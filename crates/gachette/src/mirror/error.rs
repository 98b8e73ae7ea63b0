//! Why a mirror could not be made, fetched or sent.

use std::io;
use std::path::{Path, PathBuf};

use gachette_core::git::{GitUrl, GitUrlError};

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
    /// A repository names a submodule whose address is none.
    #[error("the submodule `{}` of {parent} is not fetched: {reason}", path.escape_debug())]
    SubmoduleAddress {
        /// The submodule's path.
        path: String,
        /// The repository.
        parent: GitUrl,
        /// What is wrong.
        reason: SubmoduleAddressError,
    },
    /// Submodules lie in submodules, deeper than anybody would have them.
    #[error("the submodules of {url} do not end: they lie too deep in each other, or are too many")]
    TooManySubmodules {
        /// The repository.
        url: GitUrl,
    },
    /// There is no folder for mirrors.
    #[error("there is no folder for mirrors: neither HOME nor XDG_CACHE_HOME is set")]
    NoHome,
    /// Something on disk could not be read or written.
    #[error("{}: {}", path.display(), trebuchet::io_reason(source))]
    Io {
        /// What.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// What is wrong with a submodule's address.
#[derive(Debug, thiserror::Error)]
pub enum SubmoduleAddressError {
    /// It is none that is given to git.
    #[error(transparent)]
    Unsafe(#[from] GitUrlError),
    /// It is relative, and leads out of the server.
    #[error("`{}` goes up beyond the top of the repository's address", .0.escape_debug())]
    TooFarUp(String),
    /// It is a path of this machine, which the project is not on: somebody else's words would choose what is read here.
    #[error("{0} is on this machine, and the project is not")]
    OnThisMachine(GitUrl),
}

impl MirrorError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
