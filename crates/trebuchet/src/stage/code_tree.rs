//! The files of an application: which of the project's files they are, and what happens to them on the way.
//!
//! Taken is what does not begin with a dot at the top, `.git` nowhere, nothing that `exclude_folders` names, and no compiled
//! python files beside their sources. Symbolic links stay links; nothing is ever read through one.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::StageError;
use super::globs::Exclusions;
use super::inside::way_out;
use crate::io_error::{At as _, IoError};
use crate::report::Report;

/// Something of the code tree.
pub(crate) struct CodeEntry {
    /// Relative to the tree.
    pub(crate) relative: PathBuf,
    pub(crate) content: CodeContent,
}

pub(crate) enum CodeContent {
    Folder,
    File { executable: bool },
    Link(PathBuf),
}

/// Everything in `tree` that belongs to the code, sorted. Of odd things, `report` is told.
pub(crate) fn list(
    tree: &Path,
    exclusions: &Exclusions,
    report: &mut Report<'_>,
) -> Result<Vec<CodeEntry>, StageError> {
    let mut entries = Vec::new();
    let relative = |entry: &DirEntry| entry.path().strip_prefix(tree).unwrap_or(entry.path()).to_owned();
    let walk = WalkDir::new(tree).min_depth(1).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| belongs(entry, &relative(entry), exclusions)) {
        let entry = entry.map_err(|error| IoError::walking(tree, error))?;
        let relative = relative(&entry);
        let kind = entry.file_type();
        let content = if kind.is_symlink() {
            let target = fs::read_link(entry.path()).at(entry.path())?;
            if let Some(doubt) = way_out(&relative, &target, "code tree") {
                report.warning(&doubt);
            }
            CodeContent::Link(target)
        } else if kind.is_dir() {
            CodeContent::Folder
        } else if kind.is_file() {
            let mode = entry.metadata().map_err(|error| IoError::walking(tree, error))?.permissions().mode();
            CodeContent::File { executable: mode & 0o100 != 0 }
        } else {
            report.warning(&format!("`{}` is no file, folder or link; it is left out", relative.display()));
            continue;
        };
        entries.push(CodeEntry { relative, content });
    }
    Ok(entries)
}

/// Copies the code into a folder of its own, for steps that change it.
pub(crate) fn copy(tree: &Path, entries: &[CodeEntry], target: &Path) -> Result<(), StageError> {
    fs::create_dir_all(target).at(target)?;
    for entry in entries {
        let (from, to) = (tree.join(&entry.relative), target.join(&entry.relative));
        let copied = match &entry.content {
            CodeContent::Folder => fs::create_dir(&to),
            CodeContent::File { .. } => fs::copy(&from, &to).map(|_| ()),
            CodeContent::Link(link) => std::os::unix::fs::symlink(link, &to),
        };
        copied.at(&from)?;
    }
    Ok(())
}

fn belongs(entry: &DirEntry, relative: &Path, exclusions: &Exclusions) -> bool {
    let name = entry.file_name();
    let hidden_at_top = entry.depth() == 1 && name.as_bytes().starts_with(b".");
    let compiled = name == OsStr::new("__pycache__")
        || name.as_bytes().ends_with(b".pyc") && entry.path().with_extension("py").exists();
    !hidden_at_top && name != OsStr::new(".git") && !compiled && !exclusions.contains(relative)
}
