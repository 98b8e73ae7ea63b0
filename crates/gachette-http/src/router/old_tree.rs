//! What clients of the original tool read: a tree of small texts and package files, answered from the ledger.

use axum::extract::State;
use gachette::operation::OperationError;
use gachette::repository::RepositoryError;
use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::{Domain, Entry, StackName, latest};

use super::extract::Path;
use super::{Api, blocking};
use crate::{Problem, ProblemKind};

/// The version of a package in a stack, and a line end.
pub(super) async fn stacked_version(
    State(api): State<Api>,
    Path((domain, stack, package)): Path<(Domain, String, PackageName)>,
) -> Result<String, Problem> {
    let name = StackName::new(domain, &stack).map_err(Problem::invalid)?;
    let wanted = name.clone();
    let entry = blocking(move || newest(&api, &wanted)).await?;
    match entry.revision.packages.get(&package) {
        Some(stacked) => Ok(format!("{}\n", stacked.version)),
        None => {
            Err(Problem::new(ProblemKind::NotFound, format!("package `{package}` is not in stack {name}")))
        }
    }
}

/// A stack, or the one that `latest` stands for when none has that name.
fn newest(api: &Api, stack: &StackName) -> Result<Entry, OperationError> {
    let repository = api.config.repository()?;
    if !stack.is_alias() || repository.has_stack(stack)? {
        return Ok(repository.show_stack(&stack.clone().into())?);
    }
    match latest(repository.stacks(stack.domain())?.found) {
        Some(entry) => Ok(entry),
        None => Ok(repository.show_stack(&stack.clone().into())?),
    }
}

/// The name of the file of a version, and a line end; of several architectures it is the first.
pub(super) async fn file_name(
    State(api): State<Api>,
    Path((name, version)): Path<(PackageName, Version)>,
) -> Result<String, Problem> {
    blocking(move || {
        let records = api.config.repository()?.records(&name, &version)?;
        let missing = || OperationError::from(RepositoryError::MissingPackage { name, version });
        records.into_iter().next().map(|record| format!("{}\n", record.file)).ok_or_else(missing)
    })
    .await
}
