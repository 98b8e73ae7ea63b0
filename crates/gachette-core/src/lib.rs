//! Decides: values in, values out.
//!
//! Nothing here reads a file, starts a process, opens a connection, looks at the clock or at the environment; all of
//! that is an argument. `clippy.toml` beside this crate enforces it.

pub mod apt;
pub mod base;
pub mod channel;
pub mod debian;
pub mod git;
pub mod host;
pub mod host_check;
pub mod installability;
pub mod log;
pub mod missile;
pub mod sbom;
pub mod stack;
pub mod statement;
pub mod uri;
pub mod yaml;

mod address_secrets;
mod as_text;
mod counted;
mod digest;
mod json_reason;
mod login_shell;
mod nearest;
mod parsed;
#[cfg(test)]
mod text_patterns;

pub use address_secrets::{address_without_secrets, without_secrets};
pub use counted::{counted, plural};
pub use json_reason::json_reason;
pub use login_shell::{LoginShell, LoginShellError};
pub use nearest::nearest;

pub use digest::{DigestError, Sha256Digest};
