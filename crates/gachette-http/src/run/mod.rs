//! Builds as resources: long work that goes on by itself, with events that can be followed, joined late, and cancelled.

mod registry;
mod state;
mod tally;
mod work;

pub(crate) use registry::Runs;
pub use state::{Build, BuildId, BuildKind, BuildState, Outcome};
pub(crate) use work::{Run, Work};
