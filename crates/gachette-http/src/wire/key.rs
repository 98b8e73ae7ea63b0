//! Signing keys on the wire: what others may know of them. A secret key never is.

use std::fmt;
use std::str::FromStr;

use gachette::signing::{EndingKey, Fingerprint, KeyName, KeyRef, ListedKey};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The form of a key in a path: the name or fingerprint of a key of gachette's own, `gpg:` and the fingerprint of one that gpg holds, or
/// the file of one that is configured so.
pub(crate) const KEY_FORM: &str =
    "^(gpg:[0-9A-Fa-f]{40}|[A-Za-z0-9][A-Za-z0-9._-]{0,63}|/[A-Za-z0-9._/-]{1,200})$";

/// What is known of a key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct KeySummary {
    /// How it is named: its name, its file, or `gpg:FINGERPRINT`.
    pub key: KeyRef,
    /// Whether suites are signed with it.
    pub signs: bool,
    /// Whether a passphrase protects it; of a key that gpg holds, gpg knows.
    pub protected: Option<bool>,
    /// What others know of it; nothing when it cannot be used.
    pub certificate: Option<CertificateSummary>,
    /// Why it cannot be used, or will not be for long.
    pub warning: Option<String>,
}

/// What others know of a key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CertificateSummary {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Whose it is.
    pub user_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it may sign; without an end when there is none.
    pub expires: Option<Timestamp>,
}

/// A wish for a new key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// Its name.
    pub name: KeyName,
    /// A mail address that stands in it.
    #[serde(default)]
    #[schemars(
        regex(pattern = r"^[^\s\x00-\x1f\x7f-\x9f<>()@]+@[^\s\x00-\x1f\x7f-\x9f<>()]+$"),
        length(max = 254)
    )]
    pub email: Option<String>,
    /// When it ends; in three years when not said.
    #[serde(default)]
    pub expires: Option<KeyEnd>,
}

/// A wish that a key end at another time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendKey {
    /// When it ends from now on.
    pub expires: KeyEnd,
    /// Whether that may be before it ends now.
    #[serde(default)]
    pub shorten: bool,
}

/// When a key ends: a point in time, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("anyOf" = [{"const": "never"}, {"format": "date-time"}]))]
pub enum KeyEnd {
    /// It does not.
    Never,
    /// Then.
    At(Timestamp),
}

impl KeyEnd {
    /// The point in time, if there is one.
    pub fn time(self) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::At(time) => Some(time),
        }
    }
}

impl FromStr for KeyEnd {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        if text == "never" { Ok(Self::Never) } else { text.parse().map(Self::At) }
    }
}

impl TryFrom<String> for KeyEnd {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse()
    }
}

impl From<KeyEnd> for String {
    fn from(end: KeyEnd) -> Self {
        end.to_string()
    }
}

impl fmt::Display for KeyEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::At(time) => time.fmt(f),
        }
    }
}

impl KeySummary {
    /// What is to be said of a key now.
    pub(crate) fn of(listed: ListedKey, now: Timestamp) -> Self {
        let ListedKey { key, signs, protected, certificate } = listed;
        match certificate {
            Err(error) => {
                let warning = Some(format!("key {key} cannot be used: {error}"));
                Self { key, signs, protected, certificate: None, warning }
            }
            Ok(certificate) => {
                let (fingerprint, expires) = (certificate.fingerprint(), certificate.signs_until(&key));
                let ending = EndingKey::of(&key, fingerprint, expires, now).map(|ending| ending.to_string());
                let revoked = certificate.is_revoked().then(|| format!("key {key} was revoked"));
                let (user_id, created) = (certificate.user_id(), certificate.created());
                let certificate = Some(CertificateSummary { fingerprint, user_id, created, expires });
                Self { key, signs, protected, certificate, warning: revoked.or(ending) }
            }
        }
    }
}
