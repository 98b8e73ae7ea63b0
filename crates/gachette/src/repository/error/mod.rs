//! What can go wrong with a repository, and what to do about it.

mod hint;

pub(crate) use hint::DAMAGED_RECORD;

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::base::BaseRef;
use gachette_core::channel::ChannelRefusal;
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{NameError, Refusal, StackName, StackRef};
use rustix::io::Errno;

use super::conflict::Conflict;
use super::key;
use crate::signing::SigningError;

/// Why an operation on a repository failed.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The change is not allowed, or there is no such stack.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A text is no name of a stack or domain.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A text is no name or version of a package.
    #[error("{reason}")]
    Invalid {
        /// Which, and what is wrong with it.
        reason: String,
    },
    /// The stack was changed since it was looked at.
    #[error("stack {stack} was changed meanwhile: its newest revision is {newest}")]
    Changed {
        /// The stack.
        stack: StackName,
        /// The number of its newest revision.
        newest: u64,
    },
    /// The channel or base was changed since it was looked at.
    #[error("{ledger} was changed meanwhile: it has {newest} entries")]
    EntryChanged {
        /// Which.
        ledger: String,
        /// The number of its newest entry; 0 without any.
        newest: u64,
    },
    /// The stack has no revision of this number.
    #[error("stack {stack} has no revision {number}; its newest is {newest}")]
    MissingRevision {
        /// The stack.
        stack: StackName,
        /// The number that was asked for.
        number: u64,
        /// The newest there is.
        newest: u64,
    },
    /// No file of this package is registered.
    #[error("package `{name}` {version} is not registered")]
    MissingPackage {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
    },
    /// A package file is not in the folder of package files.
    #[error("there is no package file {}", path.display())]
    MissingFile {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What is brought as the account of a build is none.
    #[error("this is no .buildinfo file: {reason}")]
    Buildinfo {
        /// What is wrong with it.
        reason: String,
    },
    /// What says how a package was built is not there.
    #[error("there is no .buildinfo file with the SHA-256 {digest}")]
    NoBuildinfo {
        /// By which it was named.
        digest: Sha256Digest,
    },
    /// Another file is known for the same name, version and architecture.
    #[error(transparent)]
    Conflict(Box<Conflict>),
    /// A package file's control fields are not what was said of it.
    #[error("{file} is `{found}`, not `{expected}`")]
    Mismatch {
        /// The file's name.
        file: String,
        /// Name and version as they were said.
        expected: String,
        /// Name and version by its control file.
        found: String,
    },
    /// A stack holds one version of a package.
    #[error("{name} {} and {} cannot both be added: a stack holds one version of a package", versions[0], versions[1])]
    TwoVersions {
        /// The package.
        name: PackageName,
        /// The versions that were to be added.
        versions: [Version; 2],
    },
    /// A text is no name of a package file.
    #[error("`{}` is no name of a package file: {reason}", name.escape_debug())]
    FileName {
        /// The text.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A package file cannot be read as one.
    #[error("{} is no package: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A package file lies there that no record names, with other bytes than the one that is to have its name.
    #[error("{} is another file, which no record names", path.display())]
    Unregistered {
        /// The file.
        path: PathBuf,
    },
    /// Another process registers or replaces a package file, and does not come to an end.
    #[error("{} has been held by another process for {} seconds", path.display(), waited.as_secs())]
    Busy {
        /// The file.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Packages that a stack held before it was deleted were collected.
    #[error(
        "{stack} cannot come back: packages that it held were collected since it was deleted ({missing}, such as {package})"
    )]
    Collected {
        /// The revision.
        stack: StackRef,
        /// How many of its packages are not there any more.
        missing: usize,
        /// One of them, with its version.
        package: String,
    },
    /// No repository is there.
    #[error("there is no repository in {}", path.display())]
    NotThere {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the repository is not what it was when it was written.
    #[error("{key} is damaged: {reason}")]
    Damaged {
        /// The file, from the repository's folder.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer gachette wrote this.
    #[error("{key}: {reason}")]
    Newer {
        /// The file, from the repository's folder.
        key: String,
        /// What is too new.
        reason: String,
    },
    /// The storage failed.
    #[error("{key}: {}", storage_reason(source))]
    Storage {
        /// The file, from the repository's folder.
        key: String,
        /// The storage's own error.
        source: Box<object_store::Error>,
    },
    /// The folder of a repository is none.
    #[error("{} cannot hold a repository: {reason}", path.display())]
    NoFolder {
        /// What should be the folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No repository is in the folder that is to hold one, and something else is.
    #[error("{} holds no repository, and other things, such as `{}`", path.display(), found.escape_debug())]
    NotVacant {
        /// The folder.
        path: PathBuf,
        /// What lies there.
        found: String,
    },
    /// Below a folder that is ours a link leads elsewhere.
    #[error("{} is a symbolic link, and leads elsewhere: nothing is looked for, written or removed there", path.display())]
    Linked {
        /// The link.
        path: PathBuf,
    },
    /// A change was made, but not all that follows from it.
    #[error(
        "revision {revision} of stack {stack} is written, but not all files derived from it are: {source}"
    )]
    Lagging {
        /// The stack.
        stack: StackName,
        /// The number of its newest revision.
        revision: u64,
        /// Why they are not.
        source: Box<RepositoryError>,
    },
    /// There is no such channel.
    #[error("there is no channel {channel}")]
    MissingChannel {
        /// The channel.
        channel: Suite,
    },
    /// There is neither a stack nor a channel of this name, and either would do.
    #[error("no stack or channel is called {name}")]
    NothingCalled {
        /// The name.
        name: StackName,
        /// The one that was probably meant.
        near: Option<StackName>,
    },
    /// There is no such base, or it has no such entry.
    #[error("{}", missing_base(base))]
    MissingBase {
        /// The base.
        base: BaseRef,
    },
    /// A channel is left as it is.
    #[error(transparent)]
    Channel(#[from] ChannelRefusal),
    /// A stack and a channel of one domain cannot have the same name.
    #[error("{by} is called {name} already: their suites would be the same")]
    NameTaken {
        /// The name.
        name: StackName,
        /// What has it.
        by: &'static str,
    },
    /// A sealed stack that was to be deleted is of use to a channel.
    #[error("stack {stack} is sealed, and cannot be deleted: channel {channel} {why}")]
    InChannel {
        /// The stack.
        stack: StackName,
        /// The channel.
        channel: Suite,
        /// What it is to the channel.
        why: &'static str,
    },
    /// A suite cannot be signed.
    #[error(transparent)]
    Signing(Box<SigningError>),
    /// A channel shows no stack.
    #[error("channel {channel} shows nothing: no stack was promoted to it")]
    ShowsNothing {
        /// The channel.
        channel: Suite,
    },
    /// A suite cannot be written.
    #[error("suite {suite} cannot be published: {reason}")]
    Unpublishable {
        /// The suite.
        suite: Suite,
        /// Why not.
        reason: String,
    },
    /// A package file that a stack or its suite needs is lost, or is another.
    #[error("{suite}: package file {} {}", path.display(), lost_file(*size, *found))]
    LostFile {
        /// The suite.
        suite: Suite,
        /// Where the file should be.
        path: PathBuf,
        /// How long it was, in bytes.
        size: u64,
        /// How long the one is that is there.
        found: Option<u64>,
    },
    /// The disk failed.
    #[error("{}: {}", path.display(), trebuchet::io_reason(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
}

/// What kind of failure an error is, for exit codes and HTTP statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// What was asked for does not exist.
    Missing,
    /// It is not allowed: sealed, or other bytes for a known version.
    Refused,
    /// It was changed since it was looked at.
    Changed,
    /// A name or a file that was given is no good.
    Invalid,
    /// The repository, or the disk below it, is at fault.
    Broken,
}

impl RepositoryError {
    /// What kind of failure this is.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Refused(Refusal::Sealed { .. } | Refusal::NotACopy { .. } | Refusal::Spent { .. })
            | Self::InChannel { .. }
            | Self::Conflict(_)
            | Self::Unregistered { .. }
            | Self::Mismatch { .. }
            | Self::Channel(_)
            | Self::NameTaken { .. }
            | Self::Signing(_)
            | Self::Collected { .. }
            | Self::LostFile { .. }
            | Self::NotVacant { .. }
            | Self::ShowsNothing { .. }
            | Self::Unpublishable { .. } => FailureKind::Refused,
            Self::Changed { .. } | Self::EntryChanged { .. } => FailureKind::Changed,
            Self::Refused(Refusal::Missing { .. } | Refusal::NotInStack { .. })
            | Self::MissingRevision { .. }
            | Self::MissingPackage { .. }
            | Self::MissingFile { .. }
            | Self::NoBuildinfo { .. }
            | Self::MissingChannel { .. }
            | Self::NothingCalled { .. }
            | Self::MissingBase { .. }
            | Self::NotThere { .. } => FailureKind::Missing,
            Self::Refused(Refusal::Alias { .. })
            | Self::Name(_)
            | Self::Invalid { .. }
            | Self::FileName { .. }
            | Self::TwoVersions { .. }
            | Self::Buildinfo { .. }
            | Self::Unreadable { .. } => FailureKind::Invalid,
            Self::Damaged { .. }
            | Self::Newer { .. }
            | Self::Busy { .. }
            | Self::Storage { .. }
            | Self::NoFolder { .. }
            | Self::Linked { .. }
            | Self::Lagging { .. }
            | Self::Io { .. } => FailureKind::Broken,
        }
    }

    /// Whether what is at fault lies at the path that is named, so that others may be as well as ever.
    pub(crate) fn is_of_one_path(&self) -> bool {
        match self {
            Self::Damaged { key, .. } | Self::Newer { key, .. } => key != key::IDENTITY,
            Self::Linked { .. } => true,
            other => other
                .io()
                .is_some_and(|error| error.kind() == ErrorKind::PermissionDenied || is_in_the_way(error)),
        }
    }

    /// Whether something could not be looked at, and so may well be sound.
    pub(crate) fn is_unseen(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Storage { .. })
    }

    /// Whether something of another kind lies at the path, or above it, than should be there.
    pub(crate) fn is_in_the_way(&self) -> bool {
        self.io().is_some_and(is_in_the_way)
    }

    /// The system's own error, when there is one.
    fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Storage { source, .. } => cause(source).downcast_ref(),
            _ => None,
        }
    }
}

/// Whether the system says so of a path at which, or above which, something of another kind lies than should be there.
fn is_in_the_way(error: &io::Error) -> bool {
    use ErrorKind::{AlreadyExists, InvalidInput, IsADirectory, NotADirectory};
    matches!(error.kind(), AlreadyExists | InvalidInput | IsADirectory | NotADirectory)
        || error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// What became of a package file that was so long once.
fn lost_file(size: u64, found: Option<u64>) -> String {
    match found {
        Some(found) => format!("is {found} bytes long, and was {size}"),
        None => "is lost".to_owned(),
    }
}

/// What there is not of a base.
fn missing_base(BaseRef { base, number }: &BaseRef) -> String {
    match number {
        Some(number) => format!("base {base} has no entry {number}"),
        None => format!("base {base} was never taken"),
    }
}

/// Why a storage failed, in plain words.
fn storage_reason(error: &object_store::Error) -> String {
    let cause = cause(error);
    cause.downcast_ref().map_or_else(|| cause.to_string(), trebuchet::io_reason)
}

/// What a storage's error comes from, without the names of the layers that it went through.
fn cause(error: &object_store::Error) -> &(dyn Error + 'static) {
    let mut cause: &(dyn Error + 'static) = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}
