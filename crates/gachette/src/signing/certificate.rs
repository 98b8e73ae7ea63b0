//! A certificate, which is what others know of a key: its public parts, whose it is, and how long it may sign. Only what the
//! key itself says of itself counts, and only that is kept.

use jiff::Timestamp;
use pgp::composed::{ArmorOptions, Deserializable, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::ser::Serialize;
use pgp::types::{
    EcdsaPublicParams, EddsaLegacyPublicParams, KeyDetails, KeyVersion, PublicParams, SignedUser, Tag,
    VerifyingKey,
};

use super::blocks::blocks;
use super::error::plain;
use super::{Fingerprint, KeyRef, SigningError};

/// What others know of a key.
#[derive(Debug, Clone)]
pub struct Certificate {
    key: SignedPublicKey,
    fingerprint: Fingerprint,
    parts: Vec<SigningPart>,
}

/// A part of a key that may sign: the primary key or a subkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SigningPart {
    pub(super) fingerprint: Fingerprint,
    pub(super) created: Timestamp,
    /// From when on it may not sign; the primary key's end is the end of all.
    pub(super) expires: Option<Timestamp>,
}

/// Whose a signature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Issued {
    /// One of the certificate's parts made it.
    By(SigningPart),
    /// One of its parts made it, but none that may sign, or not so that clients take it: with why.
    InVain(&'static str),
    /// It says so, but it is not true.
    Falsely,
    /// It does not say so.
    ByAnother,
}

impl Certificate {
    /// The certificates in this text or these bytes; `origin` names them in errors.
    ///
    /// # Errors
    /// When there is none, or one that cannot be used here.
    pub fn parse_all(bytes: &[u8], origin: &str) -> Result<Vec<Self>, SigningError> {
        let unusable = |reason: String| unusable(origin, reason);
        let none = |error: &_| unusable(format!("it holds no certificate: {}", plain(error)));
        let mut all = Vec::new();
        for block in blocks(bytes) {
            let keys = SignedPublicKey::from_reader_many(block).map_err(|error| none(&error))?.0;
            let keys: Vec<_> = keys.collect::<Result<_, _>>().map_err(|error| none(&error))?;
            if keys.is_empty() {
                return Err(unusable("it holds no certificate".to_owned()));
            }
            all.extend(keys.into_iter().map(|key| Self::of(key, origin)));
        }
        all.into_iter().collect()
    }

    /// Certificates that somebody hands over, as text: `gpg --export` writes bytes unless it is told `--armor`.
    ///
    /// # Errors
    /// When they are none, or not to be used here.
    pub fn text_of_all(bytes: Vec<u8>, origin: &str) -> Result<String, SigningError> {
        let known = Self::parse_all(&bytes, origin)?;
        String::from_utf8(bytes).or_else(|_| Ok(String::from_utf8_lossy(&armored(&known)?).into_owned()))
    }

    /// That of a public key.
    pub(super) fn of(key: SignedPublicKey, origin: &str) -> Result<Self, SigningError> {
        let fingerprint = Fingerprint::of(&key.primary_key).filter(|_| key.version() == KeyVersion::V4);
        if let Some(kind) = unknown_kind(&key) {
            let reason =
                format!("keys of its kind, {kind}, cannot be used here, since not every apt knows them");
            return Err(unusable(origin, reason));
        }
        let wrong_version = || unusable(origin, "its version is not 4, and apt knows no other".to_owned());
        let key = of_its_own(key);
        let mut certificate =
            Self { fingerprint: fingerprint.ok_or_else(wrong_version)?, key, parts: Vec::new() };
        if certificate.self_signatures().next().is_none() {
            let reason = "it has no valid signature of its own (SHA-1 counts as none)".to_owned();
            return Err(unusable(origin, reason));
        }
        certificate.parts = certificate.signing_parts();
        Ok(certificate)
    }

    /// The fingerprint of the primary key, by which the whole is known.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whose it is, such as `Archive <archive@example.org>`.
    pub fn user_id(&self) -> String {
        let users = &self.key.details.users;
        let primary = users.iter().find(|user| user.is_primary()).or(users.first());
        primary.map(|user| String::from_utf8_lossy(user.id.id()).into_owned()).unwrap_or_default()
    }

    /// When the key was made.
    pub fn created(&self) -> Timestamp {
        moment(self.key.created_at())
    }

    /// When it ends.
    pub fn expires(&self) -> Option<Timestamp> {
        self.self_signatures().filter_map(|signature| end(&self.key, signature)).min()
    }

    /// The part that gpg signs with when it is asked by this fingerprint: the named subkey, else its newest subkey that may
    /// sign, else the key itself.
    pub(super) fn part_for_gpg(&self, named: Fingerprint) -> Option<SigningPart> {
        let subkeys = self.parts.iter().filter(|part| part.fingerprint != self.fingerprint);
        let asked = subkeys.clone().find(|part| part.fingerprint == named);
        asked.or_else(|| subkeys.max_by_key(|part| part.created)).copied().or_else(|| self.signing_part())
    }

