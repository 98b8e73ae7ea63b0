//! Whether the package files of a suite are there: looked at before anything shows them to clients.

use std::fs::File;
use std::path::Path;

use gachette_core::apt::{Listed, Listing, Suite, files_of};
use gachette_core::debian::Architecture;
use gachette_core::stack::{Content, PackageRecord};
use rustix::fs::{AtFlags, FileType, statat};
use rustix::io::Errno;

use super::super::Repository;
use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::key;
use super::super::spread::{Worth, gather};
use super::part::Part;
use super::unpublishable;

/// The folder of package files, from where each is found by its name alone: paths are what looking at thousands costs.
struct Pool<'a> {
    folder: File,
    path: &'a Path,
    suite: &'a Suite,
}

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
        let pool = self.pool(suite)?;
        let mut architectures = Listing::architectures(content, &[]);
        if architectures.len() > 1 {
            // What is for all of them is in the index of each.
            architectures.remove(&Architecture::all());
        }
        for architecture in architectures {
            gather(Worth::Files, &Listing::of(content, &architecture).parts(), |part| {
                let kept = self.store.read(&key::index_part(&part.key()))?;
                match kept.as_ref().and_then(|bytes| Part::plain_of(bytes)) {
                    Some(plain) => pool.check_index(plain),
                    None => part.packages().iter().try_for_each(|listed| {
                        let record = self.listed_record(listed, suite)?;
                        pool.check(&record.file, record.size)
                    }),
                }
            })?;
        }
        Ok(())
    }

    /// The same for the parts of an index that would be shown.
    pub(super) fn check_files_of_parts(&self, parts: &[Part], suite: &Suite) -> Result<(), RepositoryError> {
        let pool = self.pool(suite)?;
        gather(Worth::Files, parts, |part| pool.check_index(&part.plain)).map(drop)
    }

    fn pool<'a>(&'a self, suite: &'a Suite) -> Result<Pool<'a>, RepositoryError> {
        let folder = File::open(&self.debs).map_err(at(&self.debs))?;
        Ok(Pool { folder, path: &self.debs, suite })
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

impl Pool<'_> {
    /// Refuses an index of which a file is lost, or not as long as it was.
    fn check_index(&self, plain: &[u8]) -> Result<(), RepositoryError> {
        let text = String::from_utf8_lossy(plain);
        files_of(&text).try_for_each(|(file, size)| self.check(file, size))
    }

    fn check(&self, file: &str, size: u64) -> Result<(), RepositoryError> {
        let path = || self.path.join(file);
        let found = match statat(&self.folder, file, AtFlags::empty()) {
            Err(Errno::NOENT) => None,
            Err(error) => return Err(at(&path())(error.into())),
            Ok(found) => Some(found).filter(|found| FileType::from_raw_mode(found.st_mode).is_file()),
        };
        let found = found.and_then(|found| u64::try_from(found.st_size).ok());
        if found == Some(size) {
            return Ok(());
        }
        Err(RepositoryError::LostFile { suite: self.suite.clone(), path: path(), size, found })
    }
}

/// Refuses a suite of packages that are names only, as a tree of the original tool may have them.
pub(super) fn refuse_without_files(content: &Content, suite: &Suite) -> Result<(), RepositoryError> {
    match content.iter().find(|package| package.files.is_empty()) {
        Some(package) => Err(unpublishable(suite, format!("package `{}` has no file", package.name))),
        None => Ok(()),
    }
}
