//! One thing that a package installs.

use std::path::PathBuf;

use super::PackagePath;

/// One file, folder or symbolic link of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is installed.
    pub path: PackagePath,
    /// What it is.
    pub content: Content,
    /// The permission bits, setuid, setgid and sticky included; without meaning for a symbolic link.
    pub mode: u32,
    /// Whom it belongs to.
    pub owner: Owner,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A folder.
    Directory,
    /// A regular file.
    File(Source),
    /// A symbolic link and the text it points at, as it is: the target need not exist.
    Symlink(Vec<u8>),
}

/// Where the bytes of a file come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A regular file on this machine, read when the package is written.
    Path(PathBuf),
    /// The bytes themselves.
    Bytes(Vec<u8>),
}

/// The user and group an entry belongs to. dpkg goes by the names, and by the numbers where a name is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The user's name, at most 31 bytes.
    pub user: String,
    /// The user's number.
    pub uid: u32,
    /// The group's name, at most 31 bytes.
    pub group: String,
    /// The group's number.
    pub gid: u32,
}

impl Owner {
    /// `root:root`, as nearly everything in a package.
    pub fn root() -> Self {
        Self { user: "root".to_owned(), uid: 0, group: "root".to_owned(), gid: 0 }
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self::root()
    }
}

impl Entry {
    /// A folder with mode 0755 that belongs to root.
    pub fn directory(path: PackagePath) -> Self {
        Self { path, content: Content::Directory, mode: 0o755, owner: Owner::root() }
    }

    /// A file of these bytes with mode 0644 that belongs to root.
    pub fn file(path: PackagePath, bytes: impl Into<Vec<u8>>) -> Self {
        let content = Content::File(Source::Bytes(bytes.into()));
        Self { path, content, mode: 0o644, owner: Owner::root() }
    }

    /// A copy of a file on this machine with mode 0644 that belongs to root.
    pub fn copy(path: PackagePath, source: impl Into<PathBuf>) -> Self {
        let content = Content::File(Source::Path(source.into()));
        Self { path, content, mode: 0o644, owner: Owner::root() }
    }

    /// A symbolic link that belongs to root.
    pub fn symlink(path: PackagePath, target: impl Into<Vec<u8>>) -> Self {
        Self { path, content: Content::Symlink(target.into()), mode: 0o777, owner: Owner::root() }
    }

    /// The same entry with other permission bits.
    pub fn with_mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }
}
