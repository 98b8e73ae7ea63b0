//! Packages that were built here for another machine, while somebody looks whether they are there, or adds to them.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::repository::Repository;
use crate::repository::lock::{self, Hold};

/// How long the sweeper is waited for, which takes its turn for one package at a time.
const PATIENCE: Duration = Duration::from_secs(60);

/// While this is held, nothing is swept.
#[derive(Debug)]
pub(crate) struct InUse {
    _folder: File,
}

impl InUse {
    /// Keeps the sweeper from the packages of this repository; it comes to no others than those that are swept.
    pub(crate) fn on(repository: &Repository) -> Option<Self> {
        let built = super::built()?;
        if repository.meta() != Some(&built) || repository.debs() != built.join("debs") {
            return None;
        }
        Self::take(&built, Hold::Shared, PATIENCE)
    }

    /// The sweeper's turn, if nobody holds anything.
    pub(super) fn alone(built: &Path) -> Option<Self> {
        Self::take(built, Hold::Alone, Duration::ZERO)
    }

    fn take(built: &Path, hold: Hold, patience: Duration) -> Option<Self> {
        let folder = File::open(built).ok()?;
        lock::wait(&folder, hold, patience).then_some(Self { _folder: folder })
    }

    /// Marks a package file as used now. Whether it is there.
    pub(crate) fn renew(&self, repository: &Repository, file: &str) -> bool {
        let opened = repository.package_path(file).ok().and_then(|path| File::open(path).ok());
        // One that is somebody else's is kept or swept by its own time.
        opened.map(|file| file.set_modified(SystemTime::now())).is_some()
    }
}
