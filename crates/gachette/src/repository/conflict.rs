//! Two files for one package: who made them of what, and so why they have met.

use std::fmt;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::{PackageRecord, Provenance};

use super::error::RepositoryError;

/// Two files for one name, version and architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The package.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// The architecture.
    pub architecture: Architecture,
    /// The SHA-256 of the registered file.
    pub known: Sha256Digest,
    /// Where the registered file came from.
    pub known_from: Provenance,
    /// The SHA-256 of the refused file.
    pub found: Sha256Digest,
    /// Where the refused file came from, as far as it is known.
    pub found_from: Provenance,
}

/// The refusal of a file that is not the registered one.
pub(crate) fn conflict(
    known: PackageRecord,
    found: Sha256Digest,
    found_from: &Provenance,
) -> RepositoryError {
    RepositoryError::Conflict(Box::new(Conflict {
        name: known.name,
        version: known.version,
        architecture: known.architecture,
        known: known.sha256,
        known_from: known.provenance,
        found,
        found_from: found_from.clone(),
    }))
}

impl RepositoryError {
    /// The same, of a file that was made of this.
    pub(crate) fn of_file_from(mut self, provenance: &Provenance) -> Self {
        if let Self::Conflict(conflict) = &mut self
            && conflict.found_from.is_empty()
        {
            conflict.found_from = provenance.clone();
        }
        self
    }
}

impl Conflict {
    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match (&self.known_from.commit, &self.found_from.commit) {
            (Some(known), Some(found)) if known != found => {
                "two commits have got one version: build by another ref or tag, or choose another `version_scheme` for \
                 the project"
            }
            (Some(_), Some(_)) if self.known_from.inputs != self.found_from.inputs => {
                "the commit is the same, but not what it was built with, such as recipe, compression or builder: a new \
                 commit has a new version"
            }
            _ => "a version never changes its bytes: build it under another version",
        }
    }
}

impl std::error::Error for Conflict {}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, architecture, known, found, .. } = self;
        write!(
            f,
            "another file is registered as `{name}` {version} {architecture}: its SHA-256 is {known}, not {found}"
        )?;
        match (made_of(&self.known_from), made_of(&self.found_from)) {
            (Some(known), Some(found)) => write!(f, "; it is of {known}, and this one of {found}"),
            (Some(known), None) => write!(f, "; it is of {known}"),
            (None, _) => Ok(()),
        }
    }
}

/// The commit that a file was built from, with the ref that was asked for.
fn made_of(provenance: &Provenance) -> Option<String> {
    let commit = provenance.commit.as_ref()?;
    let asked = provenance.reference.as_ref().filter(|reference| *reference != commit);
    Some(match asked {
        Some(reference) => format!("commit {commit} ({})", reference.escape_debug()),
        None => format!("commit {commit}"),
    })
}
