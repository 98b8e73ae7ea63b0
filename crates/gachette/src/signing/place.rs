//! Where files really lie, by whichever name.

use std::path::{Path, PathBuf};

/// The one of these folders in which a path leads, also by links.
pub(super) fn folder_around<'a>(path: &Path, folders: &'a [PathBuf]) -> Option<&'a Path> {
    let real = resolved(path);
    folders.iter().map(PathBuf::as_path).find(|folder| real.starts_with(resolved(folder)))
}

/// The path without links, as far as it exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut ancestors = path.ancestors();
    let found = ancestors.find_map(|there| Some((there, there.canonicalize().ok()?)));
    match found {
        Some((there, real)) => path.strip_prefix(there).map_or(real.clone(), |rest| real.join(rest)),
        None => path,
    }
}
