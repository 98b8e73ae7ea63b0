//! Packages that nothing names: found, and removed while nobody relies on them.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gachette_core::Sha256Digest;
use gachette_core::debian::{Architecture, PackageName, Version};
use gachette_core::stack::PackageRecord;
use jiff::Timestamp;

use super::super::disk::at;
use super::super::error::RepositoryError;
use super::super::keep::Collecting;
use super::super::key;
use super::super::package_file::is_there;
use super::super::register::read_package;
use super::super::spread::{Worth, gather};
use super::{CollectedFile, CollectedPackage, Gc, GcReport, Keeper, KeptPackage, Marks};

/// How many versions go while others wait.
const BATCH: usize = 100;
/// How long those who need packages are waited for while others wait behind us, before these are let go first.
const TURN: Duration = Duration::from_secs(10);
/// How long it is tried.
const PATIENCE: Duration = Duration::from_secs(600);

/// A version of a package that is there.
pub(super) struct Known {
    name: PackageName,
    version: Version,
    files: Vec<KnownFile>,
    /// When one of its files was written or used last.
    touched: SystemTime,
    damage: Option<String>,
    /// The file that the reference of the original tool names.
    reference: Option<String>,
}

struct KnownFile {
    file: String,
    architecture: Architecture,
    size: u64,
    sha256: Sha256Digest,
    /// The file that says how it was built.
    buildinfo: Option<Sha256Digest>,
}

impl Known {
    /// Whether a record of it cannot be read.
    pub(super) fn is_damaged(&self) -> bool {
        self.damage.is_some()
    }

    /// Whether there is any.
    pub(super) fn has_records(&self) -> bool {
        !self.files.is_empty()
    }

    /// Its name and version, as they are spelled.
    pub(super) fn spelled(&self) -> (&str, &str) {
        (self.name.as_str(), self.version.as_str())
    }

    /// The keys of its records.
    pub(super) fn records(&self) -> impl Iterator<Item = String> {
        self.files.iter().map(|file| key::record(&self.name, &self.version, &file.architecture))
    }

    /// The digests by which files that belong to its records are named.
    pub(super) fn digests(&self) -> impl Iterator<Item = Sha256Digest> {
        self.files.iter().flat_map(|file| [Some(file.sha256), file.buildinfo]).flatten()
    }
}

