//! Packages: what is known, and which stacks have it.

use std::collections::BTreeMap;

use axum::extract::State;
use gachette::operation::OperationError;
use gachette::repository::Repository;
use gachette_core::Sha256Digest;
use gachette_core::debian::PackageName;
use gachette_core::stack::{PackageRecord, StackName};

use super::extract::{Json, Path};
use super::{Answer, Api, blocking};
use crate::wire::{PackageDetail, PackageSummary, PackageVersion};

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

/// The registered packages that were built from some inputs, whose files are there.
pub(super) async fn built_from(
    State(api): State<Api>,
    Path(inputs): Path<Sha256Digest>,
) -> Answer<Vec<PackageRecord>> {
    blocking(move || {
        let repository = api.config.repository()?;
        let mut records = repository.built_from(&inputs)?;
        records.retain(|record| repository.has_whole_file(record));
        Ok(records)
    })
    .await
    .map(Json)
}

fn detail(repository: &Repository, name: PackageName) -> Result<PackageDetail, OperationError> {
    let mut stacks: BTreeMap<String, Vec<StackName>> = BTreeMap::new();
    let with = repository.stacks_with(&name, None)?;
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
