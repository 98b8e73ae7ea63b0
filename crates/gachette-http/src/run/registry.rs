//! Starts builds on threads of their own, keeps their events, and lets any number of followers read them.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gachette::Cancel;
use gachette::build_log::{BuildLog, LogFolder};
use gachette::event::Event;
use gachette::operation::OperationError;
use jiff::Timestamp;
use tokio::sync::watch;

use super::state::{Build, BuildId, BuildKind, BuildState, Outcome};
use crate::{Problem, ProblemKind};

/// How many ended builds are remembered, with their events.
const REMEMBERED: usize = 100;
/// How many events of one build are kept for followers; the log holds the lines of programs beyond that.
const KEPT_EVENTS: usize = 100_000;

/// Long work: what it does with a way to be cancelled and a place to tell its events.
pub(crate) type Work =
    Box<dyn FnOnce(&Cancel, &mut dyn FnMut(Event)) -> Result<Outcome, OperationError> + Send>;

/// All builds of this process.
#[derive(Clone)]
pub(crate) struct Runs {
    runs: Arc<Mutex<BTreeMap<BuildId, Arc<Run>>>>,
    logs: Option<LogFolder>,
}

/// One build and what its followers need.
pub(crate) struct Run {
    build: Mutex<Build>,
    events: Mutex<Vec<Arc<str>>>,
    /// The number of events so far; `None` once there will be no more.
    progress: watch::Sender<Progress>,
    cancel: Cancel,
}

/// How many events there are, and whether more will come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) events: usize,
    pub(crate) ended: bool,
}

impl Runs {
    /// No builds yet; their logs are kept in this folder, or nowhere.
    pub(crate) fn new(logs: Option<LogFolder>) -> Self {
        Self { runs: Arc::default(), logs }
    }

    /// Starts work, and returns at once.
    pub(crate) fn start(&self, kind: BuildKind, subject: String, work: Work) -> Build {
        let started = Timestamp::now();
        let id = BuildId::new(started, RandomState::new().hash_one(started.as_nanosecond()) as u32);
        let log = self.logs.as_ref().map(|folder| folder.create(id.as_str())).transpose();
        // A log is not worth a build: without one it is built all the same, and said so.
        let (log, no_log) = match log {
            Ok(log) => (log, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let build = Build {
            id: id.clone(),
            kind,
            subject,
            state: BuildState::Running,
            started,
            finished: None,
            log: log.as_ref().map(|log| log.path().display().to_string()),
            outcome: None,
            problem: None,
        };
        let run = Arc::new(Run {
            build: Mutex::new(build.clone()),
            events: Mutex::default(),
            progress: watch::Sender::new(Progress::default()),
            cancel: Cancel::new(),
        });
        self.remember(id, Arc::clone(&run));
        if let Some(text) = no_log {
            run.tell(&Event::Warning { text });
        }
        tokio::task::spawn_blocking(move || run.carry_out(work, log));
        build
    }

    /// The builds that are remembered, newest first.
    pub(crate) fn list(&self) -> Vec<Build> {
        hold(&self.runs).values().rev().map(|run| run.build()).collect()
    }

    pub(crate) fn find(&self, id: &BuildId) -> Result<Arc<Run>, Problem> {
        let missing = || Problem::new(ProblemKind::NotFound, format!("build {id} does not exist"));
        hold(&self.runs).get(id).cloned().ok_or_else(missing)
    }

    /// Asks all builds to end, and waits for them, at most so long.
    pub(crate) async fn end_all(&self, at_most: Duration) {
        let runs: Vec<Arc<Run>> = hold(&self.runs).values().cloned().collect();
        runs.iter().for_each(|run| run.cancel());
        let ended = async {
            for run in runs {
                // Only the run itself could drop the sender, and it is held here.
                let _ = run.follow().wait_for(|progress| progress.ended).await;
            }
        };
        let _ = tokio::time::timeout(at_most, ended).await;
    }

    fn remember(&self, id: BuildId, run: Arc<Run>) {
        let mut runs = hold(&self.runs);
        runs.insert(id, run);
        while runs.len() > REMEMBERED {
            let ended = runs.iter().find(|(_, run)| run.progress.borrow().ended).map(|(id, _)| id.clone());
            match ended {
                Some(id) => runs.remove(&id),
                None => break,
            };
        }
    }
}

impl Run {
    pub(crate) fn build(&self) -> Build {
        hold(&self.build).clone()
    }

    /// Ends the work's programs; it is over when its state says so.
    pub(crate) fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Follows the progress; pair with [`Run::event`].
    pub(crate) fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// An event, as JSON.
    pub(crate) fn event(&self, index: usize) -> Option<Arc<str>> {
        hold(&self.events).get(index).cloned()
    }

    fn carry_out(&self, work: Work, mut log: Option<BuildLog>) {
        let outcome = work(&self.cancel, &mut |event| {
            if let Some(log) = &mut log {
                log.write(&event);
            }
            self.tell(&event);
        });
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
                if let Some(log) = &mut log {
                    log.line(&format!("error: {}", problem.title));
                }
                build.problem = Some(problem);
            }
        }
        drop(build);
        self.progress.send_modify(|progress| progress.ended = true);
    }

    fn tell(&self, event: &Event) {
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
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
