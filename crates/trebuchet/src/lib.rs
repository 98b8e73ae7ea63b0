//! Builds Debian packages from a recipe (the missile) on this machine.

pub mod deb;
pub mod process;
