//! Taking built files in: moved into the folder of package files, then registered.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use gachette_core::stack::{PackageRecord, Provenance};
use rustix::fs::{AtFlags, RenameFlags, linkat, renameat_with, unlinkat};
use rustix::io::Errno;
use trebuchet::deb::DebFile;

use super::disk::{at, can_sync_file_system, sync_file_system};
use super::error::RepositoryError;
use super::lock::Hold;
use super::place::{Placement, Unregistered, remove};
use super::register::{read_package, record_of};
use super::register_all::{FEW, other_of};
use super::spread::{Worth, gather};
use super::{Repository, Staging, ToRegister};

/// A package in a staging folder, which was read whole before it was written there, or meanwhile.
pub(crate) struct Staged {
    pub(crate) path: PathBuf,
    pub(crate) record: PackageRecord,
}

impl Staged {
    pub(crate) fn new(path: PathBuf, file: &str, read: DebFile, provenance: &Provenance) -> Self {
        let (format, provenance) = (provenance.format(), provenance.clone());
        Self { path, record: PackageRecord { format, provenance, ..record_of(read, file) } }
    }

    /// Gives the copy the name that it is to have, if it has another, and returns its path, at which there is none when it was
    /// placed.
    pub(crate) fn named(&self) -> Result<PathBuf, RepositoryError> {
        let named = self.path.with_file_name(&self.record.file);
        match fs::rename(&self.path, &named) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&self.path)(error)),
            _ => Ok(named),
        }
    }
}

impl Repository {
    /// Moves a built file into the folder of package files and registers it.
    ///
    /// # Errors
    /// As [`Repository::place`] and [`Repository::register`].
    pub fn take_in(&self, built: &Path, provenance: &Provenance) -> Result<PackageRecord, RepositoryError> {
        self.take_in_told(built, provenance, Unregistered::Replaced).map(|(record, _)| record)
    }

    /// The same, with how the file came there, and what becomes of another of its name.
    pub(crate) fn take_in_told(
        &self,
        built: &Path,
        provenance: &Provenance,
        unregistered: Unregistered,
    ) -> Result<(PackageRecord, Placement), RepositoryError> {
        let kept = self.keeping()?;
        let placed = kept.place_beside(built, unregistered);
        let placed = placed.map_err(|error| error.of_file_from(provenance))?;
        Ok((kept.register(Path::new(&placed.file), provenance)?, placed.placement))
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

    /// Does so with what was read already, and is not read again. Of each it is told which record it has and how it came there,
    /// unless it is new, and its record that which was staged.
    ///
    /// # Errors
    /// As those of [`Repository::take_in_all`]; and when another file has the name of one, which nobody registered.
    pub(crate) fn take_in_staged(
        &self,
        staging: &Staging,
        staged: &[Staged],
    ) -> Result<Vec<Option<(PackageRecord, Placement)>>, RepositoryError> {
        let kept = self.keeping()?;
        let take_in = |staged: &Staged| {
            let (copy, provenance) = (staged.named()?, &staged.record.provenance);
            kept.take_in_told(&copy, provenance, Unregistered::Kept).map(Some)
        };
        if staged.len() <= FEW || !can_sync_file_system(&self.debs) {
            return staged.iter().map(take_in).collect();
        }
        sync_file_system(&self.debs)?;
        let (placed, others) = {
            // What is placed from here on is replaced by nobody.
            let debs = kept.hold_files(Hold::Shared)?;
            let place = |staged: &Staged| {
                // Of which no file can be made is found out by its name.
                kept.package_path(&staged.record.file)?;
                let name = staged.path.file_name().unwrap_or_default();
                let moved = rename_to_new((staging.folder(), name), (&debs, &staged.record.file));
                Ok::<_, RepositoryError>(moved.is_ok())
            };
            let placed = gather(Worth::Lines, staged, place)?;
            let new = staged.iter().zip(&placed).filter(|(_, placed)| **placed);
            let new: Vec<&PackageRecord> = new.map(|(staged, _)| &staged.record).collect();
            sync_file_system(&self.debs)?;
            (placed, kept.write_records(&new)?)
        };
        let record = |(staged, placed): (&Staged, bool)| match placed {
            true => Ok(other_of(&others, &staged.record).map(|other| (other.clone(), Placement::New))),
            // Whatever is not a simple move.
            false => take_in(staged),
        };
        staged.iter().zip(placed).map(record).collect()
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

/// Moves a file to where none must be, each said by a folder and its name there.
fn rename_to_new(from: (&File, &OsStr), to: (&File, &str)) -> Result<(), Errno> {
    match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        // Network file systems do not know that.
        Err(Errno::INVAL) => {
            linkat(from.0, from.1, to.0, to.1, AtFlags::empty())?;
            unlinkat(from.0, from.1, AtFlags::empty())
        }
        outcome => outcome,
    }
}
