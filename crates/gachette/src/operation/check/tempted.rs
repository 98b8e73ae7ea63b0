//! What apt would take though it was not chosen, since it is the first that would do: at the cost of something else, unless it is told
//! to leave it out.

use std::collections::HashSet;

use gachette_core::installability::{
    Answer, Arrival, Checker, Explanation, Fact, Mark, NamedPackage, PackageIndex, Query,
};

use super::set::{Installed, Kept, Set};
use crate::operation::OperationError;

/// What apt might take besides.
#[derive(Default)]
pub(super) struct Tempted {
    /// What it has to leave out.
    pub(super) leave_out: Vec<NamedPackage>,
    /// For each need of which something is in the way that has to be there, what that is.
    pub(super) reasons: Vec<Explanation>,
    /// What it may take as well.
    pub(super) besides: Vec<PackageIndex>,
}

impl Set<'_> {
    /// What apt might take on the way to what was chosen, where some packages are there already. What is recommended is asked only
    /// where it `is_new`.
    pub(super) fn tempted(
        &self,
        kept: &Kept,
        installed: &Installed,
        is_new: &dyn Fn(&Fact) -> bool,
        stop: &dyn Fn() -> bool,
    ) -> Result<Tempted, OperationError> {
        let mut checker = Checker::new(self.universe, stop);
        let recommended: Vec<PackageIndex> = installed.recommended.iter().map(|(index, _)| *index).collect();
        let arrival = Arrival {
            asked: self.packages,
            there: &kept.packages,
            unchanged: &kept.unchanged,
            chosen: &installed.found.packages,
            recommended: &recommended,
            takes_recommended: self.takes_recommended,
        };
        let marks = checker.marks(&arrival, is_new)?;
        let own: HashSet<PackageIndex> = self.packages.iter().copied().collect();
        let kept: Vec<PackageIndex> =
            kept.packages.iter().copied().filter(|index| !own.contains(index)).collect();
        let mut tempted = Tempted { besides: marks.besides, ..Tempted::default() };
        for Mark { package, fact, is_needed, in_the_way } in marks.against {
            tempted.leave_out.push(NamedPackage::of(self.universe, package));
            let is_told = tempted.reasons.iter().any(|reason| reason.facts.first() == Some(&fact));
            if is_told || !(is_needed || in_the_way.is_some()) {
                continue;
            }
            let why = self.in_the_way(&mut checker, &kept, package)?;
            let facts = why.unwrap_or_else(|| in_the_way.into_iter().collect());
            let concerns = match &fact {
                Fact::Needs { package, .. } => vec![package.clone()],
                _ => Vec::new(),
            };
            tempted
                .reasons
                .push(Explanation { facts: std::iter::once(fact).chain(facts).collect(), concerns });
        }
        tempted.leave_out.sort();
        tempted.leave_out.dedup();
        Ok(tempted)
    }

    /// Why a package cannot be there with the set and all that has to stay; nothing when it can, and others were taken before it.
    fn in_the_way(
        &self,
        checker: &mut Checker<'_, '_>,
        kept: &[PackageIndex],
        index: PackageIndex,
    ) -> Result<Option<Vec<Fact>>, OperationError> {
        let keep = [kept, &[index]].concat();
        let query = Query { install: self.packages, keep: &keep, ..Query::default() };
        let Answer::Refused(reasons) = checker.check(&query)? else { return Ok(None) };
        let named = NamedPackage::of(self.universe, index);
        let is_itself = |fact: &Fact| matches!(fact, Fact::Kept { package, .. } if *package == named);
        let facts = reasons.into_iter().flat_map(|reason| reason.facts);
        Ok(Some(facts.filter(|fact| !is_itself(fact)).collect()))
    }
}
