//! Whether hosts can go from one stack to another and back, and keep all that they have of the base.

use gachette_core::installability::{Explanation, Fact, LeftOut};

use super::report::Passage;
use super::set::{Installed, Kept, Outcome, Set};
use super::tempted::{Now, Tempted};
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
        let nothing = Kept::default();
        let before = match self.from.installed(&nothing, self.stop)? {
            Outcome::Installed(before) => before,
            // Hosts have it from before the base was as it is. They lose nothing by leaving, but there is nothing to go back to.
            Outcome::Refused(reasons) => return Ok((Passage::open(), Passage::barred(reasons))),
        };
        let kept = self.from.kept(&before, &nothing, self.to.universe);
        let after = match self.to.installed(&kept, self.stop)? {
            Outcome::Installed(after) => after,
            // Nobody comes so far as to want back.
            Outcome::Refused(reasons) => {
                return Ok((self.barred(&self.to, kept, reasons)?, Passage::open()));
            }
        };
        let forth = self.arrived(&self.to, &kept, &self.from.now(&before), newly_unmet(&before, &after))?;
        let kept = self.to.kept(&after, &kept, self.from.universe);
        let back = match self.from.installed(&kept, self.stop)? {
            Outcome::Installed(again) => {
                self.arrived(&self.from, &kept, &self.to.now(&after), newly_unmet(&after, &again))?
            }
            Outcome::Refused(reasons) => self.barred(&self.from, kept, reasons)?,
        };
        Ok((forth, back))
    }

    /// The way to a set that can be installed, where some of what is newly recommended is left out: none when apt would remove
    /// something for it.
    fn arrived(
        &self,
        to: &Set<'_>,
        kept: &Kept,
        now: &Now<'_>,
        unmet: Vec<&LeftOut>,
    ) -> Result<Passage, OperationError> {
        let Tempted { leave_out, mut reasons } = to.tempted(kept, now, &unmet, self.stop)?;
        kept.mark(to.universe, &mut reasons);
        let unmet = unmet.into_iter().map(|it| it.fact.clone()).collect();
        Ok(Passage { possible: reasons.is_empty(), reasons, unmet, leave_out, ..Passage::open() })
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

/// What is recommended after a step and cannot be there, and was not missing in the same way before.
fn newly_unmet<'a>(before: &Installed, after: &'a Installed) -> Vec<&'a LeftOut> {
    let said = |fact: &Fact| match fact {
        Fact::Needs { package, relation, .. } => Some((package.name.clone(), relation.clone())),
        _ => None,
    };
    let known: Vec<_> = before.left_out.iter().map(|it| said(&it.fact)).collect();
    after.left_out.iter().filter(|it| !known.contains(&said(&it.fact))).collect()
}

impl Passage {
    fn open() -> Self {
        Self {
            possible: true,
            reasons: Vec::new(),
            remove: Vec::new(),
            unmet: Vec::new(),
            leave_out: Vec::new(),
        }
    }

    fn barred(reasons: Vec<Explanation>) -> Self {
        Self { possible: false, reasons, ..Self::open() }
    }
}
