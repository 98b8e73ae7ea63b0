//! From what git knows about a commit to the version of the packages that are built from it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{AbbreviatedCommit, Commit, GitRef};
use crate::debian::{Version, VersionError};

/// What git knows about a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitFacts {
    /// The commit.
    pub commit: Commit,
    /// Its name shortened, unique in its repository.
    pub short: AbbreviatedCommit,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// How many commits lead to it, itself included. Known only with the whole history at hand.
    pub count: Option<u64>,
    /// The nearest tag before it. Known only with the whole history at hand, and needed only by
    /// [`VersionScheme::Describe`].
    pub description: Option<Description>,
}

/// The nearest tag of a commit, as `git describe --tags --long` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The tag.
    pub tag: String,
    /// How many commits came after it; 0 when the commit itself is tagged.
    pub distance: u64,
}

/// How versions are made from commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VersionScheme {
    /// `0.0.1rev<short commit>`, and `-<ref>` behind it if one was asked for. Says what was built, but not what is newer.
    #[default]
    Rev,
    /// `0.0.1+<number of commits>.<time>.g<short commit>`: a commit sorts after all those it descends from, and after
    /// every version of `rev`.
    Count,
    /// The nearest tag without the letters it begins with (`v1.2` is `1.2`, `v1.2-rc1` is `1.2~rc1`), and behind it
    /// `+<commits since>.g<short commit>` when there are any. Without a tag: like `count`, from `0.0.0`.
    Describe,
}

/// Facts that do not make a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    /// The scheme needs the whole history.
    #[error("the version scheme `{scheme}` needs the whole history of {commit}")]
    HistoryMissing {
        /// The scheme.
        scheme: VersionScheme,
        /// The commit.
        commit: Commit,
    },
    /// A commit's time that no calendar has.
    #[error("the time of commit {commit} is impossible: {time} s")]
    ImpossibleTime {
        /// The commit.
        commit: Commit,
        /// Its time in seconds since 1970.
        time: i64,
    },
    /// A tag that no version can be made of.
    #[error("no version can be made of the tag `{}`: {source}", .tag.escape_debug())]
    Tag {
        /// The tag.
        tag: String,
        /// What the version lacks.
        source: VersionError,
    },
}

impl VersionScheme {
    /// Whether [`CommitFacts::count`] and [`CommitFacts::description`] must be known.
    pub fn needs_history(self) -> bool {
        self != Self::Rev
    }

    /// The version of what is built from a commit, that was asked for by the name `git_ref`.
    ///
    /// # Errors
    /// When a fact is missing or no version can hold it.
    pub fn version(self, facts: &CommitFacts, git_ref: Option<&GitRef>) -> Result<Version, SchemeError> {
        let text = match self {
            Self::Rev => format!("0.0.1rev{}{}", facts.short, version_suffix(git_ref)),
            Self::Count => format!("0.0.1+{}", self.since_the_beginning(facts)?),
            Self::Describe => match &facts.description {
                None => format!("0.0.0+{}", self.since_the_beginning(facts)?),
                Some(Description { tag, distance: 0 }) => version_of_tag(tag),
                Some(Description { tag, distance }) => {
                    format!("{}+{distance}.g{}", version_of_tag(tag), facts.short)
                }
            },
        };
        text.parse().map_err(|source| SchemeError::Tag {
            tag: facts.description.as_ref().map_or(text, |description| description.tag.clone()),
            source,
        })
    }

    fn since_the_beginning(self, facts: &CommitFacts) -> Result<String, SchemeError> {
        let commit = || facts.commit.clone();
        let count =
            facts.count.ok_or_else(|| SchemeError::HistoryMissing { scheme: self, commit: commit() })?;
        let impossible = |_| SchemeError::ImpossibleTime { commit: commit(), time: facts.time };
        let time = jiff::Timestamp::from_second(facts.time).map_err(impossible)?;
        Ok(format!("{count}.{}.g{}", time.strftime("%Y%m%d%H%M%S"), facts.short))
    }
}

impl fmt::Display for VersionScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rev => "rev",
            Self::Count => "count",
            Self::Describe => "describe",
        })
    }
}

/// What `quick` puts behind a version for the ref that was asked for: nothing, or `-<ref>`.
///
/// All that a Debian version may not hold becomes `-`. What follows the last `-` is the Debian revision, which must not
/// be empty (deb-version(7)), so no `-` stays at the end. Refs that differ in such characters only have the same
/// suffix; since the commit is in the version too, it is the same content they call by the same version.
pub fn version_suffix(git_ref: Option<&GitRef>) -> String {
    let Some(git_ref) = git_ref else { return String::new() };
    let mut safe = versionable(git_ref.as_str());
    if safe.is_empty() || safe.len() > LONGEST_SUFFIX {
        let digest = Sha256::digest(git_ref.as_str().as_bytes());
        let end: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        safe.truncate(LONGEST_SUFFIX - 9);
        safe = if safe.is_empty() { format!("ref{end}") } else { format!("{safe}-{end}") };
    }
    format!("-{safe}")
}

