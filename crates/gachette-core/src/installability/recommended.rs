//! What apt brings besides, since it is recommended: whatever can be there with what is, and nothing for which that would have
//! to go.

use std::collections::VecDeque;

use super::checker::{Checker, Query};
use super::explanation::Fact;
use super::problem::{FactIndex, Relations, stand_together};
use super::tell::Teller;
use super::universe::PackageIndex;
use crate::debian::RelationField;

/// What comes because it is recommended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recommended {
    /// The packages, each with the one because of whose recommendation it comes, in the order in which they were taken.
    pub packages: Vec<(PackageIndex, PackageIndex)>,
    /// What is recommended and cannot be there too.
    pub left_out: Vec<LeftOut>,
}

/// Something recommended that cannot be there with what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What would meet it.
    pub met_by: Vec<PackageIndex>,
    /// In words.
    pub fact: Fact,
}

/// How often one recommendation is tried again without a package that led nowhere.
const MOST_TRIALS: usize = 64;

impl Checker<'_, '_> {
    /// What apt adds to packages that can be installed together when it installs some of them, `by`: what these recommend, what
    /// that needs and recommends in turn. As apt does, of alternatives the first is taken that can be had, what cannot be is left
    /// out, and no choice is gone back on.
    pub fn recommended(
        &self,
        query: &Query<'_>,
        installed: &[PackageIndex],
        by: &[PackageIndex],
    ) -> Recommended {
        let teller = Teller { relations: &self.relations, query };
        let mut room = Room::new(&self.relations, installed);
        let mut found = Recommended::default();
        let mut asking: VecDeque<PackageIndex> = by.iter().copied().collect();
        while let Some(index) = asking.pop_front() {
            for (number, need) in (0..).zip(&self.relations.of(index).needs) {
                if need.place.field != RelationField::Recommends || room.has_any(&need.met_by) {
                    continue;
                }
                if need.met_by.iter().any(|root| room.take(*root)) {
                    let taken = std::mem::take(&mut room.trial);
                    asking.extend(&taken);
                    found.packages.extend(taken.into_iter().map(|package| (package, index)));
                } else {
                    let fact = teller.fact(FactIndex::Need(index, number));
                    found.left_out.push(LeftOut { met_by: need.met_by.to_vec(), fact });
                }
            }
        }
        found
    }
}

/// What is there, and what can be besides.
pub(super) struct Room<'r, 'u, 'a> {
    pub(super) relations: &'r Relations<'u, 'a>,
    /// By package: whether it is there.
    there: Vec<bool>,
    /// By package: how many of those that are there are against it.
    barred: Vec<u32>,
    /// By package: whether it was tried in vain; what is there only grows, so it would be again.
    hopeless: Vec<bool>,
    /// The packages that are there on trial.
    trial: Vec<PackageIndex>,
}

impl<'r, 'u, 'a> Room<'r, 'u, 'a> {
    pub(super) fn new(relations: &'r Relations<'u, 'a>, installed: &[PackageIndex]) -> Self {
        let count = relations.universe.packages().len();
        let mut room = Self {
            relations,
            there: vec![false; count],
            barred: vec![0; count],
            hopeless: vec![false; count],
            trial: Vec::new(),
        };
        installed.iter().for_each(|index| room.put(*index));
        room.trial.clear();
        room
    }

    pub(super) fn has_any(&self, packages: &[PackageIndex]) -> bool {
        packages.iter().any(|index| self.there[index.at()])
    }

    fn put(&mut self, index: PackageIndex) {
        if std::mem::replace(&mut self.there[index.at()], true) {
            return;
        }
        self.trial.push(index);
        for other in self.relations.of(index).against.iter().flat_map(|against| &against.packages) {
            self.barred[other.at()] += 1;
        }
    }

    /// Has these there too.
    pub(super) fn keep(&mut self, packages: &[PackageIndex]) {
        packages.iter().for_each(|index| self.put(*index));
        self.trial.clear();
    }

