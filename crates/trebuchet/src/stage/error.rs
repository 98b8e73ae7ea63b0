//! Why the contents of a package could not be put together.

use std::path::PathBuf;

use gachette_core::debian::{ArchitectureError, ControlError, PackageNameError, RelationsError};

use crate::deb::{DebError, PackagePathError};
use crate::environment::EnvironmentError;
use crate::io_error::IoError;
use crate::process::ProcessError;
use crate::templates::TemplateError;

/// Why the contents of a package could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A path of the recipe leads out of the project.
    #[error("`{path}` leads out of the project")]
    Outside {
        /// As it is written in the recipe.
        path: String,
    },
    /// A path of the recipe leads through a symbolic link.
    #[error("`{path}` leads through the symbolic link `{}`, which is not followed", link.display())]
    ThroughLink {
        /// As it is written in the recipe.
        path: String,
        /// The link.
        link: PathBuf,
    },
    /// A glob cannot be read.
    #[error("the glob `{glob}` cannot be read: {reason}")]
    Glob {
        /// As it is written in the recipe.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The environment could not be made.
    #[error("the environment: {0}")]
    Environment(#[from] EnvironmentError),
    /// A step of `build_assets` failed.
    #[error("a step of `build_assets` failed: {0}")]
    Process(#[from] ProcessError),
    /// A template cannot be rendered.
    #[error("the template {0}")]
    Template(Box<TemplateError>),
    /// A service runs a file that the recipe does not have.
    #[error("the service `{service}` runs `{binary}`, which is none of `extra_files`")]
    NoBinary {
        /// The service.
        service: String,
        /// As it names it.
        binary: String,
    },
    /// This machine's architecture cannot be found out.
    #[error("the architecture of this machine is not known: {0}; name it with `--arch`")]
    Architecture(ProcessError),
    /// dpkg names an architecture that is none.
    #[error("the architecture of this machine is not known: {0}; name it with `--arch`")]
    UnknownArchitecture(ArchitectureError),
    /// The interpreter's package has an odd name.
    #[error("the interpreter's package: {0}")]
    Interpreter(PackageNameError),
    /// A relation of the recipe cannot be read.
    #[error("`{field}` of the recipe: {source}")]
    Relations {
        /// The key in the recipe.
        field: &'static str,
        /// What is wrong.
        source: RelationsError,
    },
    /// A value cannot be in a control file.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A path cannot be in a package.
    #[error(transparent)]
    Path(#[from] PackagePathError),
    /// The entries do not go together.
    #[error(transparent)]
    Deb(#[from] DebError),
    /// Something on disk could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
}

impl From<TemplateError> for StageError {
    fn from(error: TemplateError) -> Self {
        Self::Template(Box::new(error))
    }
}
