//! Folders in which package files are built before they are placed.
//!
//! They lie in the folder of package files, so that placing is a link and not a copy. Whoever uses one holds a lock on
//! it, which the kernel ends with the process: so `fsck` can tell a killed builder's leftovers from a live one's work.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::disk::{at, create_new_at, open_folder};
use super::error::RepositoryError;
use super::{Repository, inside, writer};

/// The folder of all staging folders, within that of package files.
pub(crate) const FOLDER: &str = ".staging";

/// A folder for one build, gone when this is dropped.
#[derive(Debug)]
pub struct Staging {
    path: PathBuf,
    alive: File,
}

impl Repository {
    /// A new, empty staging folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn staging(&self) -> Result<Staging, RepositoryError> {
        self.check_debs()?;
        let all = self.debs.join(FOLDER);
        inside::check(&self.debs, FOLDER)?;
        loop {
            let path = all.join(writer::id());
            match fs::create_dir_all(&path) {
                // The last of the others took the folder of all away meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.debs.is_dir() => continue,
                outcome => outcome.map_err(at(&path))?,
            }
            // A sweep that comes before the lock takes the folder away; then there is nothing to open, or to be found.
            let Ok(alive) = open_folder(&path) else { continue };
            if flock(&alive, FlockOperation::NonBlockingLockExclusive).is_ok() && path.is_dir() {
                return Ok(Staging { path, alive });
            }
        }
    }
}

/// The staging folders whose users are gone, by their paths from that of package files on, each held so that nobody else takes it.
pub(crate) fn abandoned(debs: &Path) -> Result<Vec<(PathBuf, File)>, RepositoryError> {
    let mut found = Vec::new();
    inside::check(debs, FOLDER)?;
    let all = debs.join(FOLDER);
    let entries = match fs::read_dir(&all) {
        // It is there only while somebody needs it.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(found);
        }
        entries => entries.map_err(at(&all))?,
    };
    for entry in entries {
        let entry = entry.map_err(at(&all))?;
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(folder) = open_folder(&entry.path()) else { continue };
        if flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            found.push((Path::new(FOLDER).join(entry.file_name()), folder));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

impl Staging {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new file in it.
    pub(crate) fn create_new(&self, name: &str) -> io::Result<File> {
        create_new_at(&self.alive, name)
    }

    /// The folder, from which on paths can be looked up.
    pub(crate) fn folder(&self) -> &File {
        &self.alive
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is swept by `fsck`.
        let (Some(debs), Some(name)) = (self.path.ancestors().nth(2), self.path.file_name()) else { return };
        let _ = inside::remove_all(debs, Path::new(FOLDER).join(name));
        inside::remove_empty(debs, FOLDER);
    }
}
