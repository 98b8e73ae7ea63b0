//! The name of a working copy: one segment of a path that nothing can mistake for anything else.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::GitRef;
use crate::as_text::as_text;

/// The name of a working copy, which is also the name of its folder: letters, digits and `. _ + @ = ~ -`, beginning
/// with a letter, a digit or `_`, of at most 120 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkingCopyName(String);

/// Text that cannot name a working copy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` cannot name a working copy: {reason}", .text.escape_debug())]
pub struct WorkingCopyNameError {
    text: String,
    reason: &'static str,
}

/// The longest name, in bytes: what is made beside a working copy has a longer one, and scripts in it a longer path yet.
const LONGEST: usize = 120;

impl WorkingCopyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name `quick` gives: `PROJECT`, or `PROJECT_REF` with every `/` as `-`.
    ///
    /// Other characters that a folder's name should not hold become `-` too, and a name that is too long ends in a
    /// digest of itself. So refs may share a working copy, which costs time but is never wrong.
    ///
    /// # Errors
    /// When the project's own name cannot be the name of a folder.
    pub fn of_project(project: &str, git_ref: Option<&GitRef>) -> Result<Self, WorkingCopyNameError> {
        let project: Self = project.parse()?;
        let Some(git_ref) = git_ref else { return Ok(project) };
        let whole = format!("{project}_{git_ref}");
        let safe: String = whole.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
        if safe.len() <= LONGEST {
            return Ok(Self(safe));
        }
        let digest = Sha256::digest(whole.as_bytes());
        let end: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(format!("{}-{end}", &safe[..LONGEST - 13])))
    }
}

fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._+@=~-".contains(c)
}

impl FromStr for WorkingCopyName {
    type Err = WorkingCopyNameError;

    fn from_str(text: &str) -> Result<Self, WorkingCopyNameError> {
        let reason = match text {
            "" => "it is empty",
            _ if text.len() > LONGEST => "it is longer than 120 bytes",
            _ if !text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') => {
                "it must begin with a letter, a digit or `_`"
            }
            _ if !text.chars().all(allowed) => "only letters, digits and `. _ + @ = ~ -` are allowed",
            _ => return Ok(Self(text.to_owned())),
        };
        Err(WorkingCopyNameError { text: text.chars().take(LONGEST).collect(), reason })
    }
}

impl fmt::Display for WorkingCopyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(WorkingCopyName, r"^[A-Za-z0-9_][A-Za-z0-9._+@=~-]{0,119}$");

#[cfg(test)]
mod tests {
    use super::*;

    fn of(project: &str, git_ref: &str) -> String {
        WorkingCopyName::of_project(project, GitRef::optional(git_ref).unwrap().as_ref()).unwrap().to_string()
    }

    #[test]
    fn a_working_copy_is_called_after_project_and_ref() {
        assert_eq!(of("web", ""), "web");
        assert_eq!(of("web", "master"), "web_master");
        assert_eq!(of("web", "origin/feature/a_b"), "web_origin-feature-a_b");
        assert_eq!(of("web", "été"), "web_-t-");
    }

    #[test]
    fn long_refs_make_names_that_fit_and_differ() {
        let long = "x".repeat(400);
        assert_eq!(of("web", &long).len(), LONGEST);
        assert_ne!(of("web", &long), of("web", &format!("{long}y")));
        assert!(of("web", &long).parse::<WorkingCopyName>().is_ok());
    }

    #[test]
    fn what_would_leave_its_folder_or_hide_in_it_is_refused() {
        let long = "x".repeat(LONGEST + 1);
        for name in [
            "", ".", "..", ".git", "a/b", "../a", "/etc", "-rf", "a b", "a\n", "a\0", "~", "é", &long,
            "$(id)",
        ] {
            assert!(name.parse::<WorkingCopyName>().is_err(), "{name:?}");
        }
    }
}
