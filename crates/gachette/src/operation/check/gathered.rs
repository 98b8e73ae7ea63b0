//! What a question is about: the texts of a base, and the records of packages.

use std::collections::{BTreeSet, HashMap, HashSet};

use gachette_core::base::BaseList;
use gachette_core::debian::{Architecture, PackageName, VersionRef};
use gachette_core::installability::{
    Architectures, NamedPackage, PackageIndex, Universe, UniverseBuilder, Versions,
};
use gachette_core::stack::{Content, PackageRecord};

use super::passage::Passing;
use super::question::{Question, StackPart};
use super::report::CheckResult;
use super::set::{Kept, Origins, Outcome, STACK_PRIORITY, Set};
use crate::Cancel;
use crate::operation::OperationError;
use crate::repository::Repository;

/// All that a question is about.
pub(super) struct Gathered {
    lists: Vec<(BaseList, String)>,
    stack: Vec<PackageRecord>,
    from: Option<Vec<PackageRecord>>,
}

/// A stack on a base, on hosts of one architecture.
pub(super) struct Stacked<'a> {
    universe: Universe<'a>,
    /// The packages of the stack that hosts of this architecture can have.
    all: Vec<PackageIndex>,
    /// All of them, and what is written in them.
    records: HashMap<PackageIndex, &'a PackageRecord>,
    origins: Origins,
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

    /// The answers for each architecture and each part of the stack that is asked about.
    pub(super) fn answer(
        &self,
        question: &Question<'_>,
        cancel: &Cancel,
    ) -> Result<Vec<CheckResult>, OperationError> {
        let mut results = Vec::new();
        for native in &question.architectures {
            let architectures =
                Architectures::only(native.clone()).with_foreign(question.foreign.iter().cloned());
            let new = self.stacked(&self.stack, &architectures)?;
            let old = self.from.as_ref().map(|from| self.stacked(from, &architectures)).transpose()?;
            for part in &question.parts {
                results.extend(answer_on(native, question, part, &new, old.as_ref(), cancel)?);
            }
        }
        Ok(results)
    }

    /// A stack on the base, on hosts of these architectures.
    fn stacked<'a>(
        &'a self,
        records: &'a [PackageRecord],
        architectures: &Architectures,
    ) -> Result<Stacked<'a>, OperationError> {
        let mut builder = UniverseBuilder::new(architectures.clone());
        let origins = Origins::in_all(&mut builder).map_err(OperationError::Packages)?;
        for (list, text) in &self.lists {
            let origin = builder.origin(&list.origin, list.priority).map_err(OperationError::Packages)?;
            builder.packages(origin, text).map_err(OperationError::Packages)?;
        }
        let (mut all, mut known) = (Vec::new(), HashMap::new());
        let native = architectures.native();
        let own: HashSet<&PackageName> = records
            .iter()
            .filter(|record| record.architecture == *native)
            .map(|record| &record.name)
            .collect();
        // A package that is there for an architecture of its own is not installed as one for all.
        let is_second = |record: &&PackageRecord| record.architecture.is_all() && own.contains(&record.name);
        for record in records.iter().filter(|record| !is_second(record)) {
            let index = builder.package(origins.stack, control(record)).map_err(OperationError::Packages)?;
            known.extend(index.map(|index| (index, record)));
            let is_own = record.architecture.is_all() || record.architecture == *native;
            all.extend(index.filter(|_| is_own));
        }
        Ok(Stacked { universe: builder.build(Versions::Candidate), all, records: known, origins })
    }
}

