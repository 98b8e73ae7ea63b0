//! Builds as resources: long work that goes on by itself, with events that can be followed, joined late, and cancelled. What is
//! known of them is kept in files, so that other processes of the same user can do that too.

mod event_file;
mod folder;
mod known;
mod log;
mod record;
mod registry;
mod state;
mod tally;
mod work;

pub use folder::BuildFolder;
pub(crate) use record::{Attachment, Ordered};
pub(crate) use registry::Runs;
pub use state::{Build, BuildId, BuildKind, BuildState, Outcome};
pub(crate) use work::Work;
