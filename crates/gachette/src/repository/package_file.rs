//! One file in the folder of package files: its name, and an exclusive hold on it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Repository;
use super::disk::{at, open_folder};
use super::error::RepositoryError;
use super::lock::{self, Hold};

/// How long a package file is waited for: many times what reading the largest takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// A package file that nobody replaces or registers while this is held.
pub(crate) struct Held {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

impl Repository {
    /// The path of a package file of this name.
    ///
    /// # Errors
    /// When the name leads elsewhere, or is none of a package file.
    pub fn package_path(&self, name: &str) -> Result<PathBuf, RepositoryError> {
        check_name(name)?;
        Ok(self.debs.join(name))
    }

    /// The name of a package file that lies in the folder of package files, or is named alone: one that is safe in the
    /// scripts and addresses of whoever fetches it.
    pub(crate) fn package_name_of(&self, path: &Path) -> Result<String, RepositoryError> {
        let refuse = |reason| RepositoryError::FileName { name: path.display().to_string(), reason };
        let name = path.file_name().ok_or_else(|| refuse("it names no file"))?;
        let name = name.to_str().ok_or_else(|| refuse("it is not UTF-8"))?;
        check_name(name)?;
        if !name.bytes().all(is_safe) {
            return Err(refuse("only letters, digits and `+-.~:_%` are safe in it; rename the file"));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let lies_there = |folder: &Path| match (folder.canonicalize(), self.debs.canonicalize()) {
            (Ok(folder), Ok(debs)) => folder == debs,
            _ => false,
        };
        match folder {
            Some(folder) if !lies_there(folder) => {
                Err(refuse("it does not lie in the folder of package files"))
            }
            _ => Ok(name.to_owned()),
        }
    }
}

impl Repository {
    /// Waits until nobody replaces any package file, and lets none be replaced while this is held; or the other way round,
    /// waits for those who want none to be replaced.
    pub(crate) fn hold_files(&self, hold: Hold) -> Result<File, RepositoryError> {
        self.hold_files_within(hold, PATIENCE)
    }

    /// The same, with a patience of one's own.
    pub(crate) fn hold_files_within(&self, hold: Hold, patience: Duration) -> Result<File, RepositoryError> {
        self.check_debs()?;
        let folder = open_folder(&self.debs).map_err(at(&self.debs))?;
        if lock::wait(&folder, hold, patience) {
            return Ok(folder);
        }
        Err(RepositoryError::Busy { path: self.debs.clone(), waited: patience })
    }
}

impl Held {
    /// Waits until nobody else holds the file of this path, whichever file that then is. `None` when there is none.
    pub(crate) fn take(path: &Path) -> Result<Option<Self>, RepositoryError> {
        Self::take_within(path, PATIENCE)
    }

    /// The same, with a patience of one's own.
    pub(crate) fn take_within(path: &Path, patience: Duration) -> Result<Option<Self>, RepositoryError> {
        loop {
            if !is_there(path)? {
                return Ok(None);
            }
            let file = match trebuchet::open_regular(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(at(path)(error)),
            };
            if !lock::wait(&file, Hold::Alone, patience) {
                return Err(RepositoryError::Busy { path: path.to_path_buf(), waited: patience });
            }
            let held = file.metadata().map_err(at(path))?;
            match fs::symlink_metadata(path) {
                Ok(now) if (now.dev(), now.ino()) == (held.dev(), held.ino()) => {
                    return Ok(Some(Self { file, path: path.to_path_buf() }));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(at(path)(error)),
            }
        }
    }
}

/// Whether there is a regular file. Symbolic links are not followed: what is registered must be in this folder to stay.
pub(crate) fn is_there(path: &Path) -> Result<bool, RepositoryError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(true),
        Ok(_) => {
            let reason = "it is no regular file".to_owned();
            Err(RepositoryError::Unreadable { path: path.to_path_buf(), reason })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(path)(error)),
    }
}

/// What names of packages, versions and architectures are made of, with what other tools put between them; apt writes the
/// colon of an epoch as `%3a`.
fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.~:_%".contains(&byte)
}

/// A file name that is nothing else: no path, no hidden or temporary file, no option.
fn check_name(name: &str) -> Result<(), RepositoryError> {
    let refuse = |reason| Err(RepositoryError::FileName { name: name.chars().take(255).collect(), reason });
    if !name.ends_with(".deb") {
        return refuse("it does not end in `.deb`");
    }
    if name.len() > 255 {
        return refuse("it is longer than 255 bytes");
    }
    if name.starts_with(['.', '-']) {
        return refuse("it begins with `.` or `-`");
    }
    if name.contains('/') || name.chars().any(char::is_control) {
        return refuse("it holds `/` or a control character");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_another_holds_is_named_when_patience_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dh-web-1.0-all.deb");
        fs::write(&path, "x").unwrap();
        let held = Held::take(&path).unwrap().unwrap();
        let error = Held::take_within(&path, Duration::ZERO).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("{} has been held by another process for 0 seconds", path.display())
        );
        assert!(error.hint().unwrap().contains(&format!("fuser -v {}", path.display())));
        drop(held);
        assert!(Held::take_within(&path, Duration::ZERO).unwrap().is_some());
    }
}
