//! What is known of builds, be they of this process or of others: list, show, follow, cancel.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{BoxStream, unfold};

use super::event_file::EventReader;
use super::folder::BuildFolder;
use super::log;
use super::registry::Runs;
use super::state::{Build, BuildId, BuildState};
use super::work::{Ending, Run, hold};
use crate::{Problem, ProblemKind};

/// A build, and whose it is.
enum Found {
    /// One of this process.
    Ours(Arc<Run>),
    /// One of another process, or of one that is gone.
    Others(BuildFolder, Box<Build>),
}

impl Runs {
    /// The builds that are known, newest first.
    pub(crate) fn list(&self) -> Vec<Build> {
        let mut builds = self.ours();
        let ours: BTreeSet<BuildId> = builds.iter().map(|build| build.id.clone()).collect();
        let records = self.folder.iter().flat_map(BuildFolder::records).filter(|record| self.has(record));
        builds.extend(records.map(|record| record.build).filter(|build| !ours.contains(&build.id)));
        builds.sort_by_key(|build| std::cmp::Reverse(build.started));
        builds
    }

    /// The builds of this process, newest first.
    pub(crate) fn ours(&self) -> Vec<Build> {
        let mut runs: Vec<Arc<Run>> = hold(&self.runs).values().cloned().collect();
        runs.sort_unstable_by_key(|run| std::cmp::Reverse(run.number));
        runs.iter().map(|run| self.shown(run)).collect()
    }

    /// A build.
    pub(crate) fn show(&self, id: &BuildId) -> Result<Build, Problem> {
        Ok(match self.find(id)? {
            Found::Ours(run) => self.shown(&run),
            Found::Others(_, build) => *build,
        })
    }

    /// Asks a build to end; it has when its state says so.
    pub(crate) fn cancel(&self, id: &BuildId) -> Result<Build, Problem> {
        match self.find(id)? {
            Found::Ours(run) => {
                run.end(Ending::Cancelled);
                Ok(self.shown(&run))
            }
            Found::Others(folder, build) => {
                let failed =
                    |error| Problem::new(ProblemKind::Internal, format!("cannot cancel build {id}: {error}"));
                if build.state.is_under_way() {
                    folder.wish_end(id).map_err(failed)?;
                } else if matches!(build.state, BuildState::HandedBack | BuildState::Lost) {
                    // Nobody is at it who could do that.
                    folder.cancel(id);
                    return self.show(id);
                }
                Ok(*build)
            }
        }
    }

    /// The events of a build as JSON, from the first, until it ends.
    pub(crate) async fn events(&self, id: &BuildId) -> Result<BoxStream<'static, String>, Problem> {
        let (runs, wanted) = (self.clone(), id.clone());
        let found = tokio::task::spawn_blocking(move || runs.find(&wanted)).await;
        let path = match found.map_err(|error| Problem::new(ProblemKind::Internal, error.to_string()))?? {
            Found::Ours(run) => match run.earlier_events() {
                // Those from before it was taken up are in its file alone.
                Some(path) => path.to_owned(),
                None => return Ok(events_of(run).boxed()),
            },
            Found::Others(folder, _) => folder.file(id, "events"),
        };
        let unreadable =
            |error| Problem::new(ProblemKind::Internal, format!("cannot read {}: {error}", path.display()));
        let reader = EventReader::open(path.clone()).await.map_err(unreadable)?;
        Ok(unfold(reader, async |mut reader| Some((reader.next().await?, reader))).boxed())
    }

    /// The last lines of a build's log, at most so many.
    pub(crate) fn end_of_log(&self, id: &BuildId, lines: usize) -> Result<String, Problem> {
        self.find(id)?;
        let missing = || Problem::new(ProblemKind::NotFound, format!("build {id} has no log"));
        let folder = self.folder.as_ref().ok_or_else(missing)?;
        log::end(&folder.file(id, "log"), lines).map_err(|_| missing())
    }

    fn find(&self, id: &BuildId) -> Result<Found, Problem> {
        if let Some(run) = hold(&self.runs).get(id) {
            return Ok(Found::Ours(Arc::clone(run)));
        }
        let others = self.folder.as_ref().and_then(|folder| {
            let record = folder.find(id).filter(|record| self.has(record))?;
            Some(Found::Others(folder.clone(), Box::new(record.build)))
        });
        others.ok_or_else(|| {
            Problem::new(ProblemKind::NotFound, format!("build {id} does not exist"))
                .with_hint("`gachette builds list` shows those of a machine")
        })
    }

    /// A build, with its place among those that wait.
    pub(super) fn shown(&self, run: &Run) -> Build {
        let mut build = run.build();
        if build.state == BuildState::Queued {
            let before = |other: &&Arc<Run>| other.number < run.number && other.state() == BuildState::Queued;
            build.position = Some(hold(&self.runs).values().filter(before).count() + 1);
        }
        build
    }
}

/// The events of a build of this process.
fn events_of(run: Arc<Run>) -> impl futures::Stream<Item = String> {
    let followed = run.follow();
    unfold((run, followed, 0), async |(run, mut followed, next)| {
        let progress = *followed.wait_for(|p| p.ended || p.events > next).await.ok()?;
        if next >= progress.events {
            return None;
        }
        let event = run.event(next)?.to_string();
        Some((event, (run, followed, next + 1)))
    })
}
