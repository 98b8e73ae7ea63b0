//! For tests only: git repositories, package fixtures, roots for dpkg.

mod git;

pub use git::{GitRepository, Sshd, hermetic_git};
