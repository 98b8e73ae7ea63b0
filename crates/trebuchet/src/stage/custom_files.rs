//! Files that a recipe ships unrendered, `files`.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use gachette_core::missile::{CustomFile, Recipe};
use walkdir::WalkDir;

use super::inside::inside;
use super::main_contents::Collected;
use super::{StageError, Workshop};
use crate::deb::{Content, DebError, Entry, Owner, PackagePath, Source};
use crate::io_error::{At as _, IoError};

/// Puts every such file, or all that is in such a folder, where it belongs.
pub(super) fn collect(
    workshop: &Workshop<'_>,
    recipe: &Recipe,
    collected: &mut Collected,
) -> Result<(), StageError> {
    for file in &recipe.files {
        for entry in entries(&workshop.project, file)? {
            if file.conffile && matches!(entry.content, Content::File(_)) {
                collected.conffiles.insert(entry.path.clone());
            }
            collected.tree.add(entry)?;
        }
    }
    Ok(())
}

/// What one of them becomes.
pub(super) fn entries(project: &Path, file: &CustomFile) -> Result<Vec<Entry>, StageError> {
    let source = inside(project, &file.source)?;
    let target = PackagePath::from_installed(file.target.trim_end_matches('/'))?;
    let mut entries = Vec::new();
    for found in WalkDir::new(&source).sort_by_file_name() {
        let found = found.map_err(|error| IoError::walking(&source, error))?;
        let below = found.path().strip_prefix(&source).unwrap_or(Path::new(""));
        let path = match below.as_os_str().as_bytes() {
            b"" => target.clone(),
            below => target.join(below)?,
        };
        // dpkg drops blanks at the end of a line of its list.
        if file.conffile && found.file_type().is_file() && path.as_bytes().ends_with(b" ") {
            return Err(DebError::Conffile(path).into());
        }
        entries.push(entry(file, found.into_path(), path)?);
    }
    Ok(entries)
}

fn entry(file: &CustomFile, source: PathBuf, path: PackagePath) -> Result<Entry, StageError> {
    let found = fs::symlink_metadata(&source).at(&source)?;
    let owner = Owner {
        user: file.owner.user.to_string(),
        group: file.owner.group.to_string(),
        // dpkg goes by the names, and by these where a name is unknown: then the superuser owns it.
        ..Owner::root()
    };
    if found.is_symlink() {
        let target = fs::read_link(&source).at(&source)?;
        return Ok(Entry { owner, ..Entry::symlink(path, target.as_os_str().as_bytes()) });
    }
    if found.is_dir() {
        return Ok(Entry { owner, ..Entry::directory(path) });
    }
    let own_mode = if found.permissions().mode() & 0o100 != 0 { 0o755 } else { 0o644 };
    let content = Content::File(Source::Path(source));
    Ok(Entry { path, content, mode: file.mode.unwrap_or(own_mode), owner })
}
