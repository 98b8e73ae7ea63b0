//! Which commit a project is at, and which time everything built from it gets.
//!
//! The same commit gives the same time, whoever builds it and whenever.

use std::path::Path;
use std::time::UNIX_EPOCH;

use walkdir::WalkDir;

use super::{BuildError, BuildRequest};
use crate::SourceDate;
use crate::process::{Cancel, Process, ProcessError};

/// Where what is built comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The commit, when the project is in a repository.
    pub(crate) commit: Option<String>,
    /// Seconds since 1970.
    pub(crate) mtime: i64,
    /// Why there is a repository that could not be asked.
    pub(crate) doubt: Option<String>,
}

impl Origin {
    pub(super) fn find(request: &BuildRequest, project: &Path, cancel: &Cancel) -> Result<Self, BuildError> {
        let mtime = match request.mtime {
            Some(mtime) => Some(mtime),
            None => SourceDate::find()?.map(|asked| asked.time.as_second()),
        };
        if let (Some(mtime), Some(commit)) = (mtime, &request.commit) {
            return Ok(Self { commit: Some(commit.clone()), mtime, doubt: None });
        }
        let (head, doubt) = match head(project, cancel) {
            Ok(head) => (head, None),
            Err(ProcessError::Cancelled { .. }) => return Err(BuildError::Cancelled),
            Err(error) => (None, Some(format!("which commit this is could not be found out: {error}"))),
        };
        let commit = request.commit.clone().or(head.as_ref().map(|(commit, _)| commit.clone()));
        let mtime = mtime.or(head.map(|(_, time)| time)).unwrap_or_else(|| newest(project, &request.output));
        Ok(Self { commit, mtime, doubt })
    }
}

/// The project's commit and its time; none when it is in no repository, or in one without commits.
fn head(project: &Path, cancel: &Cancel) -> Result<Option<(String, i64)>, ProcessError> {
    let is_repository = project.ancestors().any(|folder| folder.join(".git").exists());
    let git = || Process::new("git").arg("-C").arg(project).env("LC_ALL", "C");
    let has_commits = git().args(["rev-parse", "--quiet", "--verify", "HEAD"]);
    if !is_repository || has_commits.output(cancel).is_err_and(|error| error.exit_code() == Some(1)) {
        return Ok(None);
    }
    let log = git().args(["-c", "log.showSignature=false", "log", "-1", "--format=%H %ct"]);
    let text = log.output(cancel)?.text();
    let found = text.split_once(' ');
    Ok(found.and_then(|(commit, time)| Some((commit.to_owned(), time.parse().ok()?))))
}

/// The time of the newest file; 1970 when there is none. What builds and git write does not count.
fn newest(project: &Path, output: &Path) -> i64 {
    let output = output.canonicalize().ok();
    let counts = |entry: &walkdir::DirEntry| {
        let hidden = entry.file_type().is_dir() && entry.file_name().as_encoded_bytes().starts_with(b".");
        entry.depth() == 0 || !hidden && output.as_deref() != Some(entry.path())
    };
    let modified = |entry: walkdir::DirEntry| {
        let time = entry.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(time.as_secs()).ok()
    };
    let files = WalkDir::new(project).into_iter().filter_entry(counts).flatten();
    files.filter(|entry| entry.file_type().is_file()).filter_map(modified).max().unwrap_or(0)
}
