//! A package file that is offered: looked at, and copied near its place when it is new.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, Control, PackageName, Version};
use gachette_core::stack::{PackageRecord, Provenance};
use rustix::fs::{FileType, OFlags, fstat};
use trebuchet::deb::{self, DebFault};

use super::offer::Offer;
use super::registered::Registered;
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
    pub(super) provenance: Provenance,
    pub(super) registered: Registered,
    pub(super) bytes: Bytes,
}

/// Which bytes files may have.
#[derive(Clone)]
pub(super) struct Bytes(Option<Arc<HashMap<PathBuf, Offer>>>);

impl Bytes {
    /// Any: who brings the files answers for them.
    pub(super) fn any() -> Self {
        Self(None)
    }

    /// Those that somebody who is believed said of each file. Of others none are taken.
    pub(super) fn named(files: HashMap<PathBuf, Offer>) -> Self {
        Self(Some(Arc::new(files)))
    }

    /// How a file is called.
    pub(super) fn name(&self, path: &Path) -> String {
        let offer = self.0.as_ref().and_then(|files| files.get(path));
        offer.map_or_else(|| path.display().to_string(), Offer::to_string)
    }

    fn check(&self, path: &Path, found: impl FnOnce() -> Sha256Digest) -> Result<(), Hindrance> {
        let Some(files) = &self.0 else { return Ok(()) };
        let (offer, found) = (files.get(path), found());
        if offer.is_some_and(|offer| offer.sha256 == found) {
            return Ok(());
        }
        let named = offer.map(|offer| offer.sha256.to_string()).unwrap_or_default();
        Err(Hindrance::Refused(format!(
            "what came is another file than the lists name: {found}, not {named}"
        )))
    }
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
    /// new is copied into this folder, under this name.
    pub(super) fn at(&self, path: &Path, staging: &Staging, name: &str) -> Result<Looked, Hindrance> {
        let place = Place { staging, name };
        self.look_at(path, &place).inspect_err(|_| place.clear())
    }

    fn look_at(&self, path: &Path, place: &Place<'_>) -> Result<Looked, Hindrance> {
        let (file, size) = open(path)?;
        if size > SMALL {
            return self.at_large(path, place);
        }
        self.at_small(path, &small(file, size)?, place)
    }

    fn at_small(&self, path: &Path, bytes: &[u8], place: &Place<'_>) -> Result<Looked, Hindrance> {
        self.bytes.check(path, || Sha256Digest::of(bytes))?;
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
        place
            .create()
            .and_then(|mut copy| copy.write_all(bytes))
            .map_err(|error| place.failed(&name, error))?;
        Ok(Looked::New(Box::new(Staged::new(place.path(), &name, read, &self.provenance))))
    }

    fn at_large(&self, path: &Path, place: &Place<'_>) -> Result<Looked, Hindrance> {
        let control = deb::read_head(path).map_err(|error| no_package(error.fault))?;
        let by_right = file_name(&control);
        let mut name = by_right.clone();
        if let Some(known) = self.record_of(path, &control)? {
            let sha256 = deb::read_control(path).map_err(|error| no_package(error.fault))?.sha256;
            self.bytes.check(path, || sha256)?;
            match met(self.repository, self.compare, known, sha256)? {
                Known::Whole(record) => return Ok(Looked::Known(record)),
                Known::Lost(lost) => name = lost,
                Known::Nothing => {}
            }
        }
        let read = place.create().and_then(|mut copy| deb::read_copying(path, &mut copy));
        let read =
            read.map_err(|error| place.failed(&name, error))?.map_err(|error| no_package(error.fault))?;
        self.bytes.check(path, || read.sha256)?;
        if file_name(&read.control) != by_right {
            return Err(Hindrance::Refused("it changed while it was read".to_owned()));
        }
        Ok(Looked::New(Box::new(Staged::new(place.path(), &name, read, &self.provenance))))
    }

    /// The record that is there of a package that has this file.
    fn record_of(&self, file: &Path, control: &Control) -> Result<Option<PackageRecord>, Hindrance> {
        check_name(file, control)?;
        // One of which no file can be made by its right name is refused, not a fault of the disk.
        self.repository.package_path(&file_name(control))?;
        if self.registered.lacks(&control.package) {
            return Ok(None);
        }
        Ok(self.repository.record(&control.package, &control.version, &control.architecture)?)
    }
}

/// Where a copy is made.
struct Place<'a> {
    staging: &'a Staging,
    name: &'a str,
}

impl Place<'_> {
    fn path(&self) -> PathBuf {
        self.staging.path().join(self.name)
    }

    fn create(&self) -> io::Result<File> {
        self.staging.create_new(self.name)
    }

    /// Takes away what was begun.
    fn clear(&self) {
        let _ = fs::remove_file(self.path());
    }

    /// The fault of the disk that a copy cannot be written here, which is told by the name that it was to get.
    fn failed(&self, file: &str, source: io::Error) -> Hindrance {
        let path = self.staging.path().join(file).display().to_string();
        Hindrance::Fault(OperationError::Io { path, source })
    }
}

/// A regular file, and its size. A link to one is none: it might lead to another at the next look.
fn open(path: &Path) -> Result<(File, u64), Hindrance> {
    // To open a pipe would wait for who writes into it.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(|error| {
        let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        if is_link { Hindrance::Refused("it is a symbolic link".to_owned()) } else { unreadable(error) }
    })?;
    let found = fstat(&file).map_err(|error| unreadable(error.into()))?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(no_package(DebFault::NoFile));
    }
    Ok((file, found.st_size.cast_unsigned()))
}

/// The bytes of a file that was so large when it was opened; what was added since is not asked for.
fn small(mut file: File, size: u64) -> Result<Vec<u8>, Hindrance> {
    let mut bytes = vec![0; size as usize];
    file.read_exact(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
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

impl From<RepositoryError> for Hindrance {
    fn from(error: RepositoryError) -> Self {
        match error.kind() {
            FailureKind::Refused | FailureKind::Invalid => {}
            // What lies in the way of one package, or is damaged of it, keeps no other away.
            _ if error.is_of_one_path() => {}
            _ => return Self::Fault(error.into()),
        }
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        Self::Refused(format!("{error}{hint}"))
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
    let name = percent_decoded(name.trim_end_matches(".deb"));
    let mut parts: Vec<&str> = name.split('_').collect();
    let is_hash = |part: &&str| part.len() >= 28 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if parts.len() == 4 && parts.first().is_some_and(is_hash) {
        parts.remove(0);
    }
    let [package, version, architecture] = parts[..] else { return Ok(()) };
    let without_epoch = control.version.as_str().split_once(':').map(|(_, rest)| rest);
    let same_version = version == control.version.as_str() || without_epoch == Some(version);
    if package == control.package.as_str() && same_version && architecture == control.architecture.as_str() {
        return Ok(());
    }
    let Control { package, version, architecture, .. } = control;
    Err(Hindrance::Refused(format!("it holds {package} {version} ({architecture}), not what its name says")))
}

/// A name without the signs that apt (`%3a`) and servers (`%2b`, `%7e`) write for characters (RFC 3986, 2.1).
fn percent_decoded(name: &str) -> String {
    let mut decoded = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(u8::is_ascii_graphic) {
            Some(byte) => {
                decoded.push(char::from(byte));
                rest = &after[2..];
            }
            None => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded + rest
}
