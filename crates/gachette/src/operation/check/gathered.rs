//! What a question is about: the texts of a base, and the records of packages.

use std::collections::HashSet;

use gachette_core::base::BaseList;
use gachette_core::debian::{Architecture, PackageName};
use gachette_core::installability::{
    Answer, Architectures, Checker, NamedPackage, PackageIndex, Query, Universe, UniverseBuilder, Versions,
};
use gachette_core::stack::{Content, PackageRecord};

use super::passage::Hosts;
use super::question::Question;
use super::report::CheckResult;
use crate::Cancel;
use crate::operation::OperationError;
use crate::repository::Repository;

/// The origin of packages of a stack that are not asked about.
const STACK: &str = "the stack";
/// Its priority: what a stack names is taken, whatever the base has (apt_preferences(5): more than 1000 may even go back).
const STACK_PRIORITY: i32 = 1001;

/// All that a question is about.
pub(super) struct Gathered {
    lists: Vec<(BaseList, String)>,
    stack: Vec<PackageRecord>,
    from: Option<Vec<PackageRecord>>,
}

/// A stack on a base, on hosts of one architecture.
pub(super) struct Stacked<'a> {
    pub(super) universe: Universe<'a>,
    /// The packages of the stack that hosts of this architecture can have.
    pub(super) set: Vec<PackageIndex>,
}

impl Gathered {
    pub(super) fn new(repository: &Repository, question: &Question<'_>) -> Result<Self, OperationError> {
        let wanted: Vec<&Architecture> = question.architectures.iter().chain(&question.foreign).collect();
        let is_wanted = |list: &&BaseList| list.architecture.as_ref().is_none_or(|it| wanted.contains(&it));
        let mut lists = Vec::new();
        for list in question.base.lists.iter().filter(is_wanted) {
            lists.push((list.clone(), repository.base_list(&list.sha256)?));
        }
        let records = |content: &Content| Ok::<_, OperationError>(repository.stacked_records(content)?);
        let (stack, from) = (records(question.stack)?, question.from.map(records).transpose()?);
        Ok(Self { lists, stack, from })
    }

    /// The answer for each architecture that is asked about.
    pub(super) fn answer(
        &self,
        question: &Question<'_>,
        cancel: &Cancel,
    ) -> Result<Vec<CheckResult>, OperationError> {
        question.architectures.iter().map(|native| self.answer_on(native, question, cancel)).collect()
    }

    fn answer_on(
        &self,
        native: &Architecture,
        question: &Question<'_>,
        cancel: &Cancel,
    ) -> Result<CheckResult, OperationError> {
        let architectures =
            Architectures::only(native.clone()).with_foreign(question.foreign.iter().cloned());
        let mut stacked = self.stacked(&self.stack, &architectures)?;
        if !question.only.is_empty() {
            let universe = &stacked.universe;
            stacked.set.retain(|index| {
                question.only.iter().any(|name| name.as_str() == universe.package(*index).name())
            });
            if stacked.set.is_empty() {
                let missing = format!("none of the packages is for hosts of {native}");
                return Err(OperationError::Invalid(missing));
            }
        }
        let stop = || cancel.is_cancelled();
        let recommending = if question.recommends { stacked.set.as_slice() } else { &[] };
        let query = Query { install: &stacked.set, recommending, keep: &[] };
        let answer = Checker::new(&stacked.universe, &stop).check(&query)?;
        let mut result = CheckResult {
            architecture: native.clone(),
            packages: stacked.set.len(),
            installable: matches!(answer, Answer::Installable(_)),
            brings: Vec::new(),
            reasons: Vec::new(),
            forth: None,
            back: None,
        };
        match answer {
            Answer::Refused(reasons) => result.reasons = reasons,
            Answer::Installable(found) => {
                let extra = found.packages[found.essential..].iter().filter(|it| !stacked.set.contains(it));
                result.brings = extra.map(|index| NamedPackage::of(&stacked.universe, *index)).collect();
                result.brings.sort();
            }
        }
        if let Some(from) = &self.from {
            let hosts = Hosts { old: self.stacked(from, &architectures)?, new: stacked, stop: &stop };
            let (forth, back) = hosts.passages(question.recommends)?;
            (result.forth, result.back) = (Some(forth), Some(back));
        }
        Ok(result)
    }

    /// A stack on the base, on hosts of these architectures.
    fn stacked<'a>(
        &'a self,
        records: &'a [PackageRecord],
        architectures: &Architectures,
    ) -> Result<Stacked<'a>, OperationError> {
        let mut builder = UniverseBuilder::new(architectures.clone());
        for (list, text) in &self.lists {
            let origin = builder.origin(&list.origin, list.priority).map_err(OperationError::Packages)?;
            builder.packages(origin, text).map_err(OperationError::Packages)?;
        }
        let origin = builder.origin(STACK, STACK_PRIORITY).map_err(OperationError::Packages)?;
        let mut set: Vec<PackageIndex> = Vec::new();
        let native = architectures.native();
        let own: HashSet<&PackageName> = records
            .iter()
            .filter(|record| record.architecture == *native)
            .map(|record| &record.name)
            .collect();
        // A package that is there for an architecture of its own is not installed as one for all.
        let is_second = |record: &&PackageRecord| record.architecture.is_all() && own.contains(&record.name);
        for record in records.iter().filter(|record| !is_second(record)) {
            let control = record.control.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let index = builder.package(origin, control).map_err(OperationError::Packages)?;
            let is_own = record.architecture.is_all() || record.architecture == *native;
            set.extend(index.filter(|_| is_own));
        }
        Ok(Stacked { universe: builder.build(Versions::Candidate), set })
    }
}
