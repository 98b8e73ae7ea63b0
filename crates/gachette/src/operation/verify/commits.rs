//! Whether the commits that records name have the recipes that they name, as far as a repository of them is at hand: a mirror, a
//! working copy, or one that a configured project has on this machine.
//!
//! A commit has the same files wherever it is. One that no repository at hand has says nothing: a mirror may be older, and the branch
//! of it may be gone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gachette_core::git::{Commit, GitRef, GitUrl};
use gachette_core::stack::PackageRecord;
use gachette_core::{Sha256Digest, plural};

use super::link::{LinkKind, Linked};
use crate::Cancel;
use crate::config::Config;
use crate::git::Git;
use crate::operation::commits::repositories_at_hand;

/// A commit, and what is said of the recipe in it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Source<'a> {
    url: &'a str,
    commit: &'a str,
    missile: Option<&'a str>,
    recipe: Option<Sha256Digest>,
    project: Option<&'a str>,
    reference: Option<&'a str>,
}

/// What a repository tells of a commit.
enum Told {
    /// It has the recipe.
    Fits,
    /// It has another one.
    Contradicts(String),
    /// Nothing: it is not there, or not whole.
    Nothing,
}

/// Looks for the commit of each record. Gives a warning of those that no repository at hand has.
pub(super) fn check(
    config: &Config,
    records: &[PackageRecord],
    whole: bool,
    linked: &mut Linked,
) -> Option<String> {
    let sources: BTreeSet<Source<'_>> = records.iter().filter_map(source).collect();
    let unknown = records.iter().filter(|record| source(record).is_none()).count();
    let (mut found, mut absent, mut elsewhere) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut faults = BTreeSet::new();
    for source in &sources {
        let named = (source.url, source.commit);
        let Ok(commit) = source.commit.parse::<Commit>() else {
            faults.insert(format!("`{}` is no commit", source.short()));
            continue;
        };
        let folders = source.folders(config);
        let mut told = folders.iter().map(|folder| source.look(&commit, folder));
        match told.find(|told| !matches!(told, Told::Nothing)) {
            Some(Told::Fits) => drop(found.insert(named)),
            Some(Told::Contradicts(fault)) => drop(faults.insert(fault)),
            _ if folders.is_empty() => drop(elsewhere.insert(named)),
            _ => drop(absent.insert(named)),
        }
    }
    let with = if found.len() == 1 { "its recipe" } else { "their recipes" };
    let mut about = format!("{} found with {with}", plural(found.len(), "commit"));
    if !absent.is_empty() {
        about += &format!(", {} in none of the repositories at hand", absent.len());
    }
    if !elsewhere.is_empty() {
        about += &format!(", {} in repositories that are not at hand", elsewhere.len());
    }
    if unknown > 0 {
        about += &format!("; of {} no commit is known", plural(unknown, "package"));
    }
    if !whole {
        about = "not looked for, since records are lost".to_owned();
    }
    linked.put(LinkKind::Commits, about, faults.into_iter().collect());
    warning(&absent)
}

/// What is said of commits that are not where they should be.
fn warning(absent: &BTreeSet<(&str, &str)>) -> Option<String> {
    let (url, commit) = absent.first()?;
    let such = match absent.len() {
        1 => format!("commit {} of {url} cannot be looked at: no repository at hand has it", short(commit)),
        more => format!(
            "{more} commits cannot be looked at, such as {} of {url}: no repository at hand has them",
            short(commit)
        ),
    };
    Some(format!("{such}; its branch may be gone, or it never was one of the project"))
}

fn source(record: &PackageRecord) -> Option<Source<'_>> {
    let provenance = &record.provenance;
    Some(Source {
        url: provenance.url.as_deref()?,
        commit: provenance.commit.as_deref()?,
        missile: provenance.missile.as_deref(),
        recipe: provenance.recipe,
        project: provenance.project.as_deref(),
        reference: provenance.reference.as_deref(),
    })
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// The project's repository itself, when it is a folder of this machine. A record alone does not make git look into one.
fn own_repository(config: &Config, url: &GitUrl) -> Option<PathBuf> {
    let is_configured = config.projects.values().any(|project| project.url.as_ref() == Some(url));
    let path = PathBuf::from(url.as_str());
    (is_configured && path.is_absolute() && path.is_dir()).then_some(path)
}

impl Source<'_> {
    fn short(&self) -> &str {
        short(self.commit)
    }

    /// Where it may be on this machine.
    fn folders(&self, config: &Config) -> Vec<PathBuf> {
        let url: Option<GitUrl> = self.url.parse().ok();
        let reference: Option<GitRef> = self.reference.and_then(|text| text.parse().ok());
        let mut folders = repositories_at_hand(config, self.project, reference.as_slice(), url.as_ref());
        folders.extend(url.and_then(|url| own_repository(config, &url)));
        folders
    }

    /// What this repository tells of the commit. Nothing is fetched.
    fn look(&self, commit: &Commit, folder: &Path) -> Told {
        let git = Git::new().env("GIT_NO_LAZY_FETCH", "1");
        let cat = |what: [&str; 2]| git.command("cat-file").folder(folder).args(what).bytes(&Cancel::new());
        if cat(["-e", &format!("{commit}^{{commit}}")]).is_err() {
            return Told::Nothing;
        }
        let (Some(missile), Some(recipe)) = (self.missile, self.recipe) else { return Told::Fits };
        let (short, named) = (self.short(), missile.escape_debug());
        match cat(["blob", &format!("{commit}:{missile}")]) {
            Ok(bytes) if Sha256Digest::of(&bytes) == recipe => Told::Fits,
            Ok(_) => {
                Told::Contradicts(format!("{named} in commit {short} is not the recipe that was built by"))
            }
            Err(_) => {
                let list = git.command("ls-tree").folder(folder).args(["--full-tree", "-z"]);
                match list.arg(commit.to_string()).arg("--").arg(missile).bytes(&Cancel::new()) {
                    Ok(listed) if listed.is_empty() => {
                        Told::Contradicts(format!("commit {short} has no {named}"))
                    }
                    _ => Told::Nothing,
                }
            }
        }
    }
}
