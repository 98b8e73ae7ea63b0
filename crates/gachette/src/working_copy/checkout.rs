//! A folder with a repository in it, while it is being prepared: its git commands, and what we note in it for next time.
//!
//! Notes are in `.git/gachette/`: that it is ours, the address, git's own configuration as it was when all was new, and, while
//! git writes to the repository, a mark that says so. A mark that is still there next time means that somebody was killed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gachette_core::address_without_secrets;
use gachette_core::git::{Commit, GitUrl};
use trebuchet::process::Cancel;

use super::error::io;
use super::replace::remove;
use super::{Event, WorkingCopyError};
use crate::git::{Git, GitCommand, GitError};

/// The longest note that is read, in bytes.
const LONGEST_NOTE: u64 = 64 << 10;
/// The longest list of packed branches, or configuration, that is read to know whose a repository is, in bytes.
const LONGEST_LIST: u64 = 8 << 20;

/// What the note says by which a working copy is known as ours.
const OURS: &str = "gachette made this working copy, and may replace or remove it.\n";

/// A folder that is being prepared.
pub(super) struct Checkout<'a> {
    pub(super) git: &'a Git,
    pub(super) url: &'a GitUrl,
    pub(super) path: PathBuf,
    pub(super) lock: &'a Arc<File>,
    pub(super) cancel: &'a Cancel,
    pub(super) on_event: &'a mut dyn FnMut(Event),
}

/// What is in the place of a working copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing.
    Absent,
    /// A repository in good order, cloned from this address.
    Ready { url: String },
    /// A repository that was left unfinished, or was not made by us.
    Unfinished,
    /// Something else.
    Foreign,
}

/// What git is writing to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Repository,
    Submodules,
}

impl Mark {
    fn path(self, folder: &Path) -> PathBuf {
        notes(folder).join(match self {
            Self::Repository => "writing-repository",
            Self::Submodules => "writing-submodules",
        })
    }

    pub(super) fn is_set(self, folder: &Path) -> bool {
        self.path(folder).symlink_metadata().is_ok()
    }
}

/// Looks at what is in the place of a working copy.
pub(super) fn state(folder: &Path) -> Result<State, WorkingCopyError> {
    let is_empty = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Absent),
        entries => entries.map_err(io("read the folder", folder))?.next().is_none(),
    };
    if folder.join(".git").symlink_metadata().is_err() && !is_empty {
        return Ok(State::Foreign);
    }
    Ok(match note(folder, "url") {
        Some(url) if !Mark::Repository.is_set(folder) && !holds_pipe(&folder.join(".git")) => {
            State::Ready { url: shown(&url) }
        }
        _ => State::Unfinished,
    })
}

/// An address that was written down, without what may be secret.
pub(super) fn shown(address: &str) -> String {
    address.parse::<GitUrl>().map_or_else(|_| address_without_secrets(address), |url| url.to_string())
}

/// Whether we made what is there: it says so, or has what was noted in all of them before they said so.
pub(super) fn is_ours(folder: &Path) -> bool {
    let is_folder = |name| folder.join(name).symlink_metadata().is_ok_and(|found| found.is_dir());
    let says_so = || note(folder, "ours").is_some_and(|text| text == OURS);
    let has_notes = || {
        note(folder, "url").is_some_and(|url| url.parse::<GitUrl>().is_ok())
            && note(folder, "config").is_some_and(|text| text.contains("[core]"))
    };
    [".git", ".git/gachette"].into_iter().all(is_folder) && (says_so() || has_notes())
}

/// Whether it is a repository of somebody's own: with branches, cloned from elsewhere than this address, and not by us. Clones that the
/// original tool left have our address, and are taken over.
pub(super) fn is_somebodys(folder: &Path, url: &str) -> bool {
    let git = folder.join(".git");
    let text = |name| {
        let bytes = trebuchet::read_regular(&git.join(name), LONGEST_LIST).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let loose = std::fs::read_dir(git.join("refs/heads")).is_ok_and(|mut branches| branches.next().is_some());
    let has_branches = loose || text("packed-refs").contains(" refs/heads/");
    let is_address = |line: &str| line.trim().strip_prefix("url = ").is_some_and(|known| shown(known) == url);
    has_branches && !is_ours(folder) && !text("config").lines().any(is_address)
}

/// Whether a build left a pipe, socket or device among the files of git, which would have git wait for ever.
fn holds_pipe(git_folder: &Path) -> bool {
    let mut folders = vec![git_folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if !kind.is_file() {
                // Of a link it counts what it leads to.
                let leads_to = std::fs::metadata(entry.path());
                if leads_to.is_ok_and(|found| !found.is_file() && !found.is_dir()) {
                    return true;
                }
            }
        }
    }
    false
}

/// Writes a file of ours in one step, whatever a build left in its place.
fn put(path: &Path, bytes: &[u8]) -> Result<(), WorkingCopyError> {
    let new = path.with_extension("new");
    for left in [&new, path].into_iter().filter(|path| path.is_dir() || **path == new) {
        remove(left).map_err(io("remove", left))?;
    }
    std::fs::write(&new, bytes).map_err(io("write", &new))?;
    std::fs::rename(&new, path).map_err(io("write", path))
}

