//! Starts builds on threads of their own, so many at the same time, and ends them.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gachette::event::Event;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::folder::{BuildFolder, Keeping};
use super::record::{Attachment, Ordered, Record};
use super::state::{Build, BuildId, BuildState};
use super::tally::Tally;
use super::work::{Ending, Run, Work, hold};
use crate::outside::{runtime, spawn_outside};
use crate::{Problem, ProblemKind};

/// How many ended builds are remembered, with their events: where there are files of them, and where there are none.
const REMEMBERED: usize = 10;
const REMEMBERED_WITHOUT_FILES: usize = 100;
/// How many builds may wait for their turn.
const WAITING: usize = 1000;
/// How often it is looked whether another process wishes that a build end.
const LOOK: Duration = Duration::from_millis(100);

/// All builds of this process, and those of others that left files.
#[derive(Clone)]
pub(crate) struct Runs {
    pub(super) runs: Arc<Mutex<BTreeMap<BuildId, Arc<Run>>>>,
    pub(super) folder: Option<BuildFolder>,
    /// Which server this is: it knows its own builds alone. A command line knows all.
    pub(super) server: Option<Arc<str>>,
    /// A build at work holds one of these; those that wait get theirs in order.
    turns: Arc<Semaphore>,
    started: Arc<AtomicU64>,
    closed: Arc<AtomicBool>,
    tally: Arc<Tally>,
}

impl Runs {
    /// No builds yet; they are kept in this folder, or nowhere.
    pub(crate) fn new(folder: Option<BuildFolder>) -> Self {
        let turns = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Self {
            runs: Arc::default(),
            folder,
            server: None,
            turns,
            started: Arc::default(),
            closed: Arc::default(),
            tally: Arc::default(),
        }
    }

    /// No builds yet, those of this server, of which only so many are carried out at the same time.
    pub(crate) fn of_server(self, server: &str, at_once: usize) -> Self {
        let turns = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
        Self { turns, server: Some(server.into()), ..Self::new(self.folder) }
    }

    /// Starts work, or has it wait for its turn, and returns at once.
    ///
    /// # Errors
    /// When too many wait, or the process is about to end; and when it should go on without its client, and nobody could find it
    /// again.
    pub(crate) fn start(&self, ordered: &Ordered, work: Work) -> Result<Build, Problem> {
        self.check_open()?;
        let started = Timestamp::now();
        let id = BuildId::new(started, RandomState::new().hash_one(started.as_nanosecond()) as u32);
        let mut record = Record::new(id, ordered, self.server.as_deref(), started);
        let keeping = self.folder.as_ref().map(|folder| folder.begin(&mut record)).transpose();
        // A record is not worth a build: without one it is built all the same, and said so.
        let (keeping, not_kept) = match keeping {
            Ok(keeping) => (keeping, None),
            Err(error) if ordered.attachment == Attachment::Detached && self.server.is_none() => {
                let title = format!("a build that nobody could find again is not begun: {error}");
                return Err(Problem::new(ProblemKind::Internal, title)
                    .with_hint("make room there, or follow it to its end, without `--detach`"));
            }
            Err(error) => (None, Some(error.to_string())),
        };
        let run = self.remember(record, keeping, ordered.attachment);
        if let Some(text) = not_kept {
            run.tell(&Event::Warning { text });
        }
        self.have_turn(Arc::clone(&run), work);
        Ok(self.shown(&run))
    }

    /// Takes up again what a server of this kind before did not end, in the order in which it was ordered.
    pub(crate) fn take_up(&self, work: impl Fn(&Ordered) -> Work) {
        let Some(folder) = &self.folder else { return };
        let mut records = folder.records();
        // One of this process has ended, though its record may not say so: the disk was full.
        records.retain(|record| self.has(record) && !hold(&self.runs).contains_key(&record.build.id));
        records.sort_by_key(|record| record.build.started);
        for record in records {
            if self.is_closed() {
                return;
            }
            if record.is_to_be_given_up() {
                give_up(folder, &record.build.id);
            }
            let Some(ordered) = record.can_be_taken_up() else { continue };
            let Some((mut record, keeping)) = folder.take_over(&record.build.id) else { continue };
            tracing::info!(build = %record.build.id, subject = record.build.subject, "taken up again");
            record.take_up();
            let run = self.remember(record, Some(keeping), ordered.attachment);
            run.tell(&Event::Notice { text: "taken up again, since its server ended before it".to_owned() });
            self.have_turn(run, work(&ordered));
        }
    }

