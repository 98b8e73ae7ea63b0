//! Looking at everything in a repository: what cannot be made again is only reported, what can is.
//!
//! Slow on purpose: it reads every file. It may run beside writers; what they leave unfinished for a moment is told from
//! what a killed one left by the lock it holds, or by its age.

mod bases;
mod chain;
mod channels;
mod files;
mod ledger;
mod leftovers;
mod records;
mod report;
mod stack_files;
mod suites;

use std::collections::{BTreeSet, HashMap, HashSet};

use gachette_core::Sha256Digest;
use gachette_core::stack::{Domain, StackName};

pub use report::{Checked, Fault, FaultClass, Finding, FsckReport};

use super::error::{DAMAGED_RECORD, RepositoryError};
use super::{Repository, StatedRevision, key};

/// What to do where something lies in the place of a file or folder.
const IN_THE_WAY: &str = "something else lies there, or where a folder above it should be: move it away; \
                          what is to be there comes back from a backup";

/// What is done about what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsckMode {
    /// Nothing is written.
    Check,
    /// Derived files are made right again, and leftovers of killed writers removed.
    Repair,
}

impl Repository {
    /// Checks the whole repository, and with [`FsckMode::Repair`] mends what can be made again from the rest.
    ///
    /// # Errors
    /// Only when the folders of all domains, all packages or all else cannot be read; what is wrong with the repository
    /// is in the report.
    pub fn fsck(&self, mode: FsckMode) -> Result<FsckReport, RepositoryError> {
        // Whoever asks for this wants everything to be read.
        let repository = self.clone().with_stat_caches(None);
        let mut fsck = Fsck::of(&repository, mode);
        let stated = self.stated_revisions();
        fsck.stated = fsck.seen(key::STATEMENTS, stated).unwrap_or_default();
        fsck.check_records()?;
        let inputs = fsck.check_inputs();
        fsck.seen(key::INPUTS, inputs);
        fsck.check_domains()?;
        let served = fsck.check_served();
        fsck.seen(key::DISTS, served);
        let bases = fsck.check_bases();
        fsck.seen(key::BASES, bases);
        let files = fsck.check_folder_of_files();
        fsck.seen("debs", files);
        fsck.check_leftovers()?;
        Ok(fsck.report)
    }
}

/// One run.
struct Fsck<'a> {
    repository: &'a Repository,
    mode: FsckMode,
    report: FsckReport,
    /// The findings of the report.
    told: HashSet<Finding>,
    /// The file that each sound record names, by the record's key.
    known: HashMap<String, Sha256Digest>,
    /// The names of files that have a record.
    named: HashSet<String>,
    /// The keys of the entries by inputs that there must be.
    inputs: HashSet<String>,
    /// What is stated of sealed stacks.
    stated: Vec<StatedRevision>,
    /// The keys of parts of indices that were looked at.
    parts: BTreeSet<String>,
}

impl<'a> Fsck<'a> {
    fn found(&mut self, path: impl Into<String>, fault: Fault) {
        self.note(Finding { path: path.into(), fault, mended: false, obstacle: None, hint: None });
    }

    /// Notes a record that is not as it was: an import does not replace it.
    fn record_changed(&mut self, path: &str, reason: String) {
        let (fault, hint) = (Fault::Changed { reason }, Some(DAMAGED_RECORD.to_owned()));
        self.note(Finding { path: path.to_owned(), fault, mended: false, obstacle: None, hint });
    }

    /// Notes what could not be looked at, and what to do about that.
    fn unseen(&mut self, path: impl Into<String>, error: &RepositoryError) {
        let hint = match error {
            RepositoryError::Damaged { key, .. } if key::is_record(key) => Some(DAMAGED_RECORD.to_owned()),
            RepositoryError::Damaged { .. } => Some("bring the file back from a backup".to_owned()),
            _ if error.is_in_the_way() => Some(IN_THE_WAY.to_owned()),
            _ => error.hint(),
        };
        let fault = Fault::Unreadable { reason: error.to_string() };
        self.note(Finding { path: path.into(), fault, mended: false, obstacle: None, hint });
    }

    /// Notes that something could not be looked at: one folder that cannot be read does not hide the others.
    fn seen<T>(&mut self, path: &str, outcome: Result<T, RepositoryError>) -> Option<T> {
        outcome.map_err(|error| self.unseen(path, &error)).ok()
    }

    /// Notes what can be made again, and makes it.
    fn mend(
        &mut self,
        path: impl Into<String>,
        fault: Fault,
        mend: impl FnOnce(&'a Repository) -> Result<(), RepositoryError>,
    ) {
        // What cannot be mended now, as on a full disk, stays a finding.
        let outcome = (self.mode == FsckMode::Repair).then(|| mend(self.repository));
        let mended = matches!(outcome, Some(Ok(())));
        let obstacle = outcome.and_then(Result::err);
        let (hint, obstacle) = (obstacle.as_ref().and_then(RepositoryError::hint), obstacle);
        let obstacle = obstacle.map(|error| error.to_string());
        self.note(Finding { path: path.into(), fault, mended, obstacle, hint });
    }

    /// Two ways to find a fault make one finding.
    fn note(&mut self, finding: Finding) {
        if self.told.insert(finding.clone()) {
            self.report.findings.push(finding);
        }
    }

    fn check_domains(&mut self) -> Result<(), RepositoryError> {
        let domains = self.repository.store.children(key::DOMAINS)?;
        self.unknown(key::DOMAINS, &domains.files);
        for folder in domains.folders {
            let Ok(domain) = folder.parse::<Domain>() else {
                self.unknown(key::DOMAINS, &[folder]);
                continue;
            };
            let path = format!("{}/{domain}", key::DOMAINS);
            let children = self.repository.store.children(&path);
            let Some(children) = self.seen(&path, children) else { continue };
            self.unknown(&path, &children.files);
            let strange = children
                .folders
                .into_iter()
                .filter(|name| !matches!(name.as_str(), "stacks" | "channels" | "suites"));
            self.unknown(&path, &strange.collect::<Vec<_>>());
            let checked = self.check_domain(&domain);
            self.seen(&key::stacks(&domain), checked);
            let checked = self.check_channels(&domain);
            self.seen(&key::channels(&domain), checked);
            let checked = self.check_suites(&domain);
            self.seen(&key::suite_states(&domain), checked);
        }
        Ok(())
    }

    fn check_domain(&mut self, domain: &Domain) -> Result<(), RepositoryError> {
        let path = key::stacks(domain);
        let children = self.repository.store.children(&path)?;
        self.unknown(&path, &children.files);
        for folder in children.folders {
            match StackName::new(domain.clone(), &folder) {
                Ok(stack) => {
                    self.report.checked.stacks += 1;
                    let newest = self.check_ledger(&stack);
                    let checked = newest.and_then(|newest| self.check_stack_files(&stack, newest));
                    self.seen(&key::stack(&stack), checked);
                }
                Err(_) => self.unknown(&path, &[folder]),
            }
        }
        Ok(())
    }

    /// Notes files and folders that are not gachette's; unfinished ones are looked at elsewhere.
    fn unknown(&mut self, folder: &str, names: &[String]) {
        for name in names.iter().filter(|name| !key::is_unfinished(name)) {
            self.found(format!("{folder}/{}", name.escape_debug()), Fault::Unknown);
        }
    }
}
