//! Which commit a project is at, and which time everything built from it gets.
//!
//! The same commit gives the same time, whoever builds it and whenever.

use std::env;
use std::path::Path;
use std::time::UNIX_EPOCH;

use walkdir::WalkDir;

use super::{BuildError, BuildRequest};
use crate::process::{Cancel, Process, ProcessError};

/// Where what is built comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The commit, when the project is in a repository.
    pub(crate) commit: Option<String>,
    /// Seconds since 1970.
    pub(crate) mtime: i64,
}

impl Origin {
    pub(super) fn find(request: &BuildRequest, project: &Path, cancel: &Cancel) -> Result<Self, BuildError> {
        // <https://reproducible-builds.org/specs/source-date-epoch/>
        let asked = || env::var("SOURCE_DATE_EPOCH").ok()?.parse().ok();
        let mtime = request.mtime.or_else(asked);
        if let (Some(mtime), Some(commit)) = (mtime, &request.commit) {
            return Ok(Self { commit: Some(commit.clone()), mtime });
        }
        let head = head(project, cancel)?;
        let commit = request.commit.clone().or(head.as_ref().map(|(commit, _)| commit.clone()));
        let mtime = mtime.or(head.map(|(_, time)| time)).unwrap_or_else(|| newest(project));
        Ok(Self { commit, mtime })
    }
}

/// The project's commit and its time.
fn head(project: &Path, cancel: &Cancel) -> Result<Option<(String, i64)>, BuildError> {
    let git = Process::new("git")
        .args(["-c", "log.showSignature=false", "-C"])
        .arg(project)
        .args(["log", "-1", "--format=%H %ct"])
        .env("LC_ALL", "C");
    match git.output(cancel) {
        Ok(answer) => {
            let text = answer.text();
            let found = text.split_once(' ');
            Ok(found.and_then(|(commit, time)| Some((commit.to_owned(), time.parse().ok()?))))
        }
        Err(ProcessError::Cancelled { .. }) => Err(BuildError::Cancelled),
        // No repository, one without commits, or no git here.
        Err(_) => Ok(None),
    }
}

/// The time of the newest file; 1970 when there is none.
fn newest(project: &Path) -> i64 {
    let modified = |entry: walkdir::DirEntry| {
        let time = entry.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(time.as_secs()).ok()
    };
    let files = WalkDir::new(project).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    files.filter_map(modified).max().unwrap_or(0)
}
