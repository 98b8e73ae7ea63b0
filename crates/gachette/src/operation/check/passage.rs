//! Whether hosts can go from one stack to another and back, and keep all that they have besides.
//!
//! A yes is one that apt comes to by itself: nothing that it would take first is in the way of anything. Where something is, the
//! command is told by which it is left out.

use std::collections::HashSet;

use gachette_core::installability::{
    Checker, Explanation, Fact, LeftOut, NamedPackage, PackageIndex, Universe,
};

use super::gathered::Stacked;
use super::report::Passage;
use super::set::{Installed, Kept, Outcome, Set};
use super::tempted::Tempted;
use crate::operation::OperationError;

/// Hosts that have one stack and are to have another, which can be installed.
pub(super) struct Passing<'a> {
    pub(super) from: Set<'a>,
    pub(super) to: Set<'a>,
    /// The stacks that those are sets of.
    pub(super) stacked: (&'a Stacked<'a>, &'a Stacked<'a>),
    pub(super) stop: &'a dyn Fn() -> bool,
}

impl Passing<'_> {
    /// The way there, and the way back.
    pub(super) fn both_ways(&self) -> Result<(Passage, Passage), OperationError> {
        let (from, to) = self.stacked;
        let nothing = Kept::default();
        let before = match self.from.installed(&nothing, self.stop)? {
            Outcome::Installed(before) => self.with_others(before)?,
            // Hosts have it from before the base was as it is. They lose nothing by leaving, but there is nothing to go back to.
            Outcome::Refused(reasons) => return Ok((Passage::open(), Passage::barred(reasons))),
        };
        let known = to.knowing(from, self.from.universe, &before.all())?;
        let there = Set { universe: known.as_ref().unwrap_or(self.to.universe), ..self.to };
        let kept = self.from.kept(&before, &nothing, there.universe);
        let (forth, after) = self.go(&before, &there, kept)?;
        // Nobody who does not come so far wants back.
        let Some((after, kept)) = after else { return Ok((forth, Passage::open())) };
        let known = from.knowing(to, there.universe, &after.all())?;
        let home = Set { universe: known.as_ref().unwrap_or(self.from.universe), ..self.from };
        let kept = there.kept(&after, &kept, home.universe);
        let (back, _) = self.go(&after, &home, kept)?;
        Ok((forth, back))
    }

    /// What hosts have of the first stack, with what apt may have taken there besides.
    fn with_others(&self, mut before: Installed) -> Result<Installed, OperationError> {
        let asked = Kept { packages: self.from.packages.to_vec(), ..Kept::default() };
        let Tempted { besides, .. } = self.from.tempted(&asked, &before, &|_| true, self.stop)?;
        before.found.packages.extend(besides);
        Ok(before)
    }

    /// The way to a set, and what hosts have when they came there.
    fn go(
        &self,
        before: &Installed,
        to: &Set<'_>,
        kept: Kept,
    ) -> Result<(Passage, Option<(Installed, Kept)>), OperationError> {
        let hosts = kept;
        let (mut kept, mut gone, mut why) = (hosts.clone(), Vec::new(), Vec::new());
        let mut after = loop {
            match to.installed(&kept, self.stop)? {
                Outcome::Installed(after) => break after,
                Outcome::Refused(reasons) => {
                    let (left, going) = kept.without_what_may_go(to.universe, &reasons);
                    if going.is_empty() {
                        let barred = self.barred(to, kept, reasons)?;
                        return Ok((Passage { lower: hosts.lower, ..barred }, None));
                    }
                    kept = left;
                    gone.extend(going);
                    why.extend(reasons);
                }
            }
        };
        let unmet = newly_unmet(before, &after);
        let is_new = |fact: &Fact| !was_unmet(before, fact);
        let Tempted { mut leave_out, mut reasons, besides } =
            to.tempted(&kept, &after, &is_new, self.stop)?;
        let checker = Checker::new(to.universe, self.stop);
        if checker.lingers(&gone, &kept.packages, &after.found.packages) {
            leave_out.extend(named(to.universe, &gone));
            leave_out.sort();
            leave_out.dedup();
            reasons.splice(0..0, why);
        }
        hosts.mark(to.universe, &mut reasons);
        let unmet = unmet.into_iter().map(|it| it.fact.clone()).collect();
        after.found.packages.extend(besides);
        let known: HashSet<&PackageIndex> = hosts.packages.iter().chain(to.packages).collect();
        let mut brings = after.all();
        brings.retain(|index| !known.contains(index));
        let passage = Passage {
            possible: reasons.is_empty(),
            reasons,
            remove: Vec::new(),
            unmet,
            leave_out,
            brings: named(to.universe, &brings),
            lower: hosts.lower,
        };
        Ok((passage, Some((after, kept))))
    }

    /// No way to a set, unless what is only recommended is removed.
    fn barred(
        &self,
        to: &Set<'_>,
        kept: Kept,
        mut reasons: Vec<Explanation>,
    ) -> Result<Passage, OperationError> {
        kept.mark(to.universe, &mut reasons);
        let (mut left, mut remove) = kept.without_marked(to.universe, &reasons);
        let mut more = !remove.is_empty();
        while more {
            match to.installed(&left, self.stop)? {
                Outcome::Installed(_) => return Ok(Passage { remove, ..Passage::barred(reasons) }),
                Outcome::Refused(others) => {
                    let (fewer, found) = left.without_marked(to.universe, &others);
                    more = !found.is_empty();
                    left = fewer;
                    remove.extend(found);
                }
            }
        }
        Ok(Passage::barred(reasons))
    }
}

fn named(universe: &Universe<'_>, packages: &[PackageIndex]) -> Vec<NamedPackage> {
    let mut names: Vec<_> = packages.iter().map(|index| NamedPackage::of(universe, *index)).collect();
    names.sort();
    names
}

/// What is recommended after a step and cannot be there, and was not missing in the same way before.
fn newly_unmet<'a>(before: &Installed, after: &'a Installed) -> Vec<&'a LeftOut> {
    after.left_out.iter().filter(|it| !was_unmet(before, &it.fact)).collect()
}

/// Whether what a package recommends was missing in the same way before.
fn was_unmet(before: &Installed, fact: &Fact) -> bool {
    let said = |fact: &Fact| match fact {
        Fact::Needs { package, relation, .. } => Some((package.name.clone(), relation.clone())),
        _ => None,
    };
    before.left_out.iter().any(|it| said(&it.fact) == said(fact))
}

impl Passage {
    fn open() -> Self {
        Self {
            possible: true,
            reasons: Vec::new(),
            remove: Vec::new(),
            unmet: Vec::new(),
            leave_out: Vec::new(),
            brings: Vec::new(),
            lower: Vec::new(),
        }
    }

    fn barred(reasons: Vec<Explanation>) -> Self {
        Self { possible: false, reasons, ..Self::open() }
    }
}
