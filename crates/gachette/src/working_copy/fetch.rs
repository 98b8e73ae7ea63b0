//! Brings the commit that is wanted into the repository, with as little of the history as will do.

use gachette_core::git::{AbbreviatedCommit, Commit, GitRef, near_refs};

use super::checkout::{Checkout, Mark};
use super::{Event, WorkingCopyError};
use crate::git::{Fault, GitError, RemoteRef, RemoteRefs};

/// How many commits are fetched of a branch.
const DEPTH: u32 = 100;
/// How many are fetched in turn while the commit that is wanted is not among them; then all.
const DEEPER: [u32; 3] = [DEPTH, 1000, 10_000];
/// git's own way to say "all" where `--unshallow` is an error: on what is complete already.
pub(super) const INFINITE: Option<u32> = Some(0x7fff_ffff);

/// What was asked for, as it turned out.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) commit: Commit,
    /// The full name on the remote, when it was a name.
    pub(super) reference: Option<String>,
    pub(super) fetched: bool,
}

/// What is wanted, with what the remote repository says about it: nothing, when it is a whole commit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) git_ref: Option<&'a GitRef>,
    pub(super) refs: &'a RemoteRefs,
}

impl Wanted<'_> {
    fn remote(&self) -> Option<RemoteRef> {
        match self.git_ref {
            None => self.refs.find(None),
            Some(GitRef::Name(name)) => self.refs.find(Some(name)),
            Some(GitRef::Commit(_)) => None,
        }
    }

    /// How many digits the commits of the repository have.
    pub(super) fn digits(&self) -> usize {
        match self.git_ref {
            Some(GitRef::Commit(commit)) => commit.as_str().len(),
            _ => self.refs.digits().unwrap_or(40),
        }
    }
}

