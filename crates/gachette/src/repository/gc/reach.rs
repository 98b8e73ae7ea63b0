//! Coming back to what a stack held before it was deleted: possible until it was collected.

use gachette_core::stack::{Entry, StackRef};

use super::super::error::RepositoryError;
use super::super::ledger::lost;
use super::super::spread::{Worth, gather};
use super::super::{Repository, key};

impl Repository {
    /// The revision that is meant, when nobody edited it and nothing of it was collected. To be asked for while [keeping](Repository::keeping).
    pub(crate) fn resolve_whole(&self, reference: &StackRef) -> Result<Entry, RepositoryError> {
        let entry = self.resolve(reference)?;
        self.check_source(&entry)?;
        // Of a stack that exists nothing is collected; but one may have been deleted, and made again.
        if reference.revision.is_none() {
            return Ok(entry);
        }
        let packages: Vec<_> = entry.revision.packages.iter().collect();
        let are_there = gather(Worth::Lines, &packages, |package| {
            for architecture in package.files.keys() {
                if !self.store.exists(&key::record(&package.name, &package.version, architecture))? {
                    return Ok(false);
                }
            }
            Ok::<_, RepositoryError>(true)
        })?;
        let mut gone = packages.iter().zip(are_there).filter(|(_, there)| !there).map(|(package, _)| package);
        let Some(first) = gone.next() else { return Ok(entry) };
        let (package, missing) = (format!("{} {}", first.name, first.version), gone.count() + 1);
        // What is lost otherwise is for `fsck` to tell.
        if self.was_deleted_after(&entry)? {
            let stack = entry.revision.stack.at(entry.revision.number);
            return Err(RepositoryError::Collected { stack, missing, package });
        }
        Ok(entry)
    }

    fn was_deleted_after(&self, entry: &Entry) -> Result<bool, RepositoryError> {
        let (stack, number) = (&entry.revision.stack, entry.revision.number);
        for later in number + 1..=self.newest_number(stack, number)? {
            let entry = self.read_revision(stack, later)?.ok_or_else(|| lost(stack, later))?;
            if entry.revision.deleted {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
