//! What can go wrong while a package is written.

use std::io;
use std::path::PathBuf;

use gachette_core::debian::ControlError;

use super::{PackagePath, PackagePathError};
use crate::io_error::io_reason;

/// Why a package could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DebError {
    /// The control file cannot be written.
    #[error("the control file of the package: {0}")]
    Control(#[from] ControlError),
    /// A path that cannot be in a package.
    #[error(transparent)]
    Path(#[from] PackagePathError),
    /// Reading or writing failed.
    #[error("{action} {}: {}", path.display(), io_reason(source))]
    Io {
        /// What was being done, such as `cannot read`.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Two different entries for one path.
    #[error("`/{0}` is in the package twice, with different contents")]
    Twice(PackagePath),
    /// An entry below something that is no folder.
    #[error("`/{below}` cannot be in the package: `/{path}` is not a folder there")]
    NotAFolder {
        /// The file or link in the way.
        path: PackagePath,
        /// The entry below it.
        below: PackagePath,
    },
    /// A device, socket or pipe.
    #[error("{} is a {kind}: a package holds files, folders and symbolic links only", path.display())]
    Special {
        /// The file.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// A file that was not the same at the end of reading as at the beginning.
    #[error("{} changed while it was packed; pack again when nothing writes to it", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A script that dpkg could not run.
    #[error("the maintainer script `{0}` must begin with `#!` and a program, such as `#!/bin/sh`")]
    Script(String),
    /// A conffile that is no file of the package, or whose name dpkg could not read back.
    #[error("the conffile `/{0}` must be a file of the package, without blanks at the end of its name")]
    Conffile(PackagePath),
    /// A control file's name that is taken or malformed.
    #[error("`{0}` cannot be the name of a further control file")]
    ControlFile(String),
    /// A symbolic link to nothing or to text that cannot be kept.
    #[error("the symbolic link `/{0}` needs a target of 1 to 4095 bytes without a NUL")]
    Link(PackagePath),
    /// The name of a user or group that a tar header cannot hold.
    #[error("`{0}` cannot own a file in a package: a name has at most 31 bytes")]
    Owner(String),
    /// A compression level that the format does not have.
    #[error("{format} has the levels {lowest} to {highest}, not {level}")]
    Level {
        /// The format.
        format: &'static str,
        /// Its lowest level.
        lowest: i64,
        /// Its highest level.
        highest: i64,
        /// The level asked for.
        level: i64,
    },
    /// A time before 1970, which tar cannot hold.
    #[error("the time {0} of the package's files is before 1970")]
    Time(i64),
    /// A member of more than ten digits, which ar cannot hold.
    #[error("the package is too large: its compressed files have {0} bytes, and ar(5) holds 9999999999")]
    TooLarge(u64),
    /// The caller wanted it to end.
    #[error("packing was cancelled")]
    Cancelled,
}

impl DebError {
    /// For `map_err` on operations with a file.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
