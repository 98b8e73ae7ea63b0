//! `quick`: from a ref to packages in a stack, in one go; and `make`, the same without the stack.
//!
//! The stack gets all packages of the build in one revision, or none. Packages that are registered already, built from
//! the same inputs, are recognised and not built again.

use gachette_core::Sha256Digest;
use gachette_core::stack::{By, PackageRecord, StackName};

use super::source::{Source, SourceRequest};
use super::{Context, OperationError, Outcome, StackedIn};
use crate::event::Event;

/// What to build, and where to put it.
#[derive(Debug, Clone)]
pub struct QuickRequest {
    /// The stack, which must exist.
    pub stack: StackName,
    /// What to build.
    pub source: SourceRequest,
    /// Who does it, and why.
    pub by: By,
}

/// Prepares, builds what is not there yet, and adds all packages to the stack.
///
/// # Errors
/// When a setting is missing, the stack does not exist or is sealed, git or the build fails, or a package is known with
/// other bytes. The stack is then as it was.
pub fn quick(context: &mut Context<'_>, request: &QuickRequest) -> Result<Outcome, OperationError> {
    let repository = context.config.repository()?;
    repository.check_open(&request.stack)?;
    let mut source = Source::bring(context, context.config, &request.source)?;
    let taken = source.take(context, &repository)?;
    if context.cancel.is_cancelled() {
        return Err(OperationError::Cancelled);
    }
    let committed = taken.repository.add_to_stack(&request.stack, &taken.records, &request.by)?;
    let (stack, revision, changed) =
        (request.stack.to_string(), committed.entry.revision.number, committed.changed);
    context.tell(Event::Stacked { stack: stack.clone(), revision, changed });
    Ok(Outcome {
        working_copy: Some(source.working_copy()),
        packages: taken.packages,
        stack: Some(StackedIn { stack, revision, changed }),
        ..Outcome::default()
    })
}

/// What [`make`] does when not all packages are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It builds them.
    Build,
    /// It says what would be built: the repository may have it from another builder.
    Plan,
}

/// Prepares, and builds what is not there yet, for a repository on another machine: the packages wait in the workshop's
/// repository ([`Config::workshop`](crate::config::Config::workshop)), and the outcome says where they come from.
///
/// # Errors
/// As [`quick`], but for the stack.
pub fn make(
    context: &mut Context<'_>,
    request: &SourceRequest,
    missing: Missing,
) -> Result<Outcome, OperationError> {
    crate::cache::sweep_daily();
    let workshop = context.config.workshop()?;
    let repository = workshop.made_repository()?;
    let mut source = Source::bring(context, &workshop, request)?;
    let mut outcome = Outcome {
        working_copy: Some(source.working_copy()),
        provenance: Some(Box::new(source.provenance())),
        ..Outcome::default()
    };
    if missing == Missing::Plan && !source.is_there(&repository)? {
        outcome.planned = source.plan()?;
    } else {
        let taken = source.take(context, &repository)?;
        if let Some(provenance) = &mut outcome.provenance {
            provenance.buildinfo = buildinfo_of_all(&taken.records);
        }
        outcome.packages = taken.packages;
    }
    Ok(outcome)
}

/// What says how all of these were built, if they were in one build.
fn buildinfo_of_all(records: &[PackageRecord]) -> Option<Sha256Digest> {
    let mut named = records.iter().map(|record| record.provenance.buildinfo);
    let first = named.next()??;
    named.all(|other| other == Some(first)).then_some(first)
}
