//! What a remote repository has: its refs, and which of them a name means.

use std::fs::File;
use std::sync::Arc;

use gachette_core::git::{Commit, GitUrl, RefName};
use trebuchet::process::Cancel;

use super::{Git, GitError};

/// The refs of a remote repository, or some of them.
#[derive(Debug, Clone, Default)]
pub struct RemoteRefs {
    refs: Vec<RemoteRef>,
    head: Option<String>,
}

/// A ref of a remote repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRef {
    /// Its full name: `refs/heads/master`, or `HEAD`.
    pub name: String,
    /// The commit; for a tag with a message, the commit that it marks.
    pub commit: Commit,
}

impl RemoteRefs {
    /// Asks for those refs that `name` may mean, and for the default branch.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub fn about(
        git: &Git,
        url: &GitUrl,
        name: Option<&RefName>,
        lock: Option<&Arc<File>>,
        cancel: &Cancel,
    ) -> Result<Self, GitError> {
        let mut patterns = vec!["HEAD".to_owned()];
        for candidate in name.map(RefName::candidates).unwrap_or_default() {
            patterns.push(format!("{candidate}^{{}}"));
            patterns.push(candidate);
        }
        let mut command = git.command("ls-remote").args(["--symref", "--"]);
        if let Some(lock) = lock {
            command = command.hold(lock);
        }
        Ok(Self::parse(&command.remote(url).arg(url.as_str()).args(patterns).output(cancel)?))
    }

    /// The full name of the default branch, when the server says which it is.
    pub fn default_branch(&self) -> Option<&str> {
        self.head.as_deref()
    }

    /// Asks for all branches and tags.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub fn all(git: &Git, url: &GitUrl, lock: &Arc<File>, cancel: &Cancel) -> Result<Self, GitError> {
        let command = git.command("ls-remote").hold(lock).args(["--symref", "--"]);
        Ok(Self::parse(&command.remote(url).arg(url.as_str()).output(cancel)?))
    }

    /// Reads what `git ls-remote --symref` prints.
    fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for (value, name) in text.lines().filter_map(|line| line.split_once('\t')) {
            match (value.strip_prefix("ref: "), value.parse::<Commit>()) {
                (Some(target), _) if name == "HEAD" => found.head = Some(target.to_owned()),
                (None, Ok(commit)) => found.add(name, commit),
                _ => {}
            }
        }
        found
    }

    /// Git prints what an annotated tag marks on the line after it, as `<tag>^{}`.
    fn add(&mut self, name: &str, commit: Commit) {
        let peeled = name.strip_suffix("^{}");
        let known = peeled.and_then(|tag| self.refs.iter_mut().find(|known| known.name == tag));
        match known {
            Some(known) => known.commit = commit,
            None => self.refs.push(RemoteRef { name: peeled.unwrap_or(name).to_owned(), commit }),
        }
    }

    /// What a name means, by the order of [`RefName::candidates`]; the default branch without a name.
    pub fn find(&self, name: Option<&RefName>) -> Option<RemoteRef> {
        let candidates = name.map_or_else(|| vec!["HEAD".to_owned()], RefName::candidates);
        let found = candidates.iter().find_map(|name| self.refs.iter().find(|known| &known.name == name))?;
        let name = self.head.as_ref().filter(|_| found.name == "HEAD").unwrap_or(&found.name);
        Some(RemoteRef { name: name.clone(), commit: found.commit.clone() })
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// The names of the branches and tags as people write them.
    pub fn short_names(&self) -> Vec<&str> {
        let cut = |name: &'_ str| -> Option<usize> {
            ["refs/heads/", "refs/tags/"]
                .iter()
                .find(|start| name.starts_with(**start))
                .map(|start| start.len())
        };
        self.refs.iter().filter_map(|known| Some(&known.name[cut(&known.name)?..])).collect()
    }

    /// How many digits the names of its commits have: 40, or 64 with SHA-256.
    pub fn digits(&self) -> Option<usize> {
        self.refs.first().map(|known| known.commit.as_str().len())
    }
}
