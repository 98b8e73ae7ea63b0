//! The names a recipe gives: of things it builds, and of the user its services run as.

use std::fmt;
use std::str::FromStr;

use crate::as_text::as_text;
use crate::debian::PackageName;

/// The name of a recipe, service, environment, static entry or extra file: letters, digits, `_`, `-`, `+` and `.`.
///
/// It becomes part of paths below `/opt/trebuchet` and of a package's name, so it holds no `/` and is not `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipeName(String);

/// The login name of the user that services run as, by the rule of Debian's `useradd`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

/// Text that is no such name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no {what}: {reason}", text.escape_debug())]
pub struct NameError {
    text: String,
    what: &'static str,
    reason: &'static str,
}

/// The longest name, in bytes: with suffix, version and architecture it must still be a file name.
const LONGEST: usize = 100;

impl NameError {
    fn new(what: &'static str, text: &str, reason: &'static str) -> Self {
        Self { text: text.chars().take(LONGEST).collect(), what, reason }
    }

    /// Why it is none.
    pub fn reason(&self) -> &str {
        self.reason
    }
}

/// The characters of recipe names and their suffixes.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.')
}

impl RecipeName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name with the variant's suffix: what services, folders and files are called.
    pub fn suffixed(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.0)
    }

    /// The package that is built for it: `prefix` and the suffixed name with `-` for `_`.
    ///
    /// # Errors
    /// When Debian allows no such package name (Debian Policy 5.6.1), usually for an upper-case letter.
    pub fn package(
        &self,
        prefix: &str,
        suffix: &str,
    ) -> Result<PackageName, crate::debian::PackageNameError> {
        format!("{prefix}{}{suffix}", self.0).replace('_', "-").parse()
    }
}

impl FromStr for RecipeName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refuse = |reason| Err(NameError::new("name", text, reason));
        match text.as_bytes() {
            [] => refuse("it is empty"),
            long if long.len() > LONGEST => refuse("it is longer than 100 characters"),
            [b'-' | b'.', ..] => refuse("it must not begin with `-` or `.`"),
            bytes if !bytes.iter().all(|b| is_name_byte(*b)) => {
                refuse("only letters, digits, `_`, `-`, `+` and `.` are allowed")
            }
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl UserName {
    /// The superuser.
    pub fn root() -> Self {
        Self("root".to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for UserName {
    fn default() -> Self {
        Self("hero".to_owned())
    }
}

impl FromStr for UserName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refuse = |reason| Err(NameError::new("user name", text, reason));
        match text.as_bytes() {
            [] => refuse("it is empty"),
            // useradd(8): at most 32 characters.
            long if long.len() > 32 => refuse("it is longer than 32 characters"),
            [first, rest @ ..] => {
                let starts = first.is_ascii_lowercase() || *first == b'_';
                let follows =
                    |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
                if starts && rest.iter().all(follows) {
                    Ok(Self(text.to_owned()))
                } else {
                    refuse("only lower-case letters, digits, `_` and `-` are allowed, a letter or `_` first")
                }
            }
        }
    }
}

impl fmt::Display for RecipeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(RecipeName);
as_text!(UserName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_folder_are_refused() {
        for text in ["", ".", "..", "../x", "a/b", "-x", ".x", "a b", "a\n", "a$(x)", "é", &"x".repeat(101)]
        {
            assert!(text.parse::<RecipeName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn underscores_become_dashes_in_the_package() {
        let name: RecipeName = "secret_sauce".parse().unwrap();
        assert_eq!(name.suffixed("_live"), "secret_sauce_live");
        assert_eq!(name.package("dh-", "_live").unwrap().as_str(), "dh-secret-sauce-live");
        assert!("Web".parse::<RecipeName>().unwrap().package("dh-", "").is_err());
    }

    #[test]
    fn users_are_named_as_useradd_allows() {
        assert_eq!(UserName::default().as_str(), "hero");
        assert!("www-data".parse::<UserName>().is_ok());
        for text in ["", "Root", "0day", "a b", "-x", "a;b", &"x".repeat(33)] {
            assert!(text.parse::<UserName>().is_err(), "{text:?}");
        }
    }
}
