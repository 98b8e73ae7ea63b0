//! Whether a set of packages can be installed as it is: looked at rule by rule, without a solver.

use super::checker::Query;
use super::problem::{Closure, Relations, stand_together};
use super::resolved::Need;
use super::universe::PackageIndex;
use crate::debian::RelationField;

/// Whether these packages, all of the closure, and no others, are an answer to the question.
pub(super) fn holds(
    relations: &Relations<'_, '_>,
    closure: &Closure,
    query: &Query<'_>,
    packages: &[PackageIndex],
) -> bool {
    let universe = relations.universe;
    let mut installed = vec![false; closure.packages().len()];
    for index in packages {
        match closure.variable(*index) {
            Some(variable) => installed[variable as usize] = true,
            None => return false,
        }
    }
    let there =
        |index: PackageIndex| closure.variable(index).is_some_and(|variable| installed[variable as usize]);
    let asked = query.install.iter().chain(query.keep).all(|index| there(*index));
    let essential = universe.essential.iter().all(|name| relations.essential(*name).any(there));
    let stands = |index: PackageIndex| {
        let resolved = relations.of(index);
        let counts = |need: &&Need| {
            need.place.field != RelationField::Recommends
                || query.recommending.contains(&index)
                || (!need.met_by.is_empty() && query.also_recommending.contains(&index))
        };
        let mut needs = resolved.needs.iter().filter(counts);
        let mut against = resolved.against.iter().flat_map(|against| &against.packages);
        let same = universe.of_number(universe.package(index).number).iter().copied();
        resolved.fault.is_none()
            && needs.all(|need| need.met_by.iter().any(|other| there(*other)))
            && !against.any(|other| there(*other))
            && same
                .filter(|other| *other != index && there(*other))
                .all(|other| stand_together(universe, index, other))
    };
    asked && essential && packages.iter().all(|index| stands(*index))
}
