//! What hosts have of a stack, and what comes with it: what it needs, and what apt adds since it is recommended.

use std::collections::HashSet;

use gachette_core::debian::VersionRef;
use gachette_core::installability::{
    Answer, Checker, Explanation, Fact, Installation, LeftOut, NamedPackage, OriginIndex, PackageIndex,
    Query, Recommended, Universe, UniverseBuilder, UniverseError,
};
use gachette_core::stack::LowerPackage;

use crate::operation::OperationError;

/// What hosts have of a stack.
#[derive(Clone, Copy)]
pub(super) struct Set<'a> {
    pub(super) universe: &'a Universe<'a>,
    pub(super) packages: &'a [PackageIndex],
    /// Whether nothing may be missing that is recommended.
    pub(super) recommends: bool,
    /// Whether hosts install what is recommended, where it can be.
    pub(super) takes_recommended: bool,
    pub(super) origins: Origins,
}

/// Where packages come from that are in no list of the base: the same in all universes of a question, whatever lists are called.
#[derive(Clone, Copy)]
pub(super) struct Origins {
    /// A stack.
    pub(super) stack: OriginIndex,
    /// A stack that hosts leave, of which they have what no list has in that version.
    pub(super) hosts: OriginIndex,
}

impl Origins {
    /// Of the packages that are added to this.
    pub(super) fn in_all(builder: &mut UniverseBuilder<'_>) -> Result<Self, UniverseError> {
        let stack = builder.origin("the stack", STACK_PRIORITY)?;
        Ok(Self { stack, hosts: builder.origin("on hosts", STACK_PRIORITY)? })
    }

    /// Whether a package is there because of a stack.
    pub(super) fn is_stacked(self, universe: &Universe<'_>, index: PackageIndex) -> bool {
        [self.stack, self.hosts].into_iter().any(|origin| universe.is_from(index, origin))
    }
}

/// Their priority: what a stack names is taken, whatever the base has (apt_preferences(5): more than 1000 may even go back).
pub(super) const STACK_PRIORITY: i32 = 1001;

/// What is on hosts before a set comes, as packages of the universe of the set, in the versions that they get by it.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// All of it.
    pub(super) packages: Vec<PackageIndex>,
    /// Those that are there only for the stack that is left, and that apt may remove: the base has none that would take their place.
    pub(super) may_go: Vec<PackageIndex>,
    /// What is there only since it is recommended, with the package that does.
    pub(super) recommended: Vec<(PackageIndex, NamedPackage)>,
    /// Those that are there already in the same version: apt asks no more what they recommend.
    pub(super) unchanged: Vec<PackageIndex>,
    /// Those that are there in a higher version.
    pub(super) lower: Vec<LowerPackage>,
}

/// Whether a set can be installed.
pub(super) enum Outcome {
    /// It can.
    Installed(Installed),
    /// It cannot, and why.
    Refused(Vec<Explanation>),
}

/// A set with all that comes with it.
pub(super) struct Installed {
    /// The set, what was kept, and what is needed.
    pub(super) found: Installation,
    /// What apt adds since it is recommended, with the package that does.
    pub(super) recommended: Vec<(PackageIndex, NamedPackage)>,
    /// What is recommended and cannot be there too.
    pub(super) left_out: Vec<LeftOut>,
}

impl Installed {
    /// All that hosts have then.
    pub(super) fn all(&self) -> Vec<PackageIndex> {
        let recommended = self.recommended.iter().map(|(index, _)| *index);
        self.found.packages.iter().copied().chain(recommended).collect()
    }
}

