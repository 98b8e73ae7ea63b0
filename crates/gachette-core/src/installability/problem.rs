//! A question as clauses: every fact that has to hold, over the packages that can matter to it.

use std::cell::OnceCell;

use super::architectures::{MultiArch, Place};
use super::checker::Query;
use super::resolved::{Need, Resolved};
use super::solver::Term;
use super::universe::{PackageIndex, Universe};
use crate::debian::{RelationField, VersionRef};

/// The relations of a universe's packages, each looked up when it is first asked for.
pub(super) struct Relations<'u, 'a> {
    pub(super) universe: &'u Universe<'a>,
    resolved: Vec<OnceCell<Box<Resolved>>>,
}

/// The packages that can matter to a question: all that can be needed. Each is a variable.
pub(super) struct Closure {
    packages: Vec<PackageIndex>,
    /// By package: its variable, if it has one.
    variables: Vec<u32>,
    /// By package: how much of what it recommends counts.
    recommending: Vec<Counts>,
    /// The packages of which any does.
    all_recommending: Vec<PackageIndex>,
}

/// How much of what a package recommends has to be there.
#[derive(Clone, Copy, Debug)]
enum Counts {
    Nothing,
    /// What any package meets.
    WhatThereIs,
    All,
}

/// Something that has to hold, and of which a clause is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FactIndex {
    /// A package is to be installed.
    Wanted(PackageIndex),
    /// A package is to stay.
    Kept(PackageIndex),
    /// A package of this name is essential.
    Essential(u32),
    /// One of a package's needs, by its number.
    Need(PackageIndex, u32),
    /// One of the relations against others, by its number, and one of those.
    Against(PackageIndex, u32, PackageIndex),
    /// Two packages of one name.
    Same(PackageIndex, PackageIndex),
    /// A package with a field that cannot be read.
    Fault(PackageIndex),
}

const NONE: u32 = u32::MAX;

impl<'u, 'a> Relations<'u, 'a> {
    pub(super) fn new(universe: &'u Universe<'a>) -> Self {
        Self { universe, resolved: vec![OnceCell::new(); universe.packages().len()] }
    }

    pub(super) fn of(&self, index: PackageIndex) -> &Resolved {
        self.resolved[index.at()].get_or_init(|| Box::new(Resolved::of(self.universe, index)))
    }

    /// The packages of a name of which one must always be installed because they are essential.
    pub(super) fn essential(&self, name: u32) -> impl Iterator<Item = PackageIndex> {
        self.universe.of_number(name).iter().copied().filter(|index| {
            let package = self.universe.package(*index);
            package.candidate && package.essential && package.place == Place::NATIVE
        })
    }
}

impl Closure {
    pub(super) fn new(universe: &Universe<'_>) -> Self {
        let count = universe.packages().len();
        Self {
            packages: Vec::new(),
            variables: vec![NONE; count],
            recommending: vec![Counts::Nothing; count],
            all_recommending: Vec::new(),
        }
    }

    /// Gathers what can matter to a question.
    pub(super) fn fill(&mut self, relations: &Relations<'_, '_>, query: &Query<'_>) {
        for index in self.packages.drain(..) {
            self.variables[index.at()] = NONE;
        }
        for index in self.all_recommending.drain(..) {
            self.recommending[index.at()] = Counts::Nothing;
        }
        for (packages, counts) in
            [(query.also_recommending, Counts::WhatThereIs), (query.recommending, Counts::All)]
        {
            self.all_recommending.extend(packages);
            packages.iter().for_each(|index| self.recommending[index.at()] = counts);
        }
        query.install.iter().for_each(|index| self.add(*index));
        query.keep.iter().for_each(|index| self.add(*index));
        for name in &relations.universe.essential {
            relations.essential(*name).for_each(|index| self.add(index));
        }
        let mut next = 0;
        while let Some(index) = self.packages.get(next).copied() {
            for need in &relations.of(index).needs {
                if self.counts(index, need) {
                    need.met_by.iter().for_each(|index| self.add(*index));
                }
            }
            next += 1;
        }
    }

    fn add(&mut self, index: PackageIndex) {
        if self.variables[index.at()] == NONE {
            self.variables[index.at()] = self.packages.len() as u32;
            self.packages.push(index);
        }
    }

    pub(super) fn packages(&self) -> &[PackageIndex] {
        &self.packages
    }

    pub(super) fn variable(&self, index: PackageIndex) -> Option<u32> {
        Some(self.variables[index.at()]).filter(|variable| *variable != NONE)
    }

    /// Whether a need of a package has to be met.
    pub(super) fn counts(&self, index: PackageIndex, need: &Need) -> bool {
        need.place.field != RelationField::Recommends
            || match self.recommending[index.at()] {
                Counts::Nothing => false,
                Counts::WhatThereIs => !need.met_by.is_empty(),
                Counts::All => true,
            }
    }

    /// Tells every fact there is, and the clause of each.
    pub(super) fn clauses(
        &self,
        relations: &Relations<'_, '_>,
        query: &Query<'_>,
        mut tell: impl FnMut(FactIndex, &[Term]),
    ) {
        let mut clause = Vec::new();
        let yes = |index: PackageIndex| self.variable(index).map(Term::yes);
        for name in &relations.universe.essential {
            clause.clear();
            clause.extend(relations.essential(*name).filter_map(yes));
            tell(FactIndex::Essential(*name), &clause);
        }
        for (variable, index) in (0..).zip(self.packages.iter().copied()) {
            let (not, resolved) = (Term::no(variable), relations.of(index));
            if resolved.fault.is_some() {
                tell(FactIndex::Fault(index), &[not]);
            }
            for (number, need) in (0..).zip(&resolved.needs).filter(|(_, need)| self.counts(index, need)) {
                clause.clear();
                clause.push(not);
                clause.extend(need.met_by.iter().copied().filter_map(yes));
                tell(FactIndex::Need(index, number), &clause);
            }
            for (number, against) in (0..).zip(&resolved.against) {
                for other in &against.packages {
                    if let Some(theirs) = self.variable(*other) {
                        tell(FactIndex::Against(index, number, *other), &[not, Term::no(theirs)]);
                    }
                }
            }
            for other in relations.universe.of_number(relations.universe.package(index).number) {
                // Each pair once.
                let theirs = self.variable(*other).filter(|theirs| *theirs > variable);
                if let Some(theirs) = theirs.filter(|_| !stand_together(relations.universe, index, *other)) {
                    tell(FactIndex::Same(index, *other), &[not, Term::no(theirs)]);
                }
            }
        }
        query.install.iter().for_each(|index| tell(FactIndex::Wanted(*index), yes(*index).as_slice()));
        query.keep.iter().for_each(|index| tell(FactIndex::Kept(*index), yes(*index).as_slice()));
    }
}

/// Whether two packages of one name can be installed at the same time: only in different architectures, when both are of the
/// same version and `Multi-Arch: same`.
pub(super) fn stand_together(universe: &Universe<'_>, one: PackageIndex, other: PackageIndex) -> bool {
    let (one, other) = (universe.package(one), universe.package(other));
    one.place != other.place
        && one.multi_arch == MultiArch::Same
        && other.multi_arch == MultiArch::Same
        && VersionRef::from(one.version()) == VersionRef::from(other.version())
}
