//! Links to folders: they are not followed, and of those that may lead to packages it is told.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::RefusedFile;

/// How many entries of a folder are looked at for a package file; of larger ones it is assumed.
const MOST: usize = 10_000;

/// What is said of a link, unless it leads to what is looked at in any case, or to nothing that could be wanted.
pub(super) fn refused(link: &Path, looked_at: &[&Path]) -> Option<RefusedFile> {
    let target = fs::canonicalize(link).ok()?;
    let is_below = |folder: &&Path| folder.canonicalize().is_ok_and(|folder| target.starts_with(folder));
    if looked_at.iter().any(is_below) || !may_hold(&target).unwrap_or(true) {
        return None;
    }
    let reason =
        format!("it is a link to the folder {}, and is not followed; import that too", target.display());
    Some(RefusedFile { file: link.display().to_string(), reason })
}

/// Whether there may be a package file somewhere in a folder.
fn may_hold(folder: &Path) -> io::Result<bool> {
    let (mut folders, mut seen) = (vec![PathBuf::from(folder)], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let (entry, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            seen += 1;
            let is_package = entry.extension().is_some_and(|end| end == "deb");
            if is_package || seen > MOST || (kind.is_symlink() && entry.is_dir()) {
                return Ok(true);
            }
            if kind.is_dir() {
                folders.push(entry);
            }
        }
    }
    Ok(false)
}
