//! For tests only: git repositories, package fixtures, roots for dpkg.

mod dpkg_root;
mod git;
mod mutation;

pub use dpkg_root::DpkgRoot;
pub use git::{GitRepository, Sshd, hermetic_git};
pub use mutation::Mutations;
