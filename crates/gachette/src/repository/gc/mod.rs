//! Collecting what nothing names any more: package files with their records, suites of deleted stacks, indices that were
//! replaced, parts of indices, old answers whether stacks can be installed, and what users remember of records.
//!
//! What is named is found out first, without holding anybody up. Then packages are removed, some at a time, each time
//! [alone with the repository](super::keep): what was named meanwhile is looked up before anything goes. A version goes as a
//! whole: its records, from the last architecture to the first, and once that is durable its files. A collector that is killed
//! leaves at worst a file that nothing names.

mod answers;
mod marks;
mod orphans;
mod packages;
mod reach;
mod report;
mod suites;
mod vouched;

use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

pub use marks::Keeper;
pub use report::{CollectedFile, CollectedPackage, GcReport, KeptPackage, Tally};

use super::Repository;
use super::error::RepositoryError;
use marks::Marks;

/// How long packages stay that nothing names, unless something else is said: two weeks.
pub const KEEP_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What is done about what nothing names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GcMode {
    /// Nothing: it is only said what would be.
    Look,
    /// It is removed.
    Remove,
}

/// What is to be collected.
#[derive(Clone, Debug)]
pub struct GcRequest {
    /// Whether it is removed.
    pub mode: GcMode,
    /// How long packages stay that nothing names, by the newest of the times of their files, and what a stack held stays after
    /// it was deleted.
    pub keep_for: Duration,
    /// How long indices stay after they were replaced.
    pub keep_indices: SignedDuration,
    /// Whether package files without a record stay.
    pub keep_unregistered: bool,
    /// Whether it is said why packages stay.
    pub explain: bool,
    /// What time it is.
    pub now: Timestamp,
}

impl Repository {
    /// Collects what nothing names, or says what would be.
    ///
    /// # Errors
    /// When something cannot be read by which packages may be named: then nothing more is removed. When others need packages
    /// for longer than is waited.
    pub fn gc(&self, request: &GcRequest) -> Result<GcReport, RepositoryError> {
        let nowhere = || RepositoryError::Invalid {
            reason: "the repository is in no folder of this machine".to_owned(),
        };
        let root = self.store.root().ok_or_else(nowhere)?;
        self.check_debs()?;
        let keep_for = SignedDuration::try_from(request.keep_for).unwrap_or(SignedDuration::MAX);
        let since = request.now.checked_sub(keep_for).unwrap_or(Timestamp::MIN);
        let mut report = GcReport { applied: request.mode == GcMode::Remove, ..GcReport::default() };
        let gc = Gc { repository: self, root, request, since };
        let mut marks = Marks::read(self, since)?;
        let suites = gc.look_at_suites(&mut marks)?;
        let known = gc.known_packages()?;
        let candidates = gc.candidates(&known, &marks, &mut report);
        let files = gc.unregistered(&known, &marks)?;
        // A part must not outlive the packages that it tells where to find.
        gc.collect_parts(&suites, &mut report)?;
        gc.collect_suites(suites, &mut report)?;
        gc.collect_answers(&mut report)?;
        gc.collect_packages(candidates, &mut marks, &mut report)?;
        gc.collect_files(files, &mut marks, &mut report)?;
        gc.collect_orphans(&known, &mut marks, &mut report)?;
        gc.collect_vouched(&known, &mut report)?;
        report.add_up();
        Ok(report)
    }
}

/// One run.
struct Gc<'a> {
    repository: &'a Repository,
    root: &'a Path,
    request: &'a GcRequest,
    /// What was touched since then stays.
    since: Timestamp,
}

impl Gc<'_> {
    fn removes(&self) -> bool {
        self.request.mode == GcMode::Remove
    }

    fn is_old(&self, touched: SystemTime) -> bool {
        Timestamp::try_from(touched).is_ok_and(|touched| touched < self.since)
    }
}