/// What was asked for when this commit was brought, if that was noted.
pub(super) fn noted_reference(folder: &Path, commit: &Commit) -> Option<String> {
    let text = note(folder, "ref")?;
    let (noted, reference) = text.trim_end().split_once(' ')?;
    (noted == commit.as_str() && !reference.contains(char::is_control)).then(|| reference.to_owned())
}

/// A note of ours, as far as a build left it there.
fn note(folder: &Path, name: &str) -> Option<String> {
    String::from_utf8(trebuchet::read_regular(&notes(folder).join(name), LONGEST_NOTE).ok()?).ok()
}

fn notes(folder: &Path) -> PathBuf {
    folder.join(".git/gachette")
}

impl Checkout<'_> {
    /// A git command in a folder of this checkout, that holds our lock.
    pub(super) fn git_in<'b>(&'b self, folder: &'b Path, subcommand: &str) -> GitCommand<'b> {
        self.git.command(subcommand).folder(folder).hold(self.lock)
    }

    /// A git command at the top of this checkout.
    pub(super) fn git(&self, subcommand: &str) -> GitCommand<'_> {
        self.git_in(&self.path, subcommand)
    }

    /// Asks git at the top of this checkout.
    pub(super) fn ask(&self, subcommand: &str, arguments: &[&str]) -> Result<String, GitError> {
        self.git(subcommand).args(arguments).output(self.cancel)
    }

    /// What a name means here as a commit; `None` when it means none.
    pub(super) fn commit_of(&self, name: &str) -> Result<Option<Commit>, WorkingCopyError> {
        let commit = format!("{name}^{{commit}}");
        match self.ask("rev-parse", &["--verify", "--quiet", &commit]) {
            Ok(text) => text.parse().map(Some).map_err(|_| WorkingCopyError::Unexpected(text)),
            Err(error) if error.ended_by_itself() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the history ends somewhere because we did not fetch more of it.
    pub(super) fn is_shallow(&self) -> bool {
        self.path.join(".git/shallow").exists()
    }

    /// Makes an empty repository whose commits have so many digits.
    pub(super) fn initialise(&self, digits: usize) -> Result<(), WorkingCopyError> {
        std::fs::create_dir(&self.path).map_err(io("make the folder", &self.path))?;
        let mut init = self.git("init").args(["--quiet", "--template="]).setting("init.defaultBranch=main");
        if digits == 64 {
            init = init.arg("--object-format=sha256");
        }
        init.output(self.cancel)?;
        let url = self.url.as_str();
        for (key, value) in
            [("remote.origin.url", url), ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")]
        {
            self.ask("config", &[key, value])?;
        }
        let notes = notes(&self.path);
        std::fs::create_dir(&notes).map_err(io("make the folder", &notes))?;
        let (git_config, ours) = (self.path.join(".git/config"), notes.join("config"));
        std::fs::copy(&git_config, &ours).map_err(io("write", &ours))?;
        put(&notes.join("ours"), OURS.as_bytes())?;
        put(&notes.join("url"), url.as_bytes())
    }

    /// Notes what was asked for, to be shown beside the commit.
    pub(super) fn note_reference(&self, commit: &Commit, reference: &str) -> Result<(), WorkingCopyError> {
        let notes = notes(&self.path);
        // Those that were made before there was that note get it here.
        if note(&self.path, "ours").is_none_or(|text| text != OURS) {
            put(&notes.join("ours"), OURS.as_bytes())?;
        }
        put(&notes.join("ref"), format!("{commit} {reference}\n").as_bytes())
    }

    /// Takes back whatever a build configured in this repository.
    pub(super) fn restore_configuration(&self) -> Result<(), WorkingCopyError> {
        let git_config = self.path.join(".git/config");
        let ours = notes(&self.path).join("config");
        let read = |path: &Path| trebuchet::read_regular(path, LONGEST_NOTE);
        let text = read(&ours).map_err(io("read", &ours))?;
        if read(&git_config).is_ok_and(|present| present == text) {
            return Ok(());
        }
        put(&git_config, &text)
    }

    /// Runs something that writes to the repository, under a mark that stays if we or git are killed.
    pub(super) fn marked<T>(
        &mut self,
        mark: Mark,
        action: impl FnOnce(&mut Self) -> Result<T, WorkingCopyError>,
    ) -> Result<T, WorkingCopyError> {
        let path = mark.path(&self.path);
        put(&path, b"")?;
        let result = action(self);
        if result.as_ref().map_or_else(WorkingCopyError::is_orderly, |_| true) {
            self.unmark(mark)?;
        }
        result
    }

    /// Takes a mark away.
    pub(super) fn unmark(&self, mark: Mark) -> Result<(), WorkingCopyError> {
        let path = mark.path(&self.path);
        std::fs::remove_file(&path).map_err(io("remove", &path))
    }
}