    /// The server whose builds these are, when they are one's.
    pub(crate) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Whether a record is of a build that is known here.
    pub(super) fn has(&self, record: &Record) -> bool {
        self.server.is_none() || record.server.as_deref() == self.server.as_deref()
    }

    fn check_open(&self) -> Result<(), Problem> {
        let unavailable = |title| Problem::new(ProblemKind::Unavailable, title).retry_after(30);
        if self.is_closed() {
            return Err(unavailable("this server is about to end, and starts no more builds"));
        }
        let waiting = hold(&self.runs).values().filter(|run| run.state() == BuildState::Queued).count();
        if waiting >= WAITING {
            return Err(unavailable("too many builds wait for their turn"));
        }
        Ok(())
    }

    /// Carries the work out, now or when it is its turn.
    fn have_turn(&self, run: Arc<Run>, work: Work) {
        let (tally, tally_of_cancelled) = (Arc::clone(&self.tally), Arc::clone(&self.tally));
        if self.is_closed() {
            // Who closed it meanwhile has not seen this one.
            run.end(Ending::HandedBack);
        }
        runtime().spawn(end_when_wished(Arc::clone(&run)));
        let carry_out = move |turn, run: Arc<Run>| {
            if run.begin() {
                spawn_outside(move || {
                    run.carry_out(work);
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
                run.wait();
                let turns = Arc::clone(&self.turns);
                runtime().spawn(async move {
                    let mut progress = run.follow();
                    tokio::select! {
                        Ok(turn) = turns.acquire_owned() => carry_out(turn, run),
                        // It was cancelled: somebody else has its turn.
                        _ = progress.wait_for(|progress| progress.ended) => tally_of_cancelled.add(&run.build()),
                    }
                });
            }
        }
    }

    /// What became of all builds so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Starts no more builds.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Whether it starts no more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Waits for the builds there are, at most so long; whether all of them ended.
    pub(crate) async fn idle(&self, at_most: Duration) -> bool {
        tokio::time::timeout(at_most, self.all_ended()).await.is_ok()
    }

    /// Waits for the builds there are.
    pub(crate) async fn all_ended(&self) {
        for run in self.all() {
            // Only the run itself could drop the sender, and it is held here.
            let _ = run.follow().wait_for(|progress| progress.ended).await;
        }
    }

    /// Asks all builds to end, and waits for them, at most so long.
    pub(crate) async fn end_all(&self, at_most: Duration) {
        self.all().iter().for_each(|run| run.end(Ending::Cancelled));
        self.idle(at_most).await;
    }

    /// Hands back the builds that wait for their turn.
    pub(crate) fn hand_back_waiting(&self) {
        let runs = self.all();
        let waiting = runs.iter().filter(|run| run.state() == BuildState::Queued);
        waiting.for_each(|run| run.end(Ending::HandedBack));
    }

    /// Cuts off all builds, hands them back, and waits for them, at most so long.
    pub(crate) async fn hand_back_all(&self, at_most: Duration) {
        self.all().iter().for_each(|run| run.end(Ending::HandedBack));
        self.idle(at_most).await;
    }

    fn all(&self) -> Vec<Arc<Run>> {
        hold(&self.runs).values().cloned().collect()
    }

    /// Asks the builds to end that are to end with their client; whether others are under way.
    pub(crate) fn let_client_go(&self) -> bool {
        let (detached, attached): (Vec<_>, Vec<_>) =
            self.all().into_iter().partition(|run| run.attachment == Attachment::Detached);
        attached.iter().for_each(|run| run.end(Ending::Cancelled));
        detached.iter().any(|run| !run.has_ended())
    }

    /// A build of this process from here on.
    fn remember(&self, record: Record, keeping: Option<Keeping>, attachment: Attachment) -> Arc<Run> {
        let (id, number) = (record.build.id.clone(), self.started.fetch_add(1, Ordering::Relaxed));
        let run = Arc::new(Run::new(number, record, keeping, attachment));
        let mut runs = hold(&self.runs);
        runs.insert(id, Arc::clone(&run));
        let mut ended: Vec<(u64, BuildId)> = runs
            .iter()
            .filter(|(_, run)| run.has_ended())
            .map(|(id, run)| (run.number, id.clone()))
            .collect();
        ended.sort_unstable();
        let most = if self.folder.is_some() { REMEMBERED } else { REMEMBERED_WITHOUT_FILES };
        let surplus = ended.len().saturating_sub(most);
        for (_, id) in ended.drain(..surplus) {
            runs.remove(&id);
        }
        run
    }
}

/// Gives a build up that was cut off, for everybody to see.
fn give_up(folder: &BuildFolder, id: &BuildId) {
    let Some(Record { build, .. }) = folder.give_up(id) else { return };
    let why = build.problem.map(|problem| problem.title).unwrap_or_default();
    tracing::warn!(build = %build.id, subject = build.subject, why, "not taken up again");
}

/// Ends a build when another process wishes it.
async fn end_when_wished(run: Arc<Run>) {
    let mut progress = run.follow();
    loop {
        tokio::select! {
            _ = progress.wait_for(|progress| progress.ended) => return,
            () = tokio::time::sleep(LOOK) => (),
        }
        if run.is_to_end() {
            return run.end(Ending::Cancelled);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Sender, channel};

    use gachette::operation::OperationError;

    use super::*;
    use crate::wire::StartBuild;

    fn runs(folder: &tempfile::TempDir) -> Runs {
        Runs::new(Some(BuildFolder::new(folder.path()))).of_server("/srv/meta", 1)
    }

    fn ordered() -> Ordered {
        let name = "web".parse().unwrap();
        let order = StartBuild::Prepare { name, url: None, reference: None, pushed: false };
        Ordered { order, by: "ada".to_owned(), attachment: Attachment::Detached }
    }

    /// Work that ends when it is let go.
    fn work() -> (Sender<()>, Work) {
        let (let_go, go) = channel();
        let work = move |_: &gachette::Cancel, _: &mut dyn FnMut(Event)| {
            let _ = go.recv();
            Err(OperationError::Cancelled)
        };
        (let_go, Box::new(work))
    }

    /// How many builds these would take up again.
    fn taken_up(runs: &Runs) -> usize {
        let begun = AtomicU64::new(0);
        runs.take_up(|_| {
            begun.fetch_add(1, Ordering::Relaxed);
            work().1
        });
        begun.into_inner() as usize
    }

    #[tokio::test]
    async fn a_build_whose_end_cannot_be_written_down_is_not_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let ours = runs(&folder);
        let (let_go, work) = work();
        let build = ours.start(&ordered(), work).unwrap();
        assert_eq!(build.state, BuildState::Running);
        // In the way of its next record.
        fs::create_dir(folder.path().join(format!("{}.new", build.id))).unwrap();
        let_go.send(()).unwrap();
        ours.all_ended().await;
        assert_eq!(ours.show(&build.id).unwrap().state, BuildState::Cancelled);
        assert_eq!((taken_up(&ours), taken_up(&runs(&folder))), (0, 0));
    }

    #[tokio::test]
    async fn a_fault_of_ours_ends_a_build_and_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let runs = runs(&folder);
        let build = runs.start(&ordered(), Box::new(|_, _| panic!("a fault"))).unwrap();
        runs.all_ended().await;
        let ended = runs.show(&build.id).unwrap();
        assert_eq!((ended.state, ended.problem.unwrap().kind), (BuildState::Failed, ProblemKind::Internal));
        // Its turn is free.
        runs.start(&ordered(), work().1).unwrap();
        runs.all_ended().await;
    }

    #[tokio::test]
    async fn a_build_of_a_killed_server_is_cancelled_for_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let (let_go, work) = work();
        let ours = runs(&folder);
        let build = ours.start(&ordered(), work).unwrap();
        // What another process would see when this one were killed.
        let file = |ending: &str| folder.path().join(format!("{}.{ending}", build.id));
        let left = tempfile::tempdir().unwrap();
        for ending in ["json", "events", "log"] {
            fs::copy(file(ending), left.path().join(file(ending).file_name().unwrap())).unwrap();
        }
        let next = runs(&left);
        assert_eq!(next.show(&build.id).unwrap().state, BuildState::Lost);
        assert_eq!(next.cancel(&build.id).unwrap().state, BuildState::Cancelled);
        assert_eq!(taken_up(&next), 0);
        let_go.send(()).unwrap();
        ours.all_ended().await;
    }

    #[tokio::test]
    async fn a_build_that_was_ordered_in_the_last_moment_is_handed_back() {
        let folder = tempfile::tempdir().unwrap();
        let runs = runs(&folder);
        let id = BuildId::new(Timestamp::now(), 0);
        let mut record = Record::new(id, &ordered(), Some("/srv/meta"), Timestamp::now());
        let keeping = BuildFolder::new(folder.path()).begin(&mut record).ok();
        let run = runs.remember(record, keeping, Attachment::Detached);
        runs.close();
        runs.have_turn(Arc::clone(&run), work().1);
        assert_eq!(run.state(), BuildState::HandedBack);
    }
}
