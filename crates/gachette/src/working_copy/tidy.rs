//! Makes the files of a working copy exactly those of a commit, whatever was done in it before.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use gachette_core::git::Commit;

use super::checkout::Checkout;
use super::error::io;
use super::replace::{make_writable, remove};
use super::{Event, WorkingCopyError};
use crate::git::remove_locks;

impl Checkout<'_> {
    /// Puts the files of a commit in place, its submodules included, and takes all others away.
    pub(super) fn check_out(&mut self, commit: &Commit) -> Result<(), WorkingCopyError> {
        (self.on_event)(Event::CheckingOut { commit: commit.clone() });
        remove_locks(&self.path.join(".git"));
        self.restore_configuration()?;
        // Attributes, excludes and sparse patterns that are in no commit; there is no template that would bring them.
        for name in ["info", "hooks", "worktrees"] {
            let path = self.path.join(".git").join(name);
            remove(&path).map_err(io("remove", &path))?;
        }
        self.forget_torn_submodules()?;
        let top = self.path.clone();
        let before = if is_new(&top) { Index::default() } else { self.clean(&top)? };
        let command = self.git.command("checkout").folder(&top).hold(self.lock).about(self.url);
        let command = command.args(["--force", "--detach", "--progress", commit.as_str(), "--"]);
        let on_event = &mut self.on_event;
        command.run(self.cancel, &mut |line| on_event(Event::Output { line: line.to_owned() }))?;
        if !before.submodules.is_empty() {
            // git leaves the files of a submodule that the commit does not have.
            self.clean(&top)?;
        }
        self.put_submodules(&top)
    }

    /// Takes away what is in no commit: what git calls untracked and ignored, repositories inside, and an index that
    /// would make git overlook changes. Returns what is left of the index.
    pub(super) fn clean(&self, folder: &Path) -> Result<Index, WorkingCopyError> {
        let index = self.trusted_index(folder)?;
        remove_nested_repositories(folder, &index.submodules)?;
        let clean = || self.git_in(folder, "clean").args(["-ffdx", "--quiet"]).output(self.cancel);
        if let Err(error) = clean() {
            if !error.may_be_local() {
                return Err(error.into());
            }
            // A build may have taken away the right to remove files from its folders.
            make_writable(folder);
            clean()?;
        }
        Ok(index)
    }

    /// Reads the index; removes one that cannot be read, or that holds flags by which git leaves a file as it is
    /// (`assume-unchanged`, `skip-worktree`). git makes it again.
    pub(super) fn trusted_index(&self, folder: &Path) -> Result<Index, WorkingCopyError> {
        match self.git_in(folder, "ls-files").args(["-v", "--stage", "-z"]).bytes(self.cancel) {
            Err(error) if !error.ended_by_itself() => return Err(error.into()),
            Err(_) => {}
            Ok(listed) => {
                if let Some(index) = Index::parse(folder, &listed) {
                    return Ok(index);
                }
            }
        }
        let path = self.git_in(folder, "rev-parse").args(["--git-path", "index"]).output(self.cancel)?;
        let path = folder.join(path);
        remove(&path).map_err(io("remove", &path))?;
        Ok(Index::default())
    }
}

/// What we want to know of an index.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The folders of the submodules that it names, whether or not they are there.
    pub(super) submodules: HashSet<PathBuf>,
}

impl Index {
    /// Reads what `git ls-files -v --stage -z` prints: `H 100644 <object> 0<tab><path>`; `None` if an entry has a flag.
    fn parse(folder: &Path, listed: &[u8]) -> Option<Self> {
        let mut index = Self::default();
        for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let rest = entry.strip_prefix(b"H ")?;
            let path = rest.splitn(2, |byte| *byte == b'\t').nth(1)?;
            if rest.starts_with(b"160000 ") {
                index.submodules.insert(folder.join(OsString::from_vec(path.to_vec())));
            }
        }
        Some(index)
    }
}

/// Whether there are no files yet.
fn is_new(top: &Path) -> bool {
    std::fs::read_dir(top)
        .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|e| e.file_name() == ".git")))
}

/// Removes every `.git` below a repository's folder but its own and those of its submodules. git leaves one alone that
/// is in a folder with tracked files.
fn remove_nested_repositories(top: &Path, submodules: &HashSet<PathBuf>) -> Result<(), WorkingCopyError> {
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let entry = entry.map_err(io("read the folder", &folder))?;
            let path = entry.path();
            if entry.file_name() == ".git" {
                if folder != top {
                    remove(&path).map_err(io("remove", &path))?;
                }
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !submodules.contains(&path) {
                folders.push(path);
            }
        }
    }
    Ok(())
}
