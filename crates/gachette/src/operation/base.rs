//! Bases: the distributions that stacks are meant for, taken anew, and as they were taken.

use gachette_core::Sha256Digest;
use gachette_core::base::{BaseEntry, BaseName};
use gachette_core::stack::By;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OperationError;
use super::check::configured;
use crate::Cancel;
use crate::base;
use crate::config::{Base, Config};
use crate::repository::{BaseCommitted, Repository, RepositoryError};

/// A base, as it is known here.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BaseState {
    /// Its name.
    pub name: BaseName,
    /// Whether it is configured.
    pub configured: bool,
    /// How it was taken last; nothing when it never was.
    pub newest: Option<BaseEntry>,
}

/// A base after it was taken.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BaseUpdated {
    /// Its newest entry.
    pub entry: BaseEntry,
    /// The SHA-256 of that entry.
    pub hash: Sha256Digest,
    /// Whether it is new; otherwise the base is as it was.
    pub changed: bool,
    /// What the base is to have and its sources do not, such as a component that is misspelt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// The bases that are configured or were taken once, by name.
///
/// # Errors
/// When the repository cannot be read.
pub fn bases(config: &Config) -> Result<Vec<BaseState>, OperationError> {
    let kept = match config.repository() {
        Ok(repository) => repository.bases()?,
        // The first base that is taken makes it.
        Err(OperationError::Repository(RepositoryError::NotThere { .. })) => Vec::new(),
        Err(error) => return Err(error),
    };
    let state = |name: &BaseName| BaseState {
        name: name.clone(),
        configured: config.bases.contains_key(name),
        newest: kept.iter().find(|entry| entry.base == *name).cloned(),
    };
    let mut names: Vec<&BaseName> = config.bases.keys().chain(kept.iter().map(|entry| &entry.base)).collect();
    names.sort();
    names.dedup();
    Ok(names.into_iter().map(state).collect())
}

/// Takes a base as it is now: reads its files, or has apt fetch and verify its lists.
///
/// # Errors
/// When it is not configured, not as the repository [expects](Repository::expecting), or cannot be taken or kept.
pub fn update_base(
    config: &Config,
    repository: &Repository,
    name: &BaseName,
    by: &By,
    cancel: &Cancel,
) -> Result<BaseUpdated, OperationError> {
    take(repository, name, configured(config, name)?, by, cancel)
}

/// The newest entry of a base, which is taken anew when its files are not those it was taken from.
pub(super) fn current_base(
    repository: &Repository,
    name: &BaseName,
    settings: &Base,
    by: &By,
    cancel: &Cancel,
) -> Result<BaseEntry, OperationError> {
    let newest = repository.base(&name.clone().into());
    match newest {
        Ok(entry) if base::is_current(settings, &entry.lists) => Ok(entry),
        // What apt fetches is fetched when somebody asks for it, and not when somebody looks.
        Err(error) if settings.sources.is_some() => Err(error.into()),
        _ => Ok(take(repository, name, settings, by, cancel)?.entry),
    }
}

fn take(
    repository: &Repository,
    name: &BaseName,
    settings: &Base,
    by: &By,
    cancel: &Cancel,
) -> Result<BaseUpdated, OperationError> {
    let base::Taken { lists, missing } = base::take(name, settings, cancel)?;
    let BaseCommitted { entry, hash, changed } = repository.keep_base(name, &lists, by)?;
    Ok(BaseUpdated { entry, hash, changed, missing })
}
