//! Moving a built file into the folder of package files, whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use gachette_core::Sha256Digest;
use gachette_core::stack::{PackageRecord, Provenance};
use serde::{Deserialize, Serialize};

use super::disk::{at, hash, sync_folder_of};
use super::error::RepositoryError;
use super::package_file::Held;
use super::register::{conflict, read_package};
use super::{Repository, writer};

/// A file that is now in the folder of package files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Its name there.
    pub file: String,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
    /// How it came there.
    pub placement: Placement,
}

/// How a file came into the folder of package files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// There was none of that name.
    New,
    /// The same bytes were there.
    AlreadyThere,
    /// Other bytes were there, that no record named.
    Replaced,
}

/// The beginning of the names of files on their way in from another disk.
pub(crate) const PART: &str = ".part-";

impl Repository {
    /// Moves a built file into the folder of package files and registers it.
    ///
    /// # Errors
    /// As [`Repository::place`] and [`Repository::register`].
    pub fn take_in(&self, built: &Path, provenance: &Provenance) -> Result<PackageRecord, RepositoryError> {
        let placed = self.place(built)?;
        self.register(Path::new(&placed.file), provenance)
    }

    /// Moves a built file into the folder of package files, under its own name.
    ///
    /// # Errors
    /// When it is no package, or another file is registered as its name, version and architecture, or under its name.
    pub fn place(&self, built: &Path) -> Result<Placed, RepositoryError> {
        let missing = || RepositoryError::MissingFile { path: built.to_path_buf() };
        let file = built.file_name().and_then(|name| name.to_str()).ok_or_else(missing)?.to_owned();
        let target = self.package_path(&file)?;
        let found = read_package(built, &file)?;
        let known = self.known_record(&found)?;
        let source = self.near(built)?;
        let placement = loop {
            match fs::hard_link(&source, &target) {
                Ok(()) => break Placement::New,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(at(&target)(error)),
            }
            let Some(there) = Held::take(&target)? else { continue };
            if hash(&there.file).map_err(at(&target))?.0 == found.sha256 {
                break Placement::AlreadyThere;
            }
            // A record of this very file means that the one in the folder is damaged, and this one mends it.
            if known.is_none() {
                self.refuse_if_registered(&there, &found)?;
            }
            fs::rename(&source, &target).map_err(at(&target))?;
            break Placement::Replaced;
        };
        sync_folder_of(&target)?;
        for path in [source.as_path(), built] {
            if placement != Placement::Replaced || path != source {
                remove(path)?;
            }
        }
        Ok(Placed { file, sha256: found.sha256, placement })
    }

    /// Refuses to replace a file that has a record, even one of another package that has this file name.
    fn refuse_if_registered(&self, there: &Held, found: &PackageRecord) -> Result<(), RepositoryError> {
        // A file that cannot be read has no record that it could be the file of.
        let Ok(present) = read_package(&there.path, &found.file) else { return Ok(()) };
        match self.known_record(&present)? {
            Some(known) if known.file == found.file => Err(conflict(known, found.sha256)),
            _ => Ok(()),
        }
    }

    /// The file itself when it is on the disk of the package files, else a copy that is; durable either way.
    fn near(&self, built: &Path) -> Result<PathBuf, RepositoryError> {
        let file = File::open(built).map_err(at(built))?;
        file.sync_all().map_err(at(built))?;
        let copy = self.debs.join(format!("{PART}{}", writer::id()));
        match fs::hard_link(built, &copy) {
            Ok(()) => Ok(copy),
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                fs::copy(built, &copy).map_err(at(&copy))?;
                File::open(&copy).and_then(|copy| copy.sync_all()).map_err(at(&copy))?;
                Ok(copy)
            }
            Err(error) => Err(at(built)(error)),
        }
    }
}

fn remove(path: &Path) -> Result<(), RepositoryError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}
