//! Builds Debian packages from a recipe (the missile) on this machine.

pub mod deb;
pub mod lint;
pub mod process;
pub mod templates;

mod build;
mod develop;
mod environment;
mod io_error;
mod regular_file;
mod report;
mod scripts;
mod source_date;
mod stage;
mod user_cache;

pub use build::{
    BuildError, BuildProduct, BuildRequest, BuildinfoFile, BuiltPackage, Event, build, buildinfo, plan,
};
pub use develop::{StagedPackage, develop};
pub use environment::{EnvironmentError, Interpreter, RequirementsError};
pub use io_error::{IoError, io_reason};
pub use regular_file::{open_handed_over, open_regular, read_handed_over, read_open, read_regular};
pub use source_date::{SourceDate, SourceDateError};
pub use stage::StageError;
pub use user_cache::user_cache;
