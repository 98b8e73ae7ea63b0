//! Keeps finished environments, each under the digest of everything it was made from.
//!
//! An environment is made beside its place and renamed there, so that an interrupted build leaves nothing that looks
//! finished. A lock per entry lets one process make it while others wait; who uses an entry holds the lock shared, so that
//! it is not swept away underneath. Locks are the kernel's, and end with their process.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};

use super::EnvironmentError;
use super::snapshot::Snapshot;
use crate::io_error::At as _;
use crate::process::Cancel;
use crate::report::Report;

/// A folder of environments.
pub(crate) struct Cache {
    folder: PathBuf,
}

/// An environment in the cache, kept there as long as this value lives.
pub(crate) struct Cached {
    /// The environment's own folder.
    pub(crate) folder: PathBuf,
    pub(crate) snapshot: Snapshot,
    _lock: File,
}

/// How long an environment that nobody used is kept.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Cache {
    pub(crate) fn open(folder: &Path) -> Result<Self, EnvironmentError> {
        let folder = folder.join("environments");
        fs::create_dir_all(&folder).at(&folder)?;
        Ok(Self { folder: folder.canonicalize().at(&folder)? })
    }

    /// The folder in which everything of this cache lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The environment of this key; `make` is asked for it when it is not there, with an empty folder to work in, and
    /// makes it in `env` in there. Waiting for another process that makes the same one is reported.
    pub(crate) fn get(
        &self,
        key: &str,
        cancel: &Cancel,
        report: &mut Report<'_>,
        make: impl FnOnce(&Path, &mut Report<'_>) -> Result<Snapshot, EnvironmentError>,
    ) -> Result<(Cached, bool), EnvironmentError> {
        let lock_path = self.folder.join(format!("{key}.lock"));
        let lock = File::create(&lock_path).at(&lock_path)?;
        lock_until(&lock, FlockOperation::NonBlockingLockShared, cancel, &lock_path, report)?;
        if let Some(snapshot) = self.find(key) {
            return Ok((self.cached(key, snapshot, lock), true));
        }
        lock_until(&lock, FlockOperation::NonBlockingLockExclusive, cancel, &lock_path, report)?;
        let (snapshot, was_there) = match self.find(key) {
            Some(snapshot) => (snapshot, true),
            None => (self.make(key, |work| make(work, report))?, false),
        };
        flock(&lock, FlockOperation::LockShared).map_err(std::io::Error::from).at(&lock_path)?;
        Ok((self.cached(key, snapshot, lock), was_there))
    }

    /// Removes environments that nobody used for a month, as far as nobody is using them now.
    pub(crate) fn sweep(&self, now: SystemTime) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let unused = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|used| now.duration_since(used).is_ok_and(|unused| unused > UNUSED));
            if unused
                && path.is_dir()
                && let Ok(lock) = File::create(path.with_extension("lock"))
                && flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
            {
                // It is only a cache: what cannot be removed now is tried again next time.
                let _ = fs::remove_dir_all(&path);
            }
        }
    }

    fn entry(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }

    fn find(&self, key: &str) -> Option<Snapshot> {
        let text = fs::read(self.entry(key).join("snapshot.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn cached(&self, key: &str, snapshot: Snapshot, lock: File) -> Cached {
        let entry = self.entry(key);
        // The folder's time says when it was last used; without it the entry is only swept early.
        if let Ok(folder) = File::open(&entry) {
            let _ = folder.set_modified(SystemTime::now());
        }
        Cached { folder: entry.join("env"), snapshot, _lock: lock }
    }

    fn make(
        &self,
        key: &str,
        make: impl FnOnce(&Path) -> Result<Snapshot, EnvironmentError>,
    ) -> Result<Snapshot, EnvironmentError> {
        self.remove_half_made(key)?;
        // A name of its own: a killed build's orphaned children may still write into theirs.
        let work = tempfile::Builder::new()
            .prefix(&format!("{key}.work-"))
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(&self.folder)
            .at(&self.folder)?;
        let snapshot = make(work.path())?;
        let path = work.path().join("snapshot.json");
        let text = serde_json::to_vec(&snapshot).map_err(std::io::Error::from).at(&path)?;
        fs::write(&path, text).at(&path)?;
        let entry = self.entry(key);
        fs::rename(work.keep(), &entry).at(&entry)?;
        Ok(snapshot)
    }

    /// Removes what processes that are gone left of this key; they are gone, since we hold the lock.
    fn remove_half_made(&self, key: &str) -> Result<(), EnvironmentError> {
        let entry = self.entry(key);
        if entry.exists() {
            fs::remove_dir_all(&entry).at(&entry)?;
        }
        for entry in fs::read_dir(&self.folder).at(&self.folder)? {
            let path = entry.at(&self.folder)?.path();
            if path.file_stem().is_some_and(|stem| stem == key) && path.is_dir() {
                // A program that outlived its killed build may still write there; then the next build removes it.
                let _ = fs::remove_dir_all(&path);
            }
        }
        Ok(())
    }
}

fn lock_until(
    lock: &File,
    operation: FlockOperation,
    cancel: &Cancel,
    path: &Path,
    report: &mut Report<'_>,
) -> Result<(), EnvironmentError> {
    let mut told = false;
    loop {
        match flock(lock, operation) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) if cancel.is_cancelled() => {
                return Err(EnvironmentError::Cancelled);
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                if !std::mem::replace(&mut told, true) {
                    report.step("waiting for another build that makes the same environment");
                }
                thread::sleep(Duration::from_millis(50));
            }
            Err(error) => return Err(std::io::Error::from(error)).at(path).map_err(EnvironmentError::from),
        }
    }
}
