//! The whole history of a commit, and the tags as the remote repository has them now: what versions are counted from.

use std::collections::BTreeSet;

use gachette_core::git::{Commit, VersionScheme};

use super::checkout::Checkout;
use super::fetch::{ALL, ALL_TAGS, INFINITE};
use super::{Event, WorkingCopyError};
use crate::git::Fault;

/// The most that is read of the list of commits at which git cut the history, in bytes.
const LONGEST_SHALLOW: u64 = 64 << 20;

impl Checkout<'_> {
    /// Fetches all that leads to a commit that is here.
    pub(super) fn complete(
        &mut self,
        commit: &Commit,
        scheme: VersionScheme,
    ) -> Result<(), WorkingCopyError> {
        if !self.is_cut_short(commit)? {
            return Ok(());
        }
        (self.on_event)(Event::Deepening { depth: None });
        match self.fetch(INFINITE, &[format!("+{commit}:refs/gachette/wanted")], &[]) {
            Err(WorkingCopyError::Git(error)) if error.fault() == Some(Fault::RefNotFound) => {
                self.fetch(INFINITE, &ALL.map(str::to_owned), &[])?;
            }
            result => result?,
        }
        match self.is_cut_short(commit)? {
            true => {
                Err(WorkingCopyError::ShallowRemote { commit: commit.clone(), url: self.url.clone(), scheme })
            }
            false => Ok(()),
        }
    }

    /// Makes the tags those of the remote repository: one that was moved or deleted there, or that a build made here,
    /// would be counted from.
    pub(super) fn follow_tags(&mut self) -> Result<(), WorkingCopyError> {
        let remote = self.git("ls-remote").remote(self.url).args(["--refs", "--tags", "--"]);
        let remote = remote.arg(self.url.as_str()).output(self.cancel)?;
        let here = self.ask("for-each-ref", &["--format=%(objectname)%09%(refname)", "refs/tags"])?;
        if remote.lines().collect::<BTreeSet<_>>() == here.lines().collect() {
            return Ok(());
        }
        (self.on_event)(Event::Fetching { what: "tags".to_owned() });
        self.fetch(None, &[ALL_TAGS.to_owned()], &["--prune", "--update-shallow"])
    }

    /// Whether commits that lead to this one are not here.
    fn is_cut_short(&self, commit: &Commit) -> Result<bool, WorkingCopyError> {
        let cuts = trebuchet::read_regular(&self.path.join(".git/shallow"), LONGEST_SHALLOW);
        let Some(cuts) = cuts.ok().and_then(|cuts| String::from_utf8(cuts).ok()) else { return Ok(false) };
        let cuts: BTreeSet<&str> = cuts.lines().collect();
        let ends = self.ask("rev-list", &["--max-parents=0", commit.as_str()])?;
        for end in ends.lines().filter(|end| cuts.contains(end)) {
            // git cuts at a depth, even where the history begins there anyway.
            let object = self.ask("cat-file", &["commit", end])?;
            if object.lines().take_while(|line| !line.is_empty()).any(|line| line.starts_with("parent ")) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
