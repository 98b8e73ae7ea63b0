//! The commits between two versions of packages, as far as a working copy or a mirror of this machine has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gachette_core::debian::PackageName;
use gachette_core::git::{Commit, GitRef, GitUrl, WorkingCopyName};
use gachette_core::stack::{Content, PackageDiff, Provenance};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OperationError;
use crate::config::Config;
use crate::git::Git;
use crate::repository::Repository;
use crate::working_copy::WorkingCopy;
use crate::{Cancel, mirror};

/// How long is looked for commits in all: they are an extra.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many characters of a subject are shown.
const LONGEST: usize = 200;

/// What lies between the commits that two versions of packages were built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitRange {
    /// The packages, by name.
    pub packages: Vec<PackageName>,
    /// The commit of the old versions.
    pub from: String,
    /// That of the new ones.
    pub to: String,
    /// Whether nothing more is known of them: no working copy or mirror at hand has both.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// Whether the commits were undone: the new versions are of an earlier one.
    pub undone: bool,
    /// How many commits there are.
    pub number: usize,
    /// The last of them, the newest first.
    pub commits: Vec<CommitSubject>,
}

/// A commit and its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitSubject {
    /// The commit.
    pub commit: String,
    /// The first line of its message, as its author wrote it.
    pub subject: String,
}

/// Where the packages of a range come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    project: Option<String>,
    url: Option<String>,
    from: Commit,
    to: Commit,
    /// The refs that working copies may be named after.
    references: [Option<String>; 2],
}

/// What lies between the commits of packages that differ, at most `most` subjects for each two commits. Of those that are not at
/// hand it is only said that they are not.
///
/// # Errors
/// When the repository cannot be read.
pub fn commits_between(
    config: &Config,
    repository: &Repository,
    (old, new): (&Content, &Content),
    packages: &[PackageDiff],
    most: usize,
) -> Result<Vec<CommitRange>, OperationError> {
    let mut origins: BTreeMap<Origin, Vec<PackageName>> = BTreeMap::new();
    for PackageDiff { name, .. } in packages {
        let before = provenance(repository, old, name)?;
        if let Some(origin) = Origin::of(before, provenance(repository, new, name)?) {
            origins.entry(origin).or_default().push(name.clone());
        }
    }
    let begun = Instant::now();
    let mut ranges = Vec::new();
    for (origin, packages) in origins {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        let git = Git::new().env("GIT_NO_LAZY_FETCH", "1").within(left);
        let mut folders = origin.folders(config).into_iter().filter(|_| !left.is_zero());
        let known =
            folders.find_map(|folder| History { git: &git, folder: &folder }.range(&origin, &packages, most));
        ranges.push(known.unwrap_or_else(|| origin.elsewhere(packages)));
    }
    Ok(ranges)
}

/// Where the version of a package comes from that a stack names.
fn provenance(
    repository: &Repository,
    content: &Content,
    name: &PackageName,
) -> Result<Option<Provenance>, OperationError> {
    let Some(package) = content.get(name) else { return Ok(None) };
    let Some((architecture, file)) = package.files.iter().next() else { return Ok(None) };
    let record = repository.record(name, &package.version, architecture)?;
    Ok(record.filter(|record| record.sha256 == *file).map(|record| record.provenance))
}

impl Origin {
    /// Two versions of one project, of different commits.
    fn of(old: Option<Provenance>, new: Option<Provenance>) -> Option<Self> {
        let (old, new) = (old?, new?);
        let (from, to) = (old.commit?.parse().ok()?, new.commit?.parse().ok()?);
        let same = from != to && old.url == new.url;
        let references = [new.reference, old.reference];
        same.then_some(Self { project: new.project, url: new.url, from, to, references })
    }

    /// What is said of packages whose commits are not at hand.
    fn elsewhere(&self, packages: Vec<PackageName>) -> CommitRange {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        CommitRange { packages, from, to, elsewhere: true, undone: false, number: 0, commits: Vec::new() }
    }

    /// The folders of this machine that may have the commits.
    fn folders(&self, config: &Config) -> Vec<PathBuf> {
        let references = self.references.iter().flatten();
        let references: Vec<GitRef> = references.filter_map(|text| text.parse().ok()).collect();
        let url = self.url.as_ref().and_then(|url| url.parse::<GitUrl>().ok());
        repositories_at_hand(config, self.project.as_deref(), &references, url.as_ref())
    }
}

/// The folders of this machine that may have commits of a project which were built by these refs and came from there: working copies
/// and the mirror.
pub(super) fn repositories_at_hand(
    config: &Config,
    project: Option<&str>,
    references: &[GitRef],
    url: Option<&GitUrl>,
) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(project) = project {
        for reference in references.iter().map(Some).chain([None]) {
            let name = WorkingCopyName::of_project(project, reference).ok();
            folders.extend(
                name.and_then(|name| WorkingCopy::new(name, &config.working_copies).folder_if_ours()),
            );
        }
    }
    folders.extend(url.and_then(|url| mirror::folder_of(&mirror::id_of(url))));
    folders
}

/// The history that a repository of git has.
struct History<'a> {
    git: &'a Git,
    folder: &'a Path,
}

impl History<'_> {
    fn range(&self, origin: &Origin, packages: &[PackageName], most: usize) -> Option<CommitRange> {
        let (from, to) = (&origin.from, &origin.to);
        // Both are there, and so is what joins them: a clone may have been cut off in between.
        self.ask("merge-base", &[from.as_str(), to.as_str()])?;
        let forth = self.count(from, to)?;
        let undone = forth == 0;
        let (behind, ahead) = if undone { (to, from) } else { (from, to) };
        let number = if undone { self.count(to, from)? } else { forth };
        let commits = self.subjects(behind, ahead, most)?;
        let (from, to) = (from.to_string(), to.to_string());
        let packages = packages.to_vec();
        Some(CommitRange { packages, from, to, elsewhere: false, undone, number, commits })
    }

    fn count(&self, behind: &Commit, ahead: &Commit) -> Option<usize> {
        self.ask("rev-list", &["--count", &format!("{behind}..{ahead}")])?.parse().ok()
    }

    fn subjects(&self, behind: &Commit, ahead: &Commit, most: usize) -> Option<Vec<CommitSubject>> {
        let (count, range) = (format!("--max-count={most}"), format!("{behind}..{ahead}"));
        let format = ["--no-show-signature", "--no-color", "--no-decorate", "--format=%H %s"];
        let log = self.ask("log", &[&format[..], &[&count, &range, "--"]].concat())?;
        let subject = |line: &str| {
            let (commit, subject) = line.split_once(' ')?;
            let subject = subject.chars().take(LONGEST).collect();
            Some(CommitSubject { commit: commit.to_owned(), subject })
        };
        Some(log.split('\n').filter_map(subject).collect())
    }

    /// What git says; nothing when it fails, for whatever reason.
    fn ask(&self, command: &str, arguments: &[&str]) -> Option<String> {
        let asked = self.git.command(command).args(arguments).folder(self.folder);
        let said = asked.bytes(&Cancel::new()).ok()?;
        Some(String::from_utf8_lossy(&said).trim_end_matches('\n').to_owned())
    }
}