impl Checkout<'_> {
    /// Finds what is wanted here or on the remote, and fetches it if it is not here.
    pub(super) fn find(&mut self, wanted: Wanted<'_>) -> Result<Found, WorkingCopyError> {
        if let Some(GitRef::Commit(commit)) = wanted.git_ref {
            return self.find_commit(commit);
        }
        if let Some(remote) = wanted.remote() {
            return self.find_reference(remote);
        }
        if let Some(short) = wanted.git_ref.and_then(GitRef::abbreviated) {
            if let Some(commit) = self.expand(&short)? {
                return Ok(Found { commit, reference: None, fetched: false });
            }
            if let Some(commit) = self.deepen(|checkout| checkout.expand(&short))? {
                return Ok(Found { commit, reference: None, fetched: true });
            }
        }
        Err(self.missing(wanted.git_ref)?)
    }

    /// Packs what many fetches left in small pieces, when there are so many that git finds it worth while.
    pub(super) fn maintain(&self) -> Result<(), WorkingCopyError> {
        let collect = self.git("gc").args(["--auto", "--quiet"]).setting("gc.auto=6700");
        match collect.output(self.cancel) {
            Err(error) if !error.ended_by_itself() => Err(error.into()),
            // Not being tidy is no reason not to build.
            _ => Ok(()),
        }
    }

    fn find_commit(&mut self, commit: &Commit) -> Result<Found, WorkingCopyError> {
        let found = |commit, fetched| Ok(Found { commit, reference: None, fetched });
        if let Some(commit) = self.commit_of(commit.as_str())? {
            return found(commit, false);
        }
        (self.on_event)(Event::Fetching { what: commit.to_string() });
        // Not every server hands out commits by name.
        match self.fetch(Some(DEPTH), &[format!("+{commit}:refs/gachette/wanted")], &[]) {
            Err(WorkingCopyError::Git(error)) if error.fault() == Some(Fault::RefNotFound) => {}
            result => result?,
        }
        if let Some(commit) = self.commit_of(commit.as_str())? {
            return found(commit, true);
        }
        match self.deepen(|checkout| checkout.commit_of(commit.as_str()))? {
            Some(commit) => found(commit, true),
            None => Err(self.missing(Some(&GitRef::Commit(commit.clone())))?),
        }
    }

    fn find_reference(&mut self, remote: RemoteRef) -> Result<Found, WorkingCopyError> {
        let RemoteRef { name, commit } = remote;
        let reference = Some(name.clone());
        if self.commit_of(commit.as_str())?.as_ref() == Some(&commit) {
            return Ok(Found { commit, reference, fetched: false });
        }
        (self.on_event)(Event::Fetching { what: name.clone() });
        let local = match name.strip_prefix("refs/heads/") {
            Some(branch) => format!("refs/remotes/origin/{branch}"),
            None if name.starts_with("refs/tags/") => name.clone(),
            None => "refs/gachette/wanted".to_owned(),
        };
        self.fetch(Some(DEPTH), &[format!("+{name}:{local}")], &[])?;
        let commit = self.commit_of(&local)?;
        let commit =
            commit.ok_or_else(|| WorkingCopyError::NotACommit { reference: name, url: self.url.clone() })?;
        Ok(Found { commit, reference, fetched: true })
    }

    /// The one commit here that begins so.
    fn expand(&self, short: &AbbreviatedCommit) -> Result<Option<Commit>, WorkingCopyError> {
        let objects = self.ask("rev-parse", &[&format!("--disambiguate={short}")])?;
        let mut commits = Vec::new();
        for object in objects.lines() {
            if self.ask("cat-file", &["-t", object])? == "commit" {
                commits.push(object.to_owned());
            }
        }
        match &commits[..] {
            [] => Ok(None),
            [one] => one.parse().map(Some).map_err(|_| WorkingCopyError::Unexpected(one.clone())),
            _ => {
                let git_ref = GitRef::from(short);
                Err(WorkingCopyError::AmbiguousCommit { git_ref, candidates: commits })
            }
        }
    }

    /// Fetches more and more of all branches and tags, until a look says that it is enough.
    fn deepen(
        &mut self,
        mut look: impl FnMut(&Self) -> Result<Option<Commit>, WorkingCopyError>,
    ) -> Result<Option<Commit>, WorkingCopyError> {
        if RemoteRefs::all(self.git, self.url, self.lock, self.cancel)?.is_empty() {
            return Ok(None);
        }
        for depth in DEEPER.into_iter().map(Some).chain([None]) {
            (self.on_event)(Event::Deepening { depth });
            self.fetch(depth.or(INFINITE), &ALL.map(str::to_owned), &["--prune"])?;
            if let Some(commit) = look(self)? {
                return Ok(Some(commit));
            }
            if !self.is_shallow() {
                break;
            }
        }
        Ok(None)
    }

    /// Fetches so many commits, or, without a number, what is missing.
    pub(super) fn fetch(
        &mut self,
        depth: Option<u32>,
        specs: &[String],
        options: &[&str],
    ) -> Result<(), WorkingCopyError> {
        self.marked(Mark::Repository, |checkout| {
            let depth = depth.map(|depth| format!("--depth={depth}"));
            let all: Vec<&str> = depth.as_deref().into_iter().chain(options.iter().copied()).collect();
            let fetched = match checkout.fetch_once(&all, specs) {
                // A web server that knows nothing of git serves files, and so all or nothing.
                Err(GitError::Failed(failure))
                    if failure.last_lines.iter().any(|line| line.contains("does not support shallow")) =>
                {
                    checkout.fetch_once(options, specs)
                }
                result => result,
            };
            Ok(fetched?)
        })
    }

    fn fetch_once(&mut self, options: &[&str], specs: &[String]) -> Result<(), GitError> {
        let fetch = self.git.command("fetch").folder(&self.path).hold(self.lock).remote(self.url);
        let fetch = fetch.args(["--force", "--progress", "--no-write-fetch-head"]).args(options);
        let fetch = fetch.args(["--", self.url.as_str()]).args(specs);
        let on_event = &mut self.on_event;
        fetch.run(self.cancel, &mut |line| on_event(Event::Output { line: line.to_owned() }))
    }

    /// The error that says what is not there, and what is.
    fn missing(&self, git_ref: Option<&GitRef>) -> Result<WorkingCopyError, WorkingCopyError> {
        let all = RemoteRefs::all(self.git, self.url, self.lock, self.cancel)?;
        let (url, names) = (self.url.clone(), all.short_names());
        Ok(match git_ref {
            _ if all.is_empty() => WorkingCopyError::EmptyRepository { url },
            Some(git_ref) => {
                let near = near_refs(git_ref.as_str(), &names);
                WorkingCopyError::RefNotFound { git_ref: git_ref.clone(), url, near }
            }
            None => {
                let there = names.iter().take(5).map(|&name| name.to_owned()).collect();
                WorkingCopyError::NoDefaultBranch { url, there }
            }
        })
    }
}

pub(super) const ALL_TAGS: &str = "+refs/tags/*:refs/tags/*";
pub(super) const ALL: [&str; 2] = ["+refs/heads/*:refs/remotes/origin/*", ALL_TAGS];
