//! All keys that are here or configured, each with what can be said of it.

use super::{Certificate, KeyRef, SigningConfig, SigningError, certificate};

/// A key as it is listed.
#[derive(Debug)]
pub struct ListedKey {
    /// How it is named.
    pub key: KeyRef,
    /// Whether suites are signed with it.
    pub signs: bool,
    /// Whether a passphrase protects it; gpg knows that of its own.
    pub protected: Option<bool>,
    /// What others know of it, or why it cannot be used.
    pub certificate: Result<Certificate, SigningError>,
}

/// Configured keys that cannot be had, with why.
pub type MissingKeys = Vec<(KeyRef, SigningError)>;

impl SigningConfig {
    /// The keys in the folder, by name, and those that are configured besides.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<ListedKey>, SigningError> {
        let mut listed: Vec<ListedKey> =
            self.folder.names()?.into_iter().map(|name| self.look(KeyRef::Name(name))).collect();
        for key in &self.keys {
            let found = self.look(key.clone());
            let same = |other: &&mut ListedKey| other.key == *key || other.is_same_as(&found);
            match listed.iter_mut().find(same) {
                Some(known) => known.signs = true,
                None => listed.push(ListedKey { signs: true, ..found }),
            }
        }
        Ok(listed)
    }

    /// What others know of a key: one in the folder, or one that is configured.
    ///
    /// # Errors
    /// When it is neither, or cannot be used.
    pub fn certificate(&self, key: &KeyRef) -> Result<Certificate, SigningError> {
        if matches!(key, KeyRef::File(_) | KeyRef::Gpg(_)) && !self.keys.contains(key) {
            return Err(self.folder.not_there(key));
        }
        self.look(key.clone()).certificate
    }

    /// What clients need to know, in one text: the certificates of all keys that sign, whether they can be opened or not.
    ///
    /// # Errors
    /// When no key is configured, or one is not there.
    pub fn certificates(&self) -> Result<Vec<u8>, SigningError> {
        let mut all: Vec<Certificate> = Vec::new();
        for key in &self.keys {
            let certificate = self.configured_certificate(key)?;
            if all.iter().all(|other| other.fingerprint() != certificate.fingerprint()) {
                all.push(certificate);
            }
        }
        if all.is_empty() { Err(SigningError::NoKeys) } else { certificate::armored(&all) }
    }

    /// Those of the configured keys that can be had, and why the others cannot.
    ///
    /// # Errors
    /// When no key is configured, or none of them can be had.
    pub fn known_certificates(&self) -> Result<(Vec<Certificate>, MissingKeys), SigningError> {
        let (mut known, mut missing) = (Vec::new(), MissingKeys::new());
        for key in &self.keys {
            match self.configured_certificate(key) {
                Ok(certificate) => known.push(certificate),
                Err(error) => missing.push((key.clone(), error)),
            }
        }
        match missing.pop() {
            Some((_, error)) if known.is_empty() => Err(error),
            None if known.is_empty() => Err(SigningError::NoKeys),
            last => {
                missing.extend(last);
                Ok((known, missing))
            }
        }
    }

    fn configured_certificate(&self, key: &KeyRef) -> Result<Certificate, SigningError> {
        self.certificate(key).map_err(|error| error.configured(key, self.folder.path()))
    }

    fn look(&self, key: KeyRef) -> ListedKey {
        let found = match key {
            KeyRef::Gpg(fingerprint) => self.gpg.certificate(fingerprint).map(|it| (it, None)),
            _ => self.folder.read(&key).map(|own| (own.certificate().clone(), Some(own.is_protected()))),
        };
        match found {
            Ok((certificate, protected)) => {
                ListedKey { key, signs: false, protected, certificate: Ok(certificate) }
            }
            Err(error) => ListedKey { key, signs: false, protected: None, certificate: Err(error) },
        }
    }
}

impl ListedKey {
    fn is_same_as(&self, other: &Self) -> bool {
        match (&self.certificate, &other.certificate) {
            (Ok(one), Ok(other)) => one.fingerprint() == other.fingerprint(),
            _ => false,
        }
    }
}
