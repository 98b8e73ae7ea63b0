//! Folders for apt that no other user of this machine removes or takes for abandoned while somebody works in them.
//!
//! Whoever uses one holds a lock on it, which the kernel ends with the process (flock(2)): what a killed one left is removed by
//! the next who makes one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::process::geteuid;
use tempfile::TempDir;

/// How the names of all of them begin.
const PREFIX: &str = "gachette-base-";

/// A folder for temporary files, gone when this is dropped.
pub(super) struct OwnFolder {
    folder: TempDir,
    _alive: File,
}

impl OwnFolder {
    /// A new, empty folder; those that were left behind go.
    pub(super) fn new() -> io::Result<Self> {
        let all = std::env::temp_dir();
        sweep(&all);
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&all)?;
            // A sweep that comes before the lock takes the folder away; then there is nothing to open, or to be found.
            if let Some(alive) = held(folder.path())
                && folder.path().is_dir()
            {
                return Ok(Self { folder, _alive: alive });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of this user in which nobody works any more. What cannot be removed now is tried again the next time.
fn sweep(all: &Path) {
    let entries = fs::read_dir(all).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let path = entry.path();
        let is_own = fs::symlink_metadata(&path)
            .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
        if is_own && let Some(_abandoned) = held(&path) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// A folder, when nobody else holds it.
fn held(path: &Path) -> Option<File> {
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let folder = File::options().read(true).custom_flags(flags).open(path).ok()?;
    flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok().then_some(folder)
}
