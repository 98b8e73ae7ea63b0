//! A key of our own: made, read from a file, extended, written.

use std::fmt;

use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, Deserializable, KeyType, SignedKeyDetails, SignedSecretKey, SignedSecretSubKey,
};
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{PubKeyInner, PublicKey, SecretKey};
use pgp::types::{KeyVersion, Password, S2kParams, SecretParams, StringToKey};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::blocks::blocks;
use super::certificate::{Certificate, SigningPart};
use super::certify::{self, Extension};
use super::error::plain;
use super::open_key::{OpenKey, SecretPart};
use super::{Fingerprint, SigningError};

/// A secret key, with its certificate.
#[derive(Clone)]
pub struct OwnKey {
    secret: SignedSecretKey,
    certificate: Certificate,
    origin: String,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub(super) struct NewKey<'a> {
    /// Whose it is, such as `archive <archive@example.org>`.
    pub(super) user_id: &'a str,
    /// When it is made.
    pub(super) created: Timestamp,
    /// When it ends.
    pub(super) expires: Option<Timestamp>,
}

impl OwnKey {
    /// The key in this text or these bytes; `origin` names it in errors.
    ///
    /// # Errors
    /// When there is none, there are several, or it is none that may be used here.
    pub fn parse(bytes: &[u8], origin: &str) -> Result<Self, SigningError> {
        Self::of(the_only_one(bytes, origin)?, origin)
    }

    /// The fingerprint of the key in this text or these bytes, also of one that cannot be used here.
    ///
    /// # Errors
    /// When there is none, there are several, or it has lost what it said of itself.
    pub(super) fn fingerprint_in(bytes: &[u8], origin: &str) -> Result<Fingerprint, SigningError> {
        let secret = the_only_one(bytes, origin)?;
        Ok(Certificate::of(secret.to_public_key(), origin)?.fingerprint())
    }

    fn of(secret: SignedSecretKey, origin: &str) -> Result<Self, SigningError> {
        let certificate = Certificate::of(secret.to_public_key(), origin)?;
        let key = Self { secret, certificate, origin: origin.to_owned() };
        key.signing_part()?;
        Ok(key)
    }

    /// Makes a key: Ed25519, of version 4 and with the algorithm number of old, which is what gpgv of Debian 12 and sqv of
    /// Debian 13 both know. The primary key itself signs.
    pub(super) fn generate(new: &NewKey<'_>, passphrase: Option<&Password>) -> Result<Self, SigningError> {
        let kind = KeyType::Ed25519Legacy;
        let created = certify::seconds(new.created)?;
        let (public, secret) = kind.generate(OsRng)?;
        let public = PubKeyInner::new(KeyVersion::V4, kind.to_alg(), created, None, public)?;
        let mut primary = SecretKey::new(PublicKey::from_inner(public)?, secret)?;
        let open = Password::empty();
        let extension = Extension { passphrase: &open, now: new.created, expires: new.expires };
        let user = certify::first_user(&primary, new.user_id, &extension)?;
        if let Some(passphrase) = passphrase {
            primary.set_password(OsRng, passphrase)?;
        }
        let details = SignedKeyDetails::new(Vec::new(), Vec::new(), vec![user], Vec::new());
        Self::of(SignedSecretKey::new(primary, details, Vec::new(), Vec::new()), new.user_id)
    }

    /// The same key with another end.
    pub(super) fn extended(&self, extension: &Extension<'_>) -> Result<Self, SigningError> {
        if is_absent(self.secret.primary_key.secret_params()) {
            return Err(SigningError::Unusable {
                origin: self.origin.clone(),
                reason: "it holds a subkey only, which cannot say when it ends".to_owned(),
                hint: Some(
                    "extend it where the primary key is, and import it again with `--replace`".to_owned(),
                ),
            });
        }
        let mut secret = self.secret.clone();
        certify::extend(&mut secret, extension)?;
        Self::of(secret, &self.origin)
    }

    /// What others know of it.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether a passphrase protects what it signs with.
    pub fn is_protected(&self) -> bool {
        self.signing_part().is_ok_and(|(part, _)| part.params().is_encrypted())
    }

    /// The secret key as text.
    ///
    /// # Errors
    /// When the library fails.
    pub fn armored(&self) -> Result<Zeroizing<Vec<u8>>, SigningError> {
        Ok(Zeroizing::new(self.secret.to_armored_bytes(ArmorOptions::default())?))
    }

