//! Turns facts by numbers into facts by names, in an order in which they can be followed.

use super::architectures::{Place, Reach};
use super::checker::Query;
use super::explanation::{Fact, NamedPackage};
use super::problem::{FactIndex, Relations};
use super::resolved::{RelationPlace, relations_at};
use super::universe::{PackageIndex, Universe, accepts};
use crate::debian::RelationRef;

impl NamedPackage {
    /// A package of a universe.
    pub fn of(universe: &Universe<'_>, index: PackageIndex) -> Self {
        let package = universe.package(index);
        Self {
            name: package.name().to_owned(),
            version: package.version().to_owned(),
            architecture: package.architecture().to_owned(),
            origin: Some(universe.origin(index).name.clone()),
            foreign: package.place != Place::NATIVE,
        }
    }
}

/// Tells the facts of one question.
pub(super) struct Teller<'t, 'u, 'a> {
    pub(super) relations: &'t Relations<'u, 'a>,
    pub(super) query: &'t Query<'t>,
}

impl Teller<'_, '_, '_> {
    /// The facts, each after those that make it matter.
    pub(super) fn in_order(&self, facts: &[FactIndex]) -> Vec<Fact> {
        let (mut left, mut reached) = (facts.to_vec(), Vec::new());
        let mut told = Vec::new();
        while !left.is_empty() {
            // What two packages have against each other is told last.
            let matters = |fact: &&FactIndex| match fact {
                FactIndex::Need(package, _) | FactIndex::Fault(package) => reached.contains(package),
                FactIndex::Against(..) | FactIndex::Same(..) => false,
                FactIndex::Wanted(_) | FactIndex::Kept(_) | FactIndex::Essential(_) => true,
            };
            let next = left.iter().find(matters).or(left.first()).copied();
            let Some(next) = next else { break };
            left.retain(|fact| *fact != next);
            match next {
                FactIndex::Wanted(package) | FactIndex::Kept(package) => reached.push(package),
                FactIndex::Essential(name) => reached.extend(self.relations.essential(name)),
                FactIndex::Need(package, number) => {
                    reached.extend(&self.relations.of(package).needs[number as usize].met_by);
                }
                FactIndex::Against(..) | FactIndex::Same(..) | FactIndex::Fault(_) => {}
            }
            told.push(self.fact(next));
        }
        told
    }

    /// A package by its name.
    pub(super) fn named(&self, index: PackageIndex) -> NamedPackage {
        let named = NamedPackage::of(self.relations.universe, index);
        let asked = self.query.install.contains(&index);
        NamedPackage { origin: named.origin.filter(|_| !asked), ..named }
    }

    /// A fact by its names.
    pub(super) fn fact(&self, fact: FactIndex) -> Fact {
        match fact {
            FactIndex::Wanted(package) => Fact::Wanted { package: self.named(package) },
            FactIndex::Kept(package) => {
                Fact::Kept { package: self.named(package), recommended_by: None, may_go: false }
            }
            FactIndex::Essential(name) => {
                Fact::Essential { packages: self.relations.essential(name).map(|p| self.named(p)).collect() }
            }
            FactIndex::Need(package, number) => self.need(package, number),
            FactIndex::Against(package, number, other) => {
                let place = self.relations.of(package).against[number as usize].place;
                Fact::Against {
                    package: self.named(package),
                    field: place.field.name().to_owned(),
                    relation: self.spelled(package, place),
                    other: self.named(other),
                }
            }
            FactIndex::Same(package, other) => {
                Fact::Same { package: self.named(package), other: self.named(other) }
            }
            FactIndex::Fault(package) => {
                let fault = self.relations.of(package).fault.as_ref();
                Fact::Unreadable {
                    package: self.named(package),
                    field: fault.map_or("", |(field, _)| field.name()).to_owned(),
                    reason: fault.map(|(_, error)| error.to_string()).unwrap_or_default(),
                }
            }
        }
    }

    fn need(&self, package: PackageIndex, number: u32) -> Fact {
        let universe = self.relations.universe;
        let need = &self.relations.of(package).needs[number as usize];
        let (mut short, mut passed_over) = (Vec::new(), Vec::new());
        if need.met_by.is_empty() {
            for relation in relations_at(universe, package, need.place) {
                let any = RelationRef { version: None, ..relation };
                short.extend(universe.answering(&any, Reach::Everywhere));
                let others = universe.named(relation.name).iter().copied();
                passed_over.extend(others.filter(|other| {
                    let other = universe.package(*other);
                    !other.candidate && accepts(&relation, Some(other.version()))
                }));
            }
        }
        let named = |packages: &[PackageIndex]| packages.iter().map(|index| self.named(*index)).collect();
        Fact::Needs {
            package: self.named(package),
            field: need.place.field.name().to_owned(),
            relation: self.spelled(package, need.place),
            met_by: named(&need.met_by),
            short: named(&short),
            passed_over: named(&passed_over),
        }
    }

    fn spelled(&self, package: PackageIndex, place: RelationPlace) -> String {
        let alternatives = relations_at(self.relations.universe, package, place);
        alternatives.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
    }
}
