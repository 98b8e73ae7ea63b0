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

    /// Puts a whole clone in place.
    pub(super) fn settle(&self, new: &Path) -> Result<(), WorkingCopyError> {
        replace::replace(new, &self.path, &self.beside("old")).map_err(io("put a clone at", &self.path))?;
        self.remove_leftovers()
    }
}
