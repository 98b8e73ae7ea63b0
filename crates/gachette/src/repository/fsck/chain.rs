//! Checking what one revision rests on: the ledger that leads to it, and the records and files of its packages.

use std::collections::{BTreeSet, HashMap, HashSet};

use gachette_core::apt::Suite;
use gachette_core::stack::{Content, StackName};

use super::super::error::RepositoryError;
use super::super::{Repository, key};
use super::{Checked, Fault, Finding, Fsck, FsckMode, FsckReport};

/// What was found where.
pub(crate) struct ChainReport {
    /// Of the ledger of the stack, and of the channel's.
    pub(crate) ledger: Vec<Finding>,
    /// Of package records, and of what they name as the account of a build.
    pub(crate) records: Vec<Finding>,
    /// Of package files.
    pub(crate) files: Vec<Finding>,
    /// How much was looked at.
    pub(crate) checked: Checked,
}

impl<'a> Fsck<'a> {
    /// A run in which nothing was looked at yet.
    pub(super) fn of(repository: &'a Repository, mode: FsckMode) -> Self {
        Self {
            repository,
            mode,
            report: FsckReport::default(),
            told: HashSet::new(),
            known: HashMap::new(),
            named: HashSet::new(),
            inputs: HashSet::new(),
            stated: Vec::new(),
            parts: BTreeSet::new(),
        }
    }
}

impl Repository {
    /// Checks the ledger of a stack, that of a channel when there is one, and all records and files of these packages.
    pub(crate) fn check_chain(
        &self,
        stack: &StackName,
        channel: Option<&Suite>,
        packages: &Content,
    ) -> Result<ChainReport, RepositoryError> {
        let mut fsck = Fsck::of(self, FsckMode::Check);
        fsck.check_ledger(stack)?;
        channel.map_or(Ok(()), |channel| fsck.check_channel(channel))?;
        let ledger = std::mem::take(&mut fsck.report.findings);
        for package in packages.iter() {
            for (architecture, sha256) in package.files.iter() {
                let key = key::record(&package.name, &package.version, architecture);
                match fsck.check_record(&key)? {
                    None if self.store.exists(&key)? => {}
                    None => fsck.found(key, Fault::Lost { reason: format!("{stack} holds it") }),
                    Some(record) if record.sha256 != *sha256 => {
                        let reason = format!("it is of another file than {stack} holds");
                        fsck.found(key, Fault::Changed { reason });
                    }
                    Some(_) => {}
                }
            }
        }
        let (files, records) =
            fsck.report.findings.into_iter().partition(|finding| finding.path.starts_with("debs/"));
        Ok(ChainReport { ledger, records, files, checked: fsck.report.checked })
    }
}
