//! The repositories that a commit of a project needs: its own, those of its submodules, and those of theirs.

use std::collections::HashSet;

use gachette_core::git::{Commit, GitRef, GitUrl, Transport, submodule_address};
use trebuchet::process::Cancel;

use super::fetch::Remote;
use super::{Mirror, MirrorError, MirrorId, SubmoduleAddressError, id_of};
use crate::cache::sweep_daily;
use crate::git::{Fault, Git, GitError, Submodule};

/// How deep submodules may lie in submodules; one that contains itself would never end.
const DEEPEST: usize = 20;
/// How many submodules a project may have, those of submodules counted.
const MOST: usize = 1000;

/// Fetches into this machine's mirrors what a ref of a project needs, with this machine's credentials: the project's branches
/// and tags always, a submodule when its commit is not here yet. Returns the repositories, each once.
///
/// A submodule may name any address that this machine's user may read from, but for paths of this machine, which only a
/// project that is itself on this machine may name.
///
/// # Errors
/// When git fails, or a submodule's address is none that may be fetched.
pub fn fetch_needed(
    project: &GitUrl,
    reference: Option<&GitRef>,
    cancel: &Cancel,
    on_line: &mut dyn FnMut(&str),
) -> Result<Vec<GitUrl>, MirrorError> {
    let mut open = |needed: &Needed, wanted: Option<&Commit>| {
        let mirror = Mirror::open(&id_of(&needed.url), cancel)?;
        let remote = Remote { url: &needed.url, project };
        match (&needed.submodule, wanted) {
            (Some(submodule), Some(commit)) => {
                let fetched = bring_submodule(&mirror, remote, commit, cancel, on_line);
                fetched.map_err(|error| error.of_submodule(submodule.clone()))?;
            }
            _ => bring_project(&mirror, remote, reference, cancel, on_line)?,
        }
        Ok(mirror)
    };
    sweep_daily();
    let found = Walk::of(project, reference, cancel, &mut open)?;
    let mut seen: HashSet<MirrorId> = HashSet::new();
    Ok(found.into_iter().map(|needed| needed.url).filter(|url| seen.insert(id_of(url))).collect())
}

/// Git that reads this machine's mirrors in place of asking the servers of a project and of the submodules of this ref.
///
/// # Errors
/// When git fails, or one of the repositories was not pushed here.
pub fn git_of_mirrors(
    project: &GitUrl,
    reference: Option<&GitRef>,
    cancel: &Cancel,
) -> Result<Git, MirrorError> {
    let mut paths = Vec::new();
    let mut open = |needed: &Needed, _: Option<&Commit>| {
        let mirror = Mirror::pushed(&needed.url, cancel)?;
        paths.push((needed.address.clone(), mirror.path.clone()));
        Ok(mirror)
    };
    sweep_daily();
    Walk::of(project, reference, cancel, &mut open)?;
    Ok(paths.into_iter().fold(Git::new(), |git, (address, path)| git.instead_of(address, path)))
}

fn bring_project(
    mirror: &Mirror,
    remote: Remote<'_>,
    reference: Option<&GitRef>,
    cancel: &Cancel,
    on_line: &mut dyn FnMut(&str),
) -> Result<(), GitError> {
    mirror.fetch(remote, cancel, on_line)?;
    match reference {
        Some(GitRef::Commit(commit)) if !mirror.has(commit, cancel)? => {
            match mirror.fetch_commit(remote, commit, cancel, on_line) {
                // What is not there is told by whoever wants it, with what is there.
                Err(error) if error.fault() == Some(Fault::RefNotFound) => Ok(()),
                fetched => fetched,
            }
        }
        _ => Ok(()),
    }
}

fn bring_submodule(
    mirror: &Mirror,
    remote: Remote<'_>,
    commit: &Commit,
    cancel: &Cancel,
    on_line: &mut dyn FnMut(&str),
) -> Result<(), GitError> {
    if mirror.has(commit, cancel)? {
        return Ok(());
    }
    mirror.fetch(remote, cancel, on_line)?;
    if mirror.has(commit, cancel)? {
        return Ok(());
    }
    mirror.fetch_commit(remote, commit, cancel, on_line)
}

/// A repository that is needed.
#[derive(Debug, Clone)]
struct Needed {
    url: GitUrl,
    /// The address as git makes it out, which may hold a password that a project wrote there.
    address: String,
    /// Which submodule it is, unless it is the project.
    submodule: Option<Submodule>,
}

impl Needed {
    /// The repository of a submodule that this one names.
    fn submodule(&self, project: &GitUrl, path: &str, written: &str) -> Result<Self, MirrorError> {
        let refused = |reason| MirrorError::SubmoduleAddress {
            path: path.to_owned(),
            parent: self.url.clone(),
            reason,
        };
        let address = submodule_address(&self.address, written);
        let address = address.ok_or_else(|| refused(SubmoduleAddressError::TooFarUp(written.to_owned())))?;
        let url: GitUrl = address.parse().map_err(|error| refused(SubmoduleAddressError::Unsafe(error)))?;
        if url.transport() == Transport::File && project.transport() != Transport::File {
            return Err(refused(SubmoduleAddressError::OnThisMachine(url)));
        }
        let submodule = Submodule { path: path.to_owned(), url: Some(url.to_string()) };
        Ok(Self { url, address, submodule: Some(submodule) })
    }
}

/// Opens the mirror of a repository, once it has the commit that is wanted of it.
type Open<'a> = &'a mut dyn FnMut(&Needed, Option<&Commit>) -> Result<Mirror, MirrorError>;

/// A walk over all repositories that are needed. No more than one mirror is open at a time, so that two walks never wait for each
/// other.
struct Walk<'a> {
    project: &'a GitUrl,
    cancel: &'a Cancel,
    open: Open<'a>,
    seen: HashSet<(String, Commit)>,
    found: Vec<Needed>,
}

impl<'a> Walk<'a> {
    fn of(
        project: &'a GitUrl,
        reference: Option<&GitRef>,
        cancel: &'a Cancel,
        open: Open<'a>,
    ) -> Result<Vec<Needed>, MirrorError> {
        let top = Needed { url: project.clone(), address: project.to_string(), submodule: None };
        let mirror = open(&top, None)?;
        let commit = mirror.commit_of(reference, cancel)?;
        let mut walk = Self { project, cancel, open, seen: HashSet::new(), found: vec![top.clone()] };
        if let Some(commit) = commit {
            walk.submodules(&top, mirror, &commit, DEEPEST)?;
        }
        Ok(walk.found)
    }

    fn submodules(
        &mut self,
        parent: &Needed,
        mirror: Mirror,
        commit: &Commit,
        deepest: usize,
    ) -> Result<(), MirrorError> {
        let all = mirror.submodules(commit, self.cancel)?;
        drop(mirror);
        for named in all {
            let needed = parent.submodule(self.project, &named.path, &named.written)?;
            if !self.seen.insert((needed.address.clone(), named.commit.clone())) {
                continue;
            }
            if deepest == 0 || self.seen.len() > MOST {
                return Err(MirrorError::TooManySubmodules { url: self.project.clone() });
            }
            let mirror = (self.open)(&needed, Some(&named.commit))?;
            self.found.push(needed.clone());
            self.submodules(&needed, mirror, &named.commit, deepest - 1)?;
        }
        Ok(())
    }
}
