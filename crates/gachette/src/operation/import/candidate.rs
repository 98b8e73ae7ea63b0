//! A package file that is offered: looked at, and copied beside its place under the name that it has by right.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, Control, PackageName, Version};
use gachette_core::stack::{PackageRecord, Provenance};
use trebuchet::deb;

use super::{Compare, OperationError};
use crate::repository::{FailureKind, Repository, RepositoryError, Staged, Staging};

/// What a first look at a file tells.
pub(super) enum Looked {
    /// These bytes are there already, as this package.
    Known(Box<PackageRecord>),
    /// It is not.
    New(Candidate),
}

/// A file of a package that is not there yet.
pub(super) struct Candidate {
    path: PathBuf,
    /// The name that it has by right.
    by_right: String,
    /// The name that it gets: another when its package was built here, and its file is lost.
    name: String,
}

/// What the repository has of a package.
pub(super) enum Known {
    /// Nothing.
    Nothing,
    /// Its record, and its file not as it was, under this name.
    Lost(String),
    /// All of it.
    Whole(Box<PackageRecord>),
}

/// Why a file does not come in.
pub(super) enum Hindrance {
    /// It is not wanted, for this reason.
    Refused(String),
    /// The repository or the disk is at fault.
    Fault(OperationError),
}

impl Candidate {
    /// Looks at the beginning of a file, and at the rest only when its package is known.
    pub(super) fn look(repository: &Repository, compare: Compare, path: &Path) -> Result<Looked, Hindrance> {
        let found = fs::symlink_metadata(path).map_err(|error| Hindrance::Refused(error.to_string()))?;
        if found.is_symlink() {
            return Err(Hindrance::Refused("it is a symbolic link".to_owned()));
        }
        let control = deb::read_head(path).map_err(no_package)?;
        check_name(path, &control)?;
        let by_right = file_name(&control);
        // One of which no file can be made by its right name is refused, not a fault of the disk.
        repository.package_path(&by_right)?;
        let package = (&control.package, &control.version, &control.architecture);
        let digest = || Ok(deb::read_control(path).map_err(no_package)?.sha256);
        let name = match known(repository, compare, package, digest)? {
            Known::Whole(record) => return Ok(Looked::Known(record)),
            Known::Lost(name) => name,
            Known::Nothing => by_right.clone(),
        };
        Ok(Looked::New(Self { path: path.to_owned(), by_right, name }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Copies it, if it is a whole package.
    pub(super) fn stage(&self, staging: &Staging, provenance: &Provenance) -> Result<Staged, Hindrance> {
        let path = staging.path().join(&self.name);
        let outcome = self.copy_to(&path);
        let staged = outcome.map(|read| Staged::new(path.clone(), &self.name, read, provenance));
        staged.inspect_err(|_| {
            let _ = fs::remove_file(&path);
        })
    }

    fn copy_to(&self, path: &Path) -> Result<deb::DebFile, Hindrance> {
        let failed = |source| {
            let path = path.display().to_string();
            Hindrance::Fault(OperationError::Io { path, source })
        };
        let mut copy = File::create_new(path).map_err(failed)?;
        let read = deb::read_copying(&self.path, &mut copy).map_err(failed)?.map_err(no_package)?;
        if file_name(&read.control) != self.by_right {
            return Err(Hindrance::Refused("it changed while it was read".to_owned()));
        }
        Ok(read)
    }
}

/// What there is of this package, when it is that of the bytes with this digest. Of one that is whole the derived files are made
/// right too: who brought it may have been stopped before that, as by a full disk.
pub(super) fn known(
    repository: &Repository,
    compare: Compare,
    (name, version, architecture): (&PackageName, &Version, &Architecture),
    sha256: impl FnOnce() -> Result<Sha256Digest, Hindrance>,
) -> Result<Known, Hindrance> {
    let known = repository.record(name, version, architecture)?;
    let Some(known) = known else { return Ok(Known::Nothing) };
    if known.sha256 != sha256()? {
        let from = known.provenance.url.map(|url| format!(", from {url}")).unwrap_or_default();
        let registered = known.sha256;
        let reason =
            format!("another file is registered as {name} {version} ({architecture}): {registered}{from}");
        return Err(Hindrance::Refused(reason));
    }
    let is_as_it_was = repository.has_whole_file(&known)
        && (compare == Compare::Size || repository.has_same_bytes(&known))
        && repository.renew(&known.file);
    if !is_as_it_was {
        return Ok(Known::Lost(known.file));
    }
    repository.ensure_derived(&known)?;
    Ok(Known::Whole(Box::new(known)))
}

fn no_package(error: deb::DebReadError) -> Hindrance {
    Hindrance::Refused(error.fault.to_string())
}

impl From<RepositoryError> for Hindrance {
    fn from(error: RepositoryError) -> Self {
        match error.kind() {
            FailureKind::Refused | FailureKind::Invalid => Self::Refused(error.to_string()),
            _ => Self::Fault(error.into()),
        }
    }
}

/// The name that Debian's tools give such a file, with the colon of an epoch as apt writes it.
fn file_name(control: &Control) -> String {
    let Control { package, version, architecture, .. } = control;
    format!("{package}_{version}_{architecture}.deb").replace(':', "%3a")
}

/// Refuses a file that has the form of such a name, and is that of another package; aptly puts a part of a hash before it, and
/// many tools leave out the epoch.
fn check_name(file: &Path, control: &Control) -> Result<(), Hindrance> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut parts: Vec<&str> = name.trim_end_matches(".deb").split('_').collect();
    let is_hash = |part: &&str| part.len() >= 28 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if parts.len() == 4 && parts.first().is_some_and(is_hash) {
        parts.remove(0);
    }
    let [package, version, architecture] = parts[..] else { return Ok(()) };
    let said = version.replace("%3a", ":").replace("%3A", ":");
    let without_epoch = control.version.as_str().split_once(':').map(|(_, rest)| rest);
    let same_version = said == control.version.as_str() || without_epoch == Some(&*said);
    if package == control.package.as_str() && same_version && architecture == control.architecture.as_str() {
        return Ok(());
    }
    let Control { package, version, architecture, .. } = control;
    Err(Hindrance::Refused(format!("it holds {package} {version} ({architecture}), not what its name says")))
}
