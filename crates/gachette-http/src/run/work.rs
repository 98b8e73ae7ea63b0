//! One build: its state, its events, and the way to end it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gachette::Cancel;
use gachette::build_log::BuildLog;
use gachette::event::Event;
use gachette::operation::OperationError;
use jiff::Timestamp;
use tokio::sync::watch;

use super::state::{Build, BuildState, Outcome};
use crate::{Problem, ProblemKind};

/// How many events of one build are kept for followers; the log holds the lines of programs beyond that.
const KEPT_EVENTS: usize = 100_000;

/// Long work: what it does with a way to be cancelled and a place to tell its events.
pub(crate) type Work =
    Box<dyn FnOnce(&Cancel, &mut dyn FnMut(Event)) -> Result<Outcome, OperationError> + Send>;

/// One build and what its followers need.
pub(crate) struct Run {
    /// Its place in the order of starting.
    pub(super) number: u64,
    build: Mutex<Build>,
    events: Mutex<Vec<Arc<str>>>,
    progress: watch::Sender<Progress>,
    cancel: Cancel,
}

/// How many events there are, and whether more will come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) events: usize,
    pub(crate) ended: bool,
}

impl Run {
    pub(super) fn new(number: u64, build: Build) -> Self {
        let progress = watch::Sender::new(Progress::default());
        Self { number, build: Mutex::new(build), events: Mutex::default(), progress, cancel: Cancel::new() }
    }

    pub(crate) fn build(&self) -> Build {
        hold(&self.build).clone()
    }

    pub(super) fn state(&self) -> BuildState {
        hold(&self.build).state
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.borrow().ended
    }

    /// Ends the work's programs, or takes it from those that wait; it is over when its state says so.
    pub(crate) fn cancel(&self) {
        self.cancel.cancel();
        let mut build = hold(&self.build);
        let waits = build.state == BuildState::Queued;
        if waits {
            // From here on it is nobody's turn.
            build.state = BuildState::Cancelled;
        }
        drop(build);
        if waits {
            self.end(Err(OperationError::Cancelled), &mut None);
        }
    }

    /// Follows the progress; pair with [`Run::event`].
    pub(crate) fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// An event, as JSON.
    pub(crate) fn event(&self, index: usize) -> Option<Arc<str>> {
        hold(&self.events).get(index).cloned()
    }

    /// Its turn has come; false when it was cancelled before.
    pub(super) fn begin(&self) -> bool {
        let mut build = hold(&self.build);
        let waits = build.state == BuildState::Queued;
        if waits {
            build.state = BuildState::Running;
        }
        waits
    }

    pub(super) fn carry_out(&self, work: Work, mut log: Option<BuildLog>) {
        let outcome = work(&self.cancel, &mut |event| {
            if let Some(log) = &mut log {
                log.write(&event);
            }
            self.tell(&event);
        });
        self.end(outcome, &mut log);
    }

    fn end(&self, outcome: Result<Outcome, OperationError>, log: &mut Option<BuildLog>) {
        let mut build = hold(&self.build);
        build.finished = Some(Timestamp::now());
        match outcome {
            Ok(outcome) => {
                build.state = BuildState::Succeeded;
                build.outcome = Some(outcome);
            }
            Err(error) => {
                let mut problem = Problem::from(error);
                if problem.kind == ProblemKind::BuildFailed {
                    problem.log.clone_from(&build.log);
                }
                let cancelled = problem.kind == ProblemKind::Cancelled;
                build.state = if cancelled { BuildState::Cancelled } else { BuildState::Failed };
                if let Some(log) = log {
                    log.line(&format!("error: {}", problem.title));
                }
                build.problem = Some(problem);
            }
        }
        drop(build);
        self.progress.send_modify(|progress| progress.ended = true);
    }

    pub(super) fn tell(&self, event: &Event) {
        let Ok(text) = serde_json::to_string(event) else { return };
        let mut events = hold(&self.events);
        if events.len() >= KEPT_EVENTS && matches!(event, Event::Output { .. }) {
            return;
        }
        events.push(text.into());
        let count = events.len();
        drop(events);
        self.progress.send_modify(|progress| progress.events = count);
    }
}

/// A lock's content; what a panicking thread left is still whole, since each change is one assignment.
pub(super) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
