//! Collects the entries of a package from folders on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use walkdir::WalkDir;

use super::layout::regular;
use super::{Content, DebError, Entry, Owner, PackagePath, Source};

/// Entries by path; a path has one entry only.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    entries: BTreeMap<PackagePath, Entry>,
}

/// Which permission bits of files on this machine count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FolderModes {
    /// Whoever made the files had some umask: folders 0755, files 0755 if anybody may execute them, else 0644. Setuid
    /// and setgid are dropped.
    #[default]
    Sane,
    /// All permission bits as they are, setuid and setgid included.
    Kept,
}

impl Tree {
    /// A tree without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry; the same one may be added again, another one for its path may not, nor one below a file or link.
    pub fn add(&mut self, entry: Entry) -> Result<(), DebError> {
        match self.entries.get(&entry.path) {
            Some(known) if *known != entry => Err(DebError::Twice(entry.path)),
            Some(_) => Ok(()),
            None => {
                self.check_folders(&entry)?;
                self.entries.insert(entry.path.clone(), entry);
                Ok(())
            }
        }
    }

    /// Whether all that is above the entry are folders, and it is one itself if something is below it.
    fn check_folders(&self, entry: &Entry) -> Result<(), DebError> {
        let above = std::iter::successors(entry.path.parent(), PackagePath::parent);
        if let Some(known) = above.filter_map(|path| self.entries.get(&path)).next()
            && known.content != Content::Directory
        {
            return Err(DebError::NotAFolder { path: known.path.clone(), below: entry.path.clone() });
        }
        // No path below it sorts before this one.
        let (false, Ok(first)) = (entry.content == Content::Directory, entry.path.join(b" ")) else {
            return Ok(());
        };
        match self.entries.range(first..).next() {
            Some((below, _)) if below.as_path().starts_with(entry.path.as_path()) => {
                Err(DebError::NotAFolder { path: entry.path.clone(), below: below.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Adds all that is in `folder`, hidden files included, at `target`; a target of none is the root of the package.
    ///
    /// Symbolic links stay links, whatever they point at. Files that are linked to one another become files of their own.
    /// Everything belongs to root. Devices, sockets and pipes are errors.
    pub fn add_folder(
        &mut self,
        folder: &Path,
        target: Option<&PackagePath>,
        modes: FolderModes,
    ) -> Result<(), DebError> {
        if let Some(target) = target {
            self.add(Entry::directory(target.clone()))?;
        }
        for found in WalkDir::new(folder).min_depth(1) {
            let found = found.map_err(|error| {
                let path = error.path().unwrap_or(folder).to_owned();
                DebError::io("cannot read", path)(error.into())
            })?;
            let below = found.path().strip_prefix(folder).unwrap_or(found.path()).as_os_str().as_bytes();
            let path = match target {
                Some(target) => target.join(below)?,
                None => PackagePath::from_bytes(below)?,
            };
            self.add(entry_for(found.path(), path, modes)?)?;
        }
        Ok(())
    }

    /// Whether there is an entry for this path.
    pub fn contains(&self, path: &PackagePath) -> bool {
        self.entries.contains_key(path)
    }

    /// The entries, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The entries, sorted by path, for a [`DebPackage`](super::DebPackage).
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries.into_values().collect()
    }
}

/// What is at `source`, as an entry.
fn entry_for(source: &Path, path: PackagePath, modes: FolderModes) -> Result<Entry, DebError> {
    let failed = || DebError::io("cannot read", source);
    let metadata = fs::symlink_metadata(source).map_err(failed())?;
    let content = if metadata.is_symlink() {
        let target = fs::read_link(source).map_err(failed())?;
        Content::Symlink(target.into_os_string().as_bytes().to_vec())
    } else if metadata.is_dir() {
        Content::Directory
    } else {
        regular(source, metadata.file_type())?;
        Content::File(Source::Path(source.to_owned()))
    };
    let mode = match (metadata.permissions().mode() & 0o7777, modes) {
        _ if metadata.is_symlink() => 0o777,
        (mode, FolderModes::Kept) => mode,
        (mode, FolderModes::Sane) if metadata.is_dir() || mode & 0o111 != 0 => 0o755,
        (_, FolderModes::Sane) => 0o644,
    };
    Ok(Entry { path, content, mode, owner: Owner::root() })
}