    /// Whether something that is there is against a package.
    pub(super) fn is_barred(&self, index: PackageIndex) -> bool {
        self.barred[index.at()] > 0
    }

    /// Why two packages cannot be there at the same time, when they cannot.
    pub(super) fn against(&self, one: PackageIndex, other: PackageIndex) -> Option<FactIndex> {
        let says = |one: PackageIndex, other: PackageIndex| {
            let mut all = (0..).zip(&self.relations.of(one).against);
            let found = all.find(|(_, against)| against.packages.contains(&other));
            found.map(|(number, _)| FactIndex::Against(one, number, other))
        };
        let universe = self.relations.universe;
        let is_same = universe.package(one).number == universe.package(other).number;
        let same =
            || (is_same && !stand_together(universe, one, other)).then_some(FactIndex::Same(one, other));
        says(one, other).or_else(|| says(other, one)).or_else(same)
    }

    /// Those that are there and cannot be at the same time as this one.
    pub(super) fn others_against(&self, index: PackageIndex) -> Vec<PackageIndex> {
        if self.fits(index, &[]) {
            return Vec::new();
        }
        let all = self.relations.universe.packages();
        all.filter(|other| self.there[other.at()] && self.against(index, *other).is_some()).collect()
    }

    fn give_up_trial(&mut self) {
        for index in self.trial.drain(..) {
            self.there[index.at()] = false;
            for other in self.relations.of(index).against.iter().flat_map(|against| &against.packages) {
                self.barred[other.at()] -= 1;
            }
        }
    }

    /// Puts a package there with all that it needs, if it can be; then they are what is on trial.
    fn take(&mut self, root: PackageIndex) -> bool {
        if self.hopeless[root.at()] {
            return false;
        }
        let mut avoided = Vec::new();
        while let Err(culprit) = self.try_take(root, &avoided) {
            self.give_up_trial();
            if culprit == root || avoided.len() == MOST_TRIALS {
                self.hopeless[root.at()] = true;
                return false;
            }
            avoided.push(culprit);
        }
        true
    }

    /// As [`Room::take`], without these packages; it may tell one that leads nowhere.
    fn try_take(&mut self, root: PackageIndex, avoided: &[PackageIndex]) -> Result<(), PackageIndex> {
        if !self.fits(root, avoided) {
            return Err(root);
        }
        self.put(root);
        let relations = self.relations;
        let (mut next, mut open) = (0, VecDeque::new());
        loop {
            if let Some(index) = self.trial.get(next).copied() {
                next += 1;
                let needs = relations.of(index).needs.iter();
                for need in needs.filter(|need| need.place.field != RelationField::Recommends) {
                    match &*need.met_by {
                        // What has no alternative is settled first, so that it may meet what has.
                        several @ [_, _, ..] => open.push_back((index, several)),
                        one => self.meet(index, one, avoided)?,
                    }
                }
            } else if let Some((index, several)) = open.pop_front() {
                self.meet(index, several, avoided)?;
            } else {
                return Ok(());
            }
        }
    }

    fn meet(
        &mut self,
        index: PackageIndex,
        alternatives: &[PackageIndex],
        avoided: &[PackageIndex],
    ) -> Result<(), PackageIndex> {
        if !self.has_any(alternatives) {
            let found = alternatives.iter().copied().find(|other| self.fits(*other, avoided));
            self.put(found.ok_or(index)?);
        }
        Ok(())
    }

    /// Whether nothing that is there is against a package, nor it against that.
    fn fits(&self, index: PackageIndex, avoided: &[PackageIndex]) -> bool {
        let (universe, resolved) = (self.relations.universe, self.relations.of(index));
        let mut against = resolved.against.iter().flat_map(|against| &against.packages);
        let same = universe.of_number(universe.package(index).number).iter().copied();
        resolved.fault.is_none()
            && self.barred[index.at()] == 0
            && !self.hopeless[index.at()]
            && !avoided.contains(&index)
            && !against.any(|other| self.there[other.at()])
            && same
                .filter(|other| *other != index && self.there[other.at()])
                .all(|other| stand_together(universe, index, other))
    }
}
