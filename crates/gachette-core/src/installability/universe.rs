//! The packages to choose from, and which of them answer a relation.

use std::cmp::Reverse;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::architectures::{Architectures, Place, ProvidedFor, Reach};
use super::builder::OriginIndex;
use super::package::Package;
use super::table::Table;
use crate::debian::{Operator, RelationField, RelationRef, RelationRefs, VersionRef};

/// Names, numbered. They are looked up by the hundred thousand, so their hash is a quick one; its seed is another in each process.
type Names<'a> = HashMap<&'a str, u32, RandomState>;

/// The packages of a distribution, or of several together.
#[derive(Clone, Debug)]
pub struct Universe<'a> {
    pub(super) architectures: Architectures,
    pub(super) origins: Vec<Origin>,
    pub(super) packages: Vec<Package<'a>>,
    /// All names that packages have or provide, numbered.
    names: Names<'a>,
    /// By name: the packages of that name, in order of architecture, and from the newest version on.
    real: Table<PackageIndex>,
    /// By name: who provides it, in the order in which apt would take them.
    provided: Table<Provided<'a>>,
    /// The names of which a package must always be installed.
    pub(super) essential: Vec<u32>,
}

/// Where packages come from, such as a suite of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What it is called to people.
    pub name: String,
    /// As apt's: of two versions of a package the one of higher priority is taken, then the newer one.
    pub priority: i32,
}

/// Which versions of a package are chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// The one that apt would take: of the highest priority, then the newest.
    Candidate,
    /// All of them.
    Every,
}

/// A package's number in its universe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageIndex(pub(super) u32);

/// One `Provides` of a package.
#[derive(Clone, Copy, Debug)]
struct Provided<'a> {
    by: PackageIndex,
    version: Option<&'a str>,
    for_: ProvidedFor,
}

impl PackageIndex {
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

impl<'a> Universe<'a> {
    /// Of these packages.
    pub(super) fn new(
        architectures: Architectures,
        origins: Vec<Origin>,
        mut packages: Vec<Package<'a>>,
        versions: Versions,
    ) -> Self {
        let (mut names, mut real) =
            (Names::with_capacity_and_hasher(packages.len(), RandomState::default()), Vec::new());
        for (at, package) in (0..).zip(&mut packages) {
            package.number = number_of(&mut names, package.name);
            real.push((package.number, PackageIndex(at)));
        }
        let real = Table::new(names.len(), real);
        let mut universe = Self {
            architectures,
            origins,
            packages,
            names,
            real,
            provided: Table::new(0, Vec::new()),
            essential: Vec::new(),
        };
        universe.choose_candidates(versions);
        universe.read_provided();
        universe
    }

    /// Puts the packages of each name in order, and marks those that are chosen from.
    fn choose_candidates(&mut self, versions: Versions) {
        let mut taken = Vec::new();
        for name in 0..self.names.len() as u32 {
            let list = self.real.of_mut(name);
            let version = |index: &PackageIndex| VersionRef::from(self.packages[index.at()].version);
            let place = |index: &PackageIndex| self.packages[index.at()].place;
            // Stable: of equal ones the first that was read stays before the others.
            list.sort_by_key(|index| (place(index), Reverse(version(index))));
            for group in list.chunk_by(|one, other| place(one) == place(other)) {
                match versions {
                    Versions::Every => {
                        taken.extend(group.chunk_by(|a, b| version(a) == version(b)).map(|same| same[0]));
                    }
                    // Of equal ones `min_by_key` gives the first, which is the newest.
                    Versions::Candidate => taken.extend(group.iter().copied().min_by_key(|index| {
                        Reverse(self.origins[self.packages[index.at()].origin as usize].priority)
                    })),
                }
            }
            for index in taken.drain(..) {
                let package = &mut self.packages[index.at()];
                package.candidate = true;
                if package.essential && package.place == Place::NATIVE && self.essential.last() != Some(&name)
                {
                    self.essential.push(name);
                }
            }
        }
    }

