//! Taking built files in: moved into the folder of package files, then registered.

use std::fs;
use std::path::{Path, PathBuf};

use gachette_core::stack::{PackageRecord, Provenance};

use super::disk::{can_sync_file_system, sync_file_system};
use super::error::RepositoryError;
use super::place::remove;
use super::register::read_package;
use super::register_all::FEW;
use super::spread::{Worth, gather};
use super::{Repository, ToRegister};

impl Repository {
    /// Moves a built file into the folder of package files and registers it.
    ///
    /// # Errors
    /// As [`Repository::place`] and [`Repository::register`].
    pub fn take_in(&self, built: &Path, provenance: &Provenance) -> Result<PackageRecord, RepositoryError> {
        let kept = self.keeping()?;
        let placed = kept.place(built).map_err(|error| error.of_file_from(provenance))?;
        kept.register(Path::new(&placed.file), provenance)
    }

    /// Does so with each of these files; many are done at once.
    ///
    /// # Errors
    /// Those of the first file that has one; others may be in the folder of package files by then.
    pub fn take_in_all(
        &self,
        built: &[PathBuf],
        provenance: &Provenance,
    ) -> Result<Vec<PackageRecord>, RepositoryError> {
        let kept = self.keeping()?;
        if built.len() <= FEW || !can_sync_file_system(&self.debs) {
            return built.iter().map(|built| kept.take_in(built, provenance)).collect();
        }
        // Each is a whole package before it has its name, and not torn by a power cut after that.
        sync_file_system(&self.debs)?;
        let place =
            |built: &PathBuf| kept.place_synced(built).map_err(|error| error.of_file_from(provenance));
        let placed = gather(Worth::Files, built, place)?;
        let placed = placed.into_iter().map(|file| ToRegister {
            file: file.into(),
            expected: None,
            provenance: provenance.clone(),
        });
        let placed: Vec<ToRegister> = placed.collect();
        kept.register_all(&placed)
    }

    /// The same as [`Repository::place`] for a file that is durable if it is on the disk of its place; its new name may not
    /// be. Whatever is not a simple move is done by that.
    fn place_synced(&self, built: &Path) -> Result<String, RepositoryError> {
        if let Some(file) = built.file_name().and_then(|name| name.to_str()) {
            let target = self.package_path(file)?;
            self.known_record(&read_package(built, file)?)?;
            if fs::hard_link(built, target).is_ok() {
                remove(built)?;
                return Ok(file.to_owned());
            }
        }
        Ok(self.place(built)?.file)
    }
}
