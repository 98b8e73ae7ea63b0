//! Files a recipe ships as they are, `files` in the missile.

use super::fields::Fields;
use super::{Problem, values};
use std::str::FromStr;

use serde::Serialize;

use super::names::{NameError, UserName};
use crate::yaml::{Node, Problems};

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

impl CustomFile {
    /// The keys it knows.
    pub(super) const KEYS: [&'static str; 5] = ["source", "target", "mode", "owner", "conffile"];

    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Self> {
        let fields = Fields::of(node, "files entry", &Self::KEYS, problems)?;
        let source =
            fields.required("source", problems).and_then(|node| values::project_path(node, problems));
        let target = fields.required("target", problems);
        let into_folder = target.is_some_and(|node| node.is_text_ending_with('/'));
        let target = target.and_then(|node| values::inner_path(node, problems));
        let mode = fields.get("mode").and_then(|node| mode(node, problems));
        let owner = fields.get("owner").and_then(|node| values::parsed(node, problems)).unwrap_or_default();
        let conffile = fields.get("conffile").and_then(|node| values::flag(node, problems));
        let (source, mut target) = (source?, target?);
        if into_folder {
            let name = source.rsplit('/').next().unwrap_or(&source);
            target = format!("{target}/{name}");
        }
        // Debian Policy 10.7.2: configuration lives in /etc, and dpkg keeps local changes there.
        let conffile = conffile.unwrap_or_else(|| target.starts_with("etc/"));
        Some(Self { source, target: format!("/{}", target.trim_start_matches('/')), mode, owner, conffile })
    }
}

/// Permission bits: octal digits however YAML reads them (`0644`, `644`, `0o644`, `'0644'`).
fn mode(node: &Node, problems: &mut Problems) -> Option<u32> {
    let written = values::text(node, problems)?;
    let digits = written.strip_prefix("0o").unwrap_or(&written);
    let mode = u32::from_str_radix(digits, 8).ok().filter(|mode| *mode <= 0o7777 && digits.len() <= 5);
    if mode.is_none() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let message = format!("`{}` is no file mode", values::shown(&written));
        problems.push(Problem::error(node.place, message).with_hint("write octal digits such as `0644`"));
        return None;
    }
    mode
}
