//! Why an operation failed: the errors of what it is made of, and those of its own.

use gachette_core::apt::Suite;
use gachette_core::base::BaseName;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::git::{SchemeError, WorkingCopyNameError};
use gachette_core::installability::{GaveUp, UniverseError};
use gachette_core::stack::{NameError, RoleName, StackRef};

use trebuchet::process::ProcessError;
use trebuchet::{BuildError, SourceDateError};

use super::check::CheckReport;
use crate::base::BaseError;
use crate::git::GitError;
use crate::mirror::MirrorError;
use crate::repository::{FailureKind, RepositoryError};
use crate::signing::{SigningError, SigningFault};
use crate::working_copy::WorkingCopyError;

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// A setting that is needed is neither configured nor given.
    #[error("{} configured", list(keys))]
    Unset {
        /// The keys of which one would do, or all of which are needed.
        keys: Vec<&'static str>,
    },
    /// A project is unknown and no URL was given.
    #[error("project `{}` has no url", project.escape_debug())]
    NoUrl {
        /// The project.
        project: String,
        /// The projects that are configured.
        known: Vec<String>,
    },
    /// A value that was given is wrong.
    #[error("{0}")]
    Invalid(String),
    /// Package files were to be taken from the folder in which they are kept.
    #[error("`{}` is the repository's own folder of package files: there is nothing to take from it", path.escape_debug())]
    OwnFolder {
        /// The folder.
        path: String,
    },
    /// No version of a package is registered.
    #[error("there is no package `{name}`")]
    NoPackage {
        /// Its name.
        name: PackageName,
    },
    /// A package is known, and not in this version.
    #[error("there is no version {version} of package `{name}`")]
    NoVersion {
        /// Its name.
        name: PackageName,
        /// The version.
        version: Version,
    },
    /// The working copy could not be brought to the ref.
    #[error(transparent)]
    WorkingCopy(#[from] WorkingCopyError),
    /// The mirror of a repository could not be used.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// A working copy's name is wrong.
    #[error(transparent)]
    WorkingCopyName(#[from] WorkingCopyNameError),
    /// A stack's or domain's name is wrong.
    #[error(transparent)]
    StackName(#[from] NameError),
    /// No version can be made from the commit.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// The environment asks for a time that is none.
    #[error(transparent)]
    SourceDate(#[from] SourceDateError),
    /// The build failed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Another builder did not do what a builder does.
    #[error("{builder}: {problem}")]
    Builder {
        /// The builder, or the file it names.
        builder: String,
        /// What is wrong.
        problem: String,
    },
    /// A program that was run failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The repository said no, or failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A base is not configured.
    #[error("base `{base}` is not configured")]
    NoBase {
        /// The base.
        base: BaseName,
        /// The bases that are.
        known: Vec<BaseName>,
    },
    /// A base has no hosts of an architecture.
    #[error("base {base} is not for hosts of {architecture}")]
    NoArchitecture {
        /// The base.
        base: BaseName,
        /// The architecture.
        architecture: Architecture,
        /// The architectures of its hosts.
        known: Vec<Architecture>,
    },
    /// A role of hosts is not configured.
    #[error("no role `{role}` is configured")]
    NoRole {
        /// The role.
        role: RoleName,
        /// The roles that are.
        known: Vec<RoleName>,
    },
    /// A role has no package of a stack.
    #[error("no package of stack {stack} is for role `{role}`")]
    EmptyRole {
        /// The role.
        role: RoleName,
        /// The stack.
        stack: StackRef,
    },
    /// A suite would lose its signature.
    #[error("suite {suite} is signed, and hosts that follow it believe nothing else")]
    Unsigning {
        /// The suite.
        suite: Suite,
    },
    /// The lists of a base could not be taken.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// What is kept of a base or of packages cannot be read.
    #[error("the packages of the base or the stack cannot be read: {0}")]
    Packages(UniverseError),
    /// Whether packages can be installed together could not be found out.
    #[error("whether the packages can be installed together is not known: {0}")]
    Unanswered(GaveUp),
    /// A stack cannot be installed.
    #[error("{}", .0.refusal())]
    NotInstallable(Box<CheckReport>),
    /// A key could not be used, or not be made, found or changed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// A file could not be read or written.
    #[error("{path}: {}", trebuchet::io_reason(source))]
    Io {
        /// The file.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// A channel was moved, and its suite does not show it yet.
    #[error("channel {channel} is moved, but its suite is not written: {source}")]
    SuiteLags {
        /// The channel.
        channel: Suite,
        /// Why not.
        source: Box<OperationError>,
    },
    /// The server that packages were fetched from is gone.
    #[error(
        "the server does not answer any more; {taken} packages were taken in by then, and {already_there} were there already: {reason}"
    )]
    Silent {
        /// What apt says of it.
        reason: String,
        /// How many packages were taken in.
        taken: usize,
        /// How many there were already.
        already_there: usize,
    },
    /// The operation was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// Which kind of fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Something named does not exist.
    NotFound,
    /// A value that was given cannot be understood.
    Invalid,
    /// The configuration lacks something.
    Configuration,
    /// The build, or fetching its source, failed.
    Build,
    /// It was refused.
    Refused,
    /// It was changed since it was looked at.
    Changed,
    /// It was cancelled.
    Cancelled,
    /// The machine, or gachette itself, is at fault.
    Internal,
}

impl OperationError {
    /// Which kind of fault this is.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Unset { .. }
            | Self::NoUrl { .. }
            | Self::NoBase { .. }
            | Self::NoRole { .. }
            | Self::EmptyRole { .. }
            | Self::NoArchitecture { .. } => FaultKind::Configuration,
            Self::Invalid(_)
            | Self::OwnFolder { .. }
            | Self::WorkingCopyName(_)
            | Self::StackName(_)
            | Self::SourceDate(_)
            | Self::Build(BuildError::SourceDate(_)) => FaultKind::Invalid,
            Self::NoPackage { .. }
            | Self::NoVersion { .. }
            | Self::WorkingCopy(WorkingCopyError::NotThere { .. }) => FaultKind::NotFound,
            Self::WorkingCopy(error) if error.is_cancelled() => FaultKind::Cancelled,
            Self::WorkingCopy(
                WorkingCopyError::InUse { .. }
                | WorkingCopyError::Untrusted { .. }
                | WorkingCopyError::Foreign { .. },
            ) => FaultKind::Refused,
            Self::Base(error) if error.is_cancelled() => FaultKind::Cancelled,
            Self::Base(_) => FaultKind::Configuration,
            Self::NotInstallable(_) | Self::Unsigning { .. } => FaultKind::Refused,
            Self::Build(BuildError::Cancelled) => FaultKind::Cancelled,
            Self::Process(ProcessError::Cancelled { .. }) => FaultKind::Cancelled,
            Self::Mirror(MirrorError::Git(GitError::Cancelled)) => FaultKind::Cancelled,
            Self::WorkingCopy(_)
            | Self::Mirror(_)
            | Self::Scheme(_)
            | Self::Build(_)
            | Self::Builder { .. }
            | Self::Silent { .. }
            | Self::Process(_) => FaultKind::Build,
            Self::Repository(error) => match error.kind() {
                FailureKind::Missing => FaultKind::NotFound,
                FailureKind::Refused => FaultKind::Refused,
                FailureKind::Changed => FaultKind::Changed,
                FailureKind::Invalid => FaultKind::Invalid,
                FailureKind::Broken => FaultKind::Internal,
            },
            Self::SuiteLags { source, .. } => source.kind(),
            Self::Signing(error) => match error.kind() {
                SigningFault::Configuration => FaultKind::Configuration,
                SigningFault::Missing => FaultKind::NotFound,
                SigningFault::Invalid => FaultKind::Invalid,
                SigningFault::Refused => FaultKind::Refused,
                SigningFault::Changed => FaultKind::Changed,
                SigningFault::Cancelled => FaultKind::Cancelled,
                SigningFault::Broken => FaultKind::Internal,
            },
            Self::Io { .. } | Self::Packages(_) | Self::Unanswered(_) => FaultKind::Internal,
            Self::Cancelled => FaultKind::Cancelled,
        }
    }

    /// What it is, in a line, and in more of them.
    pub fn told(&self) -> (String, Vec<String>) {
        let text = self.to_string();
        let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
        (title.to_owned(), rest.lines().map(|line| line.trim_start().to_owned()).collect())
    }

    /// What to do about it but to force it.
    pub(super) fn hint_without_force(&self) -> Option<String> {
        match self {
            Self::NotInstallable(_) => None,
            Self::Repository(error) => error.hint_without_force(),
            other => other.hint(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unset { keys } => {
                Some(format!("put `{}: …` into gachette.yml, or say `--set {}=…`", keys[0], keys[0]))
            }
            Self::NoUrl { project, known } => {
                // One that is configured and has none is not what was meant in its place.
                let names: Vec<&str> = known.iter().map(String::as_str).filter(|name| name != project).collect();
                Some(match gachette_core::nearest(project, &names) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("put `projects.{project}.url: …` into gachette.yml, or give a url"),
                })
            }
            Self::NoBase { base, known } => {
                let names: Vec<&str> = known.iter().map(BaseName::as_str).collect();
                Some(match gachette_core::nearest(base.as_str(), &names) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("put `bases.{base}.sources: …` into gachette.yml"),
                })
            }
            Self::NoArchitecture { base, known, .. } => {
                let known: Vec<&str> = known.iter().map(Architecture::as_str).collect();
                Some(format!("it is for {}; see `bases.{base}.architectures`", known.join(", ")))
            }
            Self::NoRole { role, known } => {
                let names: Vec<&str> = known.iter().map(RoleName::as_str).collect();
                Some(match gachette_core::nearest(role.as_str(), &names) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("put `roles.{role}: [PACKAGE, …]` into gachette.yml"),
                })
            }
            Self::EmptyRole { role, stack } => {
                Some(format!("see what `roles.{role}` names, and what `gachette stack show {stack}` lists"))
            }
            Self::Silent { .. } => Some("once it does, the same command goes on from there".to_owned()),
            Self::Unsigning { .. } => Some(
                "leave `--unsigned` out; or, for a suite that is to have no signature from now on, run it without a key, \
                 as with `--set signing.keys=[]`"
                    .to_owned(),
            ),
            Self::OwnFolder { .. } => Some(
                "`gachette stack add STACK FILE` takes a file that lies there, by its name".to_owned(),
            ),
            Self::Base(error) => error.hint(),
            Self::Build(error) => error.hint(),
            Self::NotInstallable(_) => Some("`--force REASON` does it all the same".to_owned()),
            Self::NoPackage { .. } => Some("see `gachette package list`".to_owned()),
            Self::NoVersion { name, .. } => Some(format!("see `gachette package show {name}`")),
            Self::WorkingCopy(error) => error.hint(),
            Self::Mirror(MirrorError::Git(error)) => error.hint(),
            Self::Repository(error) => error.hint(),
            Self::Signing(error) => error.hint(),
            Self::SuiteLags { source, .. } => {
                let mend = source.hint().map_or_else(|| "once that is mended,".to_owned(), |hint| hint + "; then");
                Some(format!("{mend} the same command again writes the suite"))
            }
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Some("make room on the disk, and run the same command again".to_owned())
            }
            _ => None,
        }
    }
}

fn list(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    match quoted.as_slice() {
        [one] => format!("{one} is not"),
        many => format!("neither {} is", many.join(" nor ")),
    }
}
