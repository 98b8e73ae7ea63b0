//! The files that clients of the original tool read, kept right by writing only what differs.
//!
//! `derived.json` in a stack's folder says up to which revision they are right, and is written last: when a writer dies
//! before that, the next one begins where the files were last known to be right.

use std::collections::BTreeMap;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{Content, Entry, PackageRecord, StackName, StackedPackage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::aside::{Aside, Joined, Small};
use super::error::RepositoryError;

use super::ledger::lost;
use super::spread::spread;
use super::{Repository, key};

/// Up to how many new packages are shown one by one.
const FEW: usize = 8;

/// The newest format of `derived.json`.
const SHOWN_FORMAT: u32 = 1;

/// The revision that a stack's derived files show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    pub(crate) format: u32,
    pub(crate) revision: u64,
    pub(crate) hash: Sha256Digest,
}

impl Shown {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self { format: SHOWN_FORMAT, revision: entry.revision.number, hash: entry.hash }
    }
}

impl Repository {
    /// Makes the derived files of a stack show its newest revision, which is `newest` or a later one. `before` spares
    /// reading the one before it. The caller has the stack's turn, if there is one to have: a writer that stalls here
    /// with an older state and then dies would leave it to be seen until `fsck`.
    pub(crate) fn derive_stack(&self, before: Option<&Entry>, newest: &Entry) -> Result<(), RepositoryError> {
        let stack = &newest.revision.stack;
        let (mut shown, mut later) = (self.shown(stack)?, None);
        loop {
            let newest = later.as_ref().unwrap_or(newest);
            let mark = Shown::of(newest);
            // Another writer may be ahead of us; what it wrote is not taken back.
            let behind = shown.as_ref().is_none_or(|shown| shown.revision <= mark.revision);
            if behind && shown.as_ref() != Some(&mark) {
                let known = match shown {
                    Some(shown) => self.entry_shown(stack, &shown, before)?,
                    None => None,
                };
                self.show_versions(stack, known, &newest.revision.packages)?;
                self.mark_shown(newest)?;
                shown = Some(mark);
            }
            let number = self.newest_number(stack, newest.revision.number)?;
            if number == newest.revision.number {
                return Ok(());
            }
            later = Some(self.read_revision(stack, number)?.ok_or_else(|| lost(stack, number))?);
        }
    }

    /// Writes that the derived files show this revision.
    pub(crate) fn mark_shown(&self, entry: &Entry) -> Result<(), RepositoryError> {
        let key = key::derived(&entry.revision.stack);
        let text = serde_json::to_string(&Shown::of(entry)).unwrap_or_default() + "\n";
        self.store.replace(&key, text)
    }

    /// What the mark of a stack says; nothing when it cannot be read.
    pub(crate) fn shown(&self, stack: &StackName) -> Result<Option<Shown>, RepositoryError> {
        let bytes = self.store.read(&key::derived(stack))?;
        let shown: Option<Shown> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(shown.filter(|shown| (1..=key::LAST_REVISION).contains(&shown.revision)))
    }

    /// The versions that the derived files show by their mark, if the ledger knows that revision.
    fn entry_shown(
        &self,
        stack: &StackName,
        shown: &Shown,
        known: Option<&Entry>,
    ) -> Result<Option<Versions>, RepositoryError> {
        if let Some(entry) = known.filter(|entry| Shown::of(entry) == *shown) {
            return Ok(Some(versions(&entry.revision.packages)));
        }
        let entry = self.read_revision(stack, shown.revision)?.filter(|entry| Shown::of(entry) == *shown);
        Ok(entry.map(|entry| versions(&entry.revision.packages)))
    }

    /// Writes and deletes what differs between the versions shown and those of `content`. Without knowing what is
    /// shown, all of it is read.
    fn show_versions(
        &self,
        stack: &StackName,
        shown: Option<Versions>,
        content: &Content,
    ) -> Result<(), RepositoryError> {
        let mut old = match shown {
            Some(versions) => versions,
            None => self.read_shown(stack)?,
        };
        if old.is_empty() && !content.is_empty() {
            if self.show_whole(stack, content) {
                return Ok(());
            }
            // There is something that the mark does not tell of: half of it is a killed writer's, or another is faster.
            old = self.read_shown(stack)?;
        }
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for package in content.iter() {
            match old.remove(&package.name) {
                None => new.push(package),
                Some(version) if version != package.version.as_str() => changed.push(package),
                Some(_) => {}
            }
        }
        self.show_new(stack, &new)?;
        self.show_each(stack, &changed)?;
        old.keys().try_for_each(|gone| self.store.delete(&key::stacked_version(stack, gone)))
    }

