//! Small universes against a judge that tries every set of packages, and that reads relations by code of its own.

use proptest::prelude::*;

use gachette_testkit::{SmallUniverses, UniverseTraits};

use super::*;
use crate::debian::{Control, Paragraph, Paragraphs, Relation, RelationField};

/// A universe, judged by trying.
struct Judge {
    packages: Vec<Control>,
    /// By set of packages, as bits: whether it can be installed as it is.
    sets: Vec<u32>,
}

impl Judge {
    fn new(text: &str, recommends: bool, install: u32) -> Self {
        let read = |fields| Control::from_paragraph(&Paragraph::from_fields(&fields).unwrap()).unwrap();
        let packages: Vec<Control> = Paragraphs::new(text).map(|fields| read(fields.unwrap())).collect();
        let mut judge = Self { packages, sets: Vec::new() };
        let all = 1_u32 << judge.packages.len();
        judge.sets =
            (0..all).filter(|set| judge.stands(*set, if recommends { install } else { 0 })).collect();
        judge
    }

    fn members(&self, set: u32) -> impl Iterator<Item = &Control> {
        self.packages
            .iter()
            .enumerate()
            .filter(move |(at, _)| set & (1 << at) != 0)
            .map(|(_, package)| package)
    }

    fn stands(&self, set: u32, recommending: u32) -> bool {
        let is_essential =
            |package: &&Control| package.extra.get("Essential") == Some("yes") && native(package);
        let mut names = self.packages.iter().filter(is_essential).map(|package| &package.package);
        if !names.all(|name| self.members(set).filter(is_essential).any(|p| p.package == *name)) {
            return false;
        }
        self.members(set).all(|package| {
            let at = self.packages.iter().position(|other| std::ptr::eq(other, package)).unwrap();
            let recommends = recommending & (1 << at) != 0;
            let fields = [
                (RelationField::PreDepends, true),
                (RelationField::Depends, true),
                (RelationField::Recommends, recommends),
            ];
            let mut needed = fields
                .iter()
                .filter(|(_, counts)| *counts)
                .flat_map(|(field, _)| &package.relations(*field).0);
            let mut refused = package.breaks.iter().chain(package.conflicts.iter());
            needed.all(|any| {
                any.0.iter().any(|relation| self.members(set).any(|p| meets(p, relation, Some(package))))
            }) && !refused.any(|relation| {
                self.members(set).any(|p| p.package != package.package && meets(p, relation, None))
            }) && self.members(set).all(|other| std::ptr::eq(other, package) || together(package, other))
        })
    }

    fn can_install(&self, wanted: u32) -> bool {
        self.sets.iter().any(|set| set & wanted == wanted)
    }
}

fn native(package: &Control) -> bool {
    package.architecture.as_str() != "i386"
}

fn multi_arch(package: &Control) -> &str {
    package.extra.get("Multi-Arch").unwrap_or("no")
}

fn together(one: &Control, other: &Control) -> bool {
    let both_same = [one, other].into_iter().all(|package| multi_arch(package) == "same");
    one.package != other.package
        || (native(one) != native(other) && both_same && one.version == other.version)
}

/// Whether a package meets a relation that `needed_by` has, or, without it, that is against it.
fn meets(package: &Control, relation: &Relation, needed_by: Option<&Control>) -> bool {
    let accepts =
        |found| relation.version.as_ref().is_none_or(|(operator, wanted)| operator.accepts(found, wanted));
    // The architectures that a name of this package is there for: all that it has no qualifier for, or that one.
    let is_for = |qualifier: Option<&str>| match (relation.qualifier.as_deref(), needed_by, qualifier) {
        (None, None, None) => true,
        (None, Some(needed_by), None) => {
            native(needed_by) == native(package) || multi_arch(package) == "foreign"
        }
        (Some("any"), _, None) => multi_arch(package) == "allowed",
        (Some(wanted), _, None) => (wanted == "amd64") == native(package),
        (None, None, Some(provided)) => provided != "any",
        (None, Some(needed_by), Some(provided)) => {
            provided == if native(needed_by) { "amd64" } else { "i386" }
        }
        (Some(wanted), _, Some(provided)) => wanted == provided,
    };
    let by_name = package.package == relation.name && accepts(&package.version) && is_for(None);
    let mut provided = package.provides.iter().filter(|provided| provided.name == relation.name);
    let provides = provided.any(|provided| {
        is_for(provided.qualifier.as_deref())
            && match (&relation.version, &provided.version) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(_), Some((_, version))) => accepts(version),
            }
    });
    by_name || provides
}

