//! Builds Debian packages from a recipe (the missile) on this machine.

pub mod process;
