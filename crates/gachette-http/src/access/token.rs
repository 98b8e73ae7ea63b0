//! A token: 32 random bytes that somebody shows, of which only the SHA-256 is kept. Random bytes need no slow hash: there
//! is nothing to guess.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gachette_core::Sha256Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How a token begins, so that it is known for what it is where it turns up.
const PREFIX: &str = "gachette_";
/// How many random bytes a token has.
const BYTES: usize = 32;
/// The longest name of a token, in bytes.
const LONGEST_NAME: usize = 64;

/// The name of a token: letters, digits, `.`, `-` and `_`. It stands in logs and ledgers; the token itself never does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"))]
pub struct TokenName(String);

/// Text that is no name of a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no name for a token: 1 to 64 letters, digits, `.`, `-` and `_`, the first a letter or digit", .0.escape_debug())]
pub struct TokenNameError(String);

/// A new token, which is shown once.
pub(super) fn fresh() -> std::io::Result<String> {
    let mut bytes = [0; BYTES];
    let mut filled = 0;
    while filled < BYTES {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())?;
    }
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{PREFIX}{digits}"))
}

/// What is kept of a token.
pub(super) fn digest(token: &str) -> Sha256Digest {
    Sha256Digest::from_bytes(Sha256::digest(token.as_bytes()).into())
}

/// Whether these are the same, in a time that does not tell how far they are.
pub(super) fn same(one: &Sha256Digest, other: &Sha256Digest) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// The token in an `Authorization` header: behind `Bearer`, or, where it may be one, the password behind `Basic` (RFC 7617), whoever's it is.
/// Browsers send passwords by themselves, for any page that asks them to, so those are for what changes nothing.
pub(super) fn shown(header: &str, may_be_password: bool) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !may_be_password || !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

impl FromStr for TokenName {
    type Err = TokenNameError;

    fn from_str(text: &str) -> Result<Self, TokenNameError> {
        let well_formed = (1..=LONGEST_NAME).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        let wrong = || TokenNameError(text.chars().take(80).collect());
        well_formed.then(|| Self(text.to_owned())).ok_or_else(wrong)
    }
}

impl TryFrom<String> for TokenName {
    type Error = TokenNameError;

    fn try_from(text: String) -> Result<Self, TokenNameError> {
        text.parse()
    }
}

impl From<TokenName> for String {
    fn from(name: TokenName) -> Self {
        name.0
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
