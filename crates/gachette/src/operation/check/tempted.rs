//! What is newly recommended and left out, and that apt would take all the same by removing what is in its way.

use gachette_core::installability::{
    Answer, Checker, Explanation, Fact, LeftOut, NamedPackage, Package, PackageIndex, Query, Universe,
};

use super::set::{Installed, Kept, Set};
use crate::operation::OperationError;

/// What apt might take at the cost of something else.
#[derive(Default)]
pub(super) struct Tempted {
    /// All of it.
    pub(super) leave_out: Vec<NamedPackage>,
    /// For each recommendation of which something is there that would have to go, what that is.
    pub(super) reasons: Vec<Explanation>,
}

/// All that hosts have before a set comes.
pub(super) struct Now<'a> {
    universe: &'a Universe<'a>,
    packages: Vec<PackageIndex>,
}

impl Now<'_> {
    /// Whether a package of another universe could be there too. Of what is in the way of one that could, nothing is there yet, so
    /// apt has nothing to remove.
    fn has_room_for(&self, package: &Package<'_>, stop: &dyn Fn() -> bool) -> Result<bool, OperationError> {
        let mut named = self.universe.named(package.name()).iter().copied();
        let same = named.find(|found| {
            self.universe.is_candidate(*found)
                && self.universe.package(*found).architecture() == package.architecture()
        });
        let Some(same) = same else { return Ok(false) };
        let mut keep = self.packages.clone();
        keep.push(same);
        let query = Query { keep: &keep, ..Query::default() };
        Ok(Checker::new(self.universe, stop).is_installable(&query)?)
    }
}

impl<'a> Set<'a> {
    /// What hosts have when it is installed.
    pub(super) fn now(&self, installed: &Installed) -> Now<'a> {
        let recommended = installed.recommended.iter().map(|(index, _)| *index);
        Now {
            universe: self.universe,
            packages: installed.found.packages.iter().copied().chain(recommended).collect(),
        }
    }

    /// What apt might take of what is left out, where some packages are there already and have to stay.
    pub(super) fn tempted(
        &self,
        kept: &Kept,
        now: &Now<'_>,
        left_out: &[&LeftOut],
        stop: &dyn Fn() -> bool,
    ) -> Result<Tempted, OperationError> {
        let mut tempted = Tempted::default();
        let mut checker = Checker::new(self.universe, stop);
        for LeftOut { met_by, fact } in left_out {
            let mut reason = None;
            for index in met_by {
                // What could not even be there by itself, apt does not try.
                if !checker.is_installable(&Query { install: &[*index], ..Query::default() })? {
                    continue;
                }
                tempted.leave_out.push(NamedPackage::of(self.universe, *index));
                if reason.is_none() && !now.has_room_for(self.universe.package(*index), stop)? {
                    reason = self.in_the_way(&mut checker, kept, *index)?;
                }
            }
            tempted.reasons.extend(reason.map(|facts| Explanation {
                facts: std::iter::once(fact.clone()).chain(facts).collect(),
                concerns: match fact {
                    Fact::Needs { package, .. } => vec![package.clone()],
                    _ => Vec::new(),
                },
            }));
        }
        tempted.leave_out.sort();
        tempted.leave_out.dedup();
        Ok(tempted)
    }

    /// Why a package cannot be there with the set and all that has to stay; nothing when it can, and others that are
    /// recommended were only taken before it.
    fn in_the_way(
        &self,
        checker: &mut Checker<'_, '_>,
        kept: &Kept,
        index: PackageIndex,
    ) -> Result<Option<Vec<Fact>>, OperationError> {
        let mut keep = kept.packages.clone();
        keep.push(index);
        let query = Query { install: self.packages, keep: &keep, ..Query::default() };
        let Answer::Refused(reasons) = checker.check(&query)? else { return Ok(None) };
        let named = NamedPackage::of(self.universe, index);
        let is_itself = |fact: &Fact| matches!(fact, Fact::Kept { package, .. } if *package == named);
        let facts = reasons.into_iter().flat_map(|reason| reason.facts);
        Ok(Some(facts.filter(|fact| !is_itself(fact)).collect()))
    }
}
