//! A key of our own that is open, and signs.

use std::fmt;

use jiff::Timestamp;
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{SecretKey, SecretSubkey, Signature, SignatureConfig, SignatureType};
use pgp::types::{KeyDetails, Password, SecretParams, SigningKey};

use super::{SigningError, certify};

/// The secret that is signed with, and what opens it.
pub(super) struct OpenKey {
    pub(super) part: SecretPart,
    pub(super) passphrase: Password,
}

/// A secret of a key. In memory it is as in its file, what a passphrase protects is open only while it signs; but for
/// [`OpenKey::unlocked`].
#[derive(Clone)]
pub(super) enum SecretPart {
    Primary(SecretKey),
    Subkey(SecretSubkey),
}

impl SecretPart {
    pub(super) fn params(&self) -> &SecretParams {
        match self {
            Self::Primary(key) => key.secret_params(),
            Self::Subkey(key) => key.secret_params(),
        }
    }

    pub(super) fn algorithm(&self) -> PublicKeyAlgorithm {
        match self {
            Self::Primary(key) => key.algorithm(),
            Self::Subkey(key) => key.algorithm(),
        }
    }

    /// Whether the passphrase is the right one.
    pub(super) fn opens_with(&self, passphrase: &Password) -> bool {
        match self {
            Self::Primary(key) => key.unlock(passphrase, |_, _| Ok(())).is_ok(),
            Self::Subkey(key) => key.unlock(passphrase, |_, _| Ok(())).is_ok(),
        }
    }
}

impl OpenKey {
    /// The same key, of which nothing is protected any more until this is dropped: to derive what opens it takes some tenth of a
    /// second, each time it signs.
    pub(super) fn unlocked(&self) -> Result<Self, SigningError> {
        let mut part = self.part.clone();
        match &mut part {
            SecretPart::Primary(key) => key.remove_password(&self.passphrase)?,
            SecretPart::Subkey(key) => key.remove_password(&self.passphrase)?,
        }
        Ok(Self { part, passphrase: Password::empty() })
    }

    /// The signature of this kind for this content.
    pub(super) fn sign(
        &self,
        kind: SignatureType,
        content: &[u8],
        now: Timestamp,
    ) -> Result<Signature, SigningError> {
        match &self.part {
            SecretPart::Primary(key) => self.signed(key, kind, content, now),
            SecretPart::Subkey(key) => self.signed(key, kind, content, now),
        }
    }

    fn signed(
        &self,
        key: &impl SigningKey,
        kind: SignatureType,
        content: &[u8],
        now: Timestamp,
    ) -> Result<Signature, SigningError> {
        let [hashed_subpackets, unhashed_subpackets] = certify::issued(key, certify::seconds(now)?)?;
        let config = SignatureConfig {
            hashed_subpackets,
            unhashed_subpackets,
            ..SignatureConfig::v4(kind, key.algorithm(), HashAlgorithm::Sha512)
        };
        Ok(config.sign(key, &self.passphrase, content)?)
    }
}

impl fmt::Debug for OpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenKey").finish_non_exhaustive()
    }
}
