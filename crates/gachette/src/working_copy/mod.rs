//! Working copies: a checkout of one ref of a repository, in a folder with a name, made and refreshed so that it is
//! exactly a commit and nothing else.
//!
//! * What is fetched is little: the last hundred commits, more only when what is wanted lies deeper.
//! * After [`WorkingCopy::prepare`] the files are those of the commit and of its submodules: what was changed is put
//!   back, and all else is gone, ignored files and repositories inside included.
//! * A clone is made beside its place and put there when it is whole; a failed or killed one loses nothing.
//! * It goes by one rename: who is killed in the middle leaves a whole one, or none.
//! * One at a time: who comes second waits, and is told for whom. What [`WorkingCopy::prepare`] returns keeps the
//!   others out until it is dropped, so that a build sees one commit.
//! * Nobody is asked anything: what would wait for a password or a yes is an error.
//!
//! What is built from it, and which version it gets, is left to others.

mod base;
mod build;
mod checkout;
mod chosen_versions;
mod error;
mod event;
mod fetch;
mod history;
mod lock;
mod look;
mod place;
mod prepare;
mod prepared;
mod remove;
mod replace;
mod submodules;
mod tidy;

use std::path::PathBuf;

use gachette_core::debian::VersionError;
use gachette_core::git::{GitRef, GitUrl, WorkingCopyName};
use trebuchet::process::Cancel;

use crate::git::{Git, RemoteRefs};
use checkout::{Checkout, State};
use fetch::{Found, Wanted};
use place::Place;

pub(crate) use build::MISSILE;
pub use chosen_versions::ChosenVersions;
pub use error::WorkingCopyError;
pub use event::{Event, Reason};
pub use lock::Holder;
pub use look::Sight;
pub use prepared::{Action, Prepared};

/// Where working copies are when nothing else is configured.
pub const DEFAULT_BASE: &str = "/tmp/gachette/working_copy";

/// A working copy, by its name and the folder that holds all of them.
///
/// ```
/// use gachette::working_copy::{Action, WorkingCopy};
/// use gachette_core::git::{GitRef, GitUrl};
/// use trebuchet::process::Cancel;
///
/// # let repository = gachette_testkit::GitRepository::new();
/// # repository.commit_file("hello", "world\n");
/// # repository.tag("v1.0");
/// # let folder = tempfile::tempdir()?;
/// # let git = gachette::git::Git::new().env("HOME", "/nonexistent").env("GIT_CONFIG_NOSYSTEM", "1");
/// let url: GitUrl = repository.url().parse()?; // or `git@example.org:web.git`
/// let web = WorkingCopy::new("web".parse()?, folder.path());
/// # let web = web.with_git(git);
///
/// let prepared = web.prepare(&url, None, &Cancel::new(), &mut |_event| {})?;
/// assert_eq!(prepared.action, Action::Cloned);
/// assert_eq!(prepared.reference.as_deref(), Some("refs/heads/main"));
/// assert_eq!(std::fs::read_to_string(prepared.path().join("hello"))?, "world\n");
/// drop(prepared); // now others may work in it
///
/// let tag: GitRef = "v1.0".parse()?;
/// let prepared = web.prepare(&url, Some(&tag), &Cancel::new(), &mut |_event| {})?;
/// assert_eq!(prepared.action, Action::AlreadyThere);
/// let version = prepared.version(Default::default(), &Cancel::new(), &mut |_event| {})?;
/// assert_eq!(version.as_str(), format!("0.0.1rev{}-v1.0", prepared.short));
///
/// // As the original library had it.
/// let version = prepared.version_from_git("1.2", "feature")?;
/// assert_eq!(version.as_str(), format!("1.2rev{}-feature", prepared.short));
///
/// let mut web = web;
/// web.set_versions("2.0", "", "")?;
/// assert_eq!(web.versions().app.as_ref().map(|version| version.as_str()), Some("2.0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct WorkingCopy {
    name: WorkingCopyName,
    base: PathBuf,
    git: Git,
    versions: ChosenVersions,
}

impl WorkingCopy {
    /// The working copy of this name in this folder, whether or not it exists yet.
    pub fn new(name: WorkingCopyName, base: impl Into<PathBuf>) -> Self {
        Self { name, base: base.into(), git: Git::new(), versions: ChosenVersions::default() }
    }

    /// Uses a git with other variables or patience.
    pub fn with_git(mut self, git: Git) -> Self {
        self.git = git;
        self
    }

    /// Its name.
    pub fn name(&self) -> &WorkingCopyName {
        &self.name
    }

    /// Its folder, whether or not it exists yet.
    pub fn path(&self) -> PathBuf {
        self.base.join(self.name.as_str())
    }

    /// The versions that are chosen for what is built from it.
    pub fn versions(&self) -> &ChosenVersions {
        &self.versions
    }

