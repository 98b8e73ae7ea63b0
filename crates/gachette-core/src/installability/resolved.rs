//! What the relations of a package come to in its universe: lists of packages in place of names and versions.

use super::architectures::Reach;
use super::universe::{PackageIndex, Universe};
use crate::debian::{RelationField, RelationRef, RelationRefs, RelationsError};

/// The relations of one package, looked up.
#[derive(Clone, Debug, Default)]
pub(super) struct Resolved {
    /// `Pre-Depends`, `Depends`, and last `Recommends`.
    pub(super) needs: Vec<Need>,
    /// `Breaks` and `Conflicts`, as far as they are about any package.
    pub(super) against: Vec<Against>,
    /// A field that cannot be read: dpkg would refuse the package.
    pub(super) fault: Option<(RelationField, RelationsError)>,
}

/// Alternatives of which one has to be met.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// Where it stands.
    pub(super) place: RelationPlace,
    /// Who meets it: in the order of the alternatives, and of each by name first.
    pub(super) met_by: Box<[PackageIndex]>,
}

/// A relation to packages that cannot be there too.
#[derive(Clone, Debug)]
pub(super) struct Against {
    /// Where it stands.
    pub(super) place: RelationPlace,
    /// The packages it is about.
    pub(super) packages: Box<[PackageIndex]>,
}

/// Where a relation stands among those of its package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RelationPlace {
    pub(super) field: RelationField,
    /// The number of its group of alternatives in the field, from 0.
    pub(super) number: u32,
}

/// The fields of what a package needs, in order.
const NEEDS: [RelationField; 3] =
    [RelationField::PreDepends, RelationField::Depends, RelationField::Recommends];

/// The fields of what cannot be there too.
const AGAINST: [RelationField; 2] = [RelationField::Breaks, RelationField::Conflicts];

impl Resolved {
    /// Looks the relations of a package up.
    pub(super) fn of(universe: &Universe<'_>, index: PackageIndex) -> Self {
        let mut resolved = Self::default();
        let outcome = NEEDS
            .into_iter()
            .try_for_each(|field| resolved.read_needs(universe, index, field).map_err(|e| (field, e)))
            .and_then(|()| {
                AGAINST.into_iter().try_for_each(|field| {
                    resolved.read_against(universe, index, field).map_err(|e| (field, e))
                })
            })
            .and_then(|()| {
                let field = RelationField::Provides;
                let text = universe.package(index).relations(field);
                RelationRefs::new(text).try_for_each(|relation| relation.map(|_| ())).map_err(|e| (field, e))
            });
        resolved.fault = outcome.err();
        resolved
    }

    fn read_needs(
        &mut self,
        universe: &Universe<'_>,
        index: PackageIndex,
        field: RelationField,
    ) -> Result<(), RelationsError> {
        let package = universe.package(index);
        let (mut met_by, mut number) = (Vec::new(), 0);
        for relation in RelationRefs::new(package.relations(field)) {
            let relation = relation?;
            let reach = universe.architectures().reach(relation.qualifier, package.place);
            met_by.extend(universe.answering(&relation, reach));
            if !relation.has_alternative {
                let place = RelationPlace { field, number };
                self.needs.push(Need { place, met_by: met_by.as_slice().into() });
                met_by.clear();
                number += 1;
            }
        }
        Ok(())
    }

    fn read_against(
        &mut self,
        universe: &Universe<'_>,
        index: PackageIndex,
        field: RelationField,
    ) -> Result<(), RelationsError> {
        let package = universe.package(index);
        for (number, relation) in (0..).zip(RelationRefs::new(package.relations(field))) {
            let relation = relation?;
            if relation.has_alternative {
                let reason = format!("alternatives (`|`) are not allowed in {}", field.name());
                return Err(RelationsError { text: relation.to_string(), reason });
            }
            let reach = match universe.architectures().reach(relation.qualifier, package.place) {
                Reach::From(_) => Reach::Everywhere,
                named => named,
            };
            // A package does not stand against others of its name, whatever they provide; those have a rule of their own.
            let others = universe
                .answering(&relation, reach)
                .filter(|other| universe.package(*other).name() != package.name());
            let packages: Box<[PackageIndex]> = others.collect();
            if !packages.is_empty() {
                self.against.push(Against { place: RelationPlace { field, number }, packages });
            }
        }
        Ok(())
    }
}

/// The alternatives that stand at a place of a package.
pub(super) fn relations_at<'a>(
    universe: &Universe<'a>,
    index: PackageIndex,
    place: RelationPlace,
) -> Vec<RelationRef<'a>> {
    let mut number = 0;
    let mut found = Vec::new();
    for relation in RelationRefs::new(universe.package(index).relations(place.field)).map_while(Result::ok) {
        if number == place.number {
            found.push(relation);
        }
        number += u32::from(!relation.has_alternative);
    }
    found
}
