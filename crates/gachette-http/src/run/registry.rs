//! Starts builds on threads of their own, so many at the same time, and knows them while they are remembered.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gachette::build_log::{BuildLog, LogFolder};
use gachette::event::Event;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::state::{Build, BuildId, BuildKind, BuildState};
use super::tally::Tally;
use super::work::{Run, Work, hold};
use crate::{Problem, ProblemKind};

/// How many ended builds are remembered, with their events.
const REMEMBERED: usize = 100;
/// How many builds may wait for their turn.
const WAITING: usize = 1000;

/// All builds of this process.
#[derive(Clone)]
pub(crate) struct Runs {
    runs: Arc<Mutex<BTreeMap<BuildId, Arc<Run>>>>,
    logs: Option<LogFolder>,
    /// A build at work holds one of these; those that wait get theirs in order.
    turns: Arc<Semaphore>,
    started: Arc<AtomicU64>,
    closed: Arc<AtomicBool>,
    tally: Arc<Tally>,
}

impl Runs {
    /// No builds yet; their logs are kept in this folder, or nowhere.
    pub(crate) fn new(logs: Option<LogFolder>) -> Self {
        let turns = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Self {
            runs: Arc::default(),
            logs,
            turns,
            started: Arc::default(),
            closed: Arc::default(),
            tally: Arc::default(),
        }
    }

    /// No builds yet, of which only so many are carried out at the same time.
    pub(crate) fn at_once(self, count: usize) -> Self {
        let turns = Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)));
        Self { turns, ..Self::new(self.logs) }
    }

    /// Starts work, or has it wait for its turn, and returns at once.
    ///
    /// # Errors
    /// When too many wait, or the process is about to end.
    pub(crate) fn start(&self, kind: BuildKind, subject: String, work: Work) -> Result<Build, Problem> {
        self.check_open()?;
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
            state: BuildState::Queued,
            position: None,
            started,
            finished: None,
            log: log.as_ref().map(|log| log.path().display().to_string()),
            outcome: None,
            problem: None,
        };
        let run = Arc::new(Run::new(self.started.fetch_add(1, Ordering::Relaxed), build));
        self.remember(id, Arc::clone(&run));
        if let Some(text) = no_log {
            run.tell(&Event::Warning { text });
        }
        self.have_turn(Arc::clone(&run), work, log);
        Ok(self.shown(&run))
    }

    fn check_open(&self) -> Result<(), Problem> {
        let unavailable = |title| Problem::new(ProblemKind::Unavailable, title).retry_after(30);
        if self.closed.load(Ordering::Acquire) {
            return Err(unavailable("this server is about to end, and starts no more builds"));
        }
        let waiting = hold(&self.runs).values().filter(|run| run.state() == BuildState::Queued).count();
        if waiting >= WAITING {
            return Err(unavailable("too many builds wait for their turn"));
        }
        Ok(())
    }

    /// Carries the work out, now or when it is its turn.
    fn have_turn(&self, run: Arc<Run>, work: Work, log: Option<BuildLog>) {
        let (tally, waiting) = (Arc::clone(&self.tally), Arc::clone(&self.tally));
        let carry_out = move |turn, run: Arc<Run>| {
            if run.begin() {
                tokio::task::spawn_blocking(move || {
                    run.carry_out(work, log);
                    tally.add(&run.build());
                    drop(turn);
                });
            } else {
                tally.add(&run.build());
            }
        };
        match Arc::clone(&self.turns).try_acquire_owned() {
            Ok(turn) => carry_out(turn, run),
            Err(_) => {
                let turns = Arc::clone(&self.turns);
                tokio::spawn(async move {
                    let mut progress = run.follow();
                    tokio::select! {
                        Ok(turn) = turns.acquire_owned() => carry_out(turn, run),
                        // It was cancelled: somebody else has its turn.
                        _ = progress.wait_for(|progress| progress.ended) => waiting.add(&run.build()),
                    }
                });
            }
        }
    }

    /// The builds that are remembered, newest first.
    pub(crate) fn list(&self) -> Vec<Build> {
        let mut runs: Vec<Arc<Run>> = hold(&self.runs).values().cloned().collect();
        runs.sort_unstable_by_key(|run| std::cmp::Reverse(run.number));
        runs.iter().map(|run| self.shown(run)).collect()
    }

    pub(crate) fn find(&self, id: &BuildId) -> Result<Arc<Run>, Problem> {
        let missing = || Problem::new(ProblemKind::NotFound, format!("build {id} does not exist"));
        hold(&self.runs).get(id).cloned().ok_or_else(missing)
    }

    /// A build, with its place among those that wait.
    pub(crate) fn shown(&self, run: &Run) -> Build {
        let mut build = run.build();
        if build.state == BuildState::Queued {
            let before = |other: &&Arc<Run>| other.number < run.number && other.state() == BuildState::Queued;
            build.position = Some(hold(&self.runs).values().filter(before).count() + 1);
        }
        build
    }

    /// What became of all builds so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Starts no more builds.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Waits for the builds there are, at most so long; whether all of them ended.
    pub(crate) async fn idle(&self, at_most: Duration) -> bool {
        let runs: Vec<Arc<Run>> = hold(&self.runs).values().cloned().collect();
        let ended = async {
            for run in runs {
                // Only the run itself could drop the sender, and it is held here.
                let _ = run.follow().wait_for(|progress| progress.ended).await;
            }
        };
        tokio::time::timeout(at_most, ended).await.is_ok()
    }

    /// Asks all builds to end, and waits for them, at most so long.
    pub(crate) async fn end_all(&self, at_most: Duration) {
        let runs: Vec<Arc<Run>> = hold(&self.runs).values().cloned().collect();
        runs.iter().for_each(|run| run.cancel());
        self.idle(at_most).await;
    }

    fn remember(&self, id: BuildId, run: Arc<Run>) {
        let mut runs = hold(&self.runs);
        runs.insert(id, run);
        let mut ended: Vec<(u64, BuildId)> = runs
            .iter()
            .filter(|(_, run)| run.has_ended())
            .map(|(id, run)| (run.number, id.clone()))
            .collect();
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(REMEMBERED);
        for (_, id) in ended.drain(..surplus) {
            runs.remove(&id);
        }
    }
}
