//! What a stack holds: exact packages, at most one version of each name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::Sha256Digest;
use crate::debian::{PackageName, Version};

use super::stacked_files::StackedFiles;

/// One package of a stack: a version, and its file for each architecture.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackedPackage {
    /// The package's name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The SHA-256 of its file, by architecture. Empty only in a stack taken over from a tree of the original tool
    /// whose file was not there to be hashed.
    pub files: StackedFiles,
}

/// All packages of a stack, by name.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<StackedPackage>")]
#[schemars(with = "Vec<StackedPackage>")]
pub struct Content(BTreeMap<PackageName, StackedPackage>);

/// A list of packages that is no stack's content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("package `{0}` is listed twice")]
pub struct ContentError(PackageName);

impl Content {
    /// How many packages there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The package of this name.
    pub fn get(&self, name: &PackageName) -> Option<&StackedPackage> {
        self.0.get(name)
    }

    /// All packages, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &StackedPackage> {
        self.0.values()
    }

    /// Puts a package in. Another version of it makes way; the same version keeps its files for other architectures.
    pub fn put(&mut self, package: StackedPackage) {
        match self.0.get_mut(&package.name) {
            // By spelling, since `1.0` and `1.00` are two folders and two files although dpkg calls them equal.
            Some(known) if known.version.as_str() == package.version.as_str() => {
                known.files.extend(package.files);
            }
            _ => {
                self.0.insert(package.name.clone(), package);
            }
        }
    }

    /// Takes the package of this name out.
    pub fn take(&mut self, name: &PackageName) -> Option<StackedPackage> {
        self.0.remove(name)
    }

    /// The SHA-256 of the content, whatever the JSON around it looks like: of one line `NAME VERSION ARCH SHA256` for
    /// each file, in order of name, then architecture (a package without files: `NAME VERSION`).
    pub fn hash(&self) -> Sha256Digest {
        Sha256Digest::of(self.lines().as_bytes())
    }

    fn lines(&self) -> String {
        let mut lines = String::with_capacity(self.len() * 128);
        for package in self.iter() {
            for (architecture, file) in package.files.iter() {
                // Writing to a String cannot fail.
                let _ = writeln!(lines, "{} {} {architecture} {file}", package.name, package.version);
            }
            if package.files.is_empty() {
                let _ = writeln!(lines, "{} {}", package.name, package.version);
            }
        }
        lines
    }
}

impl FromIterator<StackedPackage> for Content {
    fn from_iter<I: IntoIterator<Item = StackedPackage>>(packages: I) -> Self {
        let mut content = Self::default();
        packages.into_iter().for_each(|package| content.put(package));
        content
    }
}

impl TryFrom<Vec<StackedPackage>> for Content {
    type Error = ContentError;

    fn try_from(packages: Vec<StackedPackage>) -> Result<Self, ContentError> {
        let is_in_order = packages.is_sorted_by(|one, next| one.name < next.name);
        if !is_in_order {
            let mut names = BTreeSet::new();
            if let Some(twice) = packages.iter().find(|package| !names.insert(&package.name)) {
                return Err(ContentError(twice.name.clone()));
            }
        }
        Ok(Self(packages.into_iter().map(|package| (package.name.clone(), package)).collect()))
    }
}

impl From<Content> for Vec<StackedPackage> {
    fn from(content: Content) -> Self {
        content.0.into_values().collect()
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
