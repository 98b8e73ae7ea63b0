//! Git repositories, and servers of them, as fixtures.
#![allow(clippy::expect_used, clippy::panic, reason = "a fixture that cannot be made ends the test")]

mod agent;
mod repository;
mod sshd;

pub use agent::SshAgent;
pub use repository::{GitRepository, hermetic_git};
pub use sshd::Sshd;
pub(crate) use sshd::{keygen, sshd_configuration};
