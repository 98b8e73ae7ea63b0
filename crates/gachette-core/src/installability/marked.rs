//! What apt marks on its way to packages that were chosen, where it may mark others: it takes the first alternative there is, and
//! looks at what that is against only then.
//!
//! Which needs it meets first depends on the order of its cache, so each is looked at as if it were the first: what can be marked at
//! all is at most what is found here. When nothing of that is against anything, apt marks just that, and has nothing to resolve.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};

use super::checker::{Checker, Query};
use super::explanation::Fact;
use super::problem::FactIndex;
use super::recommended::Room;
use super::resolved::{Need, relations_at};
use super::solver::GaveUp;
use super::tell::Teller;
use super::universe::PackageIndex;
use crate::debian::RelationField;

/// Packages that hosts are to have, together with what they have.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'q> {
    /// What is asked about.
    pub asked: &'q [PackageIndex],
    /// What hosts have and keep, in the versions that they get.
    pub there: &'q [PackageIndex],
    /// Those of which the version is the same: what they recommend is asked no more.
    pub unchanged: &'q [PackageIndex],
    /// All that is to be there, `there` among it.
    pub chosen: &'q [PackageIndex],
    /// What is to be there besides since it is recommended.
    pub recommended: &'q [PackageIndex],
    /// Whether what is recommended is taken.
    pub takes_recommended: bool,
}

/// A package that apt may mark although it was not chosen.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The package.
    pub package: PackageIndex,
    /// For what.
    pub fact: Fact,
    /// Whether that is needed, and not only recommended.
    pub is_needed: bool,
    /// What a package has against it that has to be there, or it against that, when there is one: against it, or what it needs.
    pub in_the_way: Option<Fact>,
}

/// What apt may mark besides what was chosen.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// What something is against, and has to be left out.
    pub against: Vec<Mark>,
    /// What nothing is against: hosts may get that too.
    pub besides: Vec<PackageIndex>,
}

impl Checker<'_, '_> {
    /// What apt may mark on its way to `arrival`. What was recommended before in vain, as `is_asked` knows, it asks no more.
    ///
    /// # Errors
    /// When it was told to give up.
    pub fn marks(&self, arrival: &Arrival<'_>, is_asked: &dyn Fn(&Fact) -> bool) -> Result<Marks, GaveUp> {
        let query = Query { install: arrival.asked, ..Query::default() };
        let teller = Teller { relations: &self.relations, query: &query };
        let installed: Vec<PackageIndex> =
            arrival.chosen.iter().chain(arrival.recommended).copied().collect();
        let mut marking = Marking {
            room: Room::new(&self.relations, &installed),
            there: arrival.there.iter().copied().collect(),
            firm: arrival.chosen.iter().copied().collect(),
            before: arrival.there.iter().chain(arrival.asked).copied().collect(),
            left_out: HashMap::new(),
            nowhere: RefCell::default(),
        };
        let unchanged: HashSet<PackageIndex> = arrival.unchanged.iter().copied().collect();
        let mut marks = Marks::default();
        let mut asking: VecDeque<PackageIndex> = installed.into();
        while let Some(index) = asking.pop_front() {
            if (self.stop)() {
                return Err(GaveUp::Stopped);
            }
            for (number, need) in (0..).zip(&self.relations.of(index).needs) {
                let is_needed = need.place.field != RelationField::Recommends;
                let counts = is_needed || (arrival.takes_recommended && !unchanged.contains(&index));
                if !counts || marking.is_met(need) {
                    continue;
                }
                let fact = || teller.fact(FactIndex::Need(index, number));
                if !is_needed && !is_asked(&fact()) {
                    continue;
                }
                for package in need.met_by.iter().copied() {
                    match marking.mark(package) {
                        Found::Nowhere => continue,
                        Found::There => {}
                        Found::Free(more) => {
                            marks.besides.extend(&more);
                            asking.extend(more);
                        }
                        Found::Against(in_the_way) => {
                            let in_the_way = in_the_way.map(|fact| teller.fact(fact));
                            marks.against.push(Mark { package, fact: fact(), is_needed, in_the_way });
                            continue;
                        }
                    }
                    for (package, in_the_way) in marking.in_place_of(index, need, package) {
                        let in_the_way = Some(teller.fact(in_the_way));
                        marks.against.push(Mark { package, fact: fact(), is_needed, in_the_way });
                    }
                    break;
                }
            }
        }
        Ok(marks)
    }

    /// Whether apt may keep any of these though it would have to go, and keep back what it is in the way of. It goes when a package says
    /// so that is chosen, or when what it needs goes; not always when it says so itself, or when others need it.
    pub fn lingers(&self, gone: &[PackageIndex], there: &[PackageIndex], chosen: &[PackageIndex]) -> bool {
        let room = Room::new(&self.relations, chosen);
        let needs_what_goes = |index: PackageIndex| {
            let mut needs = self.relations.of(index).needs.iter();
            needs.any(|need| {
                need.place.field != RelationField::Recommends
                    && need.met_by.iter().any(|other| *other != index && gone.contains(other))
                    && !need.met_by.iter().any(|other| *other == index || there.contains(other))
            })
        };
        let mut stubborn = gone.iter().copied().filter(|index| !room.is_barred(*index));
        stubborn.any(|index| !room.others_against(index).is_empty() || needs_what_goes(index))
            || there.iter().any(|index| needs_what_goes(*index))
    }
}

