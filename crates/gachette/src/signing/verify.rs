//! Checks what was signed, as gpgv and apt do: one signature by a known key is enough, and a false one is too many.
//!
//! The library that signs does it, and not the program gpgv: Debian 13 installs apt without it, a static program has to check on any machine,
//! and nothing has to be written to disk for it. The tests hold its word against gpgv's.

use jiff::{SignedDuration, Timestamp};
use pgp::composed::{CleartextSignedMessage, Deserializable, DetachedSignature};
use pgp::packet::{Signature, SignatureType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::certificate::{Issued, SigningPart, moment};
use super::error::plain;
use super::expiry::day;
use super::{Certificate, Fingerprint};

/// How far the clocks of two machines may differ.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// A signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoodSignature {
    /// The key that made it.
    pub key: Fingerprint,
    /// The part of it that did: the key itself, or a subkey.
    pub part: Fingerprint,
    /// When it did.
    pub made: Timestamp,
}

/// A Release file whose signatures hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRelease {
    /// The file.
    pub release: Vec<u8>,
    /// Those by known keys; at least one.
    pub signatures: Vec<GoodSignature>,
}

/// Why a signed file is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It is no signed file.
    #[error("it is not signed: {0}")]
    Malformed(String),
    /// Somebody changed it, or the signature.
    #[error("a signature of key {key} does not agree with the file")]
    False {
        /// The key that is said to have made it.
        key: Fingerprint,
    },
    /// No signature by a known key is good now.
    #[error("no signature of a known key holds{}", reasons(.0))]
    NoneHolds(Vec<String>),
}

/// Checks an InRelease file, as of now.
///
/// # Errors
/// When it is none, a signature of it is false, or none by a known key holds.
pub fn verify(
    in_release: &[u8],
    certificates: &[Certificate],
    now: Timestamp,
) -> Result<VerifiedRelease, VerifyError> {
    let malformed = |error: pgp::errors::Error| VerifyError::Malformed(plain(&error));
    let (message, _) = CleartextSignedMessage::from_armor(in_release).map_err(malformed)?;
    let text = message.signed_text();
    let signatures = judged(message.signatures(), SignatureType::Text, text.as_bytes(), certificates, now)?;
    // The last line end is of the frame.
    Ok(VerifiedRelease { release: (text.replace("\r\n", "\n") + "\n").into_bytes(), signatures })
}

/// Checks a Release file by its Release.gpg, as of now.
///
/// # Errors
/// As for [`verify`].
pub fn verify_detached(
    release: &[u8],
    release_gpg: &[u8],
    certificates: &[Certificate],
    now: Timestamp,
) -> Result<Vec<GoodSignature>, VerifyError> {
    let malformed = |error: pgp::errors::Error| VerifyError::Malformed(plain(&error));
    let signatures = DetachedSignature::from_reader_many(release_gpg).map_err(malformed)?.0;
    let signatures: Result<Vec<Signature>, _> = signatures.map(|it| it.map(|it| it.signature)).collect();
    judged(&signatures.map_err(malformed)?, SignatureType::Binary, release, certificates, now)
}

fn judged(
    signatures: &[Signature],
    kind: SignatureType,
    content: &[u8],
    certificates: &[Certificate],
    now: Timestamp,
) -> Result<Vec<GoodSignature>, VerifyError> {
    let (mut good, mut others) = (Vec::new(), Vec::new());
    for signature in signatures {
        let issued =
            certificates.iter().map(|certificate| (certificate, certificate.issued(signature, content)));
        // Of several copies of a certificate, the one counts that takes the key back, wherever it stands.
        let known = issued.filter(|(_, issued)| *issued != Issued::ByAnother);
        let known = known.max_by_key(|(_, issued)| matches!(issued, Issued::InVain(_)));
        let Some((certificate, issued)) = known else { continue };
        let key = certificate.fingerprint();
        match issued {
            Issued::By(part) if signature.typ() == Some(kind) => match not_now(signature, &part, now) {
                None => good.push(GoodSignature { key, part: part.fingerprint, made: made(signature) }),
                Some(reason) => others.push(format!("key {key}: {reason}")),
            },
            Issued::InVain(reason) if signature.typ() == Some(kind) => {
                others.push(format!("key {key}: {reason}"));
            }
            _ => return Err(VerifyError::False { key }),
        }
    }
    if good.is_empty() { Err(VerifyError::NoneHolds(others)) } else { Ok(good) }
}

/// Why a true signature does not count now.
fn not_now(signature: &Signature, part: &SigningPart, now: Timestamp) -> Option<String> {
    let made = made(signature);
    let lasts = signature.signature_expiration_time().filter(|lasts| lasts.as_secs() > 0);
    let ends = lasts.map(|lasts| made + SignedDuration::from_secs(lasts.as_secs().into()));
    if let Some(expired) = part.expires.filter(|expires| *expires <= now) {
        return Some(format!("it ended on {}", day(expired)));
    }
    if let Some(ended) = ends.filter(|ends| *ends <= now) {
        return Some(format!("its signature ended on {}", day(ended)));
    }
    if made < part.created {
        return Some("its signature is older than the key".to_owned());
    }
    (made > now + TOLERANCE).then(|| format!("its signature is of {}, which is still to come", day(made)))
}

fn made(signature: &Signature) -> Timestamp {
    signature.created().map_or(Timestamp::UNIX_EPOCH, moment)
}

fn reasons(all: &[String]) -> String {
    if all.is_empty() { String::new() } else { format!(": {}", all.join("; ")) }
}