    /// Shows all versions at once, of a stack that has shown none. What cannot be done so, for whatever reason, is done
    /// one by one.
    fn show_whole(&self, stack: &StackName, content: &Content) -> bool {
        let Some(root) = self.store.root() else { return false };
        let place = root.join(key::stacked_packages(stack));
        // Otherwise all is written in vain; the rename is what decides.
        if place.symlink_metadata().is_ok() {
            return false;
        }
        let files: Vec<Small> = content.iter().map(small).collect();
        Aside::write(&place, &files).and_then(|aside| aside.become_place(&place)).is_ok()
    }

    /// Shows packages that were not shown.
    pub(crate) fn show_new(
        &self,
        stack: &StackName,
        packages: &[&StackedPackage],
    ) -> Result<(), RepositoryError> {
        let root = self.store.root().filter(|_| packages.len() > FEW);
        let Some(place) = root.map(|root| root.join(key::stacked_packages(stack))) else {
            return self.show_each(stack, packages);
        };
        let files: Vec<Small> = packages.iter().map(|package| small(package)).collect();
        let Ok(joined) = Aside::write(&place, &files).and_then(|aside| aside.join(&place)) else {
            return self.show_each(stack, packages);
        };
        // What was there all the same is a killed writer's.
        let taken: Vec<&StackedPackage> = packages
            .iter()
            .filter(|package| joined.get(Path::new(&small_path(package))) == Some(&Joined::Taken))
            .copied()
            .collect();
        self.show_each(stack, &taken)
    }

    fn show_each(&self, stack: &StackName, packages: &[&StackedPackage]) -> Result<(), RepositoryError> {
        spread(packages, |package| self.show_version(stack, &package.name, &package.version))
    }

    /// Shows one package's version.
    pub(crate) fn show_version(
        &self,
        stack: &StackName,
        name: &PackageName,
        version: &Version,
    ) -> Result<(), RepositoryError> {
        self.store.replace(&key::stacked_version(stack, name), format!("{version}\n"))
    }

    /// The versions that are shown, as they are found: a text that is no line of ours counts as empty.
    pub(crate) fn read_shown(&self, stack: &StackName) -> Result<Versions, RepositoryError> {
        let mut versions = Versions::new();
        for folder in self.store.children(&key::stacked_packages(stack))?.folders {
            let Ok(name) = folder.parse::<PackageName>() else { continue };
            let Some(bytes) = self.store.read(&key::stacked_version(stack, &name))? else { continue };
            let line = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n'));
            versions.insert(name, line.unwrap_or_default().to_owned());
        }
        Ok(versions)
    }

    /// Makes the entry of a record by its inputs.
    pub(crate) fn derive_input(&self, record: &PackageRecord) -> Result<(), RepositoryError> {
        let Some(inputs) = &record.provenance.inputs else { return Ok(()) };
        let key = key::input(inputs, &record.name, &record.version, &record.architecture);
        if self.store.exists(&key)? { Ok(()) } else { self.store.replace(&key, Vec::new()) }
    }

    /// Makes the derived files of a record: the name of the version's file, and the entry by its inputs.
    pub(crate) fn derive_record(&self, record: &PackageRecord) -> Result<(), RepositoryError> {
        self.derive_input(record)?;
        let (name, version) = (&record.name, &record.version);
        // The original knew one file a version; of several architectures it is the first. A writer of another
        // architecture may come between, so look again until it is right.
        loop {
            let Some(first) = self.records(name, version)?.into_iter().next() else { return Ok(()) };
            let (key, line) = (key::file(name, version), file_line(&first));
            if self.store.read(&key)?.is_some_and(|bytes| bytes == line.as_bytes()) {
                return Ok(());
            }
            self.store.replace(&key, line)?;
        }
    }

    /// Makes the derived files of a record that was there before, of which most are right: those of a version's first
    /// architecture are known to be by reading a line.
    pub(crate) fn ensure_derived(&self, record: &PackageRecord) -> Result<(), RepositoryError> {
        let line = self.store.read(&key::file(&record.name, &record.version))?;
        if line.is_some_and(|line| line == file_line(record).as_bytes()) {
            self.derive_input(record)
        } else {
            self.derive_record(record)
        }
    }
}

/// What the file of a version says when it is of this record.
pub(crate) fn file_line(record: &PackageRecord) -> String {
    format!("{}\n", record.file)
}

/// The file of a package's version, among those of its stack.
fn small(package: &StackedPackage) -> Small {
    Small { path: small_path(package), bytes: format!("{}\n", package.version).into() }
}

fn small_path(package: &StackedPackage) -> String {
    format!("{}/{}", package.name, key::VERSION)
}

/// The version of each package, as it is spelled.
pub(crate) type Versions = BTreeMap<PackageName, String>;

pub(crate) fn versions(content: &Content) -> Versions {
    content.iter().map(|package| (package.name.clone(), package.version.to_string())).collect()
}