    /// Until when it may sign for the one who refers to it so; none when it has no end.
    pub fn signs_until(&self, key: &KeyRef) -> Option<Timestamp> {
        let part = match key {
            KeyRef::Gpg(fingerprint) => self.part_for_gpg(*fingerprint),
            _ => self.signing_part(),
        };
        part.and_then(|part| part.expires)
    }

    /// The part that may sign longest.
    pub(super) fn signing_part(&self) -> Option<SigningPart> {
        self.parts.iter().max_by(|a, b| a.by_preference(b)).copied()
    }

    /// Whether it was taken back.
    pub fn is_revoked(&self) -> bool {
        !self.key.details.revocation_signatures.is_empty()
    }

    /// The certificate as text.
    ///
    /// # Errors
    /// When the library fails.
    pub fn armored(&self) -> Result<Vec<u8>, SigningError> {
        armored([self])
    }

    /// The parts that may sign, not considering the time.
    pub(super) fn parts(&self) -> &[SigningPart] {
        &self.parts
    }

    /// Whether one of its parts made this signature of this content.
    pub(super) fn issued(&self, signature: &Signature, content: &[u8]) -> Issued {
        if names(signature, &self.key.primary_key) {
            return self.judged(signature, content, &self.key.primary_key);
        }
        match self.key.public_subkeys.iter().find(|subkey| names(signature, &subkey.key)) {
            Some(subkey) => self.judged(signature, content, &subkey.key),
            None => Issued::ByAnother,
        }
    }

    fn judged(&self, signature: &Signature, content: &[u8], key: &impl VerifyingKey) -> Issued {
        let of_key = |part: &&SigningPart| Some(part.fingerprint) == Fingerprint::of(key);
        if signature.verify(key, content).is_err() {
            return Issued::Falsely;
        }
        match self.parts.iter().find(of_key) {
            Some(_) if !is_strong(signature) => Issued::InVain("its signature is made by way of a weak hash"),
            Some(part) => Issued::By(*part),
            None if self.is_revoked() => Issued::InVain("the key was revoked"),
            None if self.has_revoked(key) => Issued::InVain("the part of it that signed was revoked"),
            None => Issued::InVain("the part of it that signed may not sign"),
        }
    }

    /// Whether it took this subkey back.
    fn has_revoked(&self, key: &impl KeyDetails) -> bool {
        let is_it = |subkey: &&SignedPublicSubKey| Fingerprint::of(&subkey.key) == Fingerprint::of(key);
        self.key.public_subkeys.iter().find(is_it).is_some_and(is_taken_back)
    }

    /// What the key says of itself last: directly, and with a user id. gpgv believes the one first and sqv the other.
    fn self_signatures(&self) -> impl Iterator<Item = &Signature> {
        let users = self.key.details.users.iter().filter_map(|user| newest(&user.signatures));
        let users = users.filter(|signature| signature.typ() != Some(SignatureType::CertRevocation));
        let user = users.max_by_key(|signature| signature.created());
        newest(&self.key.details.direct_signatures).into_iter().chain(user)
    }

    fn signing_parts(&self) -> Vec<SigningPart> {
        if self.is_revoked() {
            return Vec::new();
        }
        let (primary_end, signs) = (self.expires(), self.self_signatures().any(|it| it.key_flags().sign()));
        let primary = signs.then(|| part(&self.key.primary_key, primary_end)).flatten();
        let subkeys = self.key.public_subkeys.iter().filter_map(|subkey| {
            let binding = newest(&subkey.signatures)?;
            if !self.may_sign(subkey, binding) {
                return None;
            }
            let own_end = end(&subkey.key, binding);
            part(&subkey.key, [primary_end, own_end].into_iter().flatten().min())
        });
        primary.into_iter().chain(subkeys).collect()
    }

    /// A subkey that signs has to say itself that it belongs to the primary key (RFC 4880, 5.2.1: 0x19).
    fn may_sign(&self, subkey: &SignedPublicSubKey, binding: &Signature) -> bool {
        let agrees = |back: &Signature| {
            is_strong(back) && back.verify_primary_key_binding(&subkey.key, &self.key.primary_key).is_ok()
        };
        !is_taken_back(subkey)
            && binding.key_flags().sign()
            && binding.embedded_signature().is_some_and(agrees)
    }
}

impl SigningPart {
    /// Which of two parts is rather signed with: the one that may longer, then the newer one.
    pub(super) fn by_preference(&self, other: &Self) -> std::cmp::Ordering {
        let key = |part: &Self| (part.expires.is_none(), part.expires, part.created);
        key(self).cmp(&key(other))
    }
}

