//! The folder of all builds of a user on a machine. Of each there is a record (`ID.json`), its events (`ID.events`), its log
//! (`ID.log`), and for a moment the wish of another process that it end (`ID.cancel`).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use gachette::event::Event;

use super::event_file::{EventFile, Weight, is_written};
use super::log::BuildLog;
use super::record::Record;
use super::state::{BuildId, BuildState};
use crate::{Problem, ProblemKind};

/// How many ended builds are kept; the oldest make way.
const KEPT: usize = 200;
/// All that a build may leave.
const ENDINGS: [&str; 5] = ["json", "events", "log", "cancel", "new"];

/// The folder that builds are kept in.
#[derive(Debug, Clone)]
pub struct BuildFolder(PathBuf);

/// A folder that nothing can be kept in.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the build log and record in {}: {}", path.display(), gachette::io_reason(source))]
pub(super) struct FolderError {
    path: PathBuf,
    source: io::Error,
}

/// What is kept of a build by the process that is at it; when it is dropped, nobody is any more.
#[derive(Debug)]
pub(super) struct Keeping {
    log: BuildLog,
    record: PathBuf,
    cancel: PathBuf,
    /// The file of events when there are some from before.
    earlier: Option<PathBuf>,
    /// Last, since its lock says that somebody is at it.
    events: EventFile,
}

impl BuildFolder {
    /// Builds in this folder, which is made when the first one is ordered.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// In the user's folder for state of programs.
    pub fn of_this_user() -> Self {
        Self::new(gachette::state::folder().join("builds"))
    }

    /// Begins to keep a new build, with its record.
    pub(super) fn begin(&self, record: &mut Record) -> Result<Keeping, FolderError> {
        let begin = |record: &mut Record| {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
            self.sweep();
            let events = EventFile::create(&self.file(&record.build.id, "events"))?;
            let keeping = self.keep(&record.build.id, events)?;
            record.build.log = Some(self.file(&record.build.id, "log").display().to_string());
            record.write(&keeping.record)?;
            Ok(keeping)
        };
        let (path, id) = (self.0.clone(), record.build.id.clone());
        begin(record).map_err(|source| {
            record.build.log = None;
            self.forget(&id);
            FolderError { path, source }
        })
    }

    /// Takes a build over that nobody is at, though it is not done; none when somebody is, or it is.
    pub(super) fn take_over(&self, id: &BuildId) -> Option<(Record, Keeping)> {
        let events = self.file(id, "events");
        let mut keeping = self.keep(id, EventFile::take_over(&events).ok()?).ok()?;
        keeping.earlier = Some(events);
        let record = Record::read(&keeping.record)?;
        let state = record.build.state;
        (state.is_under_way() || state == BuildState::HandedBack).then_some((record, keeping))
    }

    fn keep(&self, id: &BuildId, events: EventFile) -> io::Result<Keeping> {
        let log = BuildLog::open(&self.file(id, "log"))?;
        let (record, cancel) = (self.file(id, "json"), self.file(id, "cancel"));
        Ok(Keeping { log, record, cancel, earlier: None, events })
    }

    /// All records that can be read.
    pub(super) fn records(&self) -> Vec<Record> {
        self.ids().iter().filter_map(|id| self.find(id)).collect()
    }

    /// The record of a build, which is lost when it should be under way and nobody is at it.
    pub(super) fn find(&self, id: &BuildId) -> Option<Record> {
        let read = || Record::read(&self.file(id, "json"));
        let record = read()?;
        if !record.build.state.is_under_way() || is_written(&self.file(id, "events")) {
            return Some(record);
        }
        // Whoever was at it may have ended it in between; what he wrote is there before he goes.
        let record = read()?;
        Some(if record.build.state.is_under_way() { lost(record) } else { record })
    }

    /// Wishes that a build of another process end.
    pub(super) fn wish_end(&self, id: &BuildId) -> io::Result<()> {
        private_file().create(true).append(true).open(self.file(id, "cancel")).map(drop)
    }

    /// Cancels a build that was cut off, when nobody has taken it up since.
    pub(super) fn cancel(&self, id: &BuildId) {
        if let Some((mut record, keeping)) = self.take_over(id) {
            record.cancel();
            keeping.save_end(&record);
        }
    }

    /// Writes down that a build that was cut off is not taken up any more; none when somebody is at it.
    pub(super) fn give_up(&self, id: &BuildId) -> Option<Record> {
        let (mut record, keeping) = self.take_over(id)?;
        record.give_up();
        keeping.save_end(&record);
        Some(record)
    }

    /// A file of a build.
    pub(super) fn file(&self, id: &BuildId, ending: &str) -> PathBuf {
        self.0.join(format!("{id}.{ending}"))
    }

    /// The builds of which there is anything, the oldest first.
    fn ids(&self) -> Vec<BuildId> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let id = |path: &Path| path.file_stem()?.to_str()?.parse().ok();
        let mut ids: Vec<BuildId> = entries.filter_map(|entry| id(&entry.path())).collect();
        // They begin with the time.
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Makes room. What is under way or to be taken up again stays; what cannot be removed is left for the next time.
    fn sweep(&self) {
        let ids = self.ids();
        let surplus = (ids.len() + 1).saturating_sub(KEPT);
        for id in &ids[..surplus] {
            let stays = match self.find(id) {
                Some(record) => {
                    record.build.state.is_under_way() || record.build.state == BuildState::HandedBack
                }
                None => is_written(&self.file(id, "events")),
            };
            if !stays {
                self.forget(id);
            }
        }
    }

    /// Removes all that there is of a build.
    fn forget(&self, id: &BuildId) {
        ENDINGS.iter().for_each(|ending| drop(fs::remove_file(self.file(id, ending))));
    }
}

impl Keeping {
    /// Writes the record; what cannot be written is not: a record is worth no build.
    pub(super) fn save(&self, record: &Record) {
        let _ = record.write(&self.record);
    }

    /// Writes the record of a build that has ended. When it cannot be, the one that says otherwise goes: the build would be taken
    /// up again.
    pub(super) fn save_end(&self, record: &Record) {
        if record.write(&self.record).is_err() && record.build.state != BuildState::HandedBack {
            let _ = fs::remove_file(&self.record);
        }
    }

    /// Adds an event, `json` being the same.
    pub(super) fn tell(&mut self, event: &Event, json: &str) {
        self.log.write(event);
        self.events.add(json, Weight::of(event));
    }

    /// Adds a line to the log alone.
    pub(super) fn line(&mut self, text: &str) {
        self.log.line(text);
    }

    /// The file whose being there is the wish of another process that this build end.
    pub(super) fn wish(&self) -> &Path {
        &self.cancel
    }

    /// The file of events, when there are some from before.
    pub(super) fn earlier(&self) -> Option<&Path> {
        self.earlier.as_deref()
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        // A wish that came too late must not end what is taken up again.
        let _ = fs::remove_file(&self.cancel);
    }
}

/// Options for a file of this user alone.
pub(super) fn private_file() -> OpenOptions {
    let mut options = File::options();
    options.mode(0o600);
    options
}

fn lost(mut record: Record) -> Record {
    let problem =
        Problem::new(ProblemKind::HostFailed, "the process that did it died, and could not say why")
            .with_hint(
                "it was killed, or the machine went down; the same order again goes on from what is there",
            );
    record.build.state = BuildState::Lost;
    record.build.problem = Some(Problem { log: record.build.log.as_deref().map(Box::from), ..problem });
    record
}