/// The version that the original library made: `<base>rev<short commit>`, and `-<suffix>` behind it if there is one, with
/// all that a Debian version may not hold as `-`.
///
/// # Errors
/// When the base is no beginning of a version.
pub fn rev_version(base: &str, short: &AbbreviatedCommit, suffix: &str) -> Result<Version, VersionError> {
    let suffix = versionable(suffix.trim_start_matches('-'));
    let separator = if suffix.is_empty() { "" } else { "-" };
    format!("{base}rev{short}{separator}{suffix}").parse()
}

/// The longest suffix, in bytes: the version becomes part of a file name.
const LONGEST_SUFFIX: usize = 80;

fn versionable(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".+~-".contains(c);
    let safe: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    safe.trim_end_matches('-').to_owned()
}

/// `release/v1.2-rc1` is the version `1.2~rc1`.
fn version_of_tag(tag: &str) -> String {
    let last = tag.rsplit('/').find(|part| part.contains(|c: char| c.is_ascii_digit())).unwrap_or(tag);
    let mut version = versionable(last.trim_start_matches(|c: char| !c.is_ascii_digit()));
    // What is called so comes before the release, and `~` alone sorts before the end.
    for early in ["alpha", "beta", "pre", "rc", "dev"] {
        version = version.replace(&format!("-{early}"), &format!("~{early}"));
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(count: u64, time: i64) -> CommitFacts {
        let commit: Commit = "abc1234def0123456789abc1234def0123456789".parse().unwrap();
        CommitFacts { short: commit.short(), commit, time, count: Some(count), description: None }
    }

    fn version(scheme: VersionScheme, facts: &CommitFacts, git_ref: &str) -> String {
        scheme.version(facts, GitRef::optional(git_ref).unwrap().as_ref()).unwrap().to_string()
    }

    fn described(tag: &str, distance: u64) -> String {
        let description = Some(Description { tag: tag.to_owned(), distance });
        version(VersionScheme::Describe, &CommitFacts { description, ..facts(9, 0) }, "")
    }

    #[test]
    fn rev_is_the_commit_and_the_ref_as_a_version_may_hold_it() {
        let of = |git_ref| version(VersionScheme::Rev, &facts(1, 0), git_ref);
        assert_eq!(of(""), "0.0.1revabc1234");
        assert_eq!(of("master"), "0.0.1revabc1234-master");
        assert_eq!(of("origin/feature/a_b"), "0.0.1revabc1234-origin-feature-a-b");
        assert_eq!(of("v1.0+x"), "0.0.1revabc1234-v1.0+x");
        assert_eq!(of("x__"), "0.0.1revabc1234-x");
        assert_eq!(of("é"), "0.0.1revabc1234-ref4a99557e");
        let long = of("x/".repeat(200).trim_end_matches('/'));
        assert!(long.len() <= 100, "{long}");
    }

    #[test]
    fn the_original_library_versions_have_a_base_and_a_suffix() {
        let of =
            |base, suffix| rev_version(base, &facts(1, 0).short, suffix).map(|version| version.to_string());
        assert_eq!(of("0.0.1", "").unwrap(), "0.0.1revabc1234");
        assert_eq!(of("2:1.4-1", "-my_branch/x").unwrap(), "2:1.4-1revabc1234-my-branch-x");
        assert!(of("", "x").is_err() && of("$(id)", "").is_err());
    }

    #[test]
    fn count_and_describe_need_the_history() {
        let unknown = CommitFacts { count: None, ..facts(1, 0) };
        assert!(VersionScheme::Rev.version(&unknown, None).is_ok());
        for scheme in [VersionScheme::Count, VersionScheme::Describe] {
            assert!(matches!(scheme.version(&unknown, None), Err(SchemeError::HistoryMissing { .. })));
        }
    }

    #[test]
    fn count_tells_number_time_and_commit() {
        let facts = facts(42, 1_700_000_000);
        assert_eq!(version(VersionScheme::Count, &facts, "x"), "0.0.1+42.20231114221320.gabc1234");
        assert_eq!(version(VersionScheme::Describe, &facts, "x"), "0.0.0+42.20231114221320.gabc1234");
    }

    #[test]
    fn describe_follows_the_tag() {
        assert_eq!(described("v1.2", 0), "1.2");
        assert_eq!(described("release/v1.2-rc1", 3), "1.2~rc1+3.gabc1234");
        assert_eq!(described("web_2.0-3", 1), "2.0-3+1.gabc1234");
        let facts = CommitFacts {
            description: Some(Description { tag: "latest".to_owned(), distance: 0 }),
            ..facts(1, 0)
        };
        assert!(matches!(VersionScheme::Describe.version(&facts, None), Err(SchemeError::Tag { .. })));
    }
}
