//! The record of a build: what its file says, for processes that come later. Version 1.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::folder::private_file;
use super::state::{Build, BuildId, BuildKind, BuildState};
use crate::wire::StartBuild;
use crate::{Problem, ProblemKind};

/// The version of the format.
const VERSION: u32 = 1;
/// The most that is read of a record, in bytes.
const LONGEST: u64 = 256 << 20;
/// How often a build is begun whose server does not end in order while it is at work.
const MOST_BEGUN: u32 = 2;

/// What is ordered, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct Ordered {
    /// The order.
    pub(crate) order: StartBuild,
    /// Who orders it.
    pub(crate) by: String,
    /// What its client is to it.
    pub(crate) attachment: Attachment,
}

/// Whether a build ends with the client who ordered it, where work does that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attachment {
    /// It does.
    Attached,
    /// It goes on.
    Detached,
}

/// What is written down of a build.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    version: u32,
    /// The server whose build it is; none when it is a command line's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<String>,
    /// How often it was begun, without those times after which its server handed it back in order.
    #[serde(default)]
    pub(super) begun: u32,
    /// Whether its order is whole, so that it can be carried out again: passwords are left out.
    #[serde(default)]
    pub(super) is_whole: bool,
    /// What is shown of it.
    pub(super) build: Build,
}

impl Record {
    /// The record of a build that was just ordered.
    pub(super) fn new(id: BuildId, ordered: &Ordered, server: Option<&str>, started: Timestamp) -> Self {
        let (order, is_whole) = ordered.order.without_secrets();
        let build = Build {
            id,
            kind: BuildKind::of(&order),
            subject: order.subject().to_owned(),
            by: ordered.by.clone(),
            order: Some(Box::new(order)),
            state: BuildState::Queued,
            position: None,
            started,
            finished: None,
            log: None,
            outcome: None,
            problem: None,
        };
        Self { version: VERSION, server: server.map(str::to_owned), begun: 0, is_whole, build }
    }

    /// Whether it may be begun once more when it is cut off: what ends its server each time must come to an end.
    pub(super) fn may_begin_again(&self) -> bool {
        self.is_whole && self.begun < MOST_BEGUN
    }

    /// The order of a build that was cut off, when it can be carried out once more.
    pub(super) fn can_be_taken_up(&self) -> Option<Ordered> {
        let is_cut_off = matches!(self.build.state, BuildState::HandedBack | BuildState::Lost);
        let order = self.build.order.as_deref().filter(|_| is_cut_off && self.may_begin_again())?;
        let (order, by) = (order.clone(), self.build.by.clone());
        Some(Ordered { order, by, attachment: Attachment::Detached })
    }

    /// Why a build that is cut off by the end of its server is not done: [`ProblemKind::Unavailable`] when it is taken up again.
    pub(super) fn handed_back(&self, is_kept: bool) -> Problem {
        let again = "order it again when the server is there";
        if !self.is_whole {
            ended("and cannot take it up again: users and passwords of addresses are not kept")
                .with_hint(again)
        } else if !is_kept {
            ended("and cannot take it up again: there is no record of it").with_hint(again)
        } else {
            let title = "its server ended before it, and takes it up again when it starts";
            Problem::new(ProblemKind::Unavailable, title)
        }
    }

    /// Whether it was cut off for good, and nobody has said so yet.
    pub(super) fn is_to_be_given_up(&self) -> bool {
        self.build.state == BuildState::Lost && self.build.finished.is_none() && !self.may_begin_again()
    }

    /// It was cut off by a server that did not end in order, and is not begun any more.
    pub(super) fn give_up(&mut self) {
        self.build.state = BuildState::Lost;
        self.build.finished = Some(Timestamp::now());
        let problem = if self.is_whole {
            ended("without a word, for the second time")
                .with_hint("see its log for what it did then; it may be what ended the server")
        } else {
            self.handed_back(true)
        };
        self.build.problem = Some(Problem { log: self.build.log.as_deref().map(Box::from), ..problem });
    }

    /// It was cancelled while nobody was at it.
    pub(super) fn cancel(&mut self) {
        self.build.state = BuildState::Cancelled;
        self.build.finished = Some(Timestamp::now());
        self.build.problem = Some(Problem::new(ProblemKind::Cancelled, "cancelled"));
    }

    /// It waits for its turn again.
    pub(super) fn take_up(&mut self) {
        self.build.state = BuildState::Queued;
        (self.build.finished, self.build.problem) = (None, None);
    }

    /// Reads a record; none where there is none that can be read: one of another version, or torn by a power cut.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let record: Self = serde_json::from_slice(&gachette::read_regular(path, LONGEST).ok()?).ok()?;
        (record.version == VERSION).then_some(record)
    }

    /// Writes it in place of the one before, as a whole. Nothing waits for the disk: a record is no ledger.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = private_file().create(true).write(true).truncate(true).open(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        fs::rename(&new, path)
    }
}

/// That the server of a build ended before it.
fn ended(how: &str) -> Problem {
    Problem::new(ProblemKind::HostFailed, format!("its server ended before it, {how}"))
}