    fn read_provided(&mut self) {
        let mut provided = Vec::new();
        for (at, package) in (0..).zip(&self.packages) {
            if !package.candidate {
                continue;
            }
            // What comes after a mistake does not count; with a mistake the package cannot be installed anyway.
            for relation in
                RelationRefs::new(package.relations(RelationField::Provides)).map_while(Result::ok)
            {
                // apt does not heed a Provides of anything but one version.
                if relation.version.is_some_and(|(operator, _)| operator != Operator::Equal) {
                    continue;
                }
                let for_ = self.architectures.provided_for(relation.qualifier);
                let version = relation.version.map(|(_, version)| version);
                let number = number_of(&mut self.names, relation.name);
                provided.push((number, Provided { by: PackageIndex(at), version, for_ }));
            }
        }
        // Stable: among equals the one that was read first is first.
        provided.sort_by_cached_key(|(_, provided)| {
            let package = &self.packages[provided.by.at()];
            (!package.essential, package.priority, package.place)
        });
        self.provided = Table::new(self.names.len(), provided);
    }

    /// All packages, whether they are chosen from or not.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = PackageIndex> + use<> {
        (0..self.packages.len() as u32).map(PackageIndex)
    }

    /// The package of this number.
    pub fn package(&self, index: PackageIndex) -> &Package<'a> {
        &self.packages[index.at()]
    }

    /// Whether a package is chosen from: others that are not meet no needs.
    pub fn is_candidate(&self, index: PackageIndex) -> bool {
        self.package(index).candidate
    }

    /// Where a package comes from.
    pub fn origin(&self, index: PackageIndex) -> &Origin {
        &self.origins[self.package(index).origin as usize]
    }

    /// Whether a package comes from there.
    pub fn is_from(&self, index: PackageIndex, origin: OriginIndex) -> bool {
        self.package(index).origin == origin.0
    }

    /// The architectures of the host.
    pub fn architectures(&self) -> &Architectures {
        &self.architectures
    }

    /// The packages of a name, of all versions and architectures: the host's own architecture first, then the newest first.
    pub fn named(&self, name: &str) -> &[PackageIndex] {
        self.names.get(name).map_or(&[], |number| self.of_number(*number))
    }

    /// The packages of a name by its number.
    pub(super) fn of_number(&self, name: u32) -> &[PackageIndex] {
        // Names that are only provided come after those of packages.
        if self.real.holds(name) { self.real.of(name) } else { &[] }
    }

    /// The package that is installed when its name is asked for, on the host's own architecture or else a foreign one.
    pub fn candidate(&self, name: &str) -> Option<PackageIndex> {
        self.named(name).iter().copied().find(|index| self.package(*index).candidate)
    }

    /// The package that hosts have in place of one of another universe: of the same name and architecture, where those for all count as
    /// the host's own.
    pub fn counterpart(&self, of: &Package<'_>) -> Option<PackageIndex> {
        let mut named = self.named(of.name).iter().copied();
        named.find(|index| self.is_candidate(*index) && self.package(*index).place == of.place)
    }

    /// Those that answer a relation: by their names, then by what they provide.
    pub(super) fn answering(
        &self,
        relation: &RelationRef<'_>,
        reach: Reach,
    ) -> impl Iterator<Item = PackageIndex> {
        let number = self.names.get(relation.name).copied();
        let relation = *relation;
        let real = number.map_or(&[][..], |number| self.of_number(number)).iter().copied();
        let real = real.filter(move |index| {
            let package = self.package(*index);
            package.candidate
                && reach.includes(package.place, package.multi_arch, ProvidedFor::Own)
                && accepts(&relation, Some(package.version))
        });
        let provided = number.map_or(&[][..], |number| self.provided.of(number)).iter();
        let provided = provided.filter(move |provided| {
            let package = self.package(provided.by);
            reach.includes(package.place, package.multi_arch, provided.for_)
                && accepts(&relation, provided.version)
        });
        real.chain(provided.map(|provided| provided.by))
    }
}

/// Whether a relation is about a version; what is provided without a version answers only relations without one (Debian
/// Policy 7.5).
pub(super) fn accepts(relation: &RelationRef<'_>, found: Option<&str>) -> bool {
    match (relation.version, found) {
        (None, _) => true,
        (Some((operator, wanted)), Some(found)) => {
            operator.accepts(&VersionRef::from(found), &VersionRef::from(wanted))
        }
        (Some(_), None) => false,
    }
}

fn number_of<'a>(names: &mut Names<'a>, name: &'a str) -> u32 {
    let next = names.len() as u32;
    *names.entry(name).or_insert(next)
}
