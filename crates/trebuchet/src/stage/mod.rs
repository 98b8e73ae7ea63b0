//! Puts together what goes into each package, before it is written.

mod error;
pub use error::StageError;
pub(crate) mod code_tree;
pub(crate) mod globs;
pub(crate) mod inside;
