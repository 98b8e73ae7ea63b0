//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

use gachette_core::yaml::Problem;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named is not there.
    #[error("configuration file {} does not exist", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// It is nothing to read a configuration from.
    #[error("{}: {problem}", file.display())]
    NoFile {
        /// The file.
        file: PathBuf,
        /// What it is.
        problem: &'static str,
    },
    /// The file cannot be read from disk.
    #[error("cannot read {}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// What it says is wrong.
    #[error("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong {
        /// All of it, in the order of the file; what `--set` says comes last.
        mistakes: Vec<Mistake>,
    },
}

/// One thing wrong, or suspicious, in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it was said: the file, or `--set KEY`.
    pub origin: PathBuf,
    /// What it is, what to do about it, and where it stands in the file.
    pub problem: Problem,
}

impl fmt::Display for Mistake {
    /// `file:line:column: message; hint`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { place, message, hint, .. } = &self.problem;
        write!(f, "{}", self.origin.display())?;
        if place.is_known() {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": {message}")?;
        match hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}
