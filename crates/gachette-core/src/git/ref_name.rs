//! What a user may call a state of a repository, by the rules of git-check-ref-format(1) and gitrevisions(7).

use std::fmt;
use std::str::FromStr;

use super::{AbbreviatedCommit, Commit};
use crate::as_text::as_text;

/// A branch, a tag or any other reference: `master`, `origin/master`, `v1.0`, `refs/pull/7/head`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefName(String);

/// Text that is no name of a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no git ref: {reason}", .text.escape_debug())]
pub struct RefNameError {
    text: String,
    reason: &'static str,
}

/// The longest name that is accepted, in bytes.
const LONGEST: usize = 500;

impl RefName {
    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full names on the remote that this name may mean, the first that exists wins:
    ///
    /// * `HEAD` is the remote's default branch; so is `origin/HEAD`.
    /// * `origin/x` is the branch `x`, and only if there is none, something that is really called `origin/x`.
    /// * `x` is the branch `x`, then the tag `x` (as `git checkout` has it), then `refs/x`. So `tags/x` is the tag
    ///   even if there is a branch `x`.
    /// * `refs/…` is exactly that; `refs/remotes/origin/x` is the branch `x`.
    pub fn candidates(&self) -> Vec<String> {
        let name = self.0.as_str();
        let tracked = name.strip_prefix("refs/remotes/origin/");
        match (tracked.or_else(|| name.strip_prefix("origin/")), name) {
            (Some("HEAD"), _) | (_, "HEAD") => vec!["HEAD".to_owned()],
            (Some(branch), _) if tracked.is_some() => vec![format!("refs/heads/{branch}")],
            (_, name) if name.starts_with("refs/") => vec![name.to_owned()],
            (branch, name) => {
                let branch = branch.map(|branch| format!("refs/heads/{branch}"));
                let literal = ["refs/heads/", "refs/tags/", "refs/"].map(|prefix| format!("{prefix}{name}"));
                branch.into_iter().chain(literal).collect()
            }
        }
    }
}

impl FromStr for RefName {
    type Err = RefNameError;

    fn from_str(text: &str) -> Result<Self, RefNameError> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(reason) => Err(RefNameError { text: text.chars().take(80).collect(), reason }),
        }
    }
}

/// What git-check-ref-format(1) (with `--allow-onelevel`) has against a name, and a leading `-`.
fn fault(text: &str) -> Option<&'static str> {
    let forbidden = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    match text {
        "" => Some("it is empty"),
        "@" => Some("it is `@`"),
        _ if text.len() > LONGEST => Some("it is longer than 500 bytes"),
        _ if text.starts_with('-') => Some("it begins with `-`"),
        _ if text.contains(forbidden) => {
            Some("it holds a space, a control character or one of `~ ^ : ? * [ \\`")
        }
        _ if text.contains("..") => Some("it holds `..`"),
        _ if text.contains("@{") => Some("it holds `@{`"),
        _ if text.ends_with('.') => Some("it ends with `.`"),
        _ => text.split('/').find_map(|part| match part {
            "" => Some("it begins or ends with `/`, or holds `//`"),
            _ if part.starts_with('.') => Some("a part of it begins with `.`"),
            _ if part.ends_with(".lock") => Some("a part of it ends with `.lock`"),
            _ => None,
        }),
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(RefName, wished r"^[A-Za-z0-9_][A-Za-z0-9_+=%#-]{0,99}([./][A-Za-z0-9_+=%#-]{1,99}){0,3}$");

/// What a user asks for: a commit in full, or a name, which may turn out to be the beginning of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GitRef {
    /// A whole commit. Like git, we do not look for a branch of that name.
    Commit(Commit),
    /// A branch, a tag, or else a short commit.
    Name(RefName),
}

impl GitRef {
    /// Reads an argument that may be left out: an empty one says nothing.
    ///
    /// # Errors
    /// When it is neither empty nor a ref.
    pub fn optional(text: &str) -> Result<Option<Self>, RefNameError> {
        if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
    }