fn control(record: &PackageRecord) -> impl Iterator<Item = (&str, &str)> {
    record.control.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

impl<'a> Stacked<'a> {
    /// The same, with what hosts have of another stack and keep, since this one has nothing of that name, nor the base as high a version;
    /// none when there is no such. `hosts` are packages of the universe `theirs`. What was known keeps its numbers.
    pub(super) fn knowing(
        &self,
        other: &Stacked<'a>,
        theirs: &Universe<'_>,
        hosts: &[PackageIndex],
    ) -> Result<Option<Universe<'a>>, OperationError> {
        let stays = |index: &&PackageIndex| {
            let package = theirs.package(**index);
            self.origins.is_stacked(theirs, **index)
                && self.universe.counterpart(package).is_none_or(|same| {
                    // As apt_preferences(5) has it: only what has a priority of more than 1000 is taken in place of a higher version.
                    self.universe.origin(same).priority < STACK_PRIORITY
                        && VersionRef::from(self.universe.package(same).version())
                            < VersionRef::from(package.version())
                })
        };
        let staying: Vec<&PackageRecord> =
            hosts.iter().filter(stays).filter_map(|index| other.records.get(index).copied()).collect();
        if staying.is_empty() {
            return Ok(None);
        }
        let mut builder = UniverseBuilder::of(&self.universe);
        for record in staying {
            builder.package(self.origins.hosts, control(record)).map_err(OperationError::Packages)?;
        }
        Ok(Some(builder.build(Versions::Candidate)))
    }

    /// Those of its packages that have these names.
    fn part(&self, names: Option<&BTreeSet<PackageName>>) -> Vec<PackageIndex> {
        let Some(names) = names else { return self.all.clone() };
        let names: HashSet<&str> = names.iter().map(PackageName::as_str).collect();
        let is_named = |index: &&PackageIndex| names.contains(self.universe.package(**index).name());
        self.all.iter().filter(is_named).copied().collect()
    }
}

/// The answer for a part of a stack, unless hosts of this architecture have nothing of it.
fn answer_on(
    native: &Architecture,
    question: &Question<'_>,
    part: &StackPart,
    new: &Stacked<'_>,
    old: Option<&Stacked<'_>>,
    cancel: &Cancel,
) -> Result<Option<CheckResult>, OperationError> {
    let of = |stacked: &Stacked<'_>, content| stacked.part(part.packages(content, question.roles).as_ref());
    let packages = of(new, question.stack);
    if packages.is_empty() && *part != StackPart::Whole {
        return Ok(None);
    }
    let stop = || cancel.is_cancelled();
    let (recommends, takes_recommended) = (question.recommends, question.takes_recommended);
    let origins = new.origins;
    let set = Set { universe: &new.universe, packages: &packages, recommends, takes_recommended, origins };
    let mut result = CheckResult {
        architecture: native.clone(),
        role: part.role().cloned(),
        packages: packages.len(),
        installable: false,
        own: Vec::new(),
        essential: Vec::new(),
        brings: Vec::new(),
        recommended: Vec::new(),
        left_out: Vec::new(),
        reasons: Vec::new(),
        forth: None,
        back: None,
    };
    match set.installed(&Kept::default(), &stop)? {
        Outcome::Refused(reasons) => result.reasons = reasons,
        Outcome::Installed(installed) => {
            result.installable = true;
            let own: HashSet<&PackageIndex> = packages.iter().collect();
            let named = |index: &PackageIndex| NamedPackage::of(&new.universe, *index);
            let sorted = |packages: &mut dyn Iterator<Item = &PackageIndex>| {
                let mut names: Vec<NamedPackage> = packages.map(named).collect();
                names.sort();
                names
            };
            let found = &installed.found;
            let (essential, extra) = found.packages.split_at(found.essential);
            result.own = sorted(&mut packages.iter());
            result.essential = sorted(&mut essential.iter().filter(|it| !own.contains(it)));
            result.brings = sorted(&mut extra.iter().filter(|it| !own.contains(it)));
            result.recommended = sorted(&mut installed.recommended.iter().map(|(index, _)| index));
            result.left_out = installed.left_out.into_iter().map(|it| it.fact).collect();
        }
    }
    if let (true, Some(old), Some(content)) = (result.installable, old, question.from) {
        let before = of(old, content);
        let from = Set { universe: &old.universe, packages: &before, ..set };
        let passing = Passing { from, to: set, stacked: (old, new), stop: &stop };
        let (forth, back) = passing.both_ways()?;
        (result.forth, result.back) = (Some(forth), Some(back));
    }
    Ok(Some(result))
}