/// The certificates in one block of text: apt reads no further than the first.
pub(super) fn armored<'a>(
    certificates: impl IntoIterator<Item = &'a Certificate>,
) -> Result<Vec<u8>, SigningError> {
    let all = Certificates(certificates.into_iter().map(|certificate| &certificate.key).collect());
    let (mut text, options) = (Vec::new(), ArmorOptions::default());
    let block = pgp::armor::BlockType::PublicKey;
    pgp::armor::write(&all, block, &mut text, options.headers, options.include_checksum)?;
    Ok(text)
}

struct Certificates<'a>(Vec<&'a SignedPublicKey>);

impl Serialize for Certificates<'_> {
    fn to_writer<W: std::io::Write>(&self, writer: &mut W) -> pgp::errors::Result<()> {
        self.0.iter().try_for_each(|key| key.to_writer(writer))
    }

    fn write_len(&self) -> usize {
        self.0.iter().map(|key| key.write_len()).sum()
    }
}

/// The key with nothing but what it says of itself: no signatures of others, no pictures, nothing that is not true.
fn of_its_own(mut key: SignedPublicKey) -> SignedPublicKey {
    let primary = key.primary_key.clone();
    let details = &mut key.details;
    details.user_attributes.clear();
    details.revocation_signatures.retain(|signature| signature.verify_key(&primary).is_ok());
    details.direct_signatures.retain(|it| is_strong(it) && it.verify_key(&primary).is_ok());
    for SignedUser { id, signatures } in &mut details.users {
        signatures.retain(|it| is_strong(it) && it.verify_certification(&primary, Tag::UserId, id).is_ok());
    }
    details.users.retain(|user| !user.signatures.is_empty());
    for SignedPublicSubKey { key, signatures } in &mut key.public_subkeys {
        signatures.retain(|it| is_strong(it) && it.verify_subkey_binding(&primary, key).is_ok());
    }
    key.public_subkeys.retain(|subkey| !subkey.signatures.is_empty());
    key
}

/// Whether the hash of a signature is one that apt and sqv take.
pub(super) fn is_strong(signature: &Signature) -> bool {
    use HashAlgorithm::{Sha3_256, Sha3_512, Sha224, Sha256, Sha384, Sha512};
    let strong = [Sha224, Sha256, Sha384, Sha512, Sha3_256, Sha3_512];
    signature.hash_alg().is_some_and(|hash| strong.contains(&hash))
}

/// What kind of key it is, if it is one that sqv cannot check, by which apt of Debian 13 does, or the library here.
fn unknown_kind(key: &impl KeyDetails) -> Option<String> {
    use EcdsaPublicParams::{Secp256k1, Unsupported};
    match key.public_params() {
        PublicParams::ECDSA(params @ (Secp256k1 { .. } | Unsupported { .. })) => {
            Some(format!("ECDSA on the curve {}", params.curve().name()))
        }
        PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Unsupported { curve, .. }) => {
            Some(format!("EdDSA on the curve {}", curve.name()))
        }
        PublicParams::Unknown { .. } => Some(format!("algorithm {}", u8::from(key.algorithm()))),
        _ => None,
    }
}

/// Whether a signature names this key as the one that made it.
fn names(signature: &Signature, key: &impl KeyDetails) -> bool {
    let (fingerprint, id) = (key.fingerprint(), key.legacy_key_id());
    signature.issuer_fingerprint().contains(&&fingerprint) || signature.issuer_key_id().contains(&&id)
}

fn part(key: &impl KeyDetails, expires: Option<Timestamp>) -> Option<SigningPart> {
    Some(SigningPart { fingerprint: Fingerprint::of(key)?, created: moment(key.created_at()), expires })
}

fn is_taken_back(subkey: &SignedPublicSubKey) -> bool {
    subkey.signatures.iter().any(|it| it.typ() == Some(SignatureType::SubkeyRevocation))
}

fn newest(signatures: &[Signature]) -> Option<&Signature> {
    signatures.iter().max_by_key(|signature| signature.created())
}

/// When a key ends, by what this signature says of it.
fn end(key: &impl KeyDetails, signature: &Signature) -> Option<Timestamp> {
    // Zero is no end at all (RFC 4880, 5.2.3.6).
    let lifetime = signature.key_expiration_time().filter(|lifetime| lifetime.as_secs() > 0)?;
    let seconds = i64::from(key.created_at().as_secs()) + i64::from(lifetime.as_secs());
    Timestamp::from_second(seconds).ok()
}

/// A point in time as OpenPGP has it: seconds since 1970, in 32 bits.
pub(super) fn moment(time: pgp::types::Timestamp) -> Timestamp {
    Timestamp::from_second(i64::from(time.as_secs())).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn unusable(origin: &str, reason: String) -> SigningError {
    SigningError::Unusable { origin: origin.to_owned(), reason, hint: None }
}
