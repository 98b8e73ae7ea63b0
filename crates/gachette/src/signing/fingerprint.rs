//! The fingerprint of an OpenPGP key of version 4 (RFC 4880, 12.2): 160 bits by which it is named wherever it counts.

use std::fmt;
use std::str::FromStr;

use pgp::types::KeyDetails;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many hexadecimal digits it has.
const DIGITS: usize = 40;

/// The fingerprint of a key, or of one of its subkeys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9A-F]{40}$"))]
pub struct Fingerprint([u8; DIGITS / 2]);

/// Text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no fingerprint: 40 hexadecimal digits, as `gpg --fingerprint` shows them", .0.escape_debug())]
pub struct FingerprintError(String);

impl Fingerprint {
    /// Whether text is as long as a fingerprint and of the same digits.
    pub(super) fn is_like(text: &str) -> bool {
        text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// That of a key; none of one that is not of version 4.
    pub(super) fn of(key: &impl KeyDetails) -> Option<Self> {
        Self::known(&key.fingerprint())
    }

    /// One as the library has it.
    pub(super) fn known(fingerprint: &pgp::types::Fingerprint) -> Option<Self> {
        match fingerprint {
            pgp::types::Fingerprint::V4(bytes) => Some(Self(*bytes)),
            _ => None,
        }
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let wrong = || FingerprintError(text.to_owned());
        if !Self::is_like(text) {
            return Err(wrong());
        }
        let mut bytes = [0; DIGITS / 2];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;

    fn try_from(text: String) -> Result<Self, FingerprintError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

impl fmt::Display for Fingerprint {
    /// In upper case, as gpg shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_digits_are_one_and_nothing_else_is() {
        let text = "0123456789abcdefABCDEF0123456789abcdef01";
        assert_eq!(text.parse::<Fingerprint>().unwrap().to_string(), text.to_uppercase());
        for wrong in
            ["", "0123", "0123456789ABCDEF", &"é".repeat(20), &"+1".repeat(20), &text.replace('0', "g")]
        {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }
}
