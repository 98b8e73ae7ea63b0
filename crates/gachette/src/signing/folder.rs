//! The folder of our own keys, one file each: a folder of their user's, for their user alone, and outside of the repository,
//! whose files a web server may hand to everybody.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gachette_core::Sha256Digest;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use zeroize::Zeroizing;

use super::certify::Extension;
use super::own_key::{NewKey, OwnKey};
use super::passphrase::PassphraseSource;
use super::place::{folder_around, resolved};
use super::{Fingerprint, KeyName, KeyRef, SigningError};
use crate::private_file::{self, PrivateFileError, PrivateFolder};

/// How the name of a key's file ends.
const ENDING: &str = ".asc";
/// What is added to it where the file is damaged and another has taken its place.
const DAMAGED: &str = ".damaged";

/// The folder of our own keys.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    path: PathBuf,
    /// The folders in which no key may lie.
    repository: Vec<PathBuf>,
    /// The SHA-256 of certificates of which a key must have one, for it to be extended.
    expected: Option<Vec<Sha256Digest>>,
}

/// Whether an imported key may take the place of the same key, as it was exported at another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import {
    /// It must be new.
    New,
    /// It may.
    Replace,
}

/// Another end of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewEnd {
    /// One that is not before the one it has; none is the last of all.
    NotBefore(Option<Timestamp>),
    /// Any.
    Any(Option<Timestamp>),
}

/// When a key ends that is made now, unless somebody says otherwise: in three years.
pub fn usual_end(now: Timestamp) -> Timestamp {
    let end = now.to_zoned(TimeZone::UTC).checked_add(3.years());
    end.map_or(Timestamp::MAX, |end| end.timestamp())
}

impl KeyFolder {
    /// Keys in this folder, which need not exist yet, and which must not lie in one of the `repository`'s.
    pub fn new(path: impl Into<PathBuf>, repository: Vec<PathBuf>) -> Self {
        Self { path: path.into(), repository, expected: None }
    }

