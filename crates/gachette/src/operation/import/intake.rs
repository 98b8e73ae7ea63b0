//! An import as far as it came: what was taken in, what was refused, and what a stack would get of it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::{slice, thread};

use gachette_core::debian::PackageName;
use gachette_core::stack::{By, PackageRecord, Provenance, StackName};

use super::archive::Offer;
use super::candidate::{Batch, Hindrance, Known, Look, Looked, known};
use super::{BATCH, Compare, ImportReport, OperationError, RefusedFile, StackedIn};
use crate::repository::{
    Placement, Repository, RepositoryError, Staged, Staging, Unregistered, Worth, gather,
};

/// One import, as far as it came.
pub(super) struct Intake<'a> {
    repository: &'a Repository,
    compare: Compare,
    provenance: Provenance,
    report: ImportReport,
    /// The records of the highest version of each package, in one spelling, one for each architecture.
    highest: BTreeMap<PackageName, Vec<PackageRecord>>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(repository: &'a Repository, compare: Compare) -> Self {
        let (provenance, report) = (Provenance::default(), ImportReport::default());
        Self { repository, compare, provenance, report, highest: BTreeMap::new() }
    }

    /// Says where all of it comes from.
    pub(super) fn name_source(&mut self, source: String) {
        self.report.source = source;
    }

    /// Says where the next packages come from.
    pub(super) fn come_from(&mut self, provenance: Provenance) {
        self.provenance = provenance;
    }

    /// Those of the packages offered that are to be fetched: they are not there, and not refused.
    pub(super) fn wanted<'o>(&mut self, offers: &'o [Offer]) -> Result<Vec<&'o Offer>, OperationError> {
        let look = |offer: &Offer| {
            let Offer { name, version, architecture, sha256 } = offer;
            let package = (name, version, architecture);
            Ok::<_, Infallible>(known(self.repository, self.compare, package, *sha256))
        };
        let mut wanted = Vec::new();
        for (offer, known) in offers.iter().zip(gather(Worth::Files, offers, look).unwrap_or_default()) {
            match known {
                Ok(Known::Whole(record)) => self.known(*record),
                Ok(Known::Lost(_) | Known::Nothing) => wanted.push(offer),
                Err(Hindrance::Fault(error)) => return Err(error),
                Err(Hindrance::Refused(reason)) => self.refuse_offer(offer, reason),
            }
        }
        Ok(wanted)
    }

    /// Notes a package that is offered and cannot be taken.
    pub(super) fn refuse_offer(&mut self, offer: &Offer, reason: String) {
        let file = format!("{} {} ({})", offer.name, offer.version, offer.architecture);
        self.report.refused.push(RefusedFile { file, reason });
    }

    /// Notes what cannot be taken.
    pub(super) fn refuse_all(&mut self, refused: Vec<RefusedFile>) {
        self.report.refused.extend(refused);
    }

    pub(super) fn report(&self) -> &ImportReport {
        &self.report
    }

    pub(super) fn finish(self) -> ImportReport {
        self.report
    }

    /// Takes in what of these files is new, some at a time, and after each time asks whether to go on. While some are taken in,
    /// the next are looked at.
    pub(super) fn take_all(
        &mut self,
        files: &[PathBuf],
        mut go_on: impl FnMut(&ImportReport) -> Result<(), OperationError>,
    ) -> Result<(), OperationError> {
        let look = self.look();
        thread::scope(|scope| {
            // None waits in between: of what is looked at, only the batch before may not be in the repository yet.
            let (sender, batches) = mpsc::sync_channel(0);
            scope.spawn(move || {
                let mut batches = files.chunks(BATCH).map(|files| look.batch(files));
                // The receiver is gone when it is not to go on.
                batches.try_for_each(|batch| sender.send(batch))
            });
            let mut names = HashSet::new();
            for batch in batches {
                names = self.take_batch(batch?, &names)?;
                go_on(&self.report)?;
            }
            Ok(())
        })
    }

    /// Takes in what of these few files is new.
    pub(super) fn take(&mut self, files: &[PathBuf]) -> Result<(), OperationError> {
        let batch = self.look().batch(files)?;
        self.take_batch(batch, &HashSet::new()).map(drop)
    }

    fn look(&self) -> Look<'a> {
        Look { repository: self.repository, compare: self.compare, provenance: self.provenance.clone() }
    }

    /// Takes in what is new of files that were looked at before those of some names were taken in. Returns the names of its own.
    fn take_batch(
        &mut self,
        batch: Batch<'_>,
        before: &HashSet<String>,
    ) -> Result<HashSet<String>, OperationError> {
        let (mut originals, mut staged, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
        let mut names = HashSet::new();
        for (file, looked) in batch.files.iter().zip(batch.looked) {
            match looked {
                Ok(Looked::Known(record)) => self.known(*record),
                Ok(Looked::New(new)) => {
                    let name = &new.record.file;
                    if names.insert(name.clone()) && !before.contains(name) {
                        originals.push(file.as_path());
                        staged.push(*new);
                    } else {
                        seconds.push(file);
                    }
                }
                Err(hindrance) => self.refuse(file, hindrance)?,
            }
        }
        self.take_staged(&batch.staging, &originals, staged)?;
        // By now the first of the same name is there, or was none.
        seconds.into_iter().try_for_each(|second| self.take(slice::from_ref(second)))?;
        Ok(names)
    }

    /// Takes in what was copied from these files.
    fn take_staged(
        &mut self,
        staging: &Staging,
        originals: &[&Path],
        staged: Vec<Staged>,
    ) -> Result<(), OperationError> {
        if let Ok(taken_in) = self.repository.take_in_staged(staging, &staged) {
            for (staged, taken_in) in staged.into_iter().zip(taken_in) {
                let (record, placement) = taken_in.unwrap_or((staged.record, Placement::New));
                self.taken_in(record, placement);
            }
            return Ok(());
        }
        // One of them hinders the others: each by itself.
        for (original, staged) in originals.iter().zip(&staged) {
            match self.take_one(staged) {
                Ok((record, placement)) => self.taken_in(record, placement),
                Err(error) => self.refuse(original, error.into())?,
            }
        }
        Ok(())
    }

    fn take_one(&self, staged: &Staged) -> Result<(PackageRecord, Placement), RepositoryError> {
        let copy = staged.named()?;
        if copy.exists() {
            return self.repository.take_in_told(&copy, &self.provenance, Unregistered::Kept);
        }
        // It was placed before another of the files failed.
        let file = Path::new(&staged.record.file);
        Ok((self.repository.register(file, &self.provenance)?, Placement::New))
    }

    /// Notes that a package is there already.
    fn known(&mut self, record: PackageRecord) {
        self.report.already_there += 1;
        self.note(record);
    }

    fn taken_in(&mut self, record: PackageRecord, placement: Placement) {
        if placement == Placement::AlreadyThere {
            // Another import has brought it meanwhile.
            return self.known(record);
        }
        self.report.taken += 1;
        self.report.bytes += record.size;
        self.note(record);
    }

    /// Remembers what a stack would get: of each package the highest version, in one spelling. Of those that Debian holds equal
    /// it is the one that comes first by its text, in whatever order they are found.
    fn note(&mut self, record: PackageRecord) {
        // Thousands of them are remembered, of which a stack names no more than this.
        let record =
            PackageRecord { control: Default::default(), provenance: Provenance::default(), ..record };
        let highest = self.highest.entry(record.name.clone()).or_default();
        let order = highest.first().map_or(Ordering::Equal, |first| {
            let by_text = || first.version.as_str().cmp(record.version.as_str());
            record.version.cmp(&first.version).then_with(by_text)
        });
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
        // Somebody may collect without sparing what is new.
        gather(Worth::Lines, &records, |record| match kept.has_whole_file(record) {
            true => Ok(()),
            false => Err(RepositoryError::MissingFile { path: kept.package_path(&record.file)? }),
        })?;
        let committed = kept.add_to_stack(stack, &records, by)?;
        let (revision, changed) = (committed.entry.revision.number, committed.changed);
        Ok(StackedIn { stack: stack.to_string(), revision, changed })
    }
}
