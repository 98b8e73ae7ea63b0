//! A working copy that is in our hands: which commit it is, and what follows from it.

use std::path::{Path, PathBuf};

use gachette_core::debian::{Version, VersionError};
use gachette_core::git::{
    AbbreviatedCommit, Commit, CommitFacts, Description, GitRef, GitUrl, VersionScheme, rev_version,
};
use trebuchet::process::Cancel;

use super::checkout::Checkout;
use super::lock::Lock;
use super::{Event, WorkingCopyError};
use crate::git::{Git, GitError};

/// A working copy that holds exactly one commit, and that nobody else changes until this is dropped.
#[derive(Debug)]
#[must_use = "when it is dropped, others may change the working copy"]
pub struct Prepared {
    /// The commit.
    pub commit: Commit,
    /// Its name shortened, at least seven digits, unique in the repository.
    pub short: AbbreviatedCommit,
    /// What was asked for.
    pub git_ref: Option<GitRef>,
    /// The full name on the remote that it turned out to be, `refs/heads/master`; `None` for commits.
    pub reference: Option<String>,
    /// What had to be done.
    pub action: Action,
    pub(super) url: GitUrl,
    pub(super) path: PathBuf,
    pub(super) git: Git,
    pub(super) lock: Lock,
}

/// What had to be done to prepare a working copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The repository was cloned.
    Cloned,
    /// Something was fetched into the repository that was there.
    Fetched,
    /// Nothing had to be fetched.
    AlreadyThere,
}

impl Prepared {
    /// The folder with the files.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it was cloned from, without a password.
    pub fn url(&self) -> &GitUrl {
        &self.url
    }

    /// What a version may be made of. The whole history is fetched if the scheme needs it, and so are the tags, which
    /// are those that the remote repository has now.
    ///
    /// # Errors
    /// When git fails or is cancelled, or the remote repository lacks a part of the history that the scheme needs.
    pub fn facts(
        &self,
        scheme: VersionScheme,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<CommitFacts, WorkingCopyError> {
        let mut checkout = self.checkout(cancel, on_event);
        if scheme.needs_history() {
            checkout.complete(&self.commit, scheme)?;
        }
        let commit = self.commit.as_str();
        let time = checkout.ask("show", &["-s", "--no-show-signature", "--format=%ct", commit])?;
        let time = time.trim().parse().map_err(|_| WorkingCopyError::Unexpected(time))?;
        let mut facts = CommitFacts {
            commit: self.commit.clone(),
            short: self.short.clone(),
            time,
            count: None,
            description: None,
        };
        if scheme.needs_history() {
            let count = checkout.ask("rev-list", &["--count", commit])?;
            facts.count = Some(count.parse().map_err(|_| WorkingCopyError::Unexpected(count))?);
        }
        if scheme == VersionScheme::Describe {
            checkout.follow_tags()?;
            facts.description = describe(&checkout, commit)?;
        }
        Ok(facts)
    }

    /// The version for what is built from this commit.
    ///
    /// # Errors
    /// When git fails, or a tag cannot be part of a version.
    pub fn version(
        &self,
        scheme: VersionScheme,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<Version, WorkingCopyError> {
        let facts = self.facts(scheme, cancel, on_event)?;
        Ok(scheme.version(&facts, self.git_ref.as_ref())?)
    }

    /// The version of the original library: `<base>rev<short commit>`, and `-<suffix>` behind it if there is one.
    ///
    /// # Errors
    /// When the base is no beginning of a version.
    pub fn version_from_git(&self, base: &str, suffix: &str) -> Result<Version, VersionError> {
        rev_version(base, &self.short, suffix)
    }

    fn checkout<'a>(&'a self, cancel: &'a Cancel, on_event: &'a mut dyn FnMut(Event)) -> Checkout<'a> {
        let (git, url, path, lock) = (&self.git, &self.url, self.path.clone(), self.lock.file());
        Checkout { git, url, path, lock, cancel, on_event }
    }
}

/// The nearest tag that has a digit in it, when there is one.
fn describe(checkout: &Checkout<'_>, commit: &str) -> Result<Option<Description>, WorkingCopyError> {
    let options = ["--tags", "--long", "--abbrev=7", "--match=*[0-9]*", commit];
    let text = match checkout.ask("describe", &options) {
        Err(error @ GitError::Failed(_)) if error.ended_by_itself() => return Ok(None),
        text => text?,
    };
    // `<tag>-<distance>-g<commit>`, where the tag may hold `-` too.
    let mut parts = text.rsplitn(3, '-').skip(1);
    let (distance, tag) = (parts.next().and_then(|count| count.parse().ok()), parts.next());
    match (distance, tag) {
        (Some(distance), Some(tag)) => Ok(Some(Description { tag: tag.to_owned(), distance })),
        _ => Err(WorkingCopyError::Unexpected(text)),
    }
}
