//! Sealing a stack, once it is known that it can be installed.

use gachette_core::stack::{By, Entry, StackName};

use super::OperationError;
use super::attest::{Statements, check_sealed};
use super::check::{CheckRequest, check_stack};
use super::gate::{Gate, StackVerdict};
use super::publish::{SuiteSignature, open_signers};
use crate::Cancel;
use crate::config::Config;
use crate::repository::{Committed, Repository};
use crate::signing::Holders;

/// A sealed stack.
pub struct Sealed {
    /// Its newest revision.
    pub committed: Committed,
    /// What was known of it when it was sealed; nothing of one that was sealed already.
    pub verdict: Option<StackVerdict>,
    /// Why what is stated of it is not signed yet, although there are keys: publishing it does that then, or fails.
    pub unsigned: Option<String>,
}

/// Seals a stack, if its packages can be installed together on the base it is meant for, or else for the reason `force`, which
/// stands in the revision then.
///
/// # Errors
/// When there is no such stack, or a package file of it is lost; when it cannot be installed, or that cannot be found out, and
/// nothing is forced.
pub fn seal_stack(
    config: &Config,
    repository: &Repository,
    stack: &StackName,
    force: Option<&str>,
    by: &By,
    cancel: &Cancel,
) -> Result<Sealed, OperationError> {
    Gate::check_reason(by)?;
    let gate = Gate::new(force, by)?;
    let newest = repository.stack_head(&stack.clone().into())?;
    if newest.sealed {
        // Without keys that can be used now, statements still say which revision they are about.
        let signers = open_signers(config, SuiteSignature::Signed).ok().flatten();
        repository.check_unedited(&newest)?;
        check_sealed(repository, signers.as_ref(), &newest)?;
    } else {
        repository.check_package_files(&newest, &stack.clone().into())?;
    }
    let (committed, verdict) = if newest.sealed {
        (repository.seal_stack(stack, by)?, None)
    } else if config.base_of(stack.domain()).is_none() {
        (repository.seal_stack(stack, by)?, Some(StackVerdict::Nothing {}))
    } else {
        let question = CheckRequest::of(stack.at(newest.number));
        let (by, verdict) = gate.pass(check_stack(config, &question, by, cancel))?;
        // What was looked at is what is sealed.
        let committed = repository.clone().expecting_exactly(newest.hash).seal_stack(stack, &by)?;
        (committed, Some(verdict))
    };
    let unsigned = sign_statements(config, repository, &committed.entry).err().map(|it| it.to_string());
    Ok(Sealed { committed, verdict, unsigned })
}

/// Signs what is stated of a sealed stack with the keys of our own, if there are any here: its suite and the channels that are
/// moved to it need not wait for that then. What was signed before and is lost or damaged comes back.
fn sign_statements(config: &Config, repository: &Repository, entry: &Entry) -> Result<(), OperationError> {
    if config.signing.keys.is_empty() {
        return Ok(());
    }
    match open_signers(config, SuiteSignature::Signed)? {
        Some(signers) => Statements { repository, signers: &signers, by: Holders::Own }.sign(entry),
        None => Ok(()),
    }
}
