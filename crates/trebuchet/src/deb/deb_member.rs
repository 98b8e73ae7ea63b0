//! A file, folder or link that was found in a package file.

use tar::EntryType;

use super::tar_reader::Found;
use super::{DebFault, PackagePath};

/// What a package installs at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebMember {
    /// Where it is installed.
    pub path: PackagePath,
    /// What it is.
    pub kind: DebMemberKind,
    /// The size of a file in bytes, else 0.
    pub size: u64,
    /// The permission bits.
    pub mode: u32,
    /// The name of the user it belongs to; may be empty.
    pub user: String,
    /// The name of the group it belongs to; may be empty.
    pub group: String,
}

/// What a [`DebMember`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DebMemberKind {
    /// A folder.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link, and what it points at.
    Symlink(Vec<u8>),
    /// Another name of a file of this package.
    HardLink(PackagePath),
    /// A device or a named pipe.
    Special,
}

impl DebMember {
    /// The member as a path in the package; none for the root folder itself.
    pub(super) fn of(found: Found) -> Result<Option<Self>, DebFault> {
        let Some(path) = normal(&found.name)? else { return Ok(None) };
        let kind = match found.kind {
            EntryType::Directory => DebMemberKind::Directory,
            EntryType::Regular => DebMemberKind::File,
            EntryType::Symlink => DebMemberKind::Symlink(found.target),
            EntryType::Link => {
                let target = normal(&found.target)?;
                DebMemberKind::HardLink(target.ok_or(DebFault::Format("a hard link to its root folder"))?)
            }
            _ => DebMemberKind::Special,
        };
        Ok(Some(Self {
            path,
            kind,
            size: found.size,
            mode: found.mode,
            user: found.user,
            group: found.group,
        }))
    }
}

/// The path in its one spelling: dpkg takes it with or without `./` or `/` before and `/` after it.
fn normal(name: &[u8]) -> Result<Option<PackagePath>, DebFault> {
    let name =
        name.strip_prefix(b".").filter(|rest| rest.is_empty() || rest.starts_with(b"/")).unwrap_or(name);
    let name = name.strip_prefix(b"/").unwrap_or(name);
    let name = name.strip_suffix(b"/").unwrap_or(name);
    if name.is_empty() { Ok(None) } else { Ok(Some(PackagePath::from_bytes(name)?)) }
}
