//! From a git ref to packages in a stack: working copies, builds, stacks and repositories.

pub mod build_log;
pub mod config;
pub mod event;
pub mod git;
pub mod identity;
pub mod operation;
pub mod repository;
pub mod stack;
pub mod working_copy;

pub use trebuchet::process::Cancel;
