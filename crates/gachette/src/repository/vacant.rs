//! Whether a repository may be made in a folder: an empty one, one that the original tool wrote, or what an attempt before left.
//!
//! A wrong `meta_path`, such as a home, would otherwise have folders made among somebody's own.

use std::fs;
use std::path::{Path, PathBuf};

use super::disk::at;
use super::error::RepositoryError;
use super::key;

/// What a file system has in its topmost folder by itself.
const OF_FILE_SYSTEM: &str = "lost+found";

/// Refuses a folder in which something lies that is neither a repository's, nor one of the `own` paths of who makes it, nor beside a
/// tree of the original tool.
pub(super) fn check(meta: &Path, own: &[PathBuf]) -> Result<(), RepositoryError> {
    let mut strange = Vec::new();
    for entry in fs::read_dir(meta).map_err(at(meta))? {
        let name = entry.map_err(at(meta))?.file_name();
        let path = meta.join(&name);
        let is_known = name.to_str().is_some_and(|name| {
            key::FIRST_LEVEL.contains(&name) || key::is_unfinished(name) || name == OF_FILE_SYSTEM
        });
        if !is_known && !own.iter().any(|own| own.starts_with(&path)) {
            strange.push(name.to_string_lossy().into_owned());
        }
    }
    strange.sort();
    match strange.into_iter().next() {
        Some(found) if !is_original(meta) => {
            Err(RepositoryError::NotVacant { path: meta.to_path_buf(), found })
        }
        _ => Ok(()),
    }
}

/// Whether the original tool wrote stacks or packages there.
fn is_original(meta: &Path) -> bool {
    let has = |top: &str, below: &str| {
        let folders = fs::read_dir(meta.join(top)).into_iter().flatten().flatten();
        folders.into_iter().any(|folder| folder.path().join(below).is_dir())
    };
    has(key::DOMAINS, "stacks") || has(key::PACKAGES, key::VERSION)
}
