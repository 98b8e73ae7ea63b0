//! One build of this process: its state, its events, and the way to end it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use gachette::Cancel;
use gachette::event::Event;
use gachette::operation::OperationError;
use jiff::Timestamp;
use tokio::sync::watch;

use super::event_file::Weight;
use super::folder::Keeping;
use super::record::{Attachment, Record};
use super::state::{Build, BuildState, Outcome};
use crate::{Problem, ProblemKind};

/// From which size on lines of programs are left out of what is kept in memory of one build for followers, and from which all
/// else is, in bytes. The log has them.
const LARGEST_WITH_OUTPUT: usize = 4 << 20;
const LARGEST: usize = 8 << 20;
/// What an event takes in memory beside its text.
const OVERHEAD: usize = 64;

/// Long work: what it does with a way to be cancelled and a place to tell its events.
pub(crate) type Work =
    Box<dyn FnOnce(&Cancel, &mut dyn FnMut(Event)) -> Result<Outcome, OperationError> + Send>;

/// One build and what its followers need.
pub(crate) struct Run {
    /// Its place in the order of starting.
    pub(super) number: u64,
    pub(super) attachment: Attachment,
    record: Mutex<Record>,
    /// What is kept of it in files; nothing when that cannot be, and when it has ended.
    keeping: Mutex<Option<Keeping>>,
    /// The file by which another process says that it is to end.
    wish: Option<PathBuf>,
    /// The file of its events, when there are some from before.
    earlier: Option<PathBuf>,
    events: Mutex<Events>,
    progress: watch::Sender<Progress>,
    cancel: Cancel,
    /// What was wished first.
    ending: OnceLock<Ending>,
}

/// What was told, as JSON.
#[derive(Default)]
struct Events {
    texts: Vec<Arc<str>>,
    /// How much memory they take.
    size: usize,
}

/// Why a build ends before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Somebody wishes it.
    Cancelled,
    /// Its server ends, and the next one is to take it up.
    HandedBack,
}

/// How many events there are, and whether more will come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) events: usize,
    pub(crate) ended: bool,
}

impl Run {
    pub(super) fn new(number: u64, record: Record, keeping: Option<Keeping>, attachment: Attachment) -> Self {
        Self {
            number,
            attachment,
            record: Mutex::new(record),
            wish: keeping.as_ref().map(|keeping| keeping.wish().to_owned()),
            earlier: keeping.as_ref().and_then(|keeping| keeping.earlier().map(Path::to_owned)),
            keeping: Mutex::new(keeping),
            events: Mutex::default(),
            progress: watch::Sender::new(Progress::default()),
            cancel: Cancel::new(),
            ending: OnceLock::new(),
        }
    }

    pub(crate) fn build(&self) -> Build {
        hold(&self.record).build.clone()
    }

    pub(super) fn state(&self) -> BuildState {
        hold(&self.record).build.state
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.borrow().ended
    }

    /// Ends the work's programs, or takes it from those that wait; it is over when its state says so.
    pub(crate) fn end(&self, ending: Ending) {
        let _ = self.ending.set(ending);
        self.cancel.cancel();
        let mut record = hold(&self.record);
        let waits = record.build.state == BuildState::Queued;
        if waits {
            // From here on it is nobody's turn.
            record.build.state = BuildState::Cancelled;
        }
        drop(record);
        if waits {
            self.close(Err(OperationError::Cancelled.into()));
        }
    }

    /// Whether another process wishes that it end.
    pub(super) fn is_to_end(&self) -> bool {
        self.wish.as_ref().is_some_and(|wish| wish.exists())
    }

    /// The file of its events, when another process did a part of it before.
    pub(super) fn earlier_events(&self) -> Option<&Path> {
        self.earlier.as_deref()
    }

    /// Follows the progress; pair with [`Run::event`].
    pub(crate) fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// An event, as JSON.
    pub(crate) fn event(&self, index: usize) -> Option<Arc<str>> {
        hold(&self.events).texts.get(index).cloned()
    }

    /// Its turn has come; false when it was cancelled before.
    pub(super) fn begin(&self) -> bool {
        let mut record = hold(&self.record);
        let waits = record.build.state == BuildState::Queued;
        if waits {
            record.build.state = BuildState::Running;
            record.begun += 1;
            self.save(&record);
            let Build { id, kind, subject, by, .. } = &record.build;
            tracing::info!(build = %id, %kind, subject, by, "build begins");
        }
        waits
    }

    /// Writes down that it waits.
    pub(super) fn wait(&self) {
        self.save(&hold(&self.record));
    }

