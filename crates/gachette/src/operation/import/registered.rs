//! Which packages had a record before an import began: those that had none need not be looked for one by one.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use gachette_core::debian::PackageName;

use crate::repository::Repository;

/// The names of packages that had a record, as long as that is worth anything.
#[derive(Default)]
pub(super) struct Registered {
    names: Option<HashSet<String>>,
    outdated: AtomicBool,
}

impl Registered {
    /// Before so many files are looked at.
    pub(super) fn before(repository: &Repository, files: usize) -> Self {
        Self { names: repository.registered_names(files), outdated: AtomicBool::new(false) }
    }

    /// Whether a package had no record. It may have one by now, which is found when another is written.
    pub(super) fn lacks(&self, name: &PackageName) -> bool {
        let lacks = |names: &HashSet<String>| !names.contains(name.as_str());
        !self.outdated.load(Ordering::Relaxed) && self.names.as_ref().is_some_and(lacks)
    }

    /// Notes that another brings packages too: to find out when they are written takes longer than to look for each.
    pub(super) fn outdate(&self) {
        self.outdated.store(true, Ordering::Relaxed);
    }
}
