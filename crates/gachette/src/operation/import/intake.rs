//! Package files on their way in: read, copied beside their place under the name that they have by right, and taken in.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, Control, PackageName, Version};
use gachette_core::stack::{By, PackageRecord, Provenance, StackName};
use trebuchet::deb;

use super::archive::Offer;
use super::{ImportReport, OperationError, RefusedFile, StackedIn};
use crate::repository::{FailureKind, Repository, RepositoryError, Staging};

/// One import, as far as it came.
pub(super) struct Intake<'a> {
    repository: &'a Repository,
    provenance: Provenance,
    report: ImportReport,
    /// The records of the highest version of each package, one for each architecture.
    highest: BTreeMap<PackageName, Vec<PackageRecord>>,
}

/// A copy that is to be taken in.
struct Copied {
    original: PathBuf,
    path: PathBuf,
}

/// Why a file does not come in.
enum Hindrance {
    /// It is not wanted, for this reason.
    Refused(String),
    /// The repository or the disk is at fault.
    Fault(OperationError),
}

impl<'a> Intake<'a> {
    pub(super) fn new(repository: &'a Repository) -> Self {
        let (provenance, report) = (Provenance::default(), ImportReport::default());
        Self { repository, provenance, report, highest: BTreeMap::new() }
    }

    /// Says where all of it comes from.
    pub(super) fn name_source(&mut self, source: String) {
        self.report.source = source;
    }

    /// Says where the next packages come from.
    pub(super) fn come_from(&mut self, provenance: Provenance) {
        self.provenance = provenance;
    }

    /// Whether a package that is offered needs not be fetched: it is there, or refused.
    pub(super) fn has(&mut self, offer: &Offer) -> Result<bool, OperationError> {
        let Offer { name, version, architecture, sha256 } = offer;
        match self.is_known((name, version, architecture), *sha256) {
            Ok(known) => Ok(known),
            Err(Hindrance::Fault(error)) => Err(error),
            Err(Hindrance::Refused(reason)) => {
                self.refuse_offer(offer, reason);
                Ok(true)
            }
        }
    }

    /// Notes a package that is offered and cannot be taken.
    pub(super) fn refuse_offer(&mut self, offer: &Offer, reason: String) {
        let file = format!("{} {} ({})", offer.name, offer.version, offer.architecture);
        self.report.refused.push(RefusedFile { file, reason });
    }

    pub(super) fn report(&self) -> &ImportReport {
        &self.report
    }

    pub(super) fn finish(self) -> ImportReport {
        self.report
    }

    /// Takes in what of these files is new.
    pub(super) fn take(&mut self, files: &[PathBuf]) -> Result<(), OperationError> {
        let staging = self.repository.staging()?;
        let mut copies = Vec::new();
        for file in files {
            match self.bring(file, &staging) {
                Ok(copied) => copies.extend(copied),
                Err(hindrance) => self.refuse(file, hindrance)?,
            }
        }
        let paths: Vec<PathBuf> = copies.iter().map(|copied| copied.path.clone()).collect();
        if let Ok(records) = self.repository.take_in_all(&paths, &self.provenance) {
            records.into_iter().for_each(|record| self.taken(record));
            return Ok(());
        }
        // One of them hinders the others: each by itself.
        for copied in copies {
            match self.take_one(&copied.path) {
                Ok(record) => self.taken(record),
                Err(error) => self.refuse(&copied.original, error.into())?,
            }
        }
        Ok(())
    }

    fn take_one(&self, copy: &Path) -> Result<PackageRecord, RepositoryError> {
        if copy.exists() {
            return self.repository.take_in(copy, &self.provenance);
        }
        // It was placed before another of the files failed.
        self.repository.register(Path::new(copy.file_name().unwrap_or_default()), &self.provenance)
    }

