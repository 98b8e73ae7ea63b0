//! Whether the commits that records name are there, with the recipes that they name, as far as a repository of them is at hand: a
//! mirror, or one that a configured project has on this machine.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gachette_core::git::{Commit, GitUrl};
use gachette_core::stack::PackageRecord;
use gachette_core::{Sha256Digest, plural};

use super::link::{LinkKind, Linked};
use crate::config::Config;
use crate::git::Git;
use crate::{Cancel, cache, mirror};

/// A commit, and what is said of the recipe in it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Source<'a> {
    url: &'a str,
    commit: &'a str,
    missile: Option<&'a str>,
    recipe: Option<Sha256Digest>,
}

/// Looks for the commit of each record.
pub(super) fn check(config: &Config, records: &[PackageRecord], whole: bool, linked: &mut Linked) {
    let sources: BTreeSet<Source<'_>> = records.iter().filter_map(source).collect();
    let unknown = records.iter().filter(|record| source(record).is_none()).count();
    let (mut found, mut elsewhere, mut faults) = (0, 0, Vec::new());
    for source in &sources {
        match at_hand(config, source.url).map(|git_dir| source.fault(&git_dir)) {
            None => elsewhere += 1,
            Some(None) => found += 1,
            Some(Some(fault)) => faults.push(fault),
        }
    }
    let with = if found == 1 { "its recipe" } else { "their recipes" };
    let mut about = format!("{} found with {with}", plural(found, "commit"));
    if elsewhere > 0 {
        about += &format!(", {elsewhere} in repositories that are not at hand");
    }
    if unknown > 0 {
        about += &format!("; of {} no commit is known", plural(unknown, "package"));
    }
    if !whole {
        about = "not looked for, since records are lost".to_owned();
    }
    linked.put(LinkKind::Commits, about, faults);
}

fn source(record: &PackageRecord) -> Option<Source<'_>> {
    let provenance = &record.provenance;
    Some(Source {
        url: provenance.url.as_deref()?,
        commit: provenance.commit.as_deref()?,
        missile: provenance.missile.as_deref(),
        recipe: provenance.recipe,
    })
}

/// Where the commits of this repository are on this machine. A record alone does not make git look into a folder.
fn at_hand(config: &Config, url: &str) -> Option<PathBuf> {
    let url: GitUrl = url.parse().ok()?;
    let mirror = cache::mirrors()?.join(format!("{}.git", mirror::id_of(&url)));
    if mirror.join("HEAD").is_file() {
        return Some(mirror);
    }
    let is_configured = config.projects.values().any(|project| project.url.as_ref() == Some(&url));
    let path = PathBuf::from(url.as_str());
    (is_configured && path.is_absolute() && path.is_dir()).then_some(path)
}

impl Source<'_> {
    /// What is wrong with the commit, looked for in this repository.
    fn fault(&self, folder: &std::path::Path) -> Option<String> {
        let short = self.commit.get(..12).unwrap_or(self.commit);
        let Ok(commit) = self.commit.parse::<Commit>() else {
            return Some(format!("`{short}` is no commit"));
        };
        let git = Git::new();
        let exists = git.command("cat-file").folder(folder).arg("-e").arg(format!("{commit}^{{commit}}"));
        if exists.output(&Cancel::new()).is_err() {
            return Some(format!("commit {short} is not in {}", folder.display()));
        }
        let (missile, recipe) = (self.missile?, self.recipe?);
        let blob = git.command("cat-file").folder(folder).arg("blob").arg(format!("{commit}:{missile}"));
        match blob.bytes(&Cancel::new()) {
            Err(_) => Some(format!("commit {short} has no {}", missile.escape_debug())),
            Ok(bytes) if Sha256Digest::of(&bytes) != recipe => Some(format!(
                "{} in commit {short} is not the recipe that was built by",
                missile.escape_debug()
            )),
            Ok(_) => None,
        }
    }
}
