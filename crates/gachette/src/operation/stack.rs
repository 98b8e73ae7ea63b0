//! What is checked of a stack before long work is done for it.

use gachette_core::stack::{Refusal, StackName};

use crate::repository::{Repository, RepositoryError};

/// Whether the stack exists and may change: better to hear it before a build than after.
///
/// # Errors
/// When it does not exist or is sealed.
pub fn check_writable(repository: &Repository, stack: &StackName) -> Result<(), RepositoryError> {
    let entry = repository.show_stack(&stack.clone().into())?;
    if entry.revision.sealed {
        return Err(RepositoryError::Refused(Refusal::Sealed { stack: stack.clone() }));
    }
    Ok(())
}
