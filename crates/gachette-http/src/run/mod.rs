//! Builds as resources: long work that goes on by itself, with events that can be followed, joined late, and cancelled.

mod registry;
mod state;

pub(crate) use registry::Run;
pub(crate) use registry::{Runs, Work};
pub use state::{Build, BuildId, BuildKind, BuildState, Outcome};
