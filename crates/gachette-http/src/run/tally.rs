//! What became of all builds, for those who watch the server.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::state::{Build, BuildKind, BuildState};
use super::work::hold;

/// What became of all builds.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<(BuildKind, BuildState), Ended>>);

/// Builds of one kind that ended in one way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ended {
    /// How many.
    pub(crate) count: u64,
    /// How long they took together, in seconds, with the waiting.
    pub(crate) seconds: f64,
}

impl Tally {
    /// Adds a build that ended; one that was handed back has not.
    pub(super) fn add(&self, build: &Build) {
        if build.state == BuildState::HandedBack {
            return;
        }
        let took =
            build.finished.map_or(0.0, |finished| finished.duration_since(build.started).as_secs_f64());
        let mut tally = hold(&self.0);
        let ended = tally.entry((build.kind, build.state)).or_default();
        ended.count += 1;
        ended.seconds += took;
    }

    /// All of it.
    pub(crate) fn all(&self) -> BTreeMap<(BuildKind, BuildState), Ended> {
        hold(&self.0).clone()
    }
}
