//! What goes into a stack's bill of materials.

use std::collections::BTreeMap;

use gachette_core::sbom::{Licences, Part, PythonDistribution};
use gachette_core::stack::{Entry, PackageRecord};

use super::OperationError;
use crate::repository::{Repository, Worth, gather};

/// The most that is read of a file that says licences, in bytes.
const LONGEST: u64 = 4 << 20;

/// The packages of a revision, each with what it was built to hold. Of those that others built nothing is known but what their
/// records say: their files are not looked into.
///
/// # Errors
/// When a record, or the file of a package that was built here, is lost or cannot be read.
pub fn sbom_parts(repository: &Repository, entry: &Entry) -> Result<Vec<Part>, OperationError> {
    let records = repository.records_in(entry)?;
    let held = gather(Worth::Files, &records, |record| held_by(repository, record))?;
    let parts = records.into_iter().zip(held);
    Ok(parts.map(|(record, (licences, python))| Part { record, licences, python }).collect())
}

/// The licences of a package, and the Python distributions in it. Only one that has files which say so is unpacked.
fn held_by(
    repository: &Repository,
    record: &PackageRecord,
) -> Result<(Licences, BTreeMap<PythonDistribution, Licences>), OperationError> {
    let (mut licences, mut python) = (Licences::default(), BTreeMap::new());
    if record.provenance.recipe.is_none() {
        return Ok((licences, python));
    }
    let copyright = format!("usr/share/doc/{}/copyright", record.name).into_bytes();
    let wanted = |path: &[u8]| path == copyright || PythonDistribution::of(path).is_some();
    if !repository.files_of(record)?.paths().any(wanted) {
        return Ok((licences, python));
    }
    for text in repository.texts_in(record, LONGEST, wanted)? {
        let bytes = text.bytes.unwrap_or_default();
        match PythonDistribution::of(text.path.as_bytes()) {
            Some(distribution) => drop(python.insert(distribution, Licences::of_python(&bytes))),
            None => licences = Licences::of_copyright(&bytes),
        }
    }
    Ok((licences, python))
}
