//! An import as far as it came: what was taken in, what was refused, and what a stack would get of it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};
use std::{slice, thread};

use gachette_core::debian::PackageName;
use gachette_core::stack::{By, LowerPackage, Provenance, StackName, lower};

use super::batch::{Batches, Names, Taken};
use super::candidate::{Bytes, Hindrance, Known, Look, known};
use super::imported::Imported;
use super::offer::Offer;
use super::registered::Registered;
use super::{
    BATCH, Compare, Distribution, ImportReport, OperationError, RefusedFile, SMALLEST_BATCH, StackedIn,
};
use crate::repository::{
    Committed, Placement, Repository, RepositoryError, Worth, be_one_of_many, gather, processors,
};

/// One import, as far as it came.
pub(super) struct Intake<'a> {
    repository: &'a Repository,
    compare: Compare,
    provenance: Provenance,
    report: ImportReport,
    /// The highest version of each package, in one spelling, one for each architecture.
    highest: BTreeMap<PackageName, Vec<Imported>>,
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

    /// Says of which distributions all of it is.
    pub(super) fn name_distributions(&mut self, distributions: Vec<Distribution>) {
        self.report.distributions = distributions;
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
                Ok(Known::Whole(record)) => self.known((*record).into()),
                Ok(Known::Lost(_) | Known::Nothing) => wanted.push(offer),
                Err(Hindrance::Fault(error)) => return Err(error),
                Err(Hindrance::Refused(reason)) => self.refuse_offer(offer, reason),
            }
        }
        Ok(wanted)
    }

    /// Notes a package that is offered and cannot be taken.
    pub(super) fn refuse_offer(&mut self, offer: &Offer, reason: String) {
        self.report.refused.push(RefusedFile { file: offer.to_string(), reason });
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

    /// Takes in what of these files is new and has the bytes that it is to have, by several threads some at a time, and after each
    /// time asks whether to go on.
    pub(super) fn take_all(
        &mut self,
        files: &[PathBuf],
        bytes: Bytes,
        mut go_on: impl FnMut(&ImportReport) -> Result<(), OperationError>,
    ) -> Result<(), OperationError> {
        let registered = Registered::before(self.repository, files.len());
        let look = Look { registered, ..self.look(&bytes) };
        let (names, threads) = (Names::default(), processors());
        let size = files.len().div_ceil(2 * threads).clamp(SMALLEST_BATCH, BATCH);
        let batches = Mutex::new((Batches { left: files, most: size }).enumerate());
        let next = || batches.lock().unwrap_or_else(PoisonError::into_inner).next();
        thread::scope(|scope| {
            let (sender, done) = mpsc::channel();
            let workers = threads.min(files.len().div_ceil(size));
            for _ in 0..workers {
                let (sender, look, names) = (sender.clone(), &look, &names);
                scope.spawn(move || {
                    if workers == threads {
                        be_one_of_many();
                    }
                    while let Some((number, files)) = next() {
                        let taken = look.take(files, names.turn(number));
                        // The receiver is gone when it is not to go on.
                        if sender.send((number, taken)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            // What became of the files is noted in their order.
            let (mut early, mut noted) = (BTreeMap::new(), 0);
            for (number, taken) in done {
                early.insert(number, taken);
                while let Some(taken) = early.remove(&noted) {
                    self.note_all(taken?, &bytes)?;
                    go_on(&self.report)?;
                    noted += 1;
                }
            }
            Ok(())
        })
    }

    fn look(&self, bytes: &Bytes) -> Look<'a> {
        let (repository, compare, provenance) = (self.repository, self.compare, self.provenance.clone());
        Look { repository, compare, provenance, registered: Registered::default(), bytes: bytes.clone() }
    }

    /// Notes what became of files. All before them were taken in, or were none.
    fn note_all(&mut self, taken: Taken<'_>, bytes: &Bytes) -> Result<(), OperationError> {
        for (file, fate) in taken.fates {
            match fate {
                Ok((record, placement)) => self.taken_in(record, placement),
                Err(hindrance) => self.refuse(bytes.name(file), hindrance)?,
            }
        }
        for second in taken.seconds {
            let taken = self.look(bytes).take(slice::from_ref(second), Names::default().turn(0))?;
            self.note_all(taken, bytes)?;
        }
        Ok(())
    }

    /// Notes that a package is there already.
    fn known(&mut self, package: Imported) {
        self.report.already_there += 1;
        self.note(package);
    }

    fn taken_in(&mut self, package: Imported, placement: Placement) {
        if placement == Placement::AlreadyThere {
            // Another import has brought it meanwhile.
            return self.known(package);
        }
        self.report.taken += 1;
        self.report.bytes += package.size;
        self.note(package);
    }

    /// Remembers what a stack would get: of each package the highest version, in one spelling. Of those that Debian holds equal
    /// it is the one that comes first by its text, in whatever order they are found.
    fn note(&mut self, package: Imported) {
        let highest = match self.highest.entry(package.name.clone()) {
            Entry::Vacant(place) => {
                // Of most there is no other.
                place.insert(vec![package]);
                return;
            }
            Entry::Occupied(place) => place.into_mut(),
        };
        let order = highest.first().map_or(Ordering::Equal, |first| {
            let by_text = || first.version.as_str().cmp(package.version.as_str());
            package.version.cmp(&first.version).then_with(by_text)
        });
        match order {
            Ordering::Less => self.report.left_out += 1,
            Ordering::Equal => highest.push(package),
            Ordering::Greater => {
                self.report.left_out += highest.len();
                *highest = vec![package];
            }
        }
    }

    /// Notes a file that is not taken; a fault of another kind ends the import.
    fn refuse(&mut self, file: String, hindrance: Hindrance) -> Result<(), OperationError> {
        match hindrance {
            Hindrance::Fault(error) => Err(error),
            Hindrance::Refused(reason) => {
                self.report.refused.push(RefusedFile { file, reason });
                Ok(())
            }
        }
    }

    /// Adds the highest version of each package to a stack.
    pub(super) fn add_to(&mut self, stack: &StackName, by: &By) -> Result<StackedIn, OperationError> {
        let kept = self.repository.keeping()?;
        let highest = std::mem::take(&mut self.highest);
        let packages = highest.values().flatten();
        // Somebody may collect without sparing what is new; a file is there as it was or not at all.
        let there = kept.package_file_names(highest.len());
        let gone = |package: &&Imported| !there.as_ref().is_some_and(|there| there.contains(&*package.file));
        let unseen: Vec<&Imported> = packages.clone().filter(gone).collect();
        gather(Worth::Lines, &unseen, |package| match kept.has_file_of_size(&package.file, package.size) {
            true => Ok(()),
            false => Err(RepositoryError::MissingFile { path: kept.package_path(&package.file)? }),
        })?;
        let committed = kept.add_each(stack, packages.map(Imported::stacked), by)?;
        self.report.lower = self.lowered_by(&committed);
        let (revision, changed) = (committed.entry.revision.number, committed.changed);
        Ok(StackedIn { stack: stack.to_string(), revision, changed })
    }

    /// The packages that are lower than in the revision before. The new one is written: what cannot be read of that keeps nobody.
    fn lowered_by(&self, committed: &Committed) -> Vec<LowerPackage> {
        let now = &committed.entry.revision;
        let before = now.number.checked_sub(1).filter(|before| committed.changed && *before > 0);
        let before = before.and_then(|number| self.repository.show_stack(&now.stack.at(number)).ok());
        before.map(|before| lower(&before.revision.packages, &now.packages)).unwrap_or_default()
    }
}
