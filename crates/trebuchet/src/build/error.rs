//! Why a build, or one of its packages, failed.

use std::path::{Path, PathBuf};

use gachette_core::debian::PackageName;
use gachette_core::missile::Problem;

use crate::deb::DebError;
use crate::environment::EnvironmentError;
use crate::io_error::IoError;
use crate::process::ProcessError;
use crate::source_date::SourceDateError;
use crate::stage::StageError;

/// With what a shell ends that did not find a program (POSIX, Exit Status for Commands).
const NOT_FOUND: i32 = 127;

/// Why a build failed.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The missile cannot be read.
    #[error("the missile {0}")]
    Missile(IoError),
    /// The missile is wrong.
    #[error("the missile `{}` is wrong:{}", path.display(), listed(problems))]
    Recipe {
        /// The missile.
        path: PathBuf,
        /// What is wrong; at least one error.
        problems: Vec<Problem>,
    },
    /// What goes into a package could not be put together.
    #[error("the package `{package}`: {source}")]
    Stage {
        /// The package.
        package: PackageName,
        /// Why.
        source: Box<StageError>,
    },
    /// The package file could not be written.
    #[error("the package `{package}`: {source}")]
    Write {
        /// The package.
        package: PackageName,
        /// Why.
        source: DebError,
    },
    /// It cannot be said how the packages were built.
    #[error("how it was built cannot be said: {reason}")]
    Buildinfo {
        /// Why.
        reason: String,
    },
    /// The environment asks for a time that is none.
    #[error(transparent)]
    SourceDate(#[from] SourceDateError),
    /// A folder is in the way of a staged tree.
    #[error("`{}` is there and holds no staged package; it is left alone", .0.display())]
    NotStaged(PathBuf),
    /// Something on disk could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// Its user wanted it to end.
    #[error("the build was cancelled")]
    Cancelled,
}

impl BuildError {
    /// What to do about it, where the machine that builds lacks something.
    pub fn hint(&self) -> Option<String> {
        let Self::Stage { source, .. } = self else { return None };
        match source.as_ref() {
            StageError::Environment(EnvironmentError::NoInterpreter { binary }) => {
                let package = Path::new(binary).file_name().unwrap_or_default().to_string_lossy();
                Some(format!(
                    "install it where the build is made, usually by the package `{package}`, or name another as `binary` of the \
                     environment"
                ))
            }
            StageError::Environment(EnvironmentError::Process(error)) | StageError::Process(error)
                if error.exit_code() == Some(NOT_FOUND) =>
            {
                Some(
                    "a program was not found, as exit status 127 says: install it where the build is made, or put it into PATH there \
                     in the start files of the login shell"
                        .to_owned(),
                )
            }
            _ => None,
        }
    }

    /// What went wrong while a package was put together; a cancellation is told as such.
    pub(crate) fn stage(package: &PackageName, source: StageError) -> Self {
        match source {
            StageError::Environment(EnvironmentError::Cancelled)
            | StageError::Environment(EnvironmentError::Process(ProcessError::Cancelled { .. }))
            | StageError::Process(ProcessError::Cancelled { .. }) => Self::Cancelled,
            source => Self::Stage { package: package.clone(), source: Box::new(source) },
        }
    }

    /// What went wrong while a package file was written; a cancellation is told as such.
    pub(crate) fn write(package: &PackageName, source: DebError) -> Self {
        match source {
            DebError::Cancelled => Self::Cancelled,
            source => Self::Write { package: package.clone(), source },
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.is_error());
    errors.map(|problem| format!("\n  {problem}")).collect()
}
