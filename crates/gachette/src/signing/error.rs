//! Why a key cannot be used.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use trebuchet::process::ProcessError;

use super::expiry::{day, how_to_extend};
use super::{Fingerprint, KeyName, KeyRef};
use crate::private_file::PrivateFileError;

/// Why nothing was signed, or a key not made, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// No key is configured.
    #[error("no signing key is configured")]
    NoKeys,
    /// There is no such key.
    #[error("there is no key `{key}` in {}", folder.display())]
    NotThere {
        /// The key that was asked for.
        key: KeyRef,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A key that the configuration names is not there.
    #[error("there is no key {}, which `signing.keys` names", place(key, folder))]
    NotConfigured {
        /// The key.
        key: KeyRef,
        /// Where it was looked for, unless it is a file of its own.
        folder: PathBuf,
    },
    /// The key was changed since it was looked at.
    #[error("key `{name}` was changed meanwhile: its certificate is another")]
    Changed {
        /// Its name.
        name: KeyName,
    },
    /// Another key has that name.
    #[error("there is a key `{name}` already, {fingerprint}")]
    Taken {
        /// The name.
        name: KeyName,
        /// The key that has it.
        fingerprint: Fingerprint,
    },
    /// What has that name is no key any more.
    #[error("the file of key `{name}` is damaged: {source}")]
    Damaged {
        /// The name.
        name: KeyName,
        /// What is wrong with it.
        source: Box<SigningError>,
    },
    /// What has that name lies elsewhere.
    #[error("key `{name}` is a link to {}: a secret key stays where it is", target.display())]
    Linked {
        /// The name.
        name: KeyName,
        /// Where it leads.
        target: PathBuf,
    },
    /// The key that is imported is there.
    #[error("the key is there already as `{name}`, {fingerprint}")]
    Known {
        /// By which name.
        name: KeyName,
        /// Its fingerprint.
        fingerprint: Fingerprint,
    },
    /// The key ends later than it is to end.
    #[error("key {name} would end on {}, and now {}", day(*expires), end(*ends))]
    Earlier {
        /// Its name.
        name: KeyName,
        /// When it would end.
        expires: Timestamp,
        /// When it ends now; none when it has no end.
        ends: Option<Timestamp>,
    },
    /// Secret keys would lie where a web server finds them.
    #[error("{} is in the repository's folder {}: secret keys do not belong there", path.display(), repository.display())]
    InRepository {
        /// The folder or file of keys.
        path: PathBuf,
        /// The folder that others read.
        repository: PathBuf,
    },
    /// The file of a key or passphrase cannot be read or written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// It is no key, or none that can be used here.
    #[error("{origin}: {reason}")]
    Unusable {
        /// The file or key.
        origin: String,
        /// What is wrong.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The key is protected by a passphrase, and none is known.
    #[error("key {key} is protected by a passphrase")]
    Locked {
        /// The key.
        key: String,
    },
    /// The passphrase is another.
    #[error("the passphrase does not open key {key}")]
    WrongPassphrase {
        /// The key.
        key: String,
    },
    /// The file of the passphrase, or the variable, holds none.
    #[error("{origin} holds no passphrase")]
    EmptyPassphrase {
        /// The file or variable.
        origin: String,
    },
    /// The file of the passphrase cannot be read.
    #[error("`signing.passphrase_file`: {0}")]
    PassphraseFile(PrivateFileError),
    /// The file of the passphrase would lie where a web server finds it.
    #[error("`signing.passphrase_file`: {} is in the repository's folder {}, where others read", path.display(), repository.display())]
    PassphraseInRepository {
        /// The file.
        path: PathBuf,
        /// The folder that others read.
        repository: PathBuf,
    },
    /// The key has ended.
    #[error("signing key {key} ({fingerprint}) ended on {}", day(*expired))]
    Expired {
        /// The key.
        key: KeyRef,
        /// Its fingerprint.
        fingerprint: Fingerprint,
        /// When it ended.
        expired: Timestamp,
    },
    /// By this machine's clock the key does not exist yet.
    #[error("signing key {key} was made on {}, which is still to come by this machine's clock", day(*created))]
    NotYet {
        /// The key.
        key: KeyRef,
        /// When it was made.
        created: Timestamp,
    },
    /// The time to come is none, or farther than the format goes.
    #[error("a key cannot end on {}: {reason}", day(*expires))]
    WrongEnd {
        /// The time.
        expires: Timestamp,
        /// What is wrong with it.
        reason: String,
    },
    /// A text that is no user id.
    #[error("`{}` is no mail address", .0.escape_debug())]
    WrongEmail(String),
    /// What is to be signed is no Release file.
    #[error("the Release file cannot be signed: {0}")]
    NoRelease(String),
    /// gpg did not do it.
    #[error("gpg cannot use key {fingerprint}: {reason}")]
    Gpg {
        /// The key.
        fingerprint: Fingerprint,
        /// What gpg says.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// gpg could not be run, or did not end.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// What was signed is not what its certificate says; nothing of it is used.
    #[error("a signature of key {key} does not agree with its certificate; the key may be damaged")]
    Disagrees {
        /// The key.
        key: KeyRef,
    },
    /// The OpenPGP library failed.
    #[error("OpenPGP: {}", plain(.0))]
    OpenPgp(#[from] pgp::errors::Error),
}

/// Which kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningFault {
    /// The configuration, or a file it names, is not as it must be.
    Configuration,
    /// Something named is not there.
    Missing,
    /// A value that was given is wrong.
    Invalid,
    /// It was refused.
    Refused,
    /// It was changed since it was looked at.
    Changed,
    /// It was cancelled.
    Cancelled,
    /// The machine, or gachette itself, is at fault.
    Broken,
}

impl SigningError {
    /// The same error of a key that the configuration names: that it is not there is for the configuration to mend.
    pub(super) fn configured(self, key: &KeyRef, folder: &Path) -> Self {
        let (key, folder) = (key.clone(), folder.to_owned());
        match self {
            Self::NotThere { .. } => Self::NotConfigured { key, folder },
            Self::File(error) if error.is_missing() => Self::NotConfigured { key, folder },
            error => error,
        }
    }

    /// Which kind of fault it is.
    pub fn kind(&self) -> SigningFault {
        match self {
            Self::NoKeys
            | Self::NotConfigured { .. }
            | Self::InRepository { .. }
            | Self::File(PrivateFileError::Open { .. } | PrivateFileError::TooLarge { .. })
            | Self::Unusable { .. }
            | Self::Locked { .. }
            | Self::WrongPassphrase { .. }
            | Self::EmptyPassphrase { .. }
            | Self::PassphraseFile(_)
            | Self::PassphraseInRepository { .. }
            | Self::Gpg { .. } => SigningFault::Configuration,
            Self::NotThere { .. } => SigningFault::Missing,
            Self::WrongEnd { .. } | Self::WrongEmail(_) => SigningFault::Invalid,
            Self::Changed { .. } => SigningFault::Changed,
            Self::Taken { .. }
            | Self::Damaged { .. }
            | Self::Linked { .. }
            | Self::Known { .. }
            | Self::Earlier { .. }
            | Self::Expired { .. }
            | Self::NotYet { .. } => SigningFault::Refused,
            Self::Process(ProcessError::Cancelled { .. }) => SigningFault::Cancelled,
            Self::Process(ProcessError::NotFound { .. }) => SigningFault::Configuration,
            Self::File(_)
            | Self::NoRelease(_)
            | Self::Process(_)
            | Self::Disagrees { .. }
            | Self::OpenPgp(_) => SigningFault::Broken,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoKeys => {
                let hint = "make one with `gachette key generate NAME`, and put `signing.keys: [NAME]` into gachette.yml";
                Some(hint.to_owned())
            }
            Self::NotThere { .. } => Some("see `gachette key list`".to_owned()),
            Self::NotConfigured { .. } => {
                let hint = "put the key right in `signing.keys`, or make it; `gachette key list` shows those that there are";
                Some(hint.to_owned())
            }
            Self::Taken { .. } => Some("choose another name".to_owned()),
            Self::Damaged { name, .. } => Some(format!(
                "`gachette key import BACKUP --name {name} --replace` has a backup take its place; what the file holds is kept beside it"
            )),
            Self::Linked { name, target } => Some(match target.parent() {
                Some(folder) if target.file_name() == Some(format!("{name}.asc").as_ref()) => {
                    format!("run it with `--set signing.folder={}`, where the file is", folder.display())
                }
                _ => format!(
                    "name the folder of the file by `--set signing.folder=FOLDER`, in which it has to be called {name}.asc"
                ),
            }),
            Self::Known { name, .. } => {
                Some(format!("`--name {name} --replace` has the one that is imported take its place"))
            }
            Self::Earlier { .. } => Some("`--shorten` has it end earlier all the same".to_owned()),
            Self::InRepository { .. } => Some(
                "keep keys elsewhere, as `signing.folder` says; whoever could read them may sign".to_owned(),
            ),
            Self::PassphraseInRepository { .. } => {
                Some("keep the passphrase elsewhere: it guards what is copied".to_owned())
            }
            Self::PassphraseFile(error) if error.is_missing() => {
                let hint = "write the passphrase into that file, with mode 0600, or name another, or none, if no key has one";
                Some(hint.to_owned())
            }
            Self::File(error) | Self::PassphraseFile(error) => error.hint(),
            Self::Unusable { hint, .. } | Self::Gpg { hint, .. } => hint.clone(),
            Self::Locked { .. } => Some(
                "name its file in `signing.passphrase_file`, or put it into GACHETTE_PASSPHRASE".to_owned(),
            ),
            Self::Expired { key, fingerprint, .. } => {
                Some(format!("{}; or sign with another key", how_to_extend(key, *fingerprint)))
            }
            Self::NotYet { .. } => Some("set the clock".to_owned()),
            Self::Process(ProcessError::NotFound { .. }) => {
                Some("`apt-get install gpg gpg-agent`, or sign with a key of gachette's own".to_owned())
            }
            _ => None,
        }
    }
}

/// A key that is not there, with where it would be.
fn place(key: &KeyRef, folder: &Path) -> String {
    match key {
        KeyRef::File(path) => format!("file {}", path.display()),
        key => format!("`{key}` in {}", folder.display()),
    }
}

/// When a key ends, in words.
fn end(expires: Option<Timestamp>) -> String {
    expires.map_or_else(|| "never ends".to_owned(), |expires| format!("ends on {}", day(expires)))
}

/// What the OpenPGP library says is wrong, in one line. Its own words show the innermost errors as they are debugged, with a
/// backtrace where somebody asks for those.
pub(super) fn plain(error: &pgp::errors::Error) -> String {
    use pgp::errors::Error;
    match error {
        Error::InvalidPacketContent { source } => plain(source),
        Error::IO { .. }
        | Error::Base64Decode { .. }
        | Error::InvalidChecksum
        | Error::InvalidInput { .. }
        | Error::PacketError { .. }
        | Error::PacketIncomplete { .. }
        | Error::PacketParsing { .. }
        | Error::PacketTooLarge { .. }
        | Error::RequestedSizeTooLarge
        | Error::TryFromInt { .. }
        | Error::Utf8Error { .. } => "its OpenPGP data is damaged or cut off".to_owned(),
        Error::InvalidArmorWrappers | Error::NoMatchingPacket { .. } => "it has no OpenPGP data".to_owned(),
        error => match error.to_string().lines().next().unwrap_or_default() {
            said if said.starts_with("not enough bytes") => {
                "its OpenPGP data is damaged or cut off".to_owned()
            }
            "empty input" => "it is empty".to_owned(),
            said => said.to_owned(),
        },
    }
}
