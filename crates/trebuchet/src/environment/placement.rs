//! Puts a cached environment somewhere: as the files of a package, or as a folder that works on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::record::{self, Fate};
use super::relocation::Relocation;
use super::snapshot::{Snapshot, recorded};
use super::{EnvironmentError, SOURCES};
use crate::io_error::{At as _, IoError};
use crate::regular_file::open_regular;

/// A cached environment and the folder it is to be at home in.
pub(crate) struct Placement<'a> {
    folder: &'a Path,
    relocation: Relocation,
    changed: BTreeMap<PathBuf, Vec<u8>>,
}

/// One thing in an environment.
pub(crate) enum Placed<'a> {
    Directory,
    /// A file as it is in the cache.
    Unchanged(&'a Path),
    /// A file with other content than in the cache, and the cached one's path.
    Changed(&'a [u8], &'a Path),
    Link(PathBuf),
}

impl<'a> Placement<'a> {
    /// The environment cached in `folder`, at home in `home`, with the project's code in `code`.
    pub(crate) fn new(
        folder: &'a Path,
        snapshot: &Snapshot,
        home: &Path,
        code: &Path,
    ) -> Result<Self, EnvironmentError> {
        let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
        let relocation = Relocation::new([
            (bytes(&snapshot.made_in), bytes(home)),
            (bytes(&snapshot.work), SOURCES.as_bytes().to_vec()),
            (bytes(&snapshot.project), bytes(code)),
        ]);
        let mut changed = BTreeMap::new();
        for relative in &snapshot.texts {
            let path = folder.join(relative);
            changed.insert(relative.clone(), relocation.apply(&fs::read(&path).at(&path)?));
        }
        for relative in &snapshot.records {
            let path = folder.join(relative);
            let text = match changed.get(relative) {
                Some(moved) => String::from_utf8_lossy(moved).into_owned(),
                None => fs::read_to_string(&path).at(&path)?,
            };
            let updated = record::updated(&text, |row| {
                match recorded(relative, row).and_then(|file| changed.get(&file)) {
                    Some(content) => Fate::Changed(content),
                    None => Fate::Kept,
                }
            });
            if updated != text {
                changed.insert(relative.clone(), updated.into_bytes());
            }
        }
        Ok(Self { folder, relocation, changed })
    }

    /// Hands out everything in the environment, by path relative to it, sorted.
    pub(crate) fn each<E: From<EnvironmentError>>(
        &self,
        mut take: impl FnMut(&Path, Placed<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for entry in WalkDir::new(self.folder).min_depth(1).sort_by_file_name() {
            let entry =
                entry.map_err(|error| EnvironmentError::from(IoError::walking(self.folder, error)))?;
            let path = entry.path();
            let relative = path.strip_prefix(self.folder).unwrap_or(path);
            let placed = if entry.path_is_symlink() {
                let target = fs::read_link(path).at(path).map_err(EnvironmentError::from)?;
                let target = self.relocation.apply(target.as_os_str().as_bytes());
                Placed::Link(PathBuf::from(std::ffi::OsString::from_vec(target)))
            } else if entry.file_type().is_dir() {
                Placed::Directory
            } else if let Some(content) = self.changed.get(relative) {
                Placed::Changed(content, path)
            } else {
                Placed::Unchanged(path)
            };
            take(relative, placed)?;
        }
        Ok(())
    }

    /// Copies the environment to `target`, a folder that is not there yet.
    pub(crate) fn copy_to(&self, target: &Path) -> Result<(), EnvironmentError> {
        fs::create_dir_all(target).at(target)?;
        self.each(|relative, placed| {
            let path = target.join(relative);
            let written = match placed {
                Placed::Directory => fs::create_dir(&path),
                // What is no file would have the copy wait.
                Placed::Unchanged(cached) => {
                    open_regular(cached).and_then(|_| fs::copy(cached, &path)).map(|_| ())
                }
                Placed::Changed(content, cached) => fs::write(&path, content)
                    .and_then(|()| fs::set_permissions(&path, fs::metadata(cached)?.permissions())),
                Placed::Link(link) => std::os::unix::fs::symlink(link, &path),
            };
            written.at(&path).map_err(EnvironmentError::from)
        })
    }
}
