//! Why a working copy cannot be prepared.

use std::io;
use std::path::{Path, PathBuf};

use gachette_core::git::{Commit, GitRef, GitUrl, SchemeError, VersionScheme, WorkingCopyName};

use super::Holder;
use crate::git::GitError;

/// Why a working copy cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum WorkingCopyError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The repository has nothing of that name.
    #[error("there is no branch, tag or commit `{git_ref}` in {url}{}", similar(.near))]
    RefNotFound {
        /// What was asked for.
        git_ref: GitRef,
        /// The repository.
        url: GitUrl,
        /// What is there and is called nearly so.
        near: Vec<String>,
    },
    /// A short commit that several commits begin with.
    #[error("the short commit `{git_ref}` may be any of {}", .candidates.join(", "))]
    AmbiguousCommit {
        /// What was asked for.
        git_ref: GitRef,
        /// The commits.
        candidates: Vec<String>,
    },
    /// A tag, or something else, that marks no commit.
    #[error("`{reference}` in {url} is no commit")]
    NotACommit {
        /// The full name.
        reference: String,
        /// The repository.
        url: GitUrl,
    },
    /// The repository has no commits.
    #[error("the repository {url} is empty: there is nothing to build yet")]
    EmptyRepository {
        /// The repository.
        url: GitUrl,
    },
    /// No ref was asked for, and the default branch of the repository does not exist.
    #[error("the default branch of {url} does not exist; it has {}", .there.join(", "))]
    NoDefaultBranch {
        /// The repository.
        url: GitUrl,
        /// Some of its branches.
        there: Vec<String>,
    },
    /// A folder that others could have prepared for us.
    #[error("{} cannot be trusted with working copies: {reason}", .path.display())]
    Untrusted {
        /// The folder, or one that it is in.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder that holds something else.
    #[error("{} holds what is somebody's own, and no working copy", .path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// There is no working copy of that name.
    #[error("there is no working copy `{name}` in {}", .base.display())]
    NotThere {
        /// The name.
        name: WorkingCopyName,
        /// The folder of working copies.
        base: PathBuf,
    },
    /// Somebody is at work in it.
    #[error("working copy `{name}` is in use{}", by(.holder.as_deref()))]
    InUse {
        /// Its name.
        name: WorkingCopyName,
        /// By whom, when that is known.
        holder: Option<Box<Holder>>,
    },
    /// A version counts all commits, and the repository does not have them all.
    #[error(
        "the version scheme `{scheme}` needs the whole history of {commit}, but {url} is itself a shallow clone"
    )]
    ShallowRemote {
        /// The commit.
        commit: Commit,
        /// The repository.
        url: GitUrl,
        /// The scheme.
        scheme: VersionScheme,
    },
    /// The facts about a commit make no version.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// Git said something that we do not understand.
    #[error("git said what was not expected: {0}")]
    Unexpected(String),
    /// The system refused something.
    #[error("cannot {action} {}: {}", .path.display(), trebuchet::io_reason(source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl WorkingCopyError {
    /// Whether a fresh clone may help: the state of the folder may be at fault, not the server or the request.
    pub(super) fn may_be_local(&self) -> bool {
        match self {
            Self::Git(error) => error.may_be_local(),
            Self::Unexpected(_) => true,
            _ => false,
        }
    }

    /// Whether all programs came to an end by themselves, and so had time to leave everything in order.
    pub(super) fn is_orderly(&self) -> bool {
        match self {
            Self::Git(error) => error.ended_by_itself(),
            _ => true,
        }
    }

    /// Whether it came about because the user wanted to end it.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Git(GitError::Cancelled))
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Git(error) => return error.hint(),
            Self::RefNotFound { url, .. } => format!("list what is there with `git ls-remote {url}`"),
            Self::AmbiguousCommit { .. } => "give more digits of the commit".to_owned(),
            Self::NotACommit { .. } => "name a branch, or a tag that marks a commit".to_owned(),
            Self::EmptyRepository { .. } => "push a commit to it".to_owned(),
            Self::NoDefaultBranch { .. } => {
                "name a ref, or change the default branch on the server".to_owned()
            }
            Self::Untrusted { .. } => "mend that, or set `working_copies` to a folder of your own".to_owned(),
            Self::Foreign { .. } => "move it away, or choose another name".to_owned(),
            Self::NotThere { name, .. } => format!("make it with `gachette prepare {name} --url URL`"),
            Self::InUse { .. } => "wait until that has ended; `gachette builds list` shows builds".to_owned(),
            Self::ShallowRemote { .. } => {
                "complete it there with `git fetch --unshallow`, or use the version scheme `rev`".to_owned()
            }
            Self::Scheme(_) | Self::Unexpected(_) | Self::Io { .. } => return None,
        })
    }
}

fn by(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" by {holder}"))
}

fn similar(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; is it {}?", near.join(" or ")) }
}

/// For `map_err`: what was tried, and where.
pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WorkingCopyError {
    let path = path.to_owned();
    move |source| WorkingCopyError::Io { action, path, source }
}
