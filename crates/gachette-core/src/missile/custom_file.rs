//! Files a recipe ships as they are, `files` in the missile.

use std::str::FromStr;

use serde::Serialize;

use super::names::{NameError, UserName};

/// A file of the project that is installed unrendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CustomFile {
    /// The file or folder, relative to the project.
    pub source: String,
    /// Where it is installed: an absolute path.
    pub target: String,
    /// Permission bits; those of the source (0755 or 0644) when not given.
    pub mode: Option<u32>,
    /// Who owns it.
    pub owner: FileOwner,
    /// Whether dpkg keeps the administrator's changes to it; by default for what lies in `/etc`.
    pub conffile: bool,
}

/// Owner and group of an installed file, written `user` or `user:group`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileOwner {
    /// The user.
    pub user: UserName,
    /// The group; the user's name when only one is written.
    pub group: UserName,
}

impl Default for FileOwner {
    fn default() -> Self {
        Self { user: UserName::root(), group: UserName::root() }
    }
}

impl FromStr for FileOwner {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (user, group) = text.split_once(':').unwrap_or((text, text));
        Ok(Self { user: user.parse()?, group: group.parse()? })
    }
}
