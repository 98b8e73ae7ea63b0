//! The exit codes: which kind of thing went wrong, for scripts. They are gachette's.

/// Everything asked for was done.
pub(crate) const DONE: u8 = 0;
/// A fault of trebuchet's own.
pub(crate) const FAULT: u8 = 1;
/// The command line cannot be understood, or names something that is not there.
pub(crate) const USAGE: u8 = 2;
/// The recipe is wrong, or a step of the build failed.
pub(crate) const BUILD: u8 = 4;
/// Interrupted from the keyboard or by a signal.
pub(crate) const INTERRUPTED: u8 = 130;
