//! Brings into a mirror what the repository has, with this machine's credentials.

use gachette_core::git::{Commit, GitRef, GitUrl};
use trebuchet::process::Cancel;

use super::refs::COMMITS;
use super::{EVERY_REF, Mirror};
use crate::git::{Fault, Git, GitError, RemoteRefs};

/// Where a mirror's commits come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remote<'a> {
    /// The repository.
    pub(super) url: &'a GitUrl,
    /// The project that names it as a submodule, whose credentials are good for those of the same server; else itself.
    pub(super) project: &'a GitUrl,
}

impl Remote<'_> {
    fn is_submodule(&self) -> bool {
        self.url != self.project
    }

    /// The address whose credentials git gets.
    fn trusted(&self) -> &GitUrl {
        if self.url.credentials().is_some() { self.url } else { self.project }
    }

    /// Git as it is for an address that is not its user's own: `protocol.allow` in git-config(1).
    fn git(&self, git: &Git) -> Git {
        if self.is_submodule() { git.clone().env("GIT_PROTOCOL_FROM_USER", "0") } else { git.clone() }
    }
}

impl Mirror {
    /// Brings all branches and tags here, and the default branch's name of a project.
    pub(super) fn fetch(
        &self,
        remote: Remote<'_>,
        cancel: &Cancel,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<(), GitError> {
        let specs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        self.fetch_refs(remote, &["--prune"], &specs, cancel, on_line)?;
        if !remote.is_submodule() {
            let known = RemoteRefs::about(&self.git, remote.url, None, Some(&self.lock), cancel)?;
            if let Some(branch) = known.default_branch() {
                self.set_head(branch, cancel)?;
            }
        }
        Ok(())
    }

    /// Brings a commit here that is in no branch or tag, where the server hands out commits by name.
    pub(super) fn fetch_commit(
        &self,
        remote: Remote<'_>,
        commit: &Commit,
        cancel: &Cancel,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<(), GitError> {
        self.fetch_refs(remote, &[], &[&format!("+{commit}:{COMMITS}{commit}")], cancel, on_line)
    }

    fn fetch_refs(
        &self,
        remote: Remote<'_>,
        options: &[&str],
        specs: &[&str],
        cancel: &Cancel,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<(), GitError> {
        let git = remote.git(&self.git);
        let fetch = git.command("fetch").args(options).args(["--no-tags", "--progress", "--"]);
        let fetch = fetch.remote(remote.trusted()).folder(&self.path).hold(&self.lock);
        fetch.arg(remote.url.as_str()).args(specs).run(cancel, on_line)
    }

    /// Whether a commit is here, and goes along when this is sent.
    pub(super) fn has(&self, commit: &Commit, cancel: &Cancel) -> Result<bool, GitError> {
        let list = self.git.command("rev-list").args(["--max-count=1", commit.as_str(), "--not"]);
        match list.args(EVERY_REF).folder(&self.path).output(cancel) {
            Err(error) if error.ended_by_itself() && error.fault() == Some(Fault::Other) => Ok(false),
            unsent => Ok(unsent?.is_empty()),
        }
    }

    /// The commit that a user means by a ref; `None` when there is none.
    pub(super) fn commit_of(
        &self,
        reference: Option<&GitRef>,
        cancel: &Cancel,
    ) -> Result<Option<Commit>, GitError> {
        let mut names = match reference {
            None => vec!["HEAD".to_owned()],
            Some(GitRef::Commit(commit)) => vec![commit.to_string()],
            Some(GitRef::Name(name)) => name.candidates(),
        };
        names.extend(reference.and_then(GitRef::abbreviated).map(|short| short.to_string()));
        for name in names {
            let asked = self.git.command("rev-parse").args(["--verify", "--quiet", "--end-of-options"]);
            match asked.arg(format!("{name}^{{commit}}")).folder(&self.path).output(cancel) {
                Err(error) if error.ended_by_itself() => {}
                commit => return Ok(commit?.parse().ok()),
            }
        }
        Ok(None)
    }
}