    /// The same folder, in which a key is extended only while the SHA-256 of its certificate's text is one of these, if any are
    /// named.
    #[must_use]
    pub fn expecting(self, certificates: Option<Vec<Sha256Digest>>) -> Self {
        Self { expected: certificates, ..self }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses a folder in the repository, also where no key lies in it: what tells this user's files from those of others does.
    ///
    /// # Errors
    /// When it lies there.
    pub fn check_place(&self) -> Result<(), SigningError> {
        self.refuse_in_repository(&self.path)
    }

    /// The names of all keys in it, in order.
    ///
    /// # Errors
    /// When it cannot be read, or lies in the repository.
    pub fn names(&self) -> Result<Vec<KeyName>, SigningError> {
        self.check_place()?;
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(PrivateFileError::io(&self.path))?,
        };
        let name = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(ENDING)?.parse().ok();
        let mut names: Vec<KeyName> = entries.flatten().filter_map(name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The key that is named so: one in the folder, or in a file elsewhere.
    ///
    /// # Errors
    /// When it is not there, open to others, or cannot be used.
    pub fn read(&self, key: &KeyRef) -> Result<OwnKey, SigningError> {
        let path = match key {
            KeyRef::Name(name) => self.file(name),
            KeyRef::File(path) => path.clone(),
            KeyRef::Fingerprint(fingerprint) => return self.by_fingerprint(*fingerprint, key),
            KeyRef::Gpg(_) => return Err(self.not_there(key)),
        };
        self.refuse_in_repository(&path)?;
        match private_file::read(&path) {
            Err(error) if error.is_missing() && !matches!(key, KeyRef::File(_)) => Err(self.not_there(key)),
            bytes => OwnKey::parse(&bytes?, &path.display().to_string()),
        }
    }

    /// Makes a key. The passphrase, when there is one, protects it.
    ///
    /// # Errors
    /// When there is one of that name, or the folder cannot be written to.
    pub fn generate(
        &self,
        name: &KeyName,
        email: Option<&str>,
        expires: Option<Timestamp>,
        passphrase: &PassphraseSource,
        now: Timestamp,
    ) -> Result<OwnKey, SigningError> {
        let user_id = match email {
            Some(email) => format!("{name} <{}>", checked(email)?),
            None => name.to_string(),
        };
        let passphrase = passphrase.read()?;
        let folder = self.hold()?;
        self.refuse_taken(name, None)?;
        let key =
            OwnKey::generate(&NewKey { user_id: &user_id, created: now, expires }, passphrase.as_ref())?;
        folder.write(&file_name(name), &key.armored()?)?;
        Ok(key)
    }

    /// Takes in a key that was made elsewhere. What protects it stays.
    ///
    /// # Errors
    /// When it cannot be used here, another key has that name, or it is there under another name; and when the file that it is to replace
    /// is a link.
    pub fn import(&self, name: &KeyName, bytes: &[u8], import: Import) -> Result<OwnKey, SigningError> {
        let key = OwnKey::parse(bytes, "the key that is imported")?;
        let folder = self.hold()?;
        let replaced = (import == Import::Replace).then(|| key.certificate().fingerprint());
        let damaged = self.refuse_taken(name, replaced)?;
        self.refuse_known(name, key.certificate().fingerprint())?;
        if let Some(damaged) = damaged {
            self.keep_beside(&folder, name, &damaged)?;
        }
        folder.write(&file_name(name), &key.armored()?)?;
        Ok(key)
    }

    /// Gives a key another end. What it said before stays in its certificate.
    ///
    /// # Errors
    /// When it is not in the folder but by a link, not as expected, cannot be opened, or the end is none, or before the one that it has.
    pub fn extend(
        &self,
        key: &KeyRef,
        end: NewEnd,
        passphrase: &PassphraseSource,
        now: Timestamp,
    ) -> Result<OwnKey, SigningError> {
        let (NewEnd::NotBefore(expires) | NewEnd::Any(expires)) = end;
        if let Some(expires) = expires.filter(|expires| *expires <= now) {
            let reason = "that is not in the future".to_owned();
            return Err(SigningError::WrongEnd { expires, reason });
        }
        let folder = self.hold()?;
        let name = self.name_of(key)?;
        self.refuse_link(&name)?;
        let own = self.read(&KeyRef::Name(name.clone()))?;
        if let Some(expected) = &self.expected
            && !expected.contains(&Sha256Digest::of(&own.certificate().armored()?))
        {
            return Err(SigningError::Changed { name });
        }
        if let (NewEnd::NotBefore(_), Some(expires)) = (end, expires) {
            let ends = own.certificate().signs_until(key);
            if ends.is_none_or(|ends| expires < ends) {
                return Err(SigningError::Earlier { name, expires, ends });
            }
        }
        let (open, _) = own.open(passphrase.candidates()?)?;
        let extended = own.extended(&Extension { passphrase: &open.passphrase, now, expires })?;
        folder.write(&file_name(&name), &extended.armored()?)?;
        Ok(extended)
    }

    /// The name of a key in the folder.
    fn name_of(&self, key: &KeyRef) -> Result<KeyName, SigningError> {
        match key {
            KeyRef::Name(name) => Ok(name.clone()),
            KeyRef::Fingerprint(fingerprint) => {
                self.named(*fingerprint)?.map(|(name, _)| name).ok_or_else(|| self.not_there(key))
            }
            KeyRef::Gpg(fingerprint) => Err(SigningError::Gpg {
                fingerprint: *fingerprint,
                reason: "its end is for gpg itself to change".to_owned(),
                hint: Some(format!("`gpg --quick-set-expire {fingerprint} 2y`")),
            }),
            KeyRef::File(_) => Err(self.not_there(key)),
        }
    }

    fn by_fingerprint(&self, fingerprint: Fingerprint, key: &KeyRef) -> Result<OwnKey, SigningError> {
        self.named(fingerprint)?.map(|(_, own)| own).ok_or_else(|| self.not_there(key))
    }

    fn named(&self, fingerprint: Fingerprint) -> Result<Option<(KeyName, OwnKey)>, SigningError> {
        let mut unread = None;
        for name in self.names()? {
            match self.read(&KeyRef::Name(name.clone())) {
                Ok(own) if own.certificate().fingerprint() == fingerprint => return Ok(Some((name, own))),
                Ok(_) => {}
                Err(error) => unread = unread.or(Some(error)),
            }
        }
        // It may be the one that cannot be read.
        unread.map_or(Ok(None), Err)
    }

    /// Refuses a name that another key has than the one that may be replaced. What of a damaged file is to be kept when that is
    /// replaced.
    fn refuse_taken(
        &self,
        name: &KeyName,
        replaced: Option<Fingerprint>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, SigningError> {
        let path = self.file(name);
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            there => there.map_err(PrivateFileError::io(&path))?,
        };
        self.refuse_link(name)?;
        let bytes = private_file::read(&path)?;
        match OwnKey::fingerprint_in(&bytes, &path.display().to_string()) {
            Ok(fingerprint) if Some(fingerprint) == replaced => Ok(None),
            Ok(fingerprint) => Err(SigningError::Taken { name: name.clone(), fingerprint }),
            Err(_) if replaced.is_some() => Ok(Some(bytes)),
            Err(source) => Err(SigningError::Damaged { name: name.clone(), source: Box::new(source) }),
        }
    }

    /// Refuses to write in place of a link: what it leads to is kept elsewhere on purpose, such as on a disk that is taken out.
    fn refuse_link(&self, name: &KeyName) -> Result<(), SigningError> {
        let path = self.file(name);
        match fs::read_link(&path) {
            Ok(target) => {
                Err(SigningError::Linked { name: name.clone(), target: resolved(&self.path.join(target)) })
            }
            Err(_) => Ok(()),
        }
    }

    /// Keeps what a damaged file holds, under a name that no other has.
    fn keep_beside(&self, folder: &PrivateFolder, name: &KeyName, bytes: &[u8]) -> Result<(), SigningError> {
        let first = format!("{}{DAMAGED}", file_name(name));
        let others = (2..).map(|number| format!("{first}-{number}"));
        let is_free = |name: &String| self.path.join(name).symlink_metadata().is_err();
        if let Some(free) =
            std::iter::once(first.clone()).chain(others).find(is_free).filter(|_| !bytes.is_empty())
        {
            folder.write(&free, bytes)?;
        }
        Ok(())
    }

    /// Refuses a key that is there under another name: of the two, only one would be extended.
    fn refuse_known(&self, name: &KeyName, fingerprint: Fingerprint) -> Result<(), SigningError> {
        let is_it = |other: &KeyName| {
            let own = self.read(&KeyRef::Name(other.clone()));
            own.is_ok_and(|own| own.certificate().fingerprint() == fingerprint)
        };
        match self.names()?.into_iter().find(|other| other != name && is_it(other)) {
            Some(known) => Err(SigningError::Known { name: known, fingerprint }),
            None => Ok(()),
        }
    }

    fn hold(&self) -> Result<PrivateFolder, SigningError> {
        self.refuse_in_repository(&self.path)?;
        Ok(PrivateFolder::hold(&self.path)?)
    }

    /// Refuses a path in a folder of the repository, by whichever name.
    fn refuse_in_repository(&self, path: &Path) -> Result<(), SigningError> {
        match folder_around(path, &self.repository) {
            Some(folder) => {
                Err(SigningError::InRepository { path: path.to_owned(), repository: folder.to_owned() })
            }
            None => Ok(()),
        }
    }

    fn file(&self, name: &KeyName) -> PathBuf {
        self.path.join(file_name(name))
    }

    /// The error of a key that is not in it.
    pub fn not_there(&self, key: &KeyRef) -> SigningError {
        SigningError::NotThere { key: key.clone(), folder: self.path.clone() }
    }
}

fn file_name(name: &KeyName) -> String {
    format!("{name}{ENDING}")
}

/// A mail address that can stand in a user id.
fn checked(email: &str) -> Result<&str, SigningError> {
    let fits = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()".contains(c);
    let parts = email.split_once('@').filter(|(user, host)| !user.is_empty() && !host.is_empty());
    if parts.is_some() && email.chars().all(fits) && email.chars().count() <= 254 {
        Ok(email)
    } else {
        Err(SigningError::WrongEmail(email.to_owned()))
    }
}
