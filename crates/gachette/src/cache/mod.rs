//! Where things lie that can be made again, and for how long they are kept.

mod sweep;

use std::fs::Metadata;
use std::path::PathBuf;
use std::time::SystemTime;

pub(crate) use sweep::sweep_daily;

/// The name of the folder of stat caches.
const STATS: &str = "stats";

/// gachette's folder in the user's folder for what can be made again (XDG Base Directory Specification); none without a home.
pub(crate) fn folder() -> Option<PathBuf> {
    trebuchet::user_cache().map(|cache| cache.join("gachette"))
}

/// The repository of what was built here for a repository on another machine.
pub(crate) fn built() -> Option<PathBuf> {
    Some(folder()?.join("built"))
}

/// The folder of what was found in large files of repositories, and how these were then.
pub(crate) fn stats() -> Option<PathBuf> {
    Some(folder()?.join(STATS))
}

/// The folder of [mirrors](crate::mirror).
pub(crate) fn mirrors() -> Option<PathBuf> {
    Some(folder()?.join("mirrors"))
}

/// Whether a file was not written to, nor marked as used, since then.
pub(crate) fn is_unused(file: &Metadata, since: SystemTime) -> bool {
    file.modified().is_ok_and(|modified| modified < since)
}
