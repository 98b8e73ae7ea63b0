//! Sealing a stack, once it is known that it can be installed.

use gachette_core::base::BaseRef;
use gachette_core::stack::{By, StackName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{CheckReport, CheckRequest, check_stack};
use super::{FaultKind, OperationError};
use crate::Cancel;
use crate::config::Config;
use crate::repository::{Committed, Repository};

/// What was known of a stack when it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "known", rename_all = "snake_case")]
pub enum SealCheck {
    /// Nothing: no base is configured for it.
    Nothing {},
    /// It can be installed.
    Installable {
        /// On this base.
        base: BaseRef,
    },
    /// It was sealed without that being known, or although it cannot be installed.
    Forced {
        /// Why it would have been refused.
        refusal: String,
    },
}

/// Seals a stack, if its packages can be installed together on the base it is meant for, or else for the reason `force`, which
/// stands in the revision then.
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
) -> Result<(Committed, Option<SealCheck>), OperationError> {
    if force.is_some_and(|reason| reason.trim().is_empty()) {
        return Err(OperationError::Invalid("a seal that is forced needs a reason".to_owned()));
    }
    let newest = repository.show_stack(&stack.clone().into())?;
    if newest.revision.sealed {
        return Ok((repository.seal_stack(stack, by)?, None));
    }
    if config.base_of(stack.domain()).is_none() {
        return Ok((repository.seal_stack(stack, by)?, Some(SealCheck::Nothing {})));
    }
    let request = CheckRequest::of(stack.at(newest.revision.number));
    let refusal = match check_stack(config, &request, by, cancel) {
        Ok(report) if report.installable => {
            let base = BaseRef { base: report.base.name, number: Some(report.base.number) };
            // What was checked is what is sealed.
            let committed = repository.clone().expecting_exactly(newest.hash).seal_stack(stack, by)?;
            return Ok((committed, Some(SealCheck::Installable { base })));
        }
        Ok(report) => OperationError::NotInstallable(Box::new(report)),
        Err(error) => error,
    };
    match force {
        Some(reason) if refusal.kind() != FaultKind::Cancelled => {
            let title = refusal.to_string().lines().next().unwrap_or_default().to_owned();
            let forced = format!("forced ({title}): {reason}");
            let reason = if by.reason.is_empty() { forced } else { format!("{}; {forced}", by.reason) };
            let by = by.clone().because(reason);
            Ok((repository.seal_stack(stack, &by)?, Some(SealCheck::Forced { refusal: title })))
        }
        _ => Err(refusal),
    }
}

impl CheckReport {
    /// That it cannot be installed, and the reasons, a line each.
    pub(super) fn refusal(&self) -> String {
        let base = format!("{}@{}", self.base.name, self.base.number);
        let mut lines = vec![format!("stack {} cannot be installed on {base}", self.stack)];
        let reasons = self.results.iter().flat_map(|result| &result.reasons);
        lines.extend(
            reasons.flat_map(|reason| reason.to_string().lines().map(str::to_owned).collect::<Vec<_>>()),
        );
        lines.dedup();
        lines.join("\n")
    }
}
