//! Sweeping what killed writers left: staging folders nobody holds, and files `object_store` had not finished.

use std::fs::{self, DirEntry, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::{inside, key, staging};
use super::{Fault, Fsck};

/// How old an unfinished file is that no writer still writes: they live for milliseconds. Should one be taken from a
/// writer all the same, it notices and writes again.
const STALE: Duration = Duration::from_secs(600);

impl Fsck<'_> {
    /// Unfinished files anywhere but among the package files, and what else lies beside the repository's own folders.
    pub(super) fn check_leftovers(&mut self) -> Result<(), RepositoryError> {
        let Some(root) = self.repository.meta() else { return Ok(()) };
        let debs = self.repository.debs().canonicalize().ok();
        for entry in entries(root)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if key::is_unfinished(&name) {
                self.sweep(root, &entry);
            } else if !key::FIRST_LEVEL.contains(&name.as_str()) {
                if entry.path().canonicalize().ok() != debs {
                    self.found(name.escape_debug().to_string(), Fault::Unknown);
                }
            } else if name == "debs"
                && let Err(linked) = self.repository.check_debs()
            {
                self.found(name, Fault::Unreadable { reason: linked.to_string() });
            } else if name != key::IDENTITY && name != "debs" && entry.path().is_symlink() {
                self.unseen(name, &RepositoryError::Linked { path: entry.path() });
            } else if name != key::IDENTITY && !entry.path().is_dir() {
                self.unseen(name, &at(&entry.path())(ErrorKind::NotADirectory.into()));
            } else if name != "debs" && name != key::DISTS {
                self.sweep_below(root, entry.path());
            }
        }
        Ok(())
    }

    fn sweep_below(&mut self, root: &Path, top: PathBuf) {
        let mut folders = vec![top];
        while let Some(folder) = folders.pop() {
            let key = folder.strip_prefix(root).unwrap_or(&folder).display().to_string();
            let Some(entries) = self.seen(&key, entries(&folder)) else { continue };
            for entry in entries {
                if key::is_unfinished(&entry.file_name().to_string_lossy()) {
                    self.sweep(root, &entry);
                } else if is_folder(&entry) {
                    folders.push(entry.path());
                } else if entry.path().is_dir() {
                    // A link, which is not followed.
                    self.found(key_of(root, &entry.path()), Fault::Unknown);
                }
            }
        }
    }

    fn sweep(&mut self, root: &Path, entry: &DirEntry) {
        let path = &entry.path();
        if is_folder(entry) {
            self.sweep_folder(root, path);
        } else if is_stale(path) {
            let below = path.strip_prefix(root).unwrap_or(path);
            self.mend(key_of(root, path), Fault::Leftover, |_| inside::remove_file(root, below));
        }
    }

    /// A folder that was being filled. Whoever fills one holds it; its age is for the moment before they do.
    fn sweep_folder(&mut self, root: &Path, path: &Path) {
        let Ok(folder) = File::open(path) else { return };
        if is_stale(path) && flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let below = path.strip_prefix(root).unwrap_or(path);
            self.mend(key_of(root, path), Fault::Leftover, |_| inside::remove_all(root, below));
        }
    }

    /// Staging folders whose user is gone.
    pub(super) fn check_staging(&mut self) -> Result<(), RepositoryError> {
        // A link in place of the folder is told by itself.
        if self.repository.check_debs().is_err() {
            return Ok(());
        }
        let debs = self.repository.debs();
        for (path, _alive) in staging::abandoned(debs)? {
            let name = format!("debs/{}", path.display());
            self.mend(name, Fault::Leftover, |_| inside::remove_all(debs, &path));
        }
        Ok(())
    }
}

/// Whether it is one itself: symbolic links are not followed.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

fn is_stale(path: &Path) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|found| found.modified());
    modified.is_ok_and(|modified| modified.elapsed().unwrap_or_default() > STALE)
}

fn key_of(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>, RepositoryError> {
    let read = || fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>();
    let mut entries = match read() {
        // A writer may take an empty folder away at any time.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Vec::new(),
        entries => entries.map_err(at(folder))?,
    };
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}
