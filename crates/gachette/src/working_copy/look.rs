//! Looks at working copies and leaves them as they are: what is there, at which commit, and who works in it. No program is run,
//! and whatever a build left in there keeps nobody waiting.

use std::io;
use std::path::Path;

use gachette_core::git::{Commit, WorkingCopyName};

use super::base::trusted_folder;
use super::checkout::{State, noted_reference};
use super::error::io;
use super::lock::Lock;
use super::{Holder, WorkingCopy, WorkingCopyError};

/// The longest `HEAD` that is read, in bytes.
const LONGEST_HEAD: u64 = 4096;

/// A working copy, as it was found.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Where it was cloned from, without a password; nothing of one that was left unfinished.
    pub url: Option<String>,
    /// The commit that is checked out.
    pub commit: Option<Commit>,
    /// What was asked for when that was brought: `refs/heads/main`, or a commit.
    pub reference: Option<String>,
    /// Who was at work in it last.
    pub last_use: Option<Holder>,
    /// Whether he still is, or programs that he started.
    pub in_use: bool,
}

impl WorkingCopy {
    /// The names of what may be a working copy in this folder, in order.
    ///
    /// # Errors
    /// When the folder cannot be read or trusted.
    pub fn names(base: &Path) -> Result<Vec<WorkingCopyName>, WorkingCopyError> {
        // Looking makes no folder.
        if !base.is_dir() {
            return Ok(Vec::new());
        }
        let base = trusted_folder(base)?;
        let entries = std::fs::read_dir(&base).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(io("read the folder", &base))?.into_iter();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<_> =
            folders.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// What is to be seen of it; `None` when it was not prepared here.
    ///
    /// # Errors
    /// When the folder cannot be trusted.
    pub fn look(&self) -> Result<Option<Sight>, WorkingCopyError> {
        if self.path().symlink_metadata().is_err() {
            return Ok(None);
        }
        let place = self.place()?;
        if !place.is_ours()? {
            return Ok(None);
        }
        let url = match place.state() {
            Ok(State::Ready { url }) => Some(url),
            _ => None,
        };
        let commit = head(&place.path);
        let reference = commit.as_ref().and_then(|commit| noted_reference(&place.path, commit));
        let (last_use, in_use) = Lock::last_holder(&place.aside);
        Ok(Some(Sight { url, commit, reference, last_use, in_use }))
    }
}

/// The commit that `HEAD` names: what is prepared is on no branch.
fn head(folder: &Path) -> Option<Commit> {
    let bytes = trebuchet::read_regular(&folder.join(".git/HEAD"), LONGEST_HEAD).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim_end().parse().ok()
}
