//! Why the lists of a base could not be taken.

use std::io;
use std::path::PathBuf;

use gachette_core::installability::UniverseError;
use trebuchet::process::ProcessError;

/// Why the lists of a base could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A list of packages is larger than any.
    #[error("{place}: it is larger than 1 GiB")]
    Large {
        /// The file.
        place: String,
    },
    /// A list of packages is none.
    #[error("{place}: {source}")]
    Packages {
        /// The file or address.
        place: String,
        /// What is wrong, and in which line.
        source: UniverseError,
    },
    /// A list of packages is not text.
    #[error("{place}: it is not UTF-8")]
    Encoding {
        /// The file or address.
        place: String,
    },
    /// A list of packages was cut off, or is not compressed as its name says.
    #[error("{place} is broken: {reason}")]
    Broken {
        /// The file or address.
        place: String,
        /// How that is known.
        reason: String,
    },
    /// apt failed, or does not believe what it fetched.
    #[error("apt could not fetch the lists of packages: {0}")]
    Apt(ProcessError),
    /// A program for compressed lists failed.
    #[error(transparent)]
    Process(ProcessError),
    /// apt fetched nothing.
    #[error("the sources name no list of packages for {architectures}")]
    Nothing {
        /// The architectures that were asked for.
        architectures: String,
    },
}

impl BaseError {
    /// Whether somebody did not wait for the end.
    pub fn is_cancelled(&self) -> bool {
        let (Self::Apt(error) | Self::Process(error)) = self else { return false };
        matches!(error, ProcessError::Cancelled { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Apt(ProcessError::NotFound { .. }) => {
                Some("apt is needed to take a base from sources".to_owned())
            }
            // `Release file for ADDRESS is expired (invalid since 1d).`
            Self::Apt(error) if error.last_lines().iter().any(|line| line.contains(" is expired (")) => Some(
                "it may be a mirror that is no longer kept up; `Check-Valid-Until: no`, or `[check-valid-until=no]` in one line, \
                 believes it all the same"
                    .to_owned(),
            ),
            Self::Apt(_) => Some(
                "try the same sources with `apt-get update`; keys are named by `Signed-By` or `keyring`"
                    .to_owned(),
            ),
            Self::Nothing { .. } => {
                Some("see `URIs`, `Suites`, `Components` and `Architectures` of the sources".to_owned())
            }
            Self::Packages { .. } | Self::Encoding { .. } | Self::Broken { .. } => Some(
                "see whether all of it is there, and whether it is a `Packages` file; nothing was changed"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
