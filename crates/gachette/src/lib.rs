//! From a git ref to packages in a stack: working copies, builds, stacks and repositories.

pub mod repository;

pub mod git;
pub mod working_copy;
