//! Whether hosts can go from one stack to another and back, and keep all that they have of the base.

use gachette_core::installability::{Answer, Explanation, Installation, PackageIndex, Universe};

use super::gathered::Set;
use super::report::Passage;
use crate::operation::OperationError;

/// Hosts that have one stack and are to have another, which can be installed.
pub(super) struct Passing<'a> {
    pub(super) from: Set<'a>,
    pub(super) to: Set<'a>,
    pub(super) stop: &'a dyn Fn() -> bool,
}

impl Passing<'_> {
    /// The way there, and the way back.
    pub(super) fn both_ways(&self) -> Result<(Passage, Passage), OperationError> {
        let before = match self.from.installed(&[], self.stop)? {
            Answer::Installable(before) => before,
            // Hosts have it from before the base was as it is. They lose nothing by leaving, but there is nothing to go back to.
            Answer::Refused(reasons) => return Ok((Passage::open(), Passage::barred(reasons))),
        };
        let keep = kept(&self.from, &before, self.to.universe);
        let after = match self.to.installed(&keep, self.stop)? {
            Answer::Installable(after) => after,
            // Nobody comes so far as to want back.
            Answer::Refused(reasons) => return Ok((Passage::barred(reasons), Passage::open())),
        };
        let keep = kept(&self.to, &after, self.from.universe);
        let back = match self.from.installed(&keep, self.stop)? {
            Answer::Installable(_) => Passage::open(),
            Answer::Refused(reasons) => Passage::barred(reasons),
        };
        Ok((Passage::open(), back))
    }
}

impl Passage {
    fn open() -> Self {
        Self { possible: true, reasons: Vec::new() }
    }

    fn barred(reasons: Vec<Explanation>) -> Self {
        Self { possible: false, reasons }
    }
}

/// What hosts have of the base, as packages of the other universe, where it has them and the stack has no own of that name.
fn kept(set: &Set<'_>, installed: &Installation, other: &Universe<'_>) -> Vec<PackageIndex> {
    let of_base = installed.packages.iter().filter(|index| !set.packages.contains(index));
    let same = |index: &PackageIndex| {
        let package = set.universe.package(*index);
        let mut named = other.named(package.name()).iter().copied();
        named.find(|found| {
            let found_package = other.package(*found);
            other.is_candidate(*found) && found_package.architecture() == package.architecture()
        })
    };
    of_base.filter_map(same).collect()
}
