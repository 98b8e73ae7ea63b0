//! Builds Debian packages from a recipe (the missile) on this machine.

pub mod deb;
pub mod lint;
pub mod process;
pub mod templates;

#[allow(dead_code)] // until `build` uses it
mod build;
#[allow(dead_code, unused_imports)] // until `build` uses it
mod environment;
mod io_error;
#[allow(dead_code)] // until `build` uses it
mod report;
#[allow(dead_code)] // until `build` uses it
mod scripts;
#[allow(dead_code)] // until `build` uses it
mod stage;

pub use build::{BuildError, BuildRequest, BuiltPackage, Event};
pub use environment::{EnvironmentError, RequirementsError};
pub use io_error::IoError;
pub use stage::StageError;
