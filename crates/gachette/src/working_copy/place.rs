//! Where a working copy is, and what lies beside it.

use std::path::{Path, PathBuf};

use gachette_core::git::WorkingCopyName;
use trebuchet::process::Cancel;

use super::base::{check_own, trusted_folder};
use super::checkout::{self, State};
use super::error::io;
use super::lock::Lock;
use super::{Event, WorkingCopyError, replace};

/// Where a working copy is, and the folder beside for its lock and for clones that are not whole yet.
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) aside: PathBuf,
}

impl Place {
    /// The place for this name, in a folder that can be trusted.
    pub(super) fn of(name: &WorkingCopyName, base: &Path) -> Result<Self, WorkingCopyError> {
        let base = trusted_folder(base)?;
        let aside = trusted_folder(&base.join(".gachette"))?.join(name.as_str());
        Ok(Self { path: base.join(name.as_str()), aside })
    }

    pub(super) fn lock(
        &self,
        what: &str,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<Lock, WorkingCopyError> {
        Lock::take(&self.aside, what, cancel, on_event)
    }

    /// Takes the lock, if it is free.
    pub(super) fn lock_if_free(&self, what: &str) -> Result<Option<Lock>, WorkingCopyError> {
        Lock::take_if_free(&self.aside, what)
    }

    /// Whether there is something that was made by us: it has our notes.
    pub(super) fn is_ours(&self) -> Result<bool, WorkingCopyError> {
        if self.path.symlink_metadata().is_err() {
            return Ok(false);
        }
        check_own(&self.path)?;
        Ok(checkout::is_ours(&self.path))
    }

    /// Whether there is something that was not.
    pub(super) fn is_foreign(&self) -> Result<bool, WorkingCopyError> {
        Ok(self.path.symlink_metadata().is_ok() && !self.is_ours()?)
    }

    /// What is there, if it is ours.
    pub(super) fn state(&self) -> Result<State, WorkingCopyError> {
        if self.path.symlink_metadata().is_ok() {
            check_own(&self.path)?;
        }
        checkout::state(&self.path)
    }

    /// A folder that can be renamed to the place.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.aside.join(name)
    }

    /// Removes what a killed run left.
    pub(super) fn remove_leftovers(&self) -> Result<(), WorkingCopyError> {
        for path in [self.beside("new"), self.beside("old")] {
            replace::remove(&path).map_err(io("remove", &path))?;
        }
        Ok(())
    }

    /// Takes away what is there, and what a killed run left beside it, the lock's file last; says whether there was anything. It goes
    /// by one rename: who is killed leaves all of it in its place, or what no longer is a working copy, for the next to remove.
    pub(super) fn take_away(&self, lock: Lock) -> Result<bool, WorkingCopyError> {
        let old = self.beside("old");
        let was_left = old.symlink_metadata().is_ok();
        self.remove_leftovers()?;
        let was_there = self.path.symlink_metadata().is_ok();
        if was_there {
            replace::move_away(&self.path, &old).map_err(io("move away", &self.path))?;
            self.remove_leftovers()?;
        }
        self.forget(lock)?;
        Ok(was_there || was_left)
    }

    /// Takes the lock's file away, and its folder unless somebody has come to it since.
    pub(super) fn forget(&self, lock: Lock) -> Result<(), WorkingCopyError> {
        let file = self.beside("lock");
        replace::remove(&file).map_err(io("remove", &file))?;
        drop(lock);
        let _ = std::fs::remove_dir(&self.aside);
        Ok(())
    }

    /// Puts a whole clone in place.
    pub(super) fn settle(&self, new: &Path) -> Result<(), WorkingCopyError> {
        replace::replace(new, &self.path, &self.beside("old")).map_err(io("put a clone at", &self.path))?;
        self.remove_leftovers()
    }
}
