//! Sealing a stack, once it is known that it can be installed.

use gachette_core::stack::{By, StackName};

use super::OperationError;
use super::check::{CheckRequest, check_stack};
use super::gate::{Gate, StackVerdict};
use crate::Cancel;
use crate::config::Config;
use crate::repository::{Committed, Repository};

/// Seals a stack, if its packages can be installed together on the base it is meant for, or else for the reason `force`, which
/// stands in the revision then. Of a stack that is sealed already there is no verdict.
///
/// # Errors
/// When there is no such stack, or it cannot be installed, or that cannot be found out, and nothing is forced.
pub fn seal_stack(
    config: &Config,
    repository: &Repository,
    stack: &StackName,
    force: Option<&str>,
    by: &By,
    cancel: &Cancel,
) -> Result<(Committed, Option<StackVerdict>), OperationError> {
    let gate = Gate::new(force, by)?;
    let newest = repository.show_stack(&stack.clone().into())?;
    if newest.revision.sealed {
        return Ok((repository.seal_stack(stack, by)?, None));
    }
    if config.base_of(stack.domain()).is_none() {
        return Ok((repository.seal_stack(stack, by)?, Some(StackVerdict::Nothing {})));
    }
    let question = CheckRequest::of(stack.at(newest.revision.number));
    let (by, verdict) = gate.pass(check_stack(config, &question, by, cancel))?;
    // What was looked at is what is sealed.
    let committed = repository.clone().expecting_exactly(newest.hash).seal_stack(stack, &by)?;
    Ok((committed, Some(verdict)))
}
