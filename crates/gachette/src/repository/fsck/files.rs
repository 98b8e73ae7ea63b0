//! Checking package files against their records, and the folder they lie in.

use std::fs;
use std::io::ErrorKind;

use gachette_core::stack::PackageRecord;

use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::package_file::Held;
use super::super::register::read_package;
use super::super::{lock, staging};
use super::{Fault, Fsck};

impl Fsck<'_> {
    pub(super) fn check_file(&mut self, key: &str, record: &PackageRecord) -> Result<(), RepositoryError> {
        let shown = format!("debs/{}", record.file.escape_debug());
        let Ok(path) = self.repository.package_path(&record.file) else {
            self.found(key, Fault::Changed { reason: "it names a file outside the folder".to_owned() });
            return Ok(());
        };
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => found,
            // Whoever collects a package removes its record first.
            Err(error) if error.kind() == ErrorKind::NotFound && !self.repository.store.exists(key)? => {
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.found(shown, Fault::Lost { reason: format!("{key} names it") });
                return Ok(());
            }
            Err(error) => return Err(at(&path)(error)),
        };
        self.report.checked.files += 1;
        self.report.checked.bytes += found.len();
        if found.len() != record.size {
            let reason = format!("it has {} bytes, not {}", found.len(), record.size);
            self.found(shown, Fault::Changed { reason });
            return Ok(());
        }
        match read_package(&path, &record.file) {
            Err(error) => self.found(shown, Fault::Changed { reason: error.to_string() }),
            Ok(file) if file.sha256 != record.sha256 => {
                let reason = format!("its SHA-256 is {}, not {}", file.sha256, record.sha256);
                self.found(shown, Fault::Changed { reason });
            }
            Ok(file) if file.control != record.control => {
                let reason = "its fields are not those of the package file".to_owned();
                self.found(key, Fault::Changed { reason });
            }
            Ok(_) => {}
        }
        Ok(())
    }

    /// What lies in the folder of package files without a record.
    pub(super) fn check_folder_of_files(&mut self) -> Result<(), RepositoryError> {
        let folder = self.repository.debs();
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(at(folder))? {
            names.push(entry.map_err(at(folder))?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        for name in names {
            match name.as_str() {
                staging::FOLDER => self.check_staging()?,
                file if self.named.contains(file) => {}
                // Beside packages that were only built.
                file if file.ends_with(".buildinfo") => {}
                file if file.ends_with(".deb") && folder.join(file).is_file() => {
                    if self.was_registered_since(file) {
                        continue;
                    }
                    self.found(format!("debs/{}", file.escape_debug()), Fault::Unregistered);
                }
                _ => self.unknown("debs", &[name]),
            }
        }
        Ok(())
    }

    /// Whether there is a record by now, of a file that had none when the records were read.
    fn was_registered_since(&self, file: &str) -> bool {
        let Ok(path) = self.repository.package_path(file) else { return false };
        let _held = Held::take_within(&path, lock::PATIENCE);
        let record = read_package(&path, file).and_then(|package| self.repository.known_record(&package));
        record.is_ok_and(|record| record.is_some_and(|record| record.file == file))
    }
}
