//! The exit codes: which kind of thing went wrong, for scripts.

/// Everything asked for was done.
pub(crate) const DONE: u8 = 0;
/// A fault of gachette's own, or of this machine, such as a full disk below its repository.
pub(crate) const FAULT: u8 = 1;
/// The command line cannot be understood, or names something that is not there.
pub(crate) const USAGE: u8 = 2;
/// The configuration cannot be read, or lacks what the command needs.
pub(crate) const CONFIGURATION: u8 = 3;
/// A build failed: the recipe, a step of it, or fetching its source.
pub(crate) const BUILD: u8 = 4;
/// Refused: a sealed stack, a different file for a known version, a failed check.
pub(crate) const REFUSED: u8 = 5;
/// A host could not be reached, or failed.
pub(crate) const HOST: u8 = 6;
/// Interrupted from the keyboard or by a signal.
pub(crate) const INTERRUPTED: u8 = 130;
