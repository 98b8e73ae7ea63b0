//! How a key is named in the configuration and on command lines.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fingerprint, FingerprintError, KeyName, KeyNameError};

/// What a key that gpg holds begins with.
const GPG: &str = "gpg:";

/// A key, by where it is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum KeyRef {
    /// The one of this name in the folder of keys.
    Name(KeyName),
    /// The one of this fingerprint in the folder of keys.
    Fingerprint(Fingerprint),
    /// The one in this file.
    File(PathBuf),
    /// The one that gpg, its agent or a token holds.
    Gpg(Fingerprint),
}

/// Text that names no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefError {
    /// It is no name.
    #[error(transparent)]
    Name(#[from] KeyNameError),
    /// It is no fingerprint.
    #[error(transparent)]
    Fingerprint(#[from] FingerprintError),
}

impl FromStr for KeyRef {
    type Err = KeyRefError;

    fn from_str(text: &str) -> Result<Self, KeyRefError> {
        Ok(if let Some(held) = text.strip_prefix(GPG) {
            Self::Gpg(held.parse()?)
        } else if text.contains('/') {
            Self::File(text.into())
        } else if Fingerprint::is_like(text) {
            Self::Fingerprint(text.parse()?)
        } else {
            Self::Name(text.parse()?)
        })
    }
}

impl TryFrom<String> for KeyRef {
    type Error = KeyRefError;

    fn try_from(text: String) -> Result<Self, KeyRefError> {
        text.parse()
    }
}

impl From<KeyRef> for String {
    fn from(key: KeyRef) -> Self {
        key.to_string()
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Fingerprint(fingerprint) => fingerprint.fmt(f),
            Self::File(path) => path.display().fmt(f),
            Self::Gpg(fingerprint) => write!(f, "{GPG}{fingerprint}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

    #[test]
    fn a_key_is_named_by_name_fingerprint_file_or_as_held_by_gpg() {
        for (text, expected) in [
            ("archive-2026", KeyRef::Name("archive-2026".parse().unwrap())),
            (DIGITS, KeyRef::Fingerprint(DIGITS.parse().unwrap())),
            ("/etc/keys/a.asc", KeyRef::File("/etc/keys/a.asc".into())),
            (&format!("gpg:{DIGITS}"), KeyRef::Gpg(DIGITS.parse().unwrap())),
        ] {
            let key: KeyRef = text.parse().unwrap();
            assert_eq!((&key, key.to_string().as_str()), (&expected, text));
        }
    }

    #[test]
    fn what_could_be_an_option_a_path_or_nothing_is_no_name() {
        for wrong in ["", "-x", ".x", "..", "a b", "a\n", "ä", "gpg:me", "gpg:", "file:x", &"a".repeat(65)] {
            assert!(wrong.parse::<KeyRef>().is_err(), "{wrong}");
        }
    }
}