    pub(super) fn carry_out(&self, work: Work) {
        // Who waits for its end must hear of it. What it leaves is whole, as it is after `kill -9`.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&self.cancel, &mut |event| self.tell(&event))));
        self.close(match outcome {
            Ok(outcome) => outcome.map_err(Problem::from),
            Err(_) => Err(Problem::new(ProblemKind::Internal, "gachette broke in the middle of it")
                .with_hint("this is a fault of gachette; its standard error says where")),
        });
    }

    /// Writes down how it ended.
    fn close(&self, outcome: Result<Outcome, Problem>) {
        let mut record = hold(&self.record);
        record.build.finished = Some(Timestamp::now());
        match outcome {
            Ok(outcome) => {
                record.build.state = BuildState::Succeeded;
                record.build.outcome = Some(outcome);
            }
            Err(problem) => self.fail(&mut record, problem),
        }
        log_end(&record.build);
        // From here on nobody is at it.
        if let Some(keeping) = hold(&self.keeping).take() {
            keeping.save_end(&record);
        }
        drop(record);
        self.progress.send_modify(|progress| progress.ended = true);
    }

    fn fail(&self, record: &mut Record, mut problem: Problem) {
        let is_kept = hold(&self.keeping).is_some();
        let state = match problem.kind {
            ProblemKind::Cancelled if self.ending.get() == Some(&Ending::HandedBack) => {
                // It was at work, and is not what ended its server.
                record.begun -= u32::from(record.build.state == BuildState::Running);
                problem = record.handed_back(is_kept);
                if problem.kind == ProblemKind::Unavailable {
                    BuildState::HandedBack
                } else {
                    BuildState::Failed
                }
            }
            ProblemKind::Cancelled => BuildState::Cancelled,
            _ => BuildState::Failed,
        };
        if problem.kind == ProblemKind::BuildFailed {
            problem.log = record.build.log.as_deref().map(Box::from);
        }
        if let Some(keeping) = &mut *hold(&self.keeping) {
            keeping.line(&format!("error: {}", problem.title));
        }
        record.build.state = state;
        record.build.problem = Some(if record.server.is_some() { problem.on_server() } else { problem });
    }

    fn save(&self, record: &Record) {
        if let Some(keeping) = &*hold(&self.keeping) {
            keeping.save(record);
        }
    }

    pub(super) fn tell(&self, event: &Event) {
        let Ok(text) = serde_json::to_string(event) else { return };
        if let Some(keeping) = &mut *hold(&self.keeping) {
            keeping.tell(event, &text);
        }
        let mut events = hold(&self.events);
        events.add(text, Weight::of(event));
        let count = events.texts.len();
        drop(events);
        self.progress.send_modify(|progress| progress.events = count);
    }
}

/// A line for the log of a server.
fn log_end(build: &Build) {
    let Build { id, state, .. } = build;
    let ended = build.finished.unwrap_or_else(Timestamp::now);
    // Its turn came later, and may have come twice.
    let seconds_since_order = (ended - build.started).total(jiff::Unit::Second).unwrap_or_default().round();
    let why = build.problem.as_ref().map(|problem| &*problem.title);
    if *state == BuildState::Failed {
        tracing::warn!(build = %id, %state, seconds_since_order, why, "build ended");
    } else {
        tracing::info!(build = %id, %state, seconds_since_order, why, "build ended");
    }
}

impl Events {
    /// Adds one, when there is room for it.
    fn add(&mut self, text: String, weight: Weight) {
        let largest = if weight == Weight::Output { LARGEST_WITH_OUTPUT } else { LARGEST };
        let size = self.size + text.len() + OVERHEAD;
        if size <= largest {
            self.texts.push(text.into());
            self.size = size;
        }
    }
}

/// A lock's content; what a panicking thread left is still whole, since each change is one assignment.
pub(super) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_build_that_talks_without_end_is_bounded() {
        let mut events = Events::default();
        let told = |event: &Event| (serde_json::to_string(event).unwrap(), Weight::of(event));
        let (line, output) = told(&Event::Output { line: "\u{1}".repeat(100) });
        (0..100_000).for_each(|_| events.add(line.clone(), output));
        let with_output = events.texts.len();
        let (stacked, essential) =
            told(&Event::Stacked { stack: "default/1".to_owned(), revision: 2, changed: true });
        events.add(stacked.clone(), essential);
        assert_eq!((events.texts.len(), &*events.texts[with_output]), (with_output + 1, stacked.as_str()));
        (0..100_000).for_each(|_| events.add(stacked.clone(), essential));
        let bytes: usize = events.texts.iter().map(|text| text.len() + OVERHEAD).sum();
        assert!((LARGEST_WITH_OUTPUT..=LARGEST).contains(&bytes), "{bytes}");
    }
}
