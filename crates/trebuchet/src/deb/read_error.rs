//! What can be wrong with a package file that somebody else made.

use std::io;
use std::path::PathBuf;

use gachette_core::debian::{ControlError, ParagraphError};

use super::PackagePathError;

/// Why a file is not taken as a package.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read as a package: {fault}", path.display())]
pub struct DebReadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub fault: DebFault,
}

/// What is wrong with a package file.
#[derive(Debug, thiserror::Error)]
pub enum DebFault {
    /// Reading failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is a folder, a device, a pipe or a socket.
    #[error("it is no regular file")]
    NoFile,
    /// It does not begin as deb(5) says.
    #[error("it is no Debian package (deb(5)): {0}")]
    Format(&'static str),
    /// It ends before what it announces.
    #[error("it is truncated: the end is missing")]
    Truncated,
    /// A member is compressed in a way that is not read here.
    #[error("its member `{0}` is not compressed with gzip, xz or zstd")]
    Compression(String),
    /// A member does not unpack.
    #[error("its member `{member}` is damaged: {reason}")]
    Damaged {
        /// The member.
        member: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// It unpacks to more than a package has: most likely it was made to exhaust whoever reads it.
    #[error("it has more {what} than is read ({limit})")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much is read.
        limit: u64,
    },
    /// A path that would leave the package or cannot be written down.
    #[error(transparent)]
    Path(#[from] PackagePathError),
    /// A path that goes through something else than a folder.
    #[error("`{path}` would lie below `{other}`, which is no folder in this package")]
    Through {
        /// The path, made printable.
        path: String,
        /// The link or file.
        other: String,
    },
    /// A hard link to no file that was unpacked by then.
    #[error("`{path}` is a hard link to `{target}`, and no such file comes before it in this package")]
    LinkedToNothing {
        /// The path, made printable.
        path: String,
        /// What it is to be the same file as.
        target: String,
    },
    /// Its control file is no text.
    #[error("its control file is not UTF-8")]
    Text,
    /// Its control file cannot be read.
    #[error("its control file: {0}")]
    Control(#[from] ControlError),
    /// Its control file is no paragraph.
    #[error("its control file: {0}")]
    Paragraph(#[from] ParagraphError),
}
