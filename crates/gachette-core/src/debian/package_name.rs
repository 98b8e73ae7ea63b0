//! The name of a binary package, by Debian Policy 5.6.7.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::as_text::as_text;

/// A binary package's name: lower-case letters, digits, `+`, `-` and `.`, at least two characters, beginning with a
/// letter or digit (Debian Policy 5.6.1 and 5.6.7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(Arc<str>);

/// Text that is no binary package name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no package name: {reason}", text.escape_debug())]
pub struct PackageNameError {
    text: String,
    reason: &'static str,
}

/// The longest name that is accepted, in bytes: a name is part of a file name, which Linux limits to 255 bytes
/// together with version and architecture.
const LONGEST: usize = 128;

impl PackageName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PackageName {
    type Err = PackageNameError;

    fn from_str(text: &str) -> Result<Self, PackageNameError> {
        let refuse = |reason| {
            let text = text.chars().take(LONGEST).collect();
            Err(PackageNameError { text, reason })
        };
        let bytes = text.as_bytes();
        if bytes.len() < 2 {
            return refuse("it needs at least two characters");
        }
        if bytes.len() > LONGEST {
            return refuse("it is longer than 128 characters");
        }
        if !bytes[0].is_ascii_lowercase() && !bytes[0].is_ascii_digit() {
            return refuse("it must begin with a lower-case letter or a digit");
        }
        let allowed = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.');
        if !bytes.iter().all(allowed) {
            return refuse("only lower-case letters, digits, `+`, `-` and `.` are allowed");
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(PackageName, r"^[a-z0-9][a-z0-9+.-]{1,127}$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_names_that_policy_allows() {
        for name in ["dh-web", "g++", "0ad", "libstdc++6", "python3.11", "a2"] {
            assert_eq!(name.parse::<PackageName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn refuses_everything_else() {
        for name in ["", "a", "-ab", "Ab", "a_b", "a/b", "../x", "a b", "a\nb", "é1", &"x".repeat(129)] {
            assert!(name.parse::<PackageName>().is_err(), "{name:?}");
        }
    }
}