    /// Opens the part that signs, with what is known of that part, by one of these passphrases if one protects it.
    pub(super) fn open(&self, passphrases: Vec<Password>) -> Result<(OpenKey, SigningPart), SigningError> {
        let (part, facts) = self.signing_part()?;
        if !part.params().is_encrypted() {
            return Ok((OpenKey { part, passphrase: Password::empty() }, facts));
        }
        if passphrases.is_empty() {
            return Err(SigningError::Locked { key: self.origin.clone() });
        }
        let wrong = || SigningError::WrongPassphrase { key: self.origin.clone() };
        let passphrase = passphrases.into_iter().find(|it| part.opens_with(it)).ok_or_else(wrong)?;
        Ok((OpenKey { part, passphrase }, facts))
    }

    /// The part that is signed with: of those that may and whose secret is here, the one that may longest.
    fn signing_part(&self) -> Result<(SecretPart, SigningPart), SigningError> {
        let primary = &self.secret.primary_key;
        let secret_of = |facts: &SigningPart| {
            if Fingerprint::of(primary) == Some(facts.fingerprint) {
                return Some(SecretPart::Primary(primary.clone()));
            }
            let is_it =
                |subkey: &&SignedSecretSubKey| Fingerprint::of(&subkey.key) == Some(facts.fingerprint);
            let subkey = self.secret.secret_subkeys.iter().find(is_it)?;
            Some(SecretPart::Subkey(subkey.key.clone()))
        };
        let parts = self.certificate.parts().iter();
        let parts = parts.filter_map(|facts| Some((secret_of(facts)?, *facts)));
        let here = parts.filter(|(part, _)| !is_absent(part.params()));
        let found = here.max_by(|a, b| a.1.by_preference(&b.1)).ok_or_else(|| self.nothing_signs())?;
        match found.0.algorithm() {
            PublicKeyAlgorithm::EdDSALegacy | PublicKeyAlgorithm::ECDSA => Ok(found),
            other => Err(self.not_here(other)),
        }
    }

    fn nothing_signs(&self) -> SigningError {
        let reason = if self.certificate.is_revoked() {
            "it was revoked"
        } else {
            "it holds no secret key, and no secret subkey, that may sign"
        };
        SigningError::Unusable { origin: self.origin.clone(), reason: reason.to_owned(), hint: None }
    }

    fn not_here(&self, algorithm: PublicKeyAlgorithm) -> SigningError {
        let fingerprint = self.certificate.fingerprint();
        SigningError::Unusable {
            origin: self.origin.clone(),
            reason: format!("keys of the kind {algorithm:?} are left to gpg"),
            hint: Some(format!(
                "`gpg --import` it, and put `signing.keys: [gpg:{fingerprint}]` into gachette.yml"
            )),
        }
    }
}

/// The secret key in this text or these bytes.
fn the_only_one(bytes: &[u8], origin: &str) -> Result<SignedSecretKey, SigningError> {
    let unusable = |reason: &str| SigningError::Unusable {
        origin: origin.to_owned(),
        reason: reason.to_owned(),
        hint: Some(EXPORT_HINT.to_owned()),
    };
    let blocks = blocks(bytes);
    let mut keys = Vec::new();
    for block in &blocks {
        let found = SignedSecretKey::from_reader_many(*block);
        let found: Result<Vec<_>, _> = found.and_then(|(found, _)| found.collect());
        let it = if blocks.len() == 1 { "it" } else { "one of its blocks" };
        match found {
            Ok(found) if !found.is_empty() => keys.extend(found),
            // A key's own certificate may stand beside it.
            _ if Certificate::parse_all(block, origin).is_ok() => {}
            Err(error) => return Err(unusable(&format!("{it} holds no secret key: {}", plain(&error)))),
            Ok(_) => return Err(unusable(&format!("{it} holds no secret key"))),
        }
    }
    match <[SignedSecretKey; 1]>::try_from(keys) {
        Ok([secret]) => Ok(secret),
        Err(keys) if keys.is_empty() => Err(unusable("it holds a certificate, and no secret key")),
        Err(_) => Err(unusable("it holds several keys; give each a file of its own")),
    }
}

const EXPORT_HINT: &str = "write it with `gpg --armor --export-secret-keys FINGERPRINT`";

/// Whether gpg left the secret out, or it is on a card (GNU extensions of the string-to-key specifier).
fn is_absent(params: &SecretParams) -> bool {
    let SecretParams::Encrypted(encrypted) = params else { return false };
    match encrypted.string_to_key_params() {
        S2kParams::Cfb { s2k, .. } | S2kParams::MalleableCfb { s2k, .. } | S2kParams::Aead { s2k, .. } => {
            matches!(s2k, StringToKey::Private { .. } | StringToKey::Other { .. })
        }
        S2kParams::Unprotected | S2kParams::LegacyCfb { .. } => false,
    }
}

impl fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnKey").field("fingerprint", &self.certificate.fingerprint()).finish_non_exhaustive()
    }
}
