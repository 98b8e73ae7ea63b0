//! All keys that a suite is signed with.

use jiff::Timestamp;
use pgp::packet::SignatureType;

use super::signer::Signer;
use super::{
    EndingKey, Fingerprint, GoodSignature, SigningConfig, SigningError, VerifiedRelease, VerifyError,
    certificate, release, verify, verify_detached,
};
use crate::Cancel;

/// The keys that a suite is signed with, open and ready.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let keys = folder.path().join("keys");
/// use gachette::Cancel;
/// use gachette::signing::{Gpg, KeyFolder, PassphraseSource, Signers, SigningConfig};
/// use jiff::Timestamp;
///
/// let (folder, passphrase) = (KeyFolder::new(keys, Vec::new()), PassphraseSource::default());
/// folder.generate(&"archive".parse()?, Some("archive@example.org"), None, &passphrase, Timestamp::now())?;
///
/// let config = SigningConfig { keys: vec!["archive".parse()?], folder, passphrase, gpg: Gpg::new() };
/// let signers = Signers::open(&config)?;
/// let signed = signers.sign(b"Suite: stable\n", Timestamp::now(), &Cancel::new())?;
/// assert!(signed.in_release.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----\n"));
/// assert!(signed.release_gpg.starts_with(b"-----BEGIN PGP SIGNATURE-----\n"));
/// assert!(signers.certificates().starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Signers {
    signers: Vec<Signer>,
    certificates: Vec<u8>,
}

/// Whose keys sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// Everybody's.
    All,
    /// Ours: gpg, and a token behind it, is not asked.
    Own,
}

/// A signed Release file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `InRelease`: the file with its signatures.
    pub in_release: Vec<u8>,
    /// `Release.gpg`: the signatures alone.
    pub release_gpg: Vec<u8>,
}

impl Signers {
    /// Opens the configured keys; one that is named twice signs once.
    ///
    /// # Errors
    /// When none is configured, the folder of keys lies in the repository, or a key is not there, open to others, or closed by another
    /// passphrase.
    pub fn open(config: &SigningConfig) -> Result<Self, SigningError> {
        if config.keys.is_empty() {
            return Err(SigningError::NoKeys);
        }
        config.folder.check_place()?;
        let mut signers: Vec<Signer> = Vec::new();
        for key in &config.keys {
            let signer = Signer::open(key, config)?;
            if signers.iter().all(|other| other.fingerprint() != signer.fingerprint()) {
                signers.push(signer);
            }
        }
        let certificates = certificate::armored(signers.iter().map(Signer::certificate))?;
        Ok(Self { signers, certificates })
    }

    /// The same keys for many signatures at once: until this is dropped no passphrase protects those of our own in memory.
    ///
    /// # Errors
    /// When a passphrase does not open its key.
    pub(crate) fn unlocked(&self) -> Result<Self, SigningError> {
        let signers = self.signers.iter().map(Signer::unlocked).collect::<Result<_, _>>()?;
        Ok(Self { signers, certificates: self.certificates.clone() })
    }

    /// Whether every key can be used now.
    ///
    /// # Errors
    /// When one has ended, or does not exist yet.
    pub fn check(&self, now: Timestamp) -> Result<(), SigningError> {
        self.signers.iter().try_for_each(|signer| signer.refuse_outside_of_its_time(now))
    }

    /// Signs a Release file with every key, as of now.
    ///
    /// # Errors
    /// When a key has ended or does not exist yet, or cannot sign.
    pub fn sign(&self, release: &[u8], now: Timestamp, cancel: &Cancel) -> Result<Signed, SigningError> {
        let text = release::text_of(release)?;
        self.check(now)?;
        let (mut clear, mut detached) = (Vec::new(), Vec::new());
        for signer in &self.signers {
            clear.push(signer.sign(SignatureType::Text, text.as_bytes(), now, cancel)?);
            detached.push(signer.sign(SignatureType::Binary, release, now, cancel)?);
        }
        Ok(Signed {
            in_release: release::clear_signed(text, clear)?,
            release_gpg: release::detached(detached)?,
        })
    }

    /// An OpenPGP signature of these bytes by each key that such a holder has, as of now, with the key's fingerprint.
    ///
    /// # Errors
    /// As for [`Signers::sign`].
    pub fn sign_detached(
        &self,
        content: &[u8],
        by: Holders,
        now: Timestamp,
        cancel: &Cancel,
    ) -> Result<Vec<(Fingerprint, Vec<u8>)>, SigningError> {
        let mut signatures = Vec::new();
        for signer in self.signers.iter().filter(|signer| by == Holders::All || signer.is_own()) {
            signer.refuse_outside_of_its_time(now)?;
            let signature = signer.sign(SignatureType::Binary, content, now, cancel)?;
            signatures.push((signer.fingerprint(), release::packet(&signature)?));
        }
        Ok(signatures)
    }

    /// Which of these signatures hold that the keys made of this content, as of now.
    ///
    /// # Errors
    /// When one is false, or none holds.
    pub fn judge(
        &self,
        content: &[u8],
        signatures: &[u8],
        now: Timestamp,
    ) -> Result<Vec<GoodSignature>, VerifyError> {
        let certificates: Vec<_> = self.signers.iter().map(|it| it.certificate().clone()).collect();
        verify_detached(content, signatures, &certificates, now)
    }

    /// What of an InRelease file holds by these keys, as of now.
    ///
    /// # Errors
    /// When it is none, a signature of it is false, or none holds.
    pub fn judge_in_release(
        &self,
        in_release: &[u8],
        now: Timestamp,
    ) -> Result<VerifiedRelease, VerifyError> {
        let certificates: Vec<_> = self.signers.iter().map(|it| it.certificate().clone()).collect();
        verify(in_release, &certificates, now)
    }

    /// The fingerprints of the keys that such a holder has.
    pub fn held_by(&self, by: Holders) -> Vec<Fingerprint> {
        let held = self.signers.iter().filter(|signer| by == Holders::All || signer.is_own());
        held.map(Signer::fingerprint).collect()
    }

    /// What clients need to know, for `Signed-By` (sources.list(5)): the certificates of all keys, in one text.
    pub fn certificates(&self) -> Vec<u8> {
        self.certificates.clone()
    }

    /// The fingerprints of the keys.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        self.signers.iter().map(Signer::fingerprint).collect()
    }

    /// The keys, each with the part of it that signs.
    pub(crate) fn parts(&self) -> Vec<(Fingerprint, Fingerprint)> {
        self.signers.iter().map(|signer| (signer.fingerprint(), signer.part())).collect()
    }

    /// When the first of the keys ends; none when none of them does.
    pub fn earliest_expiry(&self) -> Option<Timestamp> {
        self.signers.iter().filter_map(Signer::expires).min()
    }

    /// The keys that end within thirty days, to be warned about.
    pub fn ending(&self, now: Timestamp) -> Vec<EndingKey> {
        self.signers.iter().filter_map(|signer| signer.ending(now)).collect()
    }
}