/// What comes of marking a package.
enum Found {
    /// It is to be there anyway.
    There,
    /// Something that it needs does not exist, so apt does not try.
    Nowhere,
    /// Nothing is against it: with it come these.
    Free(Vec<PackageIndex>),
    /// Something is, of which this is told when it has to be there.
    Against(Option<FactIndex>),
}

/// Marks that are made.
struct Marking<'r, 'u, 'a> {
    /// What was chosen, and what comes besides.
    room: Room<'r, 'u, 'a>,
    /// What hosts have.
    there: HashSet<PackageIndex>,
    /// What has to be there.
    firm: HashSet<PackageIndex>,
    /// What hosts have, and what is asked about.
    before: HashSet<PackageIndex>,
    /// What is left out, and why: apt is told so.
    left_out: HashMap<PackageIndex, Option<FactIndex>>,
    /// What leads nowhere: what is left out only grows, so that stays so.
    nowhere: RefCell<HashSet<PackageIndex>>,
}

/// A package with the first alternatives of all that it needs.
#[derive(Default)]
struct Trial {
    packages: Vec<PackageIndex>,
    bars: Bars,
}

/// What is against packages that are tried.
#[derive(Clone, Copy, Default)]
struct Bars {
    /// Whether something is against one of them.
    is_barred: bool,
    /// What has to be there and is.
    in_the_way: Option<FactIndex>,
    /// The same of what hosts have, and what is asked about.
    before_in_the_way: Option<FactIndex>,
}

/// How many packages come along at the most: what needs more that nobody chose is left out.
const MOST_PACKAGES: usize = 500;

impl Marking<'_, '_, '_> {
    fn is_met(&self, need: &Need) -> bool {
        need.met_by.iter().any(|index| self.there.contains(index))
    }

    fn mark(&mut self, package: PackageIndex) -> Found {
        if self.room.has_any(&[package]) {
            return Found::There;
        }
        if let Some(in_the_way) = self.left_out.get(&package) {
            return Found::Against(*in_the_way);
        }
        let mut trial = Trial::default();
        if !self.follow(package, &mut trial) {
            return Found::Nowhere;
        }
        if trial.bars.is_barred {
            self.left_out.insert(package, trial.bars.in_the_way);
            return Found::Against(trial.bars.in_the_way);
        }
        self.room.keep(&trial.packages);
        Found::Free(trial.packages)
    }

    /// What apt might take in place of a package that provides what is needed, since others do as well and it is not said which comes
    /// first; as far as what hosts have is in the way of it, or what is asked about.
    fn in_place_of(
        &mut self,
        by: PackageIndex,
        need: &Need,
        taken: PackageIndex,
    ) -> Vec<(PackageIndex, FactIndex)> {
        if need.met_by.len() < 2 {
            return Vec::new();
        }
        let universe = self.room.relations.universe;
        let mut found = Vec::new();
        for relation in relations_at(universe, by, need.place) {
            let reach = universe.architectures().reach(relation.qualifier, universe.package(by).place);
            let answers: Vec<PackageIndex> = universe.answering(&relation, reach).collect();
            // A package of the name itself comes before all that provide it.
            let is_named =
                answers.first().is_some_and(|first| universe.package(*first).name() == relation.name);
            if is_named || !answers.contains(&taken) {
                continue;
            }
            for other in answers {
                if self.room.has_any(&[other]) || self.left_out.contains_key(&other) {
                    continue;
                }
                let mut trial = Trial::default();
                let in_the_way =
                    self.follow(other, &mut trial).then_some(trial.bars.before_in_the_way).flatten();
                if let Some(in_the_way) = in_the_way {
                    self.left_out.insert(other, Some(in_the_way));
                    found.push((other, in_the_way));
                }
            }
        }
        found
    }

    /// Follows what a package needs; tells whether all of it exists.
    fn follow(&self, package: PackageIndex, trial: &mut Trial) -> bool {
        if self.room.has_any(&[package]) || trial.packages.contains(&package) {
            return true;
        }
        if trial.packages.len() == MOST_PACKAGES {
            trial.bars.is_barred = true;
            return true;
        }
        if self.room.relations.of(package).fault.is_some() || self.nowhere.borrow().contains(&package) {
            return false;
        }
        let before = (trial.packages.len(), trial.bars);
        for other in self.room.others_against(package) {
            trial.bars.is_barred = true;
            if trial.bars.in_the_way.is_none() && self.firm.contains(&other) {
                trial.bars.in_the_way = self.room.against(package, other);
            }
            if trial.bars.before_in_the_way.is_none() && self.before.contains(&other) {
                trial.bars.before_in_the_way = self.room.against(package, other);
            }
        }
        trial.bars.is_barred |=
            trial.packages.iter().any(|other| self.room.against(package, *other).is_some());
        trial.packages.push(package);
        let exists = self.follow_needs(package, trial);
        if !exists {
            trial.packages.truncate(before.0);
            trial.bars = before.1;
            self.nowhere.borrow_mut().insert(package);
        }
        exists
    }

    fn follow_needs(&self, package: PackageIndex, trial: &mut Trial) -> bool {
        let needs = &self.room.relations.of(package).needs;
        for need in needs.iter().filter(|need| need.place.field != RelationField::Recommends) {
            let mut others = need.met_by.iter().filter(|index| !self.left_out.contains_key(index)).copied();
            if !self.is_met(need) && !others.any(|index| self.follow(index, trial)) {
                return false;
            }
        }
        true
    }
}
