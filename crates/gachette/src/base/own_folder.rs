//! Folders for apt that no other user of this machine removes or takes for abandoned while somebody works in them.
//!
//! Whoever uses one holds a lock on it, which the kernel ends with the process (flock(2)): what a killed one left is removed by
//! the next who makes one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::process::geteuid;
use tempfile::TempDir;

/// How the names of all of them begin.
const PREFIX: &str = "gachette-base-";
/// How many letters and digits follow.
const LETTERS: usize = 6;
/// The file by which such a folder is told from one of the same name that somebody else made.
const MARKER: &str = ".gachette-base";

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
            let folder = tempfile::Builder::new().prefix(PREFIX).rand_bytes(LETTERS).tempdir_in(&all)?;
            // A sweep that comes before the lock takes the folder away; then there is nothing to open, or to be found.
            if let Some(alive) = held(folder.path())?
                && folder.path().is_dir()
            {
                File::create_new(folder.path().join(MARKER))?;
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
    for entry in entries.filter(|entry| is_name(&entry.file_name().to_string_lossy())) {
        let path = entry.path();
        let is_own = fs::symlink_metadata(&path)
            .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
        if is_own && let Ok(Some(_abandoned)) = held(&path) {
            // One that was just made has nothing in it yet, and anything else without the marker is somebody's own.
            let _ = match path.join(MARKER).symlink_metadata() {
                Ok(marker) if marker.is_file() => fs::remove_dir_all(&path),
                _ => fs::remove_dir(&path),
            };
        }
    }
}

/// Whether such a folder may be called so.
fn is_name(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or_default();
    rest.len() == LETTERS && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A folder, when it is there and nobody else holds it.
fn held(path: &Path) -> io::Result<Option<File>> {
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let folder = match File::options().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        folder => folder?,
    };
    match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(None),
        taken => Ok(taken.map(|()| Some(folder))?),
    }
}
