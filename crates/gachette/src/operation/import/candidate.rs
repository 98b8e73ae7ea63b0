//! A package file that is offered: looked at, and copied near its place when it is new.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, Control, PackageName, Version};
use gachette_core::stack::{PackageRecord, Provenance};
use trebuchet::deb::{self, DebFault};

use super::{Compare, OperationError};
use crate::repository::{FailureKind, Repository, RepositoryError, Staged, Staging};

/// Up to how many bytes of a file are read at once: then it need be opened but once to be known, unpacked and copied.
const SMALL: u64 = 1 << 20;

/// What a look at a file tells.
pub(super) enum Looked {
    /// These bytes are there already, as this package.
    Known(Box<PackageRecord>),
    /// It is not, and a copy of it can be taken in.
    New(Box<Staged>),
}

/// How files are looked at, and what is said of those that are new.
pub(super) struct Look<'a> {
    pub(super) repository: &'a Repository,
    pub(super) compare: Compare,
    pub(super) provenance: &'a Provenance,
    pub(super) staging: &'a Staging,
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

impl Look<'_> {
    /// Looks at a file: only at what it says of itself when its package is known, or else at all of it. One that is whole and
    /// new is copied under this number.
    pub(super) fn at(&self, number: usize, path: &Path) -> Result<Looked, Hindrance> {
        let found = fs::symlink_metadata(path).map_err(unreadable)?;
        if found.is_symlink() {
            return Err(Hindrance::Refused("it is a symbolic link".to_owned()));
        }
        let copy = self.staging.path().join(number.to_string());
        let small = if found.is_file() && found.len() <= SMALL { small(path, found.len())? } else { None };
        let looked = match small {
            Some(bytes) => self.at_small(path, &bytes, &copy),
            None => self.at_large(path, &copy),
        };
        looked.inspect_err(|_| {
            let _ = fs::remove_file(&copy);
        })
    }

    fn at_small(&self, path: &Path, bytes: &[u8], copy: &Path) -> Result<Looked, Hindrance> {
        let mut known = Ok(None);
        let read = deb::read_from_if(bytes, |control| {
            known = self.record_of(path, control);
            matches!(known, Ok(None))
        });
        let known = known?;
        let mut read = read.map_err(no_package)?;
        let mut name = file_name(&read.control);
        if let Some(known) = known {
            match met(self.repository, self.compare, known, read.sha256)? {
                Known::Whole(record) => return Ok(Looked::Known(record)),
                Known::Lost(lost) => name = lost,
                Known::Nothing => {}
            }
            read = deb::read_from_if(bytes, |_| true).map_err(no_package)?;
        }
        let failed = failed(copy, &name);
        File::create_new(copy).and_then(|mut copy| copy.write_all(bytes)).map_err(&failed)?;
        Ok(Looked::New(Box::new(Staged::new(copy.to_owned(), &name, read, self.provenance))))
    }

    fn at_large(&self, path: &Path, copy: &Path) -> Result<Looked, Hindrance> {
        let control = deb::read_head(path).map_err(|error| no_package(error.fault))?;
        let by_right = file_name(&control);
        let mut name = by_right.clone();
        if let Some(known) = self.record_of(path, &control)? {
            let sha256 = deb::read_control(path).map_err(|error| no_package(error.fault))?.sha256;
            match met(self.repository, self.compare, known, sha256)? {
                Known::Whole(record) => return Ok(Looked::Known(record)),
                Known::Lost(lost) => name = lost,
                Known::Nothing => {}
            }
        }
        let failed = failed(copy, &name);
        let mut file = File::create_new(copy).map_err(&failed)?;
        let read = deb::read_copying(path, &mut file).map_err(&failed)?;
        let read = read.map_err(|error| no_package(error.fault))?;
        if file_name(&read.control) != by_right {
            return Err(Hindrance::Refused("it changed while it was read".to_owned()));
        }
        Ok(Looked::New(Box::new(Staged::new(copy.to_owned(), &name, read, self.provenance))))
    }

    /// The record that is there of a package that has this file.
    fn record_of(&self, file: &Path, control: &Control) -> Result<Option<PackageRecord>, Hindrance> {
        check_name(file, control)?;
        // One of which no file can be made by its right name is refused, not a fault of the disk.
        self.repository.package_path(&file_name(control))?;
        Ok(self.repository.record(&control.package, &control.version, &control.architecture)?)
    }
}

/// The bytes of a small file, unless it has grown.
fn small(path: &Path, size: u64) -> Result<Option<Vec<u8>>, Hindrance> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    let file = trebuchet::open_regular(path).map_err(unreadable)?;
    file.take(SMALL + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= SMALL))
}

/// What there is of this package, when it is that of the bytes with this digest.
pub(super) fn known(
    repository: &Repository,
    compare: Compare,
    (name, version, architecture): (&PackageName, &Version, &Architecture),
    sha256: Sha256Digest,
) -> Result<Known, Hindrance> {
    let known = repository.record(name, version, architecture)?;
    known.map_or(Ok(Known::Nothing), |known| met(repository, compare, known, sha256))
}

/// What there is of the package of this record, when it is that of the bytes with this digest. Of one that is whole the derived
/// files are made right too: who brought it may have been stopped before that, as by a full disk.
fn met(
    repository: &Repository,
    compare: Compare,
    known: PackageRecord,
    sha256: Sha256Digest,
) -> Result<Known, Hindrance> {
    if known.sha256 != sha256 {
        let PackageRecord { name, version, architecture, .. } = &known;
        let from = known.provenance.url.as_ref().map(|url| format!(", from {url}")).unwrap_or_default();
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

fn no_package(fault: DebFault) -> Hindrance {
    Hindrance::Refused(fault.to_string())
}

fn unreadable(error: io::Error) -> Hindrance {
    Hindrance::Refused(error.to_string())
}

/// The fault of the disk that a copy cannot be written to, which is told by the name that it was to get.
fn failed(copy: &Path, name: &str) -> impl Fn(io::Error) -> Hindrance {
    let path = copy.with_file_name(name).display().to_string();
    move |source| Hindrance::Fault(OperationError::Io { path: path.clone(), source })
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