    /// Chooses the versions for what is built from it; an empty one takes the choice back.
    ///
    /// # Errors
    /// When one is no Debian version; then nothing changes.
    pub fn set_versions(&mut self, app: &str, env: &str, service: &str) -> Result<(), VersionError> {
        self.versions = ChosenVersions::parse(app, env, service)?;
        Ok(())
    }

    /// Its folder, when it is there and ours. Somebody may be at work in it.
    pub(crate) fn folder_if_ours(&self) -> Option<PathBuf> {
        // Looking makes no folder.
        let there = self.path().is_dir();
        let place = there.then(|| self.place().ok()).flatten()?;
        matches!(place.state(), Ok(State::Ready { .. })).then_some(place.path)
    }

    /// Where it was cloned from, without a password; `None` when it does not exist.
    pub fn known_url(&self) -> Option<GitUrl> {
        match self.place().and_then(|place| place.state()) {
            Ok(State::Ready { url }) => url.parse().ok(),
            _ => None,
        }
    }

    /// Makes or refreshes it, so that it is exactly the commit that `git_ref` means in the repository at `url`: a
    /// branch (`x` or `origin/x`), a tag, a commit in full or shortened, or the default branch when none is given. Of
    /// a branch and a tag of one name the branch is meant; `tags/x` is the tag.
    ///
    /// # Errors
    /// When the repository or the ref is not there, git fails, the folder cannot be trusted, or it is cancelled. The
    /// working copy that was there before may then be in between, and is made whole by the next call.
    pub fn prepare(
        &self,
        url: &GitUrl,
        git_ref: Option<&GitRef>,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<Prepared, WorkingCopyError> {
        let what = git_ref.map_or_else(|| "its default branch".to_owned(), GitRef::to_string);
        let place = self.place()?;
        let lock = place.lock(&format!("prepare {} at {what}", self.name), cancel, on_event)?;
        place.remove_leftovers()?;
        let refs = match git_ref {
            Some(GitRef::Commit(_)) => RemoteRefs::default(),
            None => RemoteRefs::about(&self.git, url, None, Some(lock.file()), cancel)?,
            Some(GitRef::Name(name)) => {
                RemoteRefs::about(&self.git, url, Some(name), Some(lock.file()), cancel)?
            }
        };
        let path = place.path.clone();
        let mut checkout = Checkout { git: &self.git, url, path, lock: lock.file(), cancel, on_event };
        let (found, cloned) = prepare::prepare(&mut checkout, &place, Wanted { git_ref, refs: &refs })?;
        let short = checkout.ask("rev-parse", &["--short=7", found.commit.as_str()])?;
        let short = short.parse().map_err(|_| WorkingCopyError::Unexpected(short))?;
        let action = match (cloned, found.fetched) {
            (true, _) => Action::Cloned,
            (_, true) => Action::Fetched,
            _ => Action::AlreadyThere,
        };
        let Found { commit, reference, .. } = found;
        let said = reference.clone().or_else(|| git_ref.map(GitRef::to_string)).unwrap_or_default();
        checkout.note_reference(&commit, &said)?;
        let (git_ref, url, git, path) = (git_ref.cloned(), url.clone(), self.git.clone(), place.path);
        Ok(Prepared { commit, short, git_ref, reference, action, url, path, git, lock })
    }

    /// The same as [`WorkingCopy::prepare`], by the name that the original library had for it.
    ///
    /// # Errors
    /// As [`WorkingCopy::prepare`].
    pub fn checkout(
        &self,
        url: &GitUrl,
        git_ref: &GitRef,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<Prepared, WorkingCopyError> {
        self.prepare(url, Some(git_ref), cancel, on_event)
    }

    /// Takes the working copy into our hands as it was left, with whatever was changed in it, to build it.
    ///
    /// # Errors
    /// When it was never prepared, the folder cannot be trusted, or it is cancelled while it waits.
    pub fn open(
        &self,
        what: &str,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<Prepared, WorkingCopyError> {
        let place = self.place()?;
        let lock = place.lock(&format!("{what} {}", self.name), cancel, on_event)?;
        let not_there = || WorkingCopyError::NotThere { name: self.name.clone(), base: self.base.clone() };
        let State::Ready { url } = place.state()? else { return Err(not_there()) };
        let url: GitUrl = url.parse().map_err(|_| not_there())?;
        let path = place.path.clone();
        let checkout = Checkout { git: &self.git, url: &url, path, lock: lock.file(), cancel, on_event };
        let commit = checkout.commit_of("HEAD")?.ok_or_else(not_there)?;
        let short = checkout.ask("rev-parse", &["--short=7", commit.as_str()])?;
        let short = short.parse().map_err(|_| WorkingCopyError::Unexpected(short))?;
        let (git, path, action) = (self.git.clone(), place.path, Action::AlreadyThere);
        Ok(Prepared { commit, short, git_ref: None, reference: None, action, url, path, git, lock })
    }

    fn place(&self) -> Result<Place, WorkingCopyError> {
        Place::of(&self.name, &self.base)
    }
}
