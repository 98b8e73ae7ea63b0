//! One key that signs, wherever its secret is held.

use jiff::Timestamp;
use pgp::packet::{Signature, SignatureType};

use super::certificate::{Certificate, Issued, SigningPart};
use super::gpg::Named;
use super::open_key::OpenKey;
use super::{EndingKey, Fingerprint, Gpg, KeyRef, SigningConfig, SigningError};
use crate::Cancel;

/// One key that signs.
#[derive(Debug)]
pub(super) struct Signer {
    key: KeyRef,
    certificate: Certificate,
    /// The part of it that signs.
    part: SigningPart,
    holder: Holder,
}

/// Who holds a secret key.
#[derive(Debug)]
enum Holder {
    Own(Box<OpenKey>),
    /// gpg, which knows it by this fingerprint.
    Gpg(Gpg, Fingerprint),
}

impl Signer {
    /// Opens the key.
    pub(super) fn open(key: &KeyRef, config: &SigningConfig) -> Result<Self, SigningError> {
        let key = key.clone();
        if let KeyRef::Gpg(fingerprint) = key {
            let certificate = config.gpg.certificate(fingerprint)?;
            let part = certificate
                .part_for_gpg(fingerprint)
                .ok_or_else(|| nothing_signs(fingerprint, &certificate))?;
            let holder = Holder::Gpg(config.gpg.clone(), fingerprint);
            return Ok(Self { key, certificate, part, holder });
        }
        let own = config.folder.read(&key).map_err(|error| error.configured(&key, config.folder.path()))?;
        let (open, part) = own.open(config.passphrase.candidates()?)?;
        Ok(Self { key, certificate: own.certificate().clone(), part, holder: Holder::Own(Box::new(open)) })
    }

    /// The same key for many signatures, none of which takes a passphrase.
    pub(super) fn unlocked(&self) -> Result<Self, SigningError> {
        let holder = match &self.holder {
            Holder::Own(open) => Holder::Own(Box::new(open.unlocked()?)),
            Holder::Gpg(gpg, fingerprint) => Holder::Gpg(gpg.clone(), *fingerprint),
        };
        Ok(Self { key: self.key.clone(), certificate: self.certificate.clone(), part: self.part, holder })
    }

    /// What others know of it.
    pub(super) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether its secret is in a file of ours.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.holder, Holder::Own(_))
    }

    /// Its fingerprint.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.certificate.fingerprint()
    }

    /// The fingerprint of the part of it that signs.
    pub(super) fn part(&self) -> Fingerprint {
        self.part.fingerprint
    }

    /// When it ends.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        self.part.expires
    }

    /// Whether it is to be warned about.
    pub(super) fn ending(&self, now: Timestamp) -> Option<EndingKey> {
        EndingKey::of(&self.key, self.fingerprint(), self.expires(), now)
    }

    /// Refuses to sign before the key was made and after its end: clients would refuse it.
    pub(super) fn refuse_outside_of_its_time(&self, now: Timestamp) -> Result<(), SigningError> {
        let key = || self.key.clone();
        if let Some(expired) = self.part.expires.filter(|expires| *expires <= now) {
            return Err(SigningError::Expired { key: key(), fingerprint: self.fingerprint(), expired });
        }
        if self.part.created > now {
            return Err(SigningError::NotYet { key: key(), created: self.part.created });
        }
        Ok(())
    }

    /// The signature of this kind for this content, which is given out only when its certificate bears it out.
    pub(super) fn sign(
        &self,
        kind: SignatureType,
        content: &[u8],
        now: Timestamp,
        cancel: &Cancel,
    ) -> Result<Signature, SigningError> {
        let signature = match &self.holder {
            Holder::Own(open) => open.sign(kind, content, now)?,
            Holder::Gpg(gpg, fingerprint) => {
                let named = if *fingerprint == self.fingerprint() { Named::Key } else { Named::Subkey };
                gpg.sign(*fingerprint, named, kind, content, cancel)?
            }
        };
        match self.certificate.issued(&signature, content) {
            Issued::By(_) => Ok(signature),
            Issued::InVain(_) | Issued::Falsely | Issued::ByAnother => {
                Err(SigningError::Disagrees { key: self.key.clone() })
            }
        }
    }
}

fn nothing_signs(fingerprint: Fingerprint, certificate: &Certificate) -> SigningError {
    let reason = if certificate.is_revoked() { "it was revoked" } else { "no part of it may sign" };
    SigningError::Gpg { fingerprint, reason: reason.to_owned(), hint: None }
}
