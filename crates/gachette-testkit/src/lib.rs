//! For tests only: git repositories, package fixtures, roots for dpkg and apt, homes of GnuPG, hosts with sshd, small universes
//! of packages.

mod apt_root;
mod dpkg_root;
mod git;
mod gnupg;
mod machine_packages;
mod mutation;
mod network;
mod package_folder;
mod small_universe;

pub use apt_root::AptRoot;
pub use dpkg_root::DpkgRoot;
pub use git::{GitRepository, SshAgent, Sshd, hermetic_git};
pub use gnupg::GnupgHome;
pub use mutation::Mutations;
pub use network::{Network, NetworkHost};
pub use package_folder::PackageFolder;
pub use small_universe::{SmallUniverses, UniverseTraits};
