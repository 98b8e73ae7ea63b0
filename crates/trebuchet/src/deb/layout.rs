//! The order and the sizes of a package's entries: decided before anything is written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, FileType};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::tar_header::{BLOCK, TarHeader, padded};
use super::{Content, DebError, Entry, PackagePath, Source};

/// The entries sorted by path, with the folders above them.
pub(super) struct Layout<'a> {
    pub(super) members: Vec<Member<'a>>,
}

/// An entry and the size of its contents in bytes, which is 0 for all but files.
pub(super) struct Member<'a> {
    pub(super) entry: Cow<'a, Entry>,
    pub(super) size: u64,
}

impl<'a> Layout<'a> {
    /// Sorts the entries, adds missing folders and measures the files.
    pub(super) fn of(entries: &'a [Entry]) -> Result<Self, DebError> {
        let mut sorted: BTreeMap<&PackagePath, Cow<'a, Entry>> = BTreeMap::new();
        for entry in entries {
            match sorted.get(&entry.path) {
                Some(known) if known.as_ref() != entry => return Err(DebError::Twice(entry.path.clone())),
                _ => sorted.insert(&entry.path, Cow::Borrowed(entry)),
            };
        }
        let parents = missing_parents(&sorted)?;
        for parent in &parents {
            sorted.insert(parent, Cow::Owned(Entry::directory(parent.clone())));
        }
        let members = sorted.into_values().map(Member::measured).collect::<Result<_, _>>()?;
        Ok(Self { members })
    }

    /// How many bytes the tar archive has.
    pub(super) fn tar_length(&self) -> u64 {
        let members: u64 = self.members.iter().map(Member::tar_length).sum();
        TarHeader::length(2, 0) + members + 2 * BLOCK as u64
    }

    /// What `Installed-Size` says, in KiB: files and links rounded up, and 1 for anything else (deb-substvars(5)).
    pub(super) fn installed_size_kib(&self) -> u64 {
        self.members.iter().map(Member::installed_size_kib).sum()
    }
}

/// Refuses entries that no package can have, as writing them would.
pub(crate) fn check(entries: &[Entry]) -> Result<(), DebError> {
    Layout::of(entries).map(drop)
}

/// The folders above the entries that are not among them.
fn missing_parents(sorted: &BTreeMap<&PackagePath, Cow<'_, Entry>>) -> Result<Vec<PackagePath>, DebError> {
    let mut missing = std::collections::BTreeSet::new();
    for path in sorted.keys() {
        let mut next = path.parent();
        while let Some(parent) = next {
            match sorted.get(&parent) {
                Some(entry) if entry.content != Content::Directory => {
                    return Err(DebError::NotAFolder { path: parent, below: (*path).clone() });
                }
                // What is above it is looked at when its own turn comes.
                Some(_) => break,
                None => next = parent.parent(),
            }
            if !missing.insert(parent) {
                break;
            }
        }
    }
    Ok(missing.into_iter().collect())
}

impl<'a> Member<'a> {
    fn measured(entry: Cow<'a, Entry>) -> Result<Self, DebError> {
        let size = match &entry.content {
            Content::Directory => 0,
            Content::File(Source::Bytes(bytes)) => bytes.len() as u64,
            Content::File(Source::Path(path)) => {
                let metadata = fs::metadata(path).map_err(DebError::io("cannot read", path))?;
                regular(path, metadata.file_type())?;
                metadata.len()
            }
            Content::Symlink(target) => {
                let keepable = (1..=4095).contains(&target.len()) && !target.contains(&0);
                if !keepable {
                    return Err(DebError::Link(entry.path.clone()));
                }
                0
            }
        };
        Ok(Self { entry, size })
    }

    /// The path in the archive: `./` first, as dpkg-deb writes it, and a slash after a folder's.
    pub(super) fn tar_name(&self) -> Vec<u8> {
        let mut name = b"./".to_vec();
        name.extend_from_slice(self.entry.path.as_bytes());
        if self.entry.content == Content::Directory {
            name.push(b'/');
        }
        name
    }

    fn tar_length(&self) -> u64 {
        let slash = usize::from(self.entry.content == Content::Directory);
        let name = 2 + self.entry.path.as_bytes().len() + slash;
        let target = match &self.entry.content {
            Content::Symlink(target) => target.len(),
            _ => 0,
        };
        TarHeader::length(name, target) + padded(self.size)
    }

    fn installed_size_kib(&self) -> u64 {
        match &self.entry.content {
            Content::Directory => 1,
            Content::File(_) => self.size.div_ceil(1024),
            Content::Symlink(target) => (target.len() as u64).div_ceil(1024),
        }
    }
}

/// Refuses what is no regular file: reading it might never end, or do something.
pub(crate) fn regular(path: &Path, file: FileType) -> Result<(), DebError> {
    let kind = match () {
        () if file.is_file() => return Ok(()),
        () if file.is_dir() => "folder",
        () if file.is_symlink() => "symbolic link",
        () if file.is_fifo() => "pipe",
        () if file.is_socket() => "socket",
        () => "device",
    };
    Err(DebError::Special { path: path.to_owned(), kind })
}
