//! Keeping packages from being collected while somebody is about to name them.
//!
//! Who looks whether a package is there, or brings it, and then names it in a stack, shares a hold on the repository's folder
//! meanwhile; who removes packages has that hold alone, for as long as it takes to look once more whether they are named, and to
//! remove them. So between the look and the revision nothing goes. To get at the folder everybody passes the file `gachette.json`
//! first, where a collector that waits lets nobody by: else it would wait for ever among many writers.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::disk::at;
use super::error::RepositoryError;
use super::lock::{self, Hold};
use super::{Repository, key};

/// How long a collector is waited for, which takes its turn for some packages at a time.
const PATIENCE: Duration = Duration::from_secs(60);

/// While this is held, packages may be removed, and nobody relies on one that is not named.
#[derive(Debug)]
pub(crate) struct Collecting {
    _folder: File,
    _gate: File,
}

impl Repository {
    /// The same repository, from which nothing is collected as long as this value or a clone of it lives. To be had by whoever
    /// names packages in a stack, from before they are looked for until the revision is written.
    ///
    /// # Errors
    /// When a collector does not let go of it.
    pub fn keeping(&self) -> Result<Self, RepositoryError> {
        let Some(root) = self.store.root().filter(|_| self.kept.is_none()) else { return Ok(self.clone()) };
        self.check_debs()?;
        let gate = root.join(key::IDENTITY);
        // Of a repository that is just being made nothing is collected.
        if !gate.exists() {
            return Ok(self.clone());
        }
        let _gate = take(&gate, Hold::Shared, PATIENCE)?;
        let folder = take(root, Hold::Shared, PATIENCE)?;
        Ok(Self { kept: Some(Arc::new(folder)), ..self.clone() })
    }

    /// A collector's turn, when nobody relies on packages for so long.
    pub(crate) fn collecting(&self, patience: Duration) -> Result<Option<Collecting>, RepositoryError> {
        let Some(root) = self.store.root() else { return Ok(None) };
        self.check_debs()?;
        let gate = take(&root.join(key::IDENTITY), Hold::Alone, patience)?;
        let folder = take(root, Hold::Alone, patience)?;
        Ok(Some(Collecting { _folder: folder, _gate: gate }))
    }

    /// Marks a package file as used now, which keeps it for a while although nothing names it. Whether it is there.
    pub fn renew(&self, file: &str) -> bool {
        let opened = self.package_path(file).ok().and_then(|path| trebuchet::open_regular(&path).ok());
        // One that is somebody else's is kept or collected by its own time.
        opened.map(|file| file.set_modified(SystemTime::now())).is_some()
    }
}

fn take(path: &Path, hold: Hold, patience: Duration) -> Result<File, RepositoryError> {
    let file = File::open(path).map_err(at(path))?;
    if lock::wait(&file, hold, patience) {
        return Ok(file);
    }
    Err(RepositoryError::Busy { path: path.to_path_buf(), waited: patience })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_and_who_collects_exclude_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path(), None).unwrap();
        let busy = || repository.collecting(Duration::ZERO).unwrap_err().to_string();
        let one = repository.keeping().unwrap();
        let other = repository.keeping().unwrap();
        assert!(busy().contains("has been held by another process"), "{}", busy());
        let (same, _) = (one.keeping().unwrap(), drop(one));
        drop(other);
        busy();
        drop(same);
        let collecting = repository.collecting(Duration::ZERO).unwrap();
        assert!(take(folder.path(), Hold::Shared, Duration::ZERO).is_err());
        drop(collecting);
        drop(repository.keeping().unwrap());
    }

    #[test]
    fn who_waits_to_collect_is_not_overtaken() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path(), None).unwrap();
        let first = repository.keeping().unwrap();
        std::thread::scope(|scope| {
            let collector = scope.spawn(|| repository.collecting(PATIENCE).unwrap());
            let gate = folder.path().join(key::IDENTITY);
            // Until the collector is at the gate.
            while take(&gate, Hold::Shared, Duration::ZERO).is_ok() {
                std::thread::yield_now();
            }
            drop(first);
            assert!(collector.join().unwrap().is_some());
        });
    }
}
