//! Files that a recipe ships unrendered, `files`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use gachette_core::missile::{CustomFile, Recipe};
use walkdir::WalkDir;

use super::inside::{inside, way_out};
use super::main_contents::Collected;
use super::{StageError, Workshop};
use crate::deb::{Content, DebError, Entry, Owner, PackagePath, Source, regular};
use crate::io_error::{At as _, IoError};
use crate::report::Report;

/// Puts every such file, or all that is in such a folder, where it belongs.
pub(super) fn collect(
    workshop: &Workshop<'_>,
    recipe: &Recipe,
    collected: &mut Collected,
    report: &mut Report<'_>,
) -> Result<(), StageError> {
    for file in &recipe.files {
        let found = find(&workshop.project, file)?;
        found.doubts.iter().for_each(|doubt| report.warning(doubt));
        for entry in found.entries {
            if file.conffile && matches!(entry.content, Content::File(_)) {
                collected.conffiles.insert(entry.path.clone());
            }
            collected.tree.add(entry)?;
        }
    }
    Ok(())
}

/// What one of them becomes.
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    /// What may not be meant so.
    pub(super) doubts: Vec<String>,
}

/// Looks for what one of them names. A symbolic link is taken as a link, wherever it leads: nothing is read through it.
pub(super) fn find(project: &Path, file: &CustomFile) -> Result<Found, StageError> {
    let source = inside(project, &file.source)?;
    let target = PackagePath::from_installed(file.target.trim_end_matches('/'))?;
    let mut all = Found { entries: Vec::new(), doubts: Vec::new() };
    for found in WalkDir::new(&source).follow_root_links(false).sort_by_file_name() {
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
        let entry = entry(file, found.path(), path)?;
        if let Content::Symlink(link) = &entry.content {
            let name = found.path().strip_prefix(project).unwrap_or(found.path());
            all.doubts.extend(way_out(name, Path::new(OsStr::from_bytes(link)), "project"));
        }
        all.entries.push(entry);
    }
    Ok(all)
}

fn entry(file: &CustomFile, source: &Path, path: PackagePath) -> Result<Entry, StageError> {
    let found = fs::symlink_metadata(source).at(source)?;
    let owner = Owner {
        user: file.owner.user.to_string(),
        group: file.owner.group.to_string(),
        // dpkg goes by the names, and by these where a name is unknown: then the superuser owns it.
        ..Owner::root()
    };
    if found.is_symlink() {
        let target = fs::read_link(source).at(source)?;
        return Ok(Entry { owner, ..Entry::symlink(path, target.as_os_str().as_bytes()) });
    }
    if found.is_dir() {
        return Ok(Entry { owner, ..Entry::directory(path) });
    }
    regular(source, found.file_type())?;
    let own_mode = if found.permissions().mode() & 0o100 != 0 { 0o755 } else { 0o644 };
    let content = Content::File(Source::Path(source.to_owned()));
    Ok(Entry { path, content, mode: file.mode.unwrap_or(own_mode), owner })
}
