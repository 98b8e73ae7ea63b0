//! Chooses packages as apt does: whatever is needed, the first alternative that can be had, and nothing besides.

use std::collections::VecDeque;

use super::checker::Query;
use super::problem::{Closure, Relations};
use super::universe::PackageIndex;

/// Packages that were chosen one after the other, none without need.
pub(super) struct Walk<'w, 'u, 'a> {
    relations: &'w Relations<'u, 'a>,
    closure: &'w Closure,
    query: &'w Query<'w>,
    chosen: Vec<PackageIndex>,
    /// By variable: whether it was chosen.
    is_chosen: Vec<bool>,
    /// Needs of which one of several has to be chosen.
    open: VecDeque<&'w [PackageIndex]>,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// All packages, in the order in which they were chosen.
    pub(super) packages: Vec<PackageIndex>,
    /// How many of them are there since some package is essential, whatever else is installed.
    pub(super) essential: usize,
}

impl<'w, 'u, 'a> Walk<'w, 'u, 'a> {
    pub(super) fn new(relations: &'w Relations<'u, 'a>, closure: &'w Closure, query: &'w Query<'w>) -> Self {
        let is_chosen = vec![false; closure.packages().len()];
        Self { relations, closure, query, chosen: Vec::new(), is_chosen, open: VecDeque::new() }
    }

    /// Chooses all that is needed. `can_be` says whether a package can be chosen besides those that were; `None` comes back when
    /// no alternative can.
    pub(super) fn choose<E>(
        mut self,
        mut can_be: impl FnMut(PackageIndex) -> Result<bool, E>,
    ) -> Result<Option<Chosen>, E> {
        let relations = self.relations;
        let essential: Vec<Vec<PackageIndex>> =
            relations.universe.essential.iter().map(|name| relations.essential(*name).collect()).collect();
        for alternatives in &essential {
            if !self.choose_one(alternatives, &mut can_be)? {
                return Ok(None);
            }
        }
        if !self.settle(&mut can_be)? {
            return Ok(None);
        }
        let essential = self.chosen.len();
        for index in self.query.install.iter().chain(self.query.keep) {
            if !self.choose_one(&[*index], &mut can_be)? {
                return Ok(None);
            }
        }
        let settled = self.settle(&mut can_be)?;
        Ok(settled.then_some(Chosen { packages: self.chosen, essential }))
    }

    /// Meets all needs that are open.
    fn settle<E>(&mut self, can_be: &mut impl FnMut(PackageIndex) -> Result<bool, E>) -> Result<bool, E> {
        while let Some(alternatives) = self.open.pop_front() {
            if !self.choose_one(alternatives, can_be)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Chooses one of these, unless one is chosen already, and with it all that is without alternative.
    fn choose_one<E>(
        &mut self,
        alternatives: &[PackageIndex],
        can_be: &mut impl FnMut(PackageIndex) -> Result<bool, E>,
    ) -> Result<bool, E> {
        if alternatives.iter().any(|index| self.has(*index)) {
            return Ok(true);
        }
        for index in alternatives {
            if can_be(*index)? {
                return self.take(*index, can_be);
            }
        }
        Ok(false)
    }

    fn take<E>(
        &mut self,
        index: PackageIndex,
        can_be: &mut impl FnMut(PackageIndex) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut waiting = vec![index];
        while let Some(index) = waiting.pop() {
            let Some(variable) = self.closure.variable(index) else { return Ok(false) };
            if std::mem::replace(&mut self.is_chosen[variable as usize], true) {
                continue;
            }
            self.chosen.push(index);
            let (closure, needs) = (self.closure, &self.relations.of(index).needs);
            for need in needs.iter().filter(|need| closure.counts(index, need)) {
                match &*need.met_by {
                    [only] if self.has(*only) => {}
                    [only] if can_be(*only)? => waiting.push(*only),
                    [] | [_] => return Ok(false),
                    several => self.open.push_back(several),
                }
            }
        }
        Ok(true)
    }

    fn has(&self, index: PackageIndex) -> bool {
        self.closure.variable(index).is_some_and(|variable| self.is_chosen[variable as usize])
    }
}