impl Gc<'_> {
    /// Every version that there is a folder of.
    pub(super) fn known_packages(&self) -> Result<Vec<Known>, RepositoryError> {
        let names = self.repository.package_names()?;
        let known = gather(Worth::Files, &names, |name| {
            let versions = self.repository.package_versions(name)?;
            versions.iter().map(|version| self.known(name, version)).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(known.into_iter().flatten().flatten().collect())
    }

    /// A version; none when another collector was here.
    fn known(&self, name: &PackageName, version: &Version) -> Result<Option<Known>, RepositoryError> {
        let folder = self.root.join(key::version(name, version));
        let Some(touched_at) = newest_below(&folder).map_err(at(&folder))? else { return Ok(None) };
        let line = self.repository.store.read(&key::file(name, version))?;
        let reference = line.map(|line| String::from_utf8_lossy(&line).trim_end().to_owned());
        let mut known = Known {
            name: name.clone(),
            version: version.clone(),
            files: Vec::new(),
            touched: touched_at,
            damage: None,
            reference,
        };
        match self.repository.records(name, version) {
            Err(error) => known.damage = Some(error.to_string()),
            Ok(records) => {
                for record in records {
                    let path = self.repository.package_path(&record.file)?;
                    known.touched = known.touched.max(touched(&path));
                    let (file, size, sha256) = (record.file, record.size, record.sha256);
                    let (architecture, buildinfo) = (record.architecture, record.provenance.buildinfo);
                    known.files.push(KnownFile { file, architecture, size, sha256, buildinfo });
                }
            }
        }
        Ok(Some(known))
    }

    /// The versions that go.
    pub(super) fn candidates<'k>(
        &self,
        known: &'k [Known],
        marks: &Marks,
        report: &mut GcReport,
    ) -> Vec<&'k Known> {
        let mut candidates = Vec::new();
        for package in known {
            let Some(kept_by) = self.keeper(package, marks) else {
                candidates.push(package);
                continue;
            };
            report.kept_packages += 1;
            if self.request.explain {
                let (name, version) = (package.name.clone(), package.version.clone());
                report.kept.push(KeptPackage { name, version, kept_by });
            }
        }
        candidates
    }

    fn keeper(&self, package: &Known, marks: &Marks) -> Option<Keeper> {
        if let Some(reason) = &package.damage {
            return Some(Keeper::Damage { reason: reason.clone() });
        }
        if let Some(keeper) = marks.keeper(&package.name, &package.version) {
            return Some(keeper.clone());
        }
        if let Some(suite) = package.files.iter().find_map(|file| marks.suite_with(&file.sha256)) {
            return Some(Keeper::Suite { suite: suite.clone() });
        }
        if !self.is_old(package.touched) {
            let since = Timestamp::try_from(package.touched).unwrap_or(Timestamp::MAX);
            return Some(Keeper::Age { since });
        }
        None
    }

    /// Removes these versions, unless they are named or used by now.
    pub(super) fn collect_packages(
        &self,
        candidates: Vec<&Known>,
        marks: &mut Marks,
        report: &mut GcReport,
    ) -> Result<(), RepositoryError> {
        if !self.removes() {
            report.packages = candidates.into_iter().map(|package| self.collected(package)).collect();
            return Ok(());
        }
        for batch in candidates.chunks(BATCH) {
            let _alone = self.alone()?;
            marks.catch_up(self.repository)?;
            let mut going = Vec::new();
            for candidate in batch {
                let Some(now) = self.known(&candidate.name, &candidate.version)? else { continue };
                if self.keeper(&now, marks).is_some() {
                    report.kept_packages += 1;
                    continue;
                }
                let records = self.forget_records(&now)?;
                going.push((now, records));
            }
            // A file must not go for good before the record that names it.
            self.repository.store.settle()?;
            for (package, records) in going {
                let collected = self.collected(&package);
                for record in &records {
                    self.repository.forget_buildinfo(record)?;
                    self.repository.store.delete(&key::file_list(&record.sha256))?;
                }
                for file in &collected.files {
                    self.repository.remove_package_file(&file.file)?;
                }
                self.repository.remove_empty_folders(&package.name, &package.version);
                report.packages.push(collected);
            }
        }
        Ok(())
    }

    /// What goes of a version: no file that is another package.
    fn collected(&self, package: &Known) -> CollectedPackage {
        let (name, version) = (&package.name, &package.version);
        let is_its =
            |file: &&KnownFile| self.repository.is_file_of(&file.file, (name, version, &file.architecture));
        let file = |file: &KnownFile| CollectedFile { file: file.file.clone(), bytes: file.size };
        let files = package.files.iter().filter(is_its).map(file).collect();
        CollectedPackage { name: name.clone(), version: version.clone(), files }
    }

    /// The line for old clients is that of the first architecture, so that one goes last.
    fn forget_records(&self, package: &Known) -> Result<Vec<PackageRecord>, RepositoryError> {
        let records = self.repository.records(&package.name, &package.version)?;
        records.iter().rev().try_for_each(|record| self.repository.forget_record(record))?;
        self.repository.store.delete(&key::file(&package.name, &package.version))?;
        Ok(records)
    }

    /// The package files without a record that go.
    pub(super) fn unregistered(
        &self,
        known: &[Known],
        marks: &Marks,
    ) -> Result<Vec<String>, RepositoryError> {
        if self.request.keep_unregistered {
            return Ok(Vec::new());
        }
        let registered = known.iter().flat_map(|package| &package.files).map(|file| &*file.file);
        // The original tool has no records.
        let is_named = |package: &&Known| marks.keeper(&package.name, &package.version).is_some();
        let referenced = known.iter().filter(is_named).filter_map(|package| package.reference.as_deref());
        let stay: HashSet<&str> = registered.chain(referenced).collect();
        let folder = self.repository.debs();
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(at(folder))? {
            let name = entry.map_err(at(folder))?.file_name();
            if let Some(name) = name.to_str().filter(|name| !stay.contains(name))
                && self.is_collectable(name, marks)
            {
                files.push(name.to_owned());
            }
        }
        files.sort();
        Ok(files)
    }

    fn is_collectable(&self, file: &str, marks: &Marks) -> bool {
        let Ok(path) = self.repository.package_path(file) else { return false };
        if !is_there(&path).unwrap_or(false) || !self.is_old(touched(&path)) || marks.is_referenced(file) {
            return false;
        }
        // One that cannot be read is no package that somebody could name.
        let Ok(found) = read_package(&path, file) else { return true };
        marks.keeper(&found.name, &found.version).is_none()
            && marks.suite_with(&found.sha256).is_none()
            && !self.repository.is_registered(&found)
    }

    /// Removes these files, unless they are registered or used by now.
    pub(super) fn collect_files(
        &self,
        files: Vec<String>,
        marks: &mut Marks,
        report: &mut GcReport,
    ) -> Result<(), RepositoryError> {
        let size = |file: &str| self.repository.debs().join(file).symlink_metadata().map_or(0, |it| it.len());
        for batch in files.chunks(BATCH) {
            let _alone = if self.removes() { self.alone()? } else { None };
            marks.catch_up(self.repository)?;
            for file in batch.iter().filter(|file| self.is_collectable(file, marks)) {
                report.files.push(CollectedFile { file: file.clone(), bytes: size(file) });
                if self.removes() {
                    self.repository.remove_package_file(file)?;
                }
            }
        }
        Ok(())
    }

    /// Waits for a moment in which nobody relies on packages.
    pub(super) fn alone(&self) -> Result<Option<Collecting>, RepositoryError> {
        let begun = Instant::now();
        loop {
            match self.repository.collecting(TURN) {
                Err(RepositoryError::Busy { .. }) if begun.elapsed() < PATIENCE => {
                    // Whoever waits behind us goes first.
                    std::thread::sleep(Duration::from_millis(50));
                }
                outcome => return outcome,
            }
        }
    }
}

/// When a file was written or marked as used last, or came there: that cannot be told by the time that it was given.
pub(super) fn touched(path: &Path) -> SystemTime {
    path.symlink_metadata().map_or(UNIX_EPOCH, |found| {
        let seconds = u64::try_from(found.ctime()).unwrap_or(0);
        let nanoseconds = u32::try_from(found.ctime_nsec()).unwrap_or(0);
        let came = UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        found.modified().map_or(came, |modified| modified.max(came))
    })
}

/// The newest of the times of the files in a folder, or that of the folder when there is none; nothing when it is gone.
fn newest_below(folder: &Path) -> io::Result<Option<SystemTime>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let mut newest = None;
    for entry in entries {
        newest = newest.max(Some(touched(&entry?.path())));
    }
    Ok(newest.or_else(|| Some(touched(folder))))
}
