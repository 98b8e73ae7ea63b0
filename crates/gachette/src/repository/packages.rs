//! Finding packages: by name, by version, by what they were built from.

use std::collections::HashSet;
use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::apt::Listed;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::{Content, PackageRecord, StackedPackage};

use super::disk::hash;
use super::error::RepositoryError;
use super::register::parse_record;
use super::spread::{Worth, gather};
use super::{Repository, key};

/// How many names of a folder can be read in the time of a look for one.
const NAMES_FOR_A_LOOK: usize = 4;

impl Repository {
    /// The names of all registered packages.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn package_names(&self) -> Result<Vec<PackageName>, RepositoryError> {
        let folders = self.store.children(key::PACKAGES)?.folders;
        Ok(folders.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// The versions of a package, oldest first in Debian's order; none when it is unknown.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn package_versions(&self, name: &PackageName) -> Result<Vec<Version>, RepositoryError> {
        let folders = self.store.children(&key::versions(name))?.folders;
        let mut versions: Vec<Version> = folders.iter().filter_map(|version| version.parse().ok()).collect();
        versions.sort();
        Ok(versions)
    }

    /// The records of one version, by architecture; none when it is unknown.
    ///
    /// # Errors
    /// When the repository cannot be read, or a record is damaged.
    pub fn records(
        &self,
        name: &PackageName,
        version: &Version,
    ) -> Result<Vec<PackageRecord>, RepositoryError> {
        let files = self.store.children(&key::version(name, version))?.files;
        let architectures = files.iter().filter_map(|file| file.strip_suffix(".json")?.parse().ok());
        let records = architectures.filter_map(|arch| self.record(name, version, &arch).transpose());
        records.collect()
    }

    /// The records of all files of a stack, in its order. Where keys sign, they say of the packages what the package files do.
    ///
    /// # Errors
    /// When the repository cannot be read, a package has no record, or one was edited.
    pub fn stacked_records(&self, content: &Content) -> Result<Vec<PackageRecord>, RepositoryError> {
        let vouched = self.marks.are_asked_for().then(|| self.vouched());
        let packages: Vec<&StackedPackage> = content.iter().collect();
        let records = gather(Worth::Lines, &packages, |StackedPackage { name, version, files }| {
            let missing = || RepositoryError::MissingPackage { name: name.clone(), version: version.clone() };
            let of = |(architecture, file): (_, &Sha256Digest)| {
                let found = match &vouched {
                    Some(vouched) => {
                        let listed = Listed { name, version, architecture, file: *file };
                        self.find_true_record(&listed, vouched)?
                    }
                    None => self.record(name, version, architecture)?.filter(|it| it.sha256 == *file),
                };
                found.ok_or_else(missing)
            };
            let records = files.iter().map(of).collect::<Result<Vec<_>, _>>()?;
            if records.is_empty() { Err(missing()) } else { Ok(records) }
        })?;
        if let Some(vouched) = vouched {
            vouched.keep();
        }
        Ok(records.into_iter().flatten().collect())
    }

    /// The record of one package file, when it is registered.
    ///
    /// # Errors
    /// When the repository cannot be read, or the record is damaged.
    pub fn record(
        &self,
        name: &PackageName,
        version: &Version,
        architecture: &Architecture,
    ) -> Result<Option<PackageRecord>, RepositoryError> {
        let key = key::record(name, version, architecture);
        self.store.read(&key)?.map(|bytes| parse_record(key, &bytes)).transpose()
    }

    /// Whether a record's file is there in its full size; `fsck` compares the content.
    pub fn has_whole_file(&self, record: &PackageRecord) -> bool {
        self.has_file_of_size(&record.file, record.size)
    }

    /// Whether there is a package file of this name and size.
    pub(crate) fn has_file_of_size(&self, file: &str, size: u64) -> bool {
        let metadata = self.package_path(file).map(|path| path.metadata());
        metadata.is_ok_and(|found| found.is_ok_and(|found| found.is_file() && found.len() == size))
    }

