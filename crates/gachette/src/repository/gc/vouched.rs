//! What users remember of package records, once these are gone.

use std::collections::HashSet;

use gachette_core::Sha256Digest;

use super::super::error::RepositoryError;
use super::super::spread::{Worth, gather};
use super::super::vouched::Trimmed;
use super::packages::Known;
use super::{Gc, GcReport};

impl Gc<'_> {
    /// Has users forget the records that are gone, or go by now. A file of another user can only go as a whole: nobody else can mark
    /// what is left of it.
    pub(super) fn collect_vouched(
        &self,
        known: &[Known],
        report: &mut GcReport,
    ) -> Result<(), RepositoryError> {
        let files = self.repository.vouched_files()?;
        if files.is_empty() {
            return Ok(());
        }
        let gone: HashSet<(&str, &str)> =
            report.packages.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
        let mut trimmed =
            self.trimmed(&files, known.iter().filter(|package| !gone.contains(&package.spelled())))?;
        if self.removes() && !trimmed.is_empty() {
            // Who writes a record and remembers it holds the packages meanwhile.
            let _alone = self.alone()?;
            trimmed = self.trimmed(&files, self.known_packages()?.iter())?;
            trimmed.iter().try_for_each(|trimmed| self.repository.trim(trimmed))?;
        }
        trimmed.iter().for_each(|trimmed| report.vouched.add(trimmed.freed));
        Ok(())
    }

    fn trimmed<'k>(
        &self,
        files: &[String],
        known: impl Iterator<Item = &'k Known>,
    ) -> Result<Vec<Trimmed>, RepositoryError> {
        let keys: Vec<String> = known.flat_map(Known::records).collect();
        let digest = |key: &String| {
            let bytes = self.repository.store.read_derived(key)?;
            Ok::<_, RepositoryError>(bytes.map(|bytes| Sha256Digest::of(&bytes)))
        };
        let records: HashSet<Sha256Digest> =
            gather(Worth::Files, &keys, digest)?.into_iter().flatten().collect();
        let trimmed = files.iter().map(|file| self.repository.without_gone(file, &records));
        trimmed.filter_map(Result::transpose).collect()
    }
}
