//! Whether hosts can go from one stack to another and back, and keep all that they have of the base.

use gachette_core::installability::{Answer, Checker, Installation, PackageIndex, Query, Universe};

use super::gathered::Stacked;
use super::report::Passage;
use crate::operation::OperationError;

/// Hosts that have one stack and are to have another.
pub(super) struct Hosts<'a> {
    pub(super) old: Stacked<'a>,
    pub(super) new: Stacked<'a>,
    pub(super) stop: &'a dyn Fn() -> bool,
}

impl Hosts<'_> {
    /// The way to the new stack, and the way back.
    pub(super) fn passages(&self, recommends: bool) -> Result<(Passage, Passage), OperationError> {
        let before = match self.installed(&self.old, &[], recommends)? {
            Answer::Installable(before) => before,
            // Nobody can have it as it is, so there is no way from it or to it.
            Answer::Refused(reasons) => {
                let passage = Passage { possible: false, reasons };
                return Ok((passage.clone(), passage));
            }
        };
        let keep = kept(&self.old, &before, &self.new.universe);
        let after = match self.installed(&self.new, &keep, recommends)? {
            Answer::Installable(after) => after,
            Answer::Refused(reasons) => {
                let back = Passage { possible: true, reasons: Vec::new() };
                return Ok((Passage { possible: false, reasons }, back));
            }
        };
        let keep = kept(&self.new, &after, &self.old.universe);
        let reasons = match self.installed(&self.old, &keep, recommends)? {
            Answer::Installable(_) => Vec::new(),
            Answer::Refused(reasons) => reasons,
        };
        let forth = Passage { possible: true, reasons: Vec::new() };
        Ok((forth, Passage { possible: reasons.is_empty(), reasons }))
    }

    fn installed(
        &self,
        stacked: &Stacked<'_>,
        keep: &[PackageIndex],
        recommends: bool,
    ) -> Result<Answer, OperationError> {
        let recommending = if recommends { stacked.set.as_slice() } else { &[] };
        let query = Query { install: &stacked.set, keep, recommending };
        Ok(Checker::new(&stacked.universe, self.stop).check(&query)?)
    }
}

/// What hosts have of the base, as packages of the other universe, where it has them and the stack has no own of that name.
fn kept(stacked: &Stacked<'_>, installed: &Installation, other: &Universe<'_>) -> Vec<PackageIndex> {
    let of_base = installed.packages.iter().filter(|index| !stacked.set.contains(index));
    let same = |index: &PackageIndex| {
        let package = stacked.universe.package(*index);
        let mut named = other.named(package.name()).iter().copied();
        named.find(|found| {
            let found_package = other.package(*found);
            other.is_candidate(*found) && found_package.architecture() == package.architecture()
        })
    };
    of_base.filter_map(same).collect()
}