/// Asks for these packages, by bits, in every way there is; all must agree with the judge.
fn ask(text: &str, wanted: u32, recommends: bool) {
    let judge = Judge::new(text, recommends, wanted);
    let mut builder = UniverseBuilder::new(
        Architectures::only("amd64".parse().unwrap()).with_foreign(["i386".parse().unwrap()]),
    );
    let origin = builder.origin("base", 500).unwrap();
    builder.packages(origin, text).unwrap();
    let universe = builder.build(Versions::Every);
    let install: Vec<PackageIndex> = universe.packages().filter(|index| wanted & bit(*index) != 0).collect();
    let recommending = if recommends { install.as_slice() } else { &[] };
    let query = Query { install: &install, recommending, ..Query::default() };
    let mut checker = Checker::new(&universe, &|| false);
    let yes = judge.can_install(wanted);
    assert_eq!(checker.is_installable(&query).unwrap(), yes);
    assert_eq!(checker.solved_choice(&query).unwrap().is_some(), yes, "the solver disagrees");
    match checker.check(&query).unwrap() {
        Answer::Installable(found) => {
            assert!(yes);
            let set = found.packages.iter().fold(0, |set, index| set | bit(*index));
            assert!(judge.sets.contains(&set), "{set:b} does not stand");
            let without_need = found.packages.iter().find(|index| {
                let is_needed_by = |other: &PackageIndex| {
                    let mut needs = checker.relations.of(*other).needs.iter();
                    needs.any(|need| need.met_by.contains(*index))
                };
                let essential = universe.essential.contains(&universe.package(**index).number);
                !essential && !install.contains(index) && !found.packages.iter().any(is_needed_by)
            });
            assert_eq!(without_need, None, "of {set:b}");
            add_what_is_recommended(&checker, &judge, &query, &found);
        }
        Answer::Refused(reasons) => {
            assert!(!yes && !reasons.is_empty());
            for reason in reasons {
                let concerned = universe.packages().filter(|index| {
                    let package = universe.package(*index);
                    let is_it = |concerned: &NamedPackage| {
                        concerned.name == package.name()
                            && concerned.version == package.version()
                            && concerned.architecture == package.architecture()
                    };
                    reason.concerns.iter().any(is_it)
                });
                let concerned = concerned.fold(0, |set, index| set | bit(index));
                assert!(!judge.can_install(concerned), "{concerned:b} because of\n{reason}");
            }
        }
    }
}

/// What is recommended comes where it can, and only there.
fn add_what_is_recommended(
    checker: &Checker<'_, '_>,
    judge: &Judge,
    query: &Query<'_>,
    found: &Installation,
) {
    let by = &found.packages[found.essential..];
    let more = checker.recommended(query, &found.packages, by);
    let added = || more.packages.iter().map(|(index, _)| *index);
    let all: Vec<PackageIndex> = found.packages.iter().copied().chain(added()).collect();
    let set = all.iter().fold(0, |set, index| set | bit(*index));
    assert!(judge.sets.contains(&set), "{set:b} does not stand with what is recommended");
    for (index, by) in &more.packages {
        assert!(set & bit(*by) != 0 && !found.packages.contains(index), "{index:?} comes because of {by:?}");
    }
    for index in by.iter().copied().chain(added()) {
        let needs = checker.relations.of(index).needs.iter();
        for need in needs.filter(|need| need.place.field == RelationField::Recommends) {
            let is_met = need.met_by.iter().any(|other| set & bit(*other) != 0);
            let could_be = need.met_by.iter().any(|other| judge.can_install(set | bit(*other)));
            assert!(is_met || !could_be, "{index:?} misses one of {:?} in {set:b}", need.met_by);
        }
    }
}

fn bit(index: PackageIndex) -> u32 {
    1 << index.0
}

fn agree(text: &str, picks: [usize; 2], recommends: bool) {
    let count = Paragraphs::new(text).count();
    let wanted = picks.into_iter().fold(0, |set, pick| set | 1 << (pick % count));
    let outcome = std::panic::catch_unwind(|| ask(text, wanted, recommends));
    assert!(outcome.is_ok(), "{wanted:b} of\n{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_can_be_installed_is_found_out(seed: u64, picks: [usize; 2], recommends: bool) {
        let traits = UniverseTraits { packages: 7, foreign: false, versions: true, essential: true };
        agree(&SmallUniverses::new(seed, traits).draw(), picks, recommends);
    }

    #[test]
    fn of_several_architectures_too(seed: u64, picks: [usize; 2]) {
        let traits = UniverseTraits { packages: 7, foreign: true, versions: true, essential: true };
        agree(&SmallUniverses::new(seed, traits).draw(), picks, false);
    }
}
