//! Puts together what goes into each package, before it is written: entries, control file, scripts.
//!
//! What a recipe means is decided in `gachette_core::missile`; how a package becomes a file, in `crate::deb`.

mod application;
mod code_tree;
mod configuration;
mod control;
mod custom_files;
mod environment;
mod error;
mod extra_files;
mod globs;
mod inside;
mod main_contents;
mod package;
mod service;
mod shipped;
mod variant;
mod workshop;

pub use error::StageError;

pub(crate) use inside::inside;
pub(crate) use shipped::Shipped;
pub(crate) use variant::Variant;
pub(crate) use workshop::Workshop;
