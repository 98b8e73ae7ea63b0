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
        if !is_new(&top) {
            self.clean(&top)?;
        }
        let command = self.git("checkout").args(["--force", "--detach", "--progress"]).arg(commit.as_str());
        let mut lines = Vec::new();
        command.arg("--").run(self.cancel, &mut |line| lines.push(line.to_owned()))?;
        lines.into_iter().for_each(|line| (self.on_event)(Event::Output { line }));
        self.clean(&top)?;
        self.put_submodules(&top)
    }

    /// Takes away what is in no commit: what git calls untracked and ignored, repositories inside, and an index that
    /// would make git overlook changes.
    pub(super) fn clean(&self, folder: &Path) -> Result<(), WorkingCopyError> {
        self.distrust_index(folder)?;
        remove_nested_repositories(folder, &self.gitlinks(folder)?)?;
        let clean = || self.git_in(folder, "clean").args(["-ffdx", "--quiet"]).output(self.cancel);
        if let Err(error) = clean() {
            if !error.may_be_local() {
                return Err(error.into());
            }
            // A build may have taken away the right to remove files from its folders.
            make_writable(folder);
            clean()?;
        }
        Ok(())
    }

    /// The submodules that the index of a repository names, whether or not they are there.
    pub(super) fn gitlinks(&self, folder: &Path) -> Result<HashSet<PathBuf>, WorkingCopyError> {
        let listed = self.git_in(folder, "ls-files").args(["--stage", "-z"]).bytes(self.cancel)?;
        let gitlink = |entry: &[u8]| {
            let path = entry.strip_prefix(b"160000 ")?.splitn(2, |byte| *byte == b'\t').nth(1)?;
            Some(folder.join(OsString::from_vec(path.to_vec())))
        };
        Ok(listed.split(|byte| *byte == 0).filter_map(gitlink).collect())
    }

    /// Removes an index that cannot be read, or holds flags by which git leaves a file as it is (`assume-unchanged`,
    /// `skip-worktree`); git makes it again.
    fn distrust_index(&self, folder: &Path) -> Result<(), WorkingCopyError> {
        match self.git_in(folder, "ls-files").args(["-v", "-z"]).bytes(self.cancel) {
            Ok(listed) if listed.split(|byte| *byte == 0).all(|entry| matches!(entry, [] | [b'H', ..])) => {
                Ok(())
            }
            Err(error) if !error.ended_by_itself() => Err(error.into()),
            _ => {
                let path =
                    self.git_in(folder, "rev-parse").args(["--git-path", "index"]).output(self.cancel)?;
                let path = folder.join(path);
                remove(&path).map_err(io("remove", &path))
            }
        }
    }
}

/// Whether there are no files yet.
fn is_new(top: &Path) -> bool {
    std::fs::read_dir(top)
        .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|e| e.file_name() == ".git")))
}

/// Removes the locks of git commands that were killed. We hold the lock of the whole working copy, which git's own
/// commands share, so nobody is left who could hold one of these.
fn remove_locks(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && name != "objects" => remove_locks(&path),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|end| end == "lock") => {
                let _ = std::fs::remove_file(&path);
            }
            _ => {}
        }
    }
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
