//! Checking package records and the files they name, and what is derived from records.

use gachette_core::debian::{PackageName, Version};
use gachette_core::stack::PackageRecord;

use super::super::derived::file_line;
use super::super::error::RepositoryError;
use super::super::key;
use super::super::lock::{self, Hold};
use super::super::package_file::Held;
use super::{Fault, Fsck};

impl Fsck<'_> {
    pub(super) fn check_records(&mut self) -> Result<(), RepositoryError> {
        let packages = self.repository.store.children(key::PACKAGES)?;
        self.unknown(key::PACKAGES, &packages.files);
        for folder in packages.folders {
            let Ok(name) = folder.parse::<PackageName>() else {
                self.unknown(key::PACKAGES, &[folder]);
                continue;
            };
            self.check_package_folder(&name);
            let path = key::versions(&name);
            let versions = self.repository.store.children(&path);
            let Some(versions) = self.seen(&path, versions) else { continue };
            self.unknown(&path, &versions.files);
            for folder in versions.folders {
                match folder.parse::<Version>() {
                    Ok(version) => {
                        let checked = self.check_version(&name, &version);
                        self.seen(&key::version(&name, &version), checked);
                    }
                    Err(_) => self.unknown(&path, &[folder]),
                }
            }
        }
        Ok(())
    }

    /// What else lies beside a package's versions, or in place of their folder.
    fn check_package_folder(&mut self, name: &PackageName) {
        let path = key::package(name);
        let children = self.repository.store.children(&path);
        let Some(children) = self.seen(&path, children) else { return };
        let folders = children.folders.into_iter().filter(|folder| folder != key::VERSION);
        self.unknown(&path, &folders.chain(children.files).collect::<Vec<_>>());
    }

    fn check_version(&mut self, name: &PackageName, version: &Version) -> Result<(), RepositoryError> {
        let folder = key::version(name, version);
        let children = self.repository.store.children(&folder)?;
        self.unknown(&folder, &children.folders);
        let mut records = Vec::new();
        let mut has_file = false;
        for file in children.files {
            match file.strip_suffix(".json").map(str::parse) {
                Some(Ok(architecture)) => {
                    let key = key::record(name, version, &architecture);
                    records.extend(self.check_record(&key)?);
                }
                _ if file == "file" => has_file = true,
                _ => self.unknown(&folder, &[file]),
            }
        }
        if records.is_empty() && has_file {
            let lost = self.repository.lost_reference(name, version)?;
            let fault = lost.map_or(Fault::Unregistered, |file| Fault::LostReference { file });
            self.found(key::file(name, version), fault);
        }
        self.check_file_line(&records)
    }

    /// A record, when it is sound in itself and lies where it belongs.
    pub(super) fn check_record(&mut self, key: &str) -> Result<Option<PackageRecord>, RepositoryError> {
        self.report.checked.records += 1;
        let Some(bytes) = self.repository.store.read(key)? else { return Ok(None) };
        let record = match PackageRecord::parse(&bytes) {
            Ok(record) => record,
            Err(error) => {
                self.record_changed(key, error.to_string());
                return Ok(None);
            }
        };
        if key::record(&record.name, &record.version, &record.architecture) != key {
            let reason = format!("it is that of {} {} {}", record.name, record.version, record.architecture);
            self.record_changed(key, reason);
            return Ok(None);
        }
        if !record.is_intact(&bytes) {
            self.record_changed(key, "its bytes were edited".to_owned());
        }
        self.check_file(key, &record)?;
        self.check_buildinfo(key, &record)?;
        self.known.insert(key.to_owned(), record.sha256);
        self.named.insert(record.file.clone());
        if let Some(inputs) = &record.provenance.inputs {
            self.inputs.insert(key::input(inputs, &record.name, &record.version, &record.architecture));
        }
        Ok(Some(record))
    }

    /// The file that says how it was built.
    fn check_buildinfo(&mut self, key: &str, record: &PackageRecord) -> Result<(), RepositoryError> {
        let Some(digest) = &record.provenance.buildinfo else { return Ok(()) };
        let path = key::buildinfo(digest);
        match self.repository.buildinfo(digest) {
            Ok(Some(_)) => {}
            Ok(None) => self.found(path, Fault::Lost { reason: format!("{key} names it") }),
            Err(RepositoryError::Damaged { reason, .. }) => self.found(path, Fault::Changed { reason }),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The derived file that names the version's file.
    fn check_file_line(&mut self, records: &[PackageRecord]) -> Result<(), RepositoryError> {
        let Some(first) = records.first() else { return Ok(()) };
        let key = key::file(&first.name, &first.version);
        let Some(fault) = self.fault_of_line(&key, first)? else { return Ok(()) };
        // A writer may be about to write it, for one of these or for a record that was not there yet.
        records.iter().for_each(|record| self.let_writer_finish(record));
        let now = self.repository.records(&first.name, &first.version).ok();
        let first = now.as_ref().and_then(|records| records.first()).unwrap_or(first);
        if self.fault_of_line(&key, first)?.is_some() {
            self.mend(key, fault, |repository| repository.derive_record(first));
        }
        Ok(())
    }

    fn fault_of_line(&self, key: &str, first: &PackageRecord) -> Result<Option<Fault>, RepositoryError> {
        Ok(match self.repository.store.read(key)? {
            Some(bytes) if bytes == file_line(first).as_bytes() => None,
            Some(_) => Some(Fault::Stale),
            None => Some(Fault::Missing),
        })
    }

    /// Whoever registers a file holds it until what is derived from its record is there; of many files, all of them.
    fn let_writer_finish(&self, record: &PackageRecord) {
        if let Ok(path) = self.repository.package_path(&record.file) {
            // Without an end to it, what is missing is told as it is.
            let _ = Held::take_within(&path, lock::PATIENCE);
            let _ = self.repository.hold_files_within(Hold::Alone, lock::PATIENCE);
        }
    }

    /// The entries by which records are found by the inputs of their build.
    pub(super) fn check_inputs(&mut self) -> Result<(), RepositoryError> {
        let mut expected = std::mem::take(&mut self.inputs);
        for folder in self.repository.store.children(key::INPUTS)?.folders {
            let path = format!("{}/{folder}", key::INPUTS);
            for file in self.repository.store.children(&path)?.files {
                let key = format!("{path}/{file}");
                let wanted = expected.remove(&key) || key::is_unfinished(&file);
                // Or its record was written since, or cannot be looked at.
                let record = || match self.repository.record_by_input(&folder, &file) {
                    Err(error) => error.is_unseen(),
                    Ok(record) => record.is_some(),
                };
                if !wanted && !record() {
                    // Of a package that is gone it is what a killed collector left.
                    let gone = self.repository.has_record_of(&file).is_ok_and(|there| !there);
                    let fault = if gone { Fault::Leftover } else { Fault::Extra };
                    self.mend(key.clone(), fault, |repository| repository.store.delete(&key));
                }
            }
        }
        let mut missing: Vec<String> = expected.into_iter().collect();
        missing.sort();
        for key in missing {
            let (folder, entry) = key.trim_start_matches("inputs/").split_once('/').unwrap_or_default();
            match self.repository.record_by_input(folder, entry) {
                Ok(Some(record)) => self.let_writer_finish(&record),
                // It was collected since.
                Ok(None) => continue,
                Err(_) => {}
            }
            if self.repository.store.exists(&key)? {
                continue;
            }
            self.mend(key.clone(), Fault::Missing, |repository| repository.store.replace(&key, Vec::new()));
        }
        Ok(())
    }
}