    /// The names of all packages that may have a record, if that spares so many looks for one that it is worth it.
    pub(crate) fn registered_names(&self, looks: usize) -> Option<HashSet<String>> {
        names_in(&self.store.root()?.join(key::PACKAGES), looks, |_| true)
    }

    /// The names of all package files, likewise.
    pub(crate) fn package_file_names(&self, looks: usize) -> Option<HashSet<String>> {
        // A link may lead nowhere.
        names_in(&self.debs, looks, |kind| kind.is_file())
    }

    /// Whether a record's file has the bytes that were registered, all of which are read.
    pub fn has_same_bytes(&self, record: &PackageRecord) -> bool {
        let opened = self.package_path(&record.file).map(|path| trebuchet::open_regular(&path));
        let read = opened.ok().and_then(|file| hash(&file.ok()?).ok());
        read.is_some_and(|(sha256, _)| sha256 == record.sha256)
    }

    /// The records of all that was built from these inputs.
    ///
    /// # Errors
    /// When the repository cannot be read, or a record is damaged.
    pub fn built_from(&self, inputs: &Sha256Digest) -> Result<Vec<PackageRecord>, RepositoryError> {
        let (folder, entries) = (inputs.to_string(), self.store.children(&key::inputs(inputs))?.files);
        entries.iter().filter_map(|entry| self.record_by_input(&folder, entry).transpose()).collect()
    }

    /// The record that an entry below some inputs stands for, if it says so too.
    pub(crate) fn record_by_input(
        &self,
        inputs: &str,
        entry: &str,
    ) -> Result<Option<PackageRecord>, RepositoryError> {
        let Some((name, version, arch)) = parse_input(entry) else { return Ok(None) };
        let says_so = |record: &PackageRecord| {
            record.provenance.inputs.is_some_and(|known| known.to_string() == inputs)
        };
        Ok(self.record(&name, &version, &arch)?.filter(says_so))
    }

    /// Whether there is a record of the package that an entry below some inputs names; an entry that names none counts as
    /// having one.
    pub(crate) fn has_record_of(&self, entry: &str) -> Result<bool, RepositoryError> {
        let Some((name, version, arch)) = parse_input(entry) else { return Ok(true) };
        self.store.exists(&key::record(&name, &version, &arch))
    }
}

/// The names of what lies in a folder and is of a kind that is wanted. None when it cannot be read, or holds so much that as many
/// looks take less.
fn names_in(folder: &Path, looks: usize, wanted: impl Fn(FileType) -> bool) -> Option<HashSet<String>> {
    let mut names = HashSet::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Some(names),
        entries => entries.ok()?,
    };
    for (number, entry) in entries.enumerate() {
        let entry = entry.ok().filter(|_| number < looks.saturating_mul(NAMES_FOR_A_LOOK))?;
        if wanted(entry.file_type().ok()?) {
            names.extend(entry.file_name().into_string());
        }
    }
    Some(names)
}

/// The package that an entry below some inputs names.
fn parse_input(entry: &str) -> Option<(PackageName, Version, Architecture)> {
    let mut parts = entry.splitn(3, '_');
    let (name, version, arch) = (parts.next()?, parts.next()?, parts.next()?);
    Some((name.parse().ok()?, version.parse().ok()?, arch.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_when_that_spares_enough_looks() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("packages");
        assert_eq!(names_in(&place, 1, |_| true), Some(HashSet::new()), "there is none yet");
        fs::create_dir(&place).unwrap();
        for name in ["a", "b", "c"] {
            fs::create_dir(place.join(name)).unwrap();
        }
        fs::write(place.join("file"), "").unwrap();
        let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
        assert_eq!(names_in(&place, 1, |_| true), names(&["a", "b", "c", "file"]));
        assert_eq!(names_in(&place, 1, |kind| kind.is_file()), names(&["file"]));
        assert_eq!(names_in(&place, 0, |_| true), None);
        fs::write(place.join("one more"), "").unwrap();
        assert_eq!(names_in(&place, 1, |_| true), None);
        assert_eq!(names_in(&place.join("file"), 9, |_| true), None);
    }
}