    /// A copy of a file under its right name, if it is a whole package that is not there yet.
    fn bring(&mut self, file: &Path, staging: &Staging) -> Result<Option<Copied>, Hindrance> {
        let found = fs::symlink_metadata(file).map_err(|error| Hindrance::Refused(error.to_string()))?;
        if found.is_symlink() {
            return Err(Hindrance::Refused("it is a symbolic link".to_owned()));
        }
        let read = deb::read_control(file).map_err(|error| Hindrance::Refused(error.fault.to_string()))?;
        check_name(file, &read.control)?;
        // One of which no file can be made by its right name is refused, not a fault of the disk.
        self.repository.package_path(&file_name(&read.control))?;
        let control = &read.control;
        if self.is_known((&control.package, &control.version, &control.architecture), read.sha256)? {
            return Ok(None);
        }
        let path = staging.path().join(file_name(control));
        if path.exists() {
            if deb::read_control(&path).is_ok_and(|other| other.sha256 == read.sha256) {
                self.report.already_there += 1;
                return Ok(None);
            }
            let name = file_name(control);
            return Err(Hindrance::Refused(format!(
                "another file of this import is {name} too, with other bytes"
            )));
        }
        self.copy(file, &path)?;
        // What is read whole are the bytes that come in.
        match deb::read(&path) {
            Ok(copy) if copy.sha256 == read.sha256 => Ok(Some(Copied { original: file.to_owned(), path })),
            outcome => {
                let _ = fs::remove_file(&path);
                let changed = |_| "it changed while it was read".to_owned();
                Err(Hindrance::Refused(outcome.map_or_else(|error| error.fault.to_string(), changed)))
            }
        }
    }

    /// Whether these bytes are there already, as this package.
    fn is_known(
        &mut self,
        (name, version, architecture): (&PackageName, &Version, &Architecture),
        sha256: Sha256Digest,
    ) -> Result<bool, Hindrance> {
        let Some(known) = self.repository.record(name, version, architecture)? else { return Ok(false) };
        if known.sha256 != sha256 {
            let from = known.provenance.url.map(|url| format!(", from {url}")).unwrap_or_default();
            let registered = known.sha256;
            let reason = format!(
                "another file is registered as {name} {version} ({architecture}): {registered}{from}"
            );
            return Err(Hindrance::Refused(reason));
        }
        if !self.repository.has_whole_file(&known) || !self.repository.renew(&known.file) {
            return Ok(false);
        }
        self.report.already_there += 1;
        self.note(known);
        Ok(true)
    }

    fn copy(&self, file: &Path, to: &Path) -> Result<(), Hindrance> {
        let failed = |source| {
            let path = to.display().to_string();
            Hindrance::Fault(OperationError::Io { path, source })
        };
        fs::copy(file, to).map(drop).map_err(failed)
    }

    fn taken(&mut self, record: PackageRecord) {
        self.report.taken += 1;
        self.report.bytes += record.size;
        self.note(record);
    }

    /// Remembers what a stack would get: of each package the highest version.
    fn note(&mut self, record: PackageRecord) {
        // Thousands of them are remembered, of which a stack names no more than this.
        let record =
            PackageRecord { control: Default::default(), provenance: Provenance::default(), ..record };
        let highest = self.highest.entry(record.name.clone()).or_default();
        let order = highest.first().map_or(Ordering::Equal, |first| record.version.cmp(&first.version));
        match order {
            Ordering::Less => self.report.left_out += 1,
            Ordering::Equal => highest.push(record),
            Ordering::Greater => {
                self.report.left_out += highest.len();
                *highest = vec![record];
            }
        }
    }

    /// Notes a file that is not taken; a fault of another kind ends the import.
    fn refuse(&mut self, file: &Path, hindrance: Hindrance) -> Result<(), OperationError> {
        match hindrance {
            Hindrance::Fault(error) => Err(error),
            Hindrance::Refused(reason) => {
                let file = file.display().to_string();
                self.report.refused.push(RefusedFile { file, reason });
                Ok(())
            }
        }
    }

    /// Adds the highest version of each package to a stack.
    pub(super) fn add_to(&mut self, stack: &StackName, by: &By) -> Result<StackedIn, OperationError> {
        let kept = self.repository.keeping()?;
        let records: Vec<PackageRecord> = std::mem::take(&mut self.highest).into_values().flatten().collect();
        for record in &records {
            // Somebody may collect without sparing what is new.
            if !kept.has_whole_file(record) {
                let path = kept.package_path(&record.file)?;
                return Err(RepositoryError::MissingFile { path }.into());
            }
        }
        let committed = kept.add_to_stack(stack, &records, by)?;
        let (revision, changed) = (committed.entry.revision.number, committed.changed);
        Ok(StackedIn { stack: stack.to_string(), revision, changed })
    }
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
