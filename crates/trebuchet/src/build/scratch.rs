//! The private folder of one build or staging. Those that killed ones left behind are removed when the next one begins.
//!
//! The kernel ends the lock in such a folder with the build that holds it, even by `kill -9`: so a dead build's folder can
//! be told from a live one's, and from a folder that only has such a name.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use tempfile::TempDir;

use crate::io_error::{At as _, IoError};

const LOCK: &str = ".build-lock";

/// A folder that is gone when this is dropped.
pub(crate) struct Scratch {
    folder: TempDir,
    _alive: File,
}

impl Scratch {
    /// A new folder in `parent` whose name begins so. What dead builds of this user left there under such names is removed.
    pub(crate) fn make(parent: &Path, prefix: &str) -> Result<Self, IoError> {
        sweep(parent, prefix);
        loop {
            let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(parent).at(parent)?;
            let path = folder.path().join(LOCK);
            let alive = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                // Another one's sweep was between our steps, and took it for a dead one's.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                opened => opened.at(&path)?,
            };
            // Where there are no locks, nothing is ever swept.
            let swept = flock(&alive, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK);
            if !swept && path.exists() {
                return Ok(Self { folder, _alive: alive });
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of this user's dead builds. What cannot be looked at or removed is left for later.
fn sweep(parent: &Path, prefix: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            let _ = remove_if_dead(&entry.path());
        }
    }
}

fn remove_if_dead(folder: &Path) -> std::io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let lock = OpenOptions::new().write(true).custom_flags(flags).open(folder.join(LOCK))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    fs::remove_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_builds_folder_goes_and_live_and_foreign_ones_stay() {
        let parent = tempfile::tempdir().unwrap();
        let live = Scratch::make(parent.path(), "trebuchet-").unwrap();
        let dead = parent.path().join("trebuchet-dead");
        fs::create_dir_all(dead.join("code/deep")).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        let foreign = [parent.path().join("trebuchet-notes"), parent.path().join("other")];
        foreign.iter().for_each(|folder| fs::create_dir(folder).unwrap());
        fs::write(foreign[1].join(LOCK), "").unwrap();
        let link = parent.path().join("trebuchet-link");
        std::os::unix::fs::symlink(&foreign[1], &link).unwrap();
        let next = Scratch::make(parent.path(), "trebuchet-").unwrap();
        assert!(!dead.exists());
        assert!(live.path().join(LOCK).exists() && next.path().join(LOCK).exists());
        assert!(foreign.iter().all(|folder| folder.is_dir()) && link.is_symlink());
        assert!(foreign[1].join(LOCK).exists());
    }
}