    /// The ref as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Commit(commit) => commit.as_str(),
            Self::Name(name) => name.as_str(),
        }
    }

    /// The beginning of a commit that this may be, when nothing has this name.
    pub fn abbreviated(&self) -> Option<AbbreviatedCommit> {
        match self {
            Self::Commit(_) => None,
            Self::Name(name) => name.as_str().parse().ok(),
        }
    }
}

impl FromStr for GitRef {
    type Err = RefNameError;

    fn from_str(text: &str) -> Result<Self, RefNameError> {
        text.parse().map_or_else(|_| text.parse().map(Self::Name), |commit| Ok(Self::Commit(commit)))
    }
}

impl From<Commit> for GitRef {
    fn from(commit: Commit) -> Self {
        Self::Commit(commit)
    }
}

impl From<&AbbreviatedCommit> for GitRef {
    fn from(short: &AbbreviatedCommit) -> Self {
        Self::Name(RefName(short.as_str().to_owned()))
    }
}

/// Up to three of these names that are most like one that does not exist.
pub fn near_refs(name: &str, known: &[&str]) -> Vec<String> {
    let plain = |name: &str| name.trim_start_matches("origin/").to_lowercase();
    let wanted = plain(name);
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let distance = |known: &str| {
        let known = plain(known);
        let part = known.contains(&wanted) || last(&known) == last(&wanted);
        let changes = strsim::osa_distance(&wanted, &known);
        let near = changes <= (wanted.chars().count() / 3).max(1);
        (near || (part && wanted.len() > 1)).then_some(changes)
    };
    let mut near: Vec<_> = known.iter().filter_map(|known| Some((distance(known)?, *known))).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, known)| known.to_owned()).collect()
}

impl fmt::Display for GitRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

as_text!(GitRef, wished r"^[A-Za-z0-9_][A-Za-z0-9_+=%#-]{0,99}([./][A-Za-z0-9_+=%#-]{1,99}){0,3}$");

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(name: &str) -> Vec<String> {
        name.parse::<RefName>().unwrap().candidates()
    }

    #[test]
    fn a_branch_goes_before_a_tag_and_origin_means_the_remote() {
        assert_eq!(candidates("x"), ["refs/heads/x", "refs/tags/x", "refs/x"]);
        assert_eq!(candidates("origin/a/b")[..2], ["refs/heads/a/b", "refs/heads/origin/a/b"]);
        assert!(candidates("tags/v1").contains(&"refs/tags/v1".to_owned()));
        assert_eq!(candidates("refs/pull/7/head"), ["refs/pull/7/head"]);
        assert_eq!(candidates("refs/remotes/origin/x"), ["refs/heads/x"]);
        assert_eq!(candidates("origin/HEAD"), ["HEAD"]);
        assert_eq!(candidates("HEAD"), ["HEAD"]);
    }

    #[test]
    fn a_name_that_is_not_there_brings_others_to_mind() {
        let known = ["main", "master", "feature/login", "feature/logout", "v1.0", "v1.1", "release"];
        assert_eq!(near_refs("mastr", &known), ["master"]);
        assert_eq!(near_refs("origin/Main", &known), ["main"]);
        assert_eq!(near_refs("login", &known), ["feature/login"]);
        assert_eq!(near_refs("v1.2", &known), ["v1.0", "v1.1"]);
        assert!(near_refs("zzzzzz", &known).is_empty());
    }

    #[test]
    fn an_argument_left_empty_asks_for_nothing() {
        assert_eq!(GitRef::optional(""), Ok(None));
        assert!(GitRef::optional(" ").is_err());
    }

    #[test]
    fn forty_digits_are_a_commit_and_fewer_a_name_that_may_be_one() {
        assert!(matches!("a".repeat(40).parse(), Ok(GitRef::Commit(_))));
        let short: GitRef = "abc1234".parse().unwrap();
        assert!(matches!(short, GitRef::Name(_)));
        assert_eq!(short.abbreviated().unwrap().as_str(), "abc1234");
        assert_eq!("v1.0".parse::<GitRef>().unwrap().abbreviated(), None);
    }
}
