//! What goes into a stack's bill of materials.

use gachette_core::sbom::{Part, PythonDistribution};
use gachette_core::stack::{Entry, PackageRecord};

use super::OperationError;
use crate::repository::{Repository, Worth, gather};

/// The packages of a revision, each with what it was built to hold. Of those that others built nothing is known but what their
/// records say: their files are not looked into.
///
/// # Errors
/// When a record, or the file of a package that was built here, is lost or cannot be read.
pub fn sbom_parts(repository: &Repository, entry: &Entry) -> Result<Vec<Part>, OperationError> {
    let records = repository.records_in(entry)?;
    let python = gather(Worth::Files, &records, |record: &PackageRecord| {
        if record.provenance.recipe.is_none() {
            return Ok(Default::default());
        }
        Ok::<_, OperationError>(PythonDistribution::among(repository.files_of(record)?.paths()))
    })?;
    Ok(records.into_iter().zip(python).map(|(record, python)| Part { record, python }).collect())
}