impl Set<'_> {
    /// Whether it can be installed where some packages are there already and have to stay.
    pub(super) fn installed(&self, kept: &Kept, stop: &dyn Fn() -> bool) -> Result<Outcome, OperationError> {
        let mut checker = Checker::new(self.universe, stop);
        let recommending = if self.recommends { self.packages } else { &[] };
        let before: HashSet<&PackageIndex> = kept.unchanged.iter().collect();
        let own: HashSet<&PackageIndex> = self.packages.iter().collect();
        let keep: Vec<PackageIndex> =
            kept.packages.iter().filter(|index| !own.contains(index)).copied().collect();
        let mut also_recommending: Vec<PackageIndex> = Vec::new();
        loop {
            let query = Query {
                install: self.packages,
                keep: &keep,
                recommending,
                also_recommending: &also_recommending,
            };
            let found = match checker.check(&query)? {
                Answer::Refused(reasons) => return Ok(Outcome::Refused(reasons)),
                Answer::Installable(found) => found,
            };
            // What is there in any case, or was there before, brings nothing any more.
            let is_new = |index: &&PackageIndex| !before.contains(index);
            let new: Vec<PackageIndex> =
                found.packages[found.essential..].iter().filter(is_new).copied().collect();
            if self.recommends {
                // Whoever came since he is recommended recommends others; each round knows more of them.
                let more: Vec<PackageIndex> = new
                    .iter()
                    .filter(|index| !own.contains(index) && !also_recommending.contains(index))
                    .copied()
                    .collect();
                if !more.is_empty() {
                    also_recommending.extend(more);
                    continue;
                }
            }
            let Recommended { packages, left_out } = match self.takes_recommended {
                true => checker.recommended(&query, &found.packages, &new),
                false => Recommended::default(),
            };
            let named = |(index, by)| (index, NamedPackage::of(self.universe, by));
            return Ok(Outcome::Installed(Installed {
                found,
                recommended: packages.into_iter().map(named).collect(),
                left_out,
            }));
        }
    }

    /// What of this is on hosts that are to have another set, as packages of its universe. `before` was there before this came.
    pub(super) fn kept(&self, installed: &Installed, before: &Kept, other: &Universe<'_>) -> Kept {
        let needed = installed.found.packages.iter().map(|index| {
            let recommended = before.recommended.iter().find(|(kept, _)| kept == index);
            (*index, recommended.map(|(_, by)| by))
        });
        let added = installed.recommended.iter().map(|(index, by)| (*index, Some(by)));
        let mut kept = Kept::default();
        for (index, by) in needed.chain(added) {
            let package = self.universe.package(index);
            let Some(same) = other.counterpart(package) else { continue };
            let (now, then) = (VersionRef::from(package.version()), other.package(same));
            kept.packages.push(same);
            if then.version() == package.version() {
                kept.unchanged.push(same);
            }
            if VersionRef::from(then.version()) < now {
                kept.lower.extend(lower(package.name(), package.version(), then.version()));
            }
            if !self.origins.is_stacked(self.universe, index) {
                kept.recommended.extend(by.map(|by| (same, by.clone())));
            } else if other.is_from(same, self.origins.hosts) && !then.is_protected() {
                kept.may_go.push(same);
            }
        }
        kept
    }
}

/// A package that goes down, unless there is no telling what it is.
fn lower(name: &str, from: &str, to: &str) -> Option<LowerPackage> {
    Some(LowerPackage { name: name.parse().ok()?, from: from.parse().ok()?, to: to.parse().ok()? })
}

impl Kept {
    /// Marks what is told to stay and is there only since it is recommended, and what may go.
    pub(super) fn mark(&self, universe: &Universe<'_>, reasons: &mut [Explanation]) {
        for fact in reasons.iter_mut().flat_map(|reason| &mut reason.facts) {
            if let Fact::Kept { package, recommended_by, may_go } = fact {
                let mut marks = self.recommended.iter();
                let mark = marks.find(|(index, _)| NamedPackage::of(universe, *index) == *package);
                *recommended_by = mark.map(|(_, by)| by.clone());
                *may_go = self.may_go.iter().any(|index| NamedPackage::of(universe, *index) == *package);
            }
        }
    }

    /// The same without what these reasons say is in the way and only recommended, and that; nothing when there is no such.
    pub(super) fn without_marked(
        &self,
        universe: &Universe<'_>,
        reasons: &[Explanation],
    ) -> (Self, Vec<NamedPackage>) {
        let recommended: Vec<PackageIndex> = self.recommended.iter().map(|(index, _)| *index).collect();
        let (left, gone) = self.without(universe, reasons, &recommended);
        (left, gone.into_iter().map(|index| NamedPackage::of(universe, index)).collect())
    }

    /// The same without what these reasons say is in the way and may go, and that.
    pub(super) fn without_what_may_go(
        &self,
        universe: &Universe<'_>,
        reasons: &[Explanation],
    ) -> (Self, Vec<PackageIndex>) {
        self.without(universe, reasons, &self.may_go)
    }

    fn without(
        &self,
        universe: &Universe<'_>,
        reasons: &[Explanation],
        some: &[PackageIndex],
    ) -> (Self, Vec<PackageIndex>) {
        let facts = || reasons.iter().flat_map(|reason| &reason.facts);
        let is_in_the_way = |index: PackageIndex| {
            let named = NamedPackage::of(universe, index);
            facts().any(|fact| matches!(fact, Fact::Kept { package, .. } if *package == named))
        };
        let gone: Vec<PackageIndex> = some.iter().copied().filter(|index| is_in_the_way(*index)).collect();
        let mut left = self.clone();
        left.packages.retain(|index| !gone.contains(index));
        left.may_go.retain(|index| !gone.contains(index));
        left.recommended.retain(|(index, _)| !gone.contains(index));
        (left, gone)
    }
}
