//! From a git ref to packages in a stack: working copies, builds, stacks and repositories.
//!
//! This is the library behind the `gachette` command, for programs that do the same by themselves. Everything is synchronous
//! and blocks; what takes long takes a [`Cancel`], and a place to tell its events. A program that builds projects it does not
//! trust calls [`trebuchet::templates::confine`] first thing in `main`: only then the memory that templates take is bounded.
//!
//! | to | use |
//! |---|---|
//! | check a ref out, build it | [`working_copy::WorkingCopy`] |
//! | keep packages and stacks | [`repository::Repository`] |
//! | work on one stack, by the names of the original library | [`stack::Stack`] |
//! | sign the Release files of APT suites | [`signing::Signers`] |
//! | do what the verbs of the command line do | [`operation`] |
//! | see whether this machine is fit for builds | [`host_check`] |
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let meta = folder.path();
//! use gachette::repository::Repository;
//! use gachette_core::stack::{By, StackName};
//!
//! let repository = Repository::init(meta, None)?;
//! let by = By::new("ada@build1").because("the next release");
//! let (old, new): (StackName, StackName) = ("124".parse()?, "125".parse()?);
//! repository.create_stack(&old, None, &by)?;
//! repository.create_stack(&new, Some(&old.at(1)), &by)?;
//! repository.seal_stack(&old, &by)?;
//! assert!(repository.show_stack(&old.into())?.revision.sealed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod base;
mod cache;
pub mod config;
pub mod event;
mod file_stat;
pub mod git;
pub mod host;
pub mod host_check;
pub mod identity;
pub mod mirror;
pub mod operation;
pub mod private_file;
pub mod repository;
pub mod signing;
pub mod stack;
pub mod state;
pub mod working_copy;

pub use trebuchet::process::Cancel;
pub use trebuchet::{io_reason, open_regular, read_regular};
