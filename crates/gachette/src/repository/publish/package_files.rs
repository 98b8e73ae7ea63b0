//! Whether the package files of a suite are there: looked at before anything shows them to clients.

use std::fs;
use std::io::ErrorKind;

use gachette_core::apt::{Listed, Listing, Suite, files_of};
use gachette_core::debian::Architecture;
use gachette_core::stack::{Content, PackageRecord};

use super::super::Repository;
use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::key;
use super::super::spread::{Worth, gather};
use super::part::Part;
use super::unpublishable;

impl Repository {
    /// Refuses a suite that would show this content when a package file of it is lost, or not as long as it was. What is kept
    /// of indices says which files there are, so that few records are read.
    ///
    /// # Errors
    /// When one is, or a record is lost.
    pub(crate) fn check_package_files(
        &self,
        content: &Content,
        suite: &Suite,
    ) -> Result<(), RepositoryError> {
        refuse_without_files(content, suite)?;
        let mut architectures = Listing::architectures(content, &[]);
        if architectures.len() > 1 {
            // What is for all of them is in the index of each.
            architectures.remove(&Architecture::all());
        }
        for architecture in architectures {
            gather(Worth::Files, &Listing::of(content, &architecture).parts(), |part| {
                let kept = self.store.read(&key::index_part(&part.key()))?;
                match kept.and_then(|bytes| Part::parse(&bytes)) {
                    Some(kept) => self.check_files_of(&kept, suite),
                    None => part.packages().iter().try_for_each(|listed| {
                        let record = self.listed_record(listed, suite)?;
                        self.check_file(&record.file, record.size, suite)
                    }),
                }
            })?;
        }
        Ok(())
    }

    /// The same for the parts of an index that would be shown.
    pub(super) fn check_files_of_parts(&self, parts: &[Part], suite: &Suite) -> Result<(), RepositoryError> {
        gather(Worth::Files, parts, |part| self.check_files_of(part, suite)).map(drop)
    }

    fn check_files_of(&self, part: &Part, suite: &Suite) -> Result<(), RepositoryError> {
        let text = String::from_utf8_lossy(&part.plain);
        files_of(&text).try_for_each(|(file, size)| self.check_file(file, size, suite))
    }

    fn check_file(&self, file: &str, size: u64, suite: &Suite) -> Result<(), RepositoryError> {
        let path = self.debs.join(file);
        let found = match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            found => Some(found.map_err(at(&path))?).filter(fs::Metadata::is_file),
        };
        let found = found.map(|found| found.len());
        if found == Some(size) {
            return Ok(());
        }
        Err(RepositoryError::LostFile { suite: suite.clone(), path, size, found })
    }

    /// The record that a stack means.
    pub(super) fn listed_record(
        &self,
        listed: &Listed<'_>,
        suite: &Suite,
    ) -> Result<PackageRecord, RepositoryError> {
        let Listed { name, version, architecture, file } = listed;
        let record = self.record(name, version, architecture)?;
        record.filter(|record| record.sha256 == *file).ok_or_else(|| {
            let named = format!("{name} {version} ({architecture})");
            unpublishable(suite, format!("the package record of {named} is lost, or of another file"))
        })
    }
}

/// Refuses a suite of packages that are names only, as a tree of the original tool may have them.
pub(super) fn refuse_without_files(content: &Content, suite: &Suite) -> Result<(), RepositoryError> {
    match content.iter().find(|package| package.files.is_empty()) {
        Some(package) => Err(unpublishable(suite, format!("package `{}` has no file", package.name))),
        None => Ok(()),
    }
}
