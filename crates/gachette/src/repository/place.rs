//! Moving a built file into the folder of package files, whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::stack::PackageRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conflict::conflict;
use super::disk::{at, hash, sync_folder_of};
use super::error::RepositoryError;
use super::lock::Hold;
use super::package_file::Held;
use super::register::read_package;
use super::{Repository, Staging};

/// A file that is now in the folder of package files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    /// Its name there.
    pub file: String,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
    /// How it came there.
    pub placement: Placement,
}

/// How a file came into the folder of package files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// There was none of that name.
    New,
    /// The same bytes were there.
    AlreadyThere,
    /// Other bytes were there, that no record named.
    Replaced,
}

/// What becomes of a file that lies under the name of another, and that no record names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unregistered {
    /// It makes way, as what a killed build left must for the next.
    Replaced,
    /// It stays, and the other is refused.
    Kept,
}

impl Repository {
    /// Moves a built file into the folder of package files, under its own name.
    ///
    /// # Errors
    /// When it is no package, or another file is registered as its name, version and architecture, or under its name.
    pub fn place(&self, built: &Path) -> Result<Placed, RepositoryError> {
        self.place_beside(built, Unregistered::Replaced)
    }

    /// The same, with what becomes of a file there that nobody registered.
    pub(crate) fn place_beside(
        &self,
        built: &Path,
        unregistered: Unregistered,
    ) -> Result<Placed, RepositoryError> {
        let _kept = self.keeping()?;
        let missing = || RepositoryError::MissingFile { path: built.to_path_buf() };
        let file = built.file_name().and_then(|name| name.to_str()).ok_or_else(missing)?.to_owned();
        let target = self.package_path(&file)?;
        let found = read_package(built, &file)?;
        let known = self.known_record(&found)?;
        if same_place(built, &target) {
            self.renew(&file);
            return Ok(Placed { file, sha256: found.sha256, placement: Placement::AlreadyThere });
        }
        File::open(built).and_then(|file| file.sync_all()).map_err(at(built))?;
        let mut copy: Option<Staging> = None;
        let placement = loop {
            let source =
                copy.as_ref().map_or_else(|| built.to_path_buf(), |staging| staging.path().join(&file));
            match fs::hard_link(&source, &target) {
                Ok(()) => break Placement::New,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if copy.is_none() && needs_a_copy(&error) => {
                    copy = Some(self.copy_near(built, &file)?);
                    continue;
                }
                Err(error) => return Err(at(&target)(error)),
            }
            let Some(there) = Held::take(&target)? else { continue };
            if hash(&there.file).map_err(at(&target))?.0 == found.sha256 {
                // They may lie there from long ago, named by nothing.
                self.renew(&file);
                break Placement::AlreadyThere;
            }
            // Whoever registers many files has read some of them that have no record yet.
            let _nobody_registers = self.hold_files(Hold::Alone)?;
            // A record of this very file means that the one in the folder is damaged, and this one mends it.
            if known.as_ref().is_none_or(|known| known.file != file) {
                self.refuse_if_registered(&there, &found)?;
                if unregistered == Unregistered::Kept {
                    return Err(RepositoryError::Unregistered { path: target });
                }
            }
            match fs::rename(&source, &target) {
                Ok(()) => break Placement::Replaced,
                Err(error) if copy.is_none() && needs_a_copy(&error) => {
                    copy = Some(self.copy_near(built, &file)?)
                }
                Err(error) => return Err(at(&target)(error)),
            }
        };
        sync_folder_of(&target)?;
        remove(built)?;
        Ok(Placed { file, sha256: found.sha256, placement })
    }

    /// Refuses to replace a file that has a record, even one of another package that has this file name.
    fn refuse_if_registered(&self, there: &Held, found: &PackageRecord) -> Result<(), RepositoryError> {
        // A file that cannot be read has no record that it could be the file of.
        let Ok(present) = read_package(&there.path, &found.file) else { return Ok(()) };
        match self.known_record(&present)? {
            Some(known) if known.file == found.file => Err(conflict(known, found.sha256, &found.provenance)),
            _ => Ok(()),
        }
    }

    /// A staging folder with a durable copy of the file.
    fn copy_near(&self, built: &Path, file: &str) -> Result<Staging, RepositoryError> {
        let staging = self.staging()?;
        let copy = staging.path().join(file);
        fs::copy(built, &copy).map_err(at(&copy))?;
        File::open(&copy).and_then(|copy| copy.sync_all()).map_err(at(&copy))?;
        Ok(staging)
    }
}

/// Whether a file cannot be linked because it lies on another disk, or is somebody else's (`fs.protected_hardlinks`).
fn needs_a_copy(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, TooManyLinks};
    matches!(error.kind(), CrossesDevices | PermissionDenied | TooManyLinks)
}

/// Whether two paths are one name in one folder.
fn same_place(left: &Path, right: &Path) -> bool {
    let folder = |path: &Path| path.parent().and_then(|folder| folder.canonicalize().ok());
    left.file_name() == right.file_name() && folder(left).is_some() && folder(left) == folder(right)
}

pub(crate) fn remove(path: &Path) -> Result<(), RepositoryError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}
