//! The branches and tags of a mirror, and its commits that are in none, as they go from one machine to another.

use std::collections::BTreeMap;

use gachette_core::git::{Commit, RefName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a mirror keeps commits that are in no branch or tag, each under its own name.
pub(super) const COMMITS: &str = "refs/commits/";

/// The branches and tags of a mirror, and its commits that are in none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct MirrorRefs {
    /// The full names and the objects they name.
    pub(super) refs: BTreeMap<String, Commit>,
    /// The full name of the default branch.
    pub(super) head: Option<String>,
}

/// Refs that git must not be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no branch, tag or commit with its object", .0.escape_debug())]
pub struct MirrorRefsError(String);

/// As it comes over the wire.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    refs: BTreeMap<String, String>,
    head: Option<String>,
}

impl MirrorRefs {
    /// Reads lines of `OBJECT NAME`, and the default branch's name.
    pub(super) fn read(listed: &str, head: &str) -> Result<Self, MirrorRefsError> {
        let pair =
            |line: &str| line.split_once(' ').map(|(object, name)| (name.to_owned(), object.to_owned()));
        let refs = listed.lines().filter_map(pair).collect();
        Unchecked { refs, head: Some(head.trim().to_owned()).filter(|head| !head.is_empty()) }.try_into()
    }
}

impl TryFrom<Unchecked> for MirrorRefs {
    type Error = MirrorRefsError;

    fn try_from(unchecked: Unchecked) -> Result<Self, MirrorRefsError> {
        let is_ours = |name: &str| {
            let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/"));
            short.is_some_and(|short| !short.starts_with('-')) && name.parse::<RefName>().is_ok()
        };
        let is_commit = |name: &str, object: &str| name.strip_prefix(COMMITS) == Some(object);
        let checked = |(name, object): (String, String)| match object.parse::<Commit>() {
            Ok(commit) if is_ours(&name) || is_commit(&name, commit.as_str()) => Ok((name, commit)),
            _ => Err(MirrorRefsError(name.chars().take(80).collect())),
        };
        let refs = unchecked.refs.into_iter().map(checked).collect::<Result<_, _>>()?;
        match unchecked.head {
            Some(head) if !is_ours(&head) => Err(MirrorRefsError(head.chars().take(80).collect())),
            head => Ok(Self { refs, head }),
        }
    }
}

impl From<MirrorRefs> for Unchecked {
    fn from(refs: MirrorRefs) -> Self {
        let shown = refs.refs.into_iter().map(|(name, object)| (name, object.to_string()));
        Self { refs: shown.collect(), head: refs.head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_branches_tags_and_commits_by_their_names_are_taken() {
        let object = "0123456789012345678901234567890123456789";
        let read = |name: &str, object: &str| {
            let text = format!(r#"{{"refs": {{"{name}": "{object}"}}, "head": null}}"#);
            serde_json::from_str::<MirrorRefs>(&text).is_ok()
        };
        assert!(read("refs/heads/main", object) && read("refs/tags/v1", object));
        assert!(read(&format!("refs/commits/{object}"), object));
        for name in
            ["HEAD", "refs/heads/", "refs/heads/../x", "refs/heads/-x", "refs/notes/x", "refs/heads/a b"]
        {
            assert!(!read(name, object), "{name}");
        }
        assert!(!read(&format!("refs/commits/{object}"), &object.replace('0', "1")), "of another commit");
        for object in ["", "main", "-x", "0123"] {
            assert!(!read("refs/heads/main", object), "{object}");
        }
    }
}
