//! Packages: what is known, and which stacks have it.

use std::collections::BTreeMap;

use axum::extract::State;
use gachette::operation::OperationError;
use gachette::repository::{Repository, Span};
use gachette_core::Sha256Digest;
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{PackageRecord, StackName};
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Json, Path, Query};
use super::{Answer, Api, blocking};
use crate::wire::{PackageDetail, PackagePlaces, PackageSummary, PackageVersion};

/// Which version is looked for, and how far back.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Sought {
    version: Option<Version>,
    all: Option<bool>,
}

pub(super) async fn list(State(api): State<Api>) -> Answer<Vec<PackageSummary>> {
    blocking(move || {
        let repository = api.config.repository()?;
        let summarise = |name: PackageName| {
            let versions = repository.package_versions(&name)?;
            Ok(PackageSummary { name, versions: versions.len(), newest: versions.into_iter().next_back() })
        };
        repository.package_names()?.into_iter().map(summarise).collect()
    })
    .await
    .map(Json)
}

pub(super) async fn show(State(api): State<Api>, Path(name): Path<PackageName>) -> Answer<PackageDetail> {
    blocking(move || detail(&api.config.repository()?, name)).await.map(Json)
}

/// Where a package is, in one version or any.
pub(super) async fn places(
    State(api): State<Api>,
    Path(name): Path<PackageName>,
    Query(sought): Query<Sought>,
) -> Answer<PackagePlaces> {
    let span = if sought.all == Some(true) { Span::Ever } else { Span::Now };
    blocking(move || find(&api.config.repository()?, name, sought.version, span)).await.map(Json)
}

fn find(
    repository: &Repository,
    name: PackageName,
    version: Option<Version>,
    span: Span,
) -> Result<PackagePlaces, OperationError> {
    let stacks = repository.stacks_with(&name, version.as_ref(), span)?;
    let channels = repository.channels_with(&name, version.as_ref(), span)?;
    if stacks.found.is_empty() && channels.found.is_empty() {
        let known = repository.package_versions(&name)?;
        match &version {
            // What a stack cannot be read for may be there all the same, without a record.
            _ if !stacks.damaged.is_empty() || !channels.damaged.is_empty() => {}
            _ if known.is_empty() => return Err(OperationError::NoPackage { name }),
            Some(version) if !known.contains(version) => {
                return Err(OperationError::NoVersion { name, version: version.clone() });
            }
            _ => {}
        }
    }
    let damaged = stacks.damaged.into_iter().chain(channels.damaged).collect();
    Ok(PackagePlaces { name, version, stacks: stacks.found, channels: channels.found, damaged })
}

/// The registered packages that were built from some inputs, whose files are there.
pub(super) async fn built_from(
    State(api): State<Api>,
    Path(inputs): Path<Sha256Digest>,
) -> Answer<Vec<PackageRecord>> {
    blocking(move || {
        let repository = api.config.repository()?.keeping()?;
        let mut records = repository.built_from(&inputs)?;
        // Who asks is about to name them.
        records.retain(|record| repository.has_whole_file(record) && repository.renew(&record.file));
        Ok(records)
    })
    .await
    .map(Json)
}

fn detail(repository: &Repository, name: PackageName) -> Result<PackageDetail, OperationError> {
    let mut stacks: BTreeMap<String, Vec<StackName>> = BTreeMap::new();
    let with = repository.stacks_with(&name, None, Span::Now)?;
    for found in with.found {
        stacks.entry(found.version.to_string()).or_default().push(found.stack);
    }
    let mut versions = Vec::new();
    for version in repository.package_versions(&name)?.into_iter().rev() {
        let files = repository.records(&name, &version)?;
        let stacks = stacks.remove(version.as_str()).unwrap_or_default();
        versions.push(PackageVersion { version, files, stacks });
    }
    if versions.is_empty() {
        return Err(OperationError::NoPackage { name });
    }
    Ok(PackageDetail { name, versions, damaged: with.damaged })
}
