//! What a key says of itself: that it may sign, whose it is, and when it ends. Saying so again, with another end, extends it.
//! What was said before stays in the certificate: sqv judges a signature by what was said when it was made.

use jiff::Timestamp;
use pgp::composed::SignedSecretKey;
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{
    KeyFlags, SecretKey, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::types::{Duration, KeyDetails, PacketHeaderVersion, Password, SignedUser, Tag};

use super::SigningError;
use super::certificate::moment;
use super::expiry::day;

type Created = pgp::types::Timestamp;

/// What is needed to say when a key ends.
pub(super) struct Extension<'a> {
    /// Opens the key.
    pub(super) passphrase: &'a Password,
    /// When it is said.
    pub(super) now: Timestamp,
    /// The end; none when the key has none.
    pub(super) expires: Option<Timestamp>,
}

/// A user id with what a new key says of itself with it.
pub(super) fn first_user(
    key: &SecretKey,
    user: &str,
    extension: &Extension<'_>,
) -> Result<SignedUser, SigningError> {
    let id = UserId::from_str(PacketHeaderVersion::New, user)?;
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(true);
    let said = vec![
        Subpacket::critical(SubpacketData::KeyFlags(flags))?,
        Subpacket::regular(SubpacketData::IsPrimary(true))?,
        Subpacket::regular(SubpacketData::PreferredHashAlgorithms(
            [HashAlgorithm::Sha512, HashAlgorithm::Sha256].into_iter().collect(),
        ))?,
    ];
    let signature = certification(key, &id, said, key.created_at(), extension)?;
    Ok(SignedUser::new(id, vec![signature]))
}

/// Adds to each user id, and to each subkey that signs and has an end of its own, that it ends later.
pub(super) fn extend(key: &mut SignedSecretKey, extension: &Extension<'_>) -> Result<(), SigningError> {
    let primary = key.primary_key.clone();
    for user in &mut key.details.users {
        let Some(last) = last(&user.signatures, SignatureType::CertRevocation) else { continue };
        let (said, at) = (said(last), after(last, extension)?);
        let signature = certification(&primary, &user.id, said, at, extension)?;
        user.signatures.push(signature);
    }
    if let Some(last) = last(&key.details.direct_signatures, SignatureType::KeyRevocation) {
        let said =
            subpackets(&primary, said(last), after(last, extension)?, primary.created_at(), extension)?;
        let config = config(&primary, SignatureType::Key, said);
        let signature = config.sign_key(&primary, extension.passphrase, primary.public_key())?;
        key.details.direct_signatures.push(signature);
    }
    for subkey in &mut key.secret_subkeys {
        let Some(last) = last(&subkey.signatures, SignatureType::SubkeyRevocation) else { continue };
        if last.key_flags().sign() && last.key_expiration_time().is_some() {
            let at = after(last, extension)?;
            let subpackets = subpackets(&primary, said(last), at, subkey.key.created_at(), extension)?;
            let config = config(&primary, SignatureType::SubkeyBinding, subpackets);
            let (public, signee) = (primary.public_key(), subkey.key.public_key());
            let signature = config.sign_subkey_binding(&primary, public, extension.passphrase, signee)?;
            subkey.signatures.push(signature);
        }
    }
    Ok(())
}

fn certification(
    key: &SecretKey,
    user: &UserId,
    said: Vec<Subpacket>,
    at: Created,
    extension: &Extension<'_>,
) -> Result<Signature, SigningError> {
    let subpackets = subpackets(key, said, at, key.created_at(), extension)?;
    let config = config(key, SignatureType::CertPositive, subpackets);
    Ok(config.sign_certification(key, key.public_key(), extension.passphrase, Tag::UserId, user)?)
}

/// A signature to be made by the key. Nothing in it depends on chance.
fn config(key: &SecretKey, kind: SignatureType, subpackets: [Vec<Subpacket>; 2]) -> SignatureConfig {
    let [hashed_subpackets, unhashed_subpackets] = subpackets;
    let config = SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha512);
    SignatureConfig { hashed_subpackets, unhashed_subpackets, ..config }
}

/// What is said, when and by whom, and when the key that was made then ends.
fn subpackets(
    key: &SecretKey,
    said: Vec<Subpacket>,
    at: Created,
    made: Created,
    extension: &Extension<'_>,
) -> Result<[Vec<Subpacket>; 2], SigningError> {
    let [mut hashed, unhashed] = issued(key, at)?;
    if let Some(lifetime) = extension.expires.map(|expires| lifetime(made, expires)).transpose()? {
        hashed.push(Subpacket::critical(SubpacketData::KeyExpirationTime(lifetime))?);
    }
    hashed.extend(said);
    Ok([hashed, unhashed])
}

/// What stands in every signature: when it was made, and by whom; what is sealed by it, and what is not.
pub(super) fn issued(key: &impl KeyDetails, at: Created) -> Result<[Vec<Subpacket>; 2], SigningError> {
    let sealed = vec![
        Subpacket::critical(SubpacketData::SignatureCreationTime(at))?,
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
    ];
    Ok([sealed, vec![Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?]])
}

/// What a signature says beside when it was made, by whom, and when the key ends.
fn said(signature: &Signature) -> Vec<Subpacket> {
    use SubpacketData::{IssuerFingerprint, IssuerKeyId, KeyExpirationTime, SignatureCreationTime};
    let subpackets = signature.config().into_iter().flat_map(SignatureConfig::hashed_subpackets);
    let renewed = |subpacket: &&Subpacket| {
        !matches!(
            subpacket.data,
            IssuerFingerprint(_) | IssuerKeyId(_) | KeyExpirationTime(_) | SignatureCreationTime(_)
        )
    };
    let mut said: Vec<Subpacket> = subpackets.filter(renewed).cloned().collect();
    // A subkey's own signature may stand in either place.
    let embedded = |subpacket: &&Subpacket| matches!(subpacket.data, SubpacketData::EmbeddedSignature(_));
    if !said.iter().any(|subpacket| embedded(&subpacket)) {
        let unhashed = signature.config().into_iter().flat_map(SignatureConfig::unhashed_subpackets);
        said.extend(unhashed.filter(embedded).cloned());
    }
    said
}

/// The newest signature, unless it takes back what the others say.
fn last(signatures: &[Signature], revocation: SignatureType) -> Option<&Signature> {
    let newest = signatures.iter().max_by_key(|signature| signature.created())?;
    (newest.typ() != Some(revocation)).then_some(newest)
}

/// Now, or a second after the signature that is to be outdone.
fn after(last: &Signature, extension: &Extension<'_>) -> Result<Created, SigningError> {
    let earliest = last.created().map_or(0, |created| created.as_secs().saturating_add(1));
    Ok(seconds(extension.now)?.max(Created::from_secs(earliest)))
}

/// A point in time as OpenPGP has it.
pub(super) fn seconds(time: Timestamp) -> Result<Created, SigningError> {
    let wrong = |_| SigningError::WrongEnd { expires: time, reason: "the format ends in 2106".to_owned() };
    u32::try_from(time.as_second()).map(Created::from_secs).map_err(wrong)
}

/// How long a key lasts that was made then.
fn lifetime(made: Created, expires: Timestamp) -> Result<Duration, SigningError> {
    let wrong = |reason: String| SigningError::WrongEnd { expires, reason };
    let end = seconds(expires)?;
    match end.as_secs().checked_sub(made.as_secs()) {
        Some(lifetime) if lifetime > 0 => Ok(Duration::from_secs(lifetime)),
        _ => Err(wrong(format!("the key was made on {}", day(moment(made))))),
    }
}
