//! Finds why packages cannot be installed together: few facts that cannot all hold.

use super::checker::{Checker, Query};
use super::explanation::Explanation;
use super::problem::{Closure, FactIndex, Relations};
use super::solver::{GaveUp, Solver, Term};
use super::tell::Teller;
use super::universe::PackageIndex;

/// The most reasons that are told.
const MOST_REASONS: usize = 20;

/// The reasons why a question's answer is no, the shortest first. Each is found without the packages to be installed that one
/// before it is about, so all that is wrong is told at once.
pub(super) fn reasons(checker: &Checker<'_, '_>, query: &Query<'_>) -> Result<Vec<Explanation>, GaveUp> {
    let relations = &checker.relations;
    let mut closure = Closure::new(relations.universe);
    let (mut install, mut keep) = (query.install.to_vec(), query.keep.to_vec());
    let mut found: Vec<Reason> = Vec::new();
    while found.len() < MOST_REASONS {
        let left = Query { install: &install, keep: &keep, ..*query };
        closure.fill(relations, &left);
        let Some(involved) = involved(relations, &closure, &left, checker.stop)? else { break };
        let (wanted, kept): (Vec<PackageIndex>, Vec<PackageIndex>) =
            involved.iter().copied().partition(|index| install.contains(index));
        let small = Query { install: &wanted, keep: &kept, ..*query };
        closure.fill(relations, &small);
        let facts = fewest_facts(relations, &closure, &small, checker.stop)?;
        // The solver may have come by packages that have no part in it, and a reason of their own.
        let is_named = |index: &PackageIndex| {
            facts
                .iter()
                .any(|fact| matches!(fact, FactIndex::Wanted(it) | FactIndex::Kept(it) if it == index))
        };
        let ends = !involved.iter().any(is_named);
        let wanted: Vec<PackageIndex> = wanted.into_iter().filter(is_named).collect();
        install.retain(|index| !is_named(index));
        keep.retain(|index| !is_named(index));
        let known = found.iter_mut().find(|reason| reason.is_part_of(&facts));
        match known {
            Some(known) => known.wanted.extend(wanted),
            None => found.push(Reason { facts, wanted }),
        }
        if ends {
            break;
        }
    }
    found.sort_by_key(|reason| reason.facts.len());
    let told = found.iter().map(|reason| reason.told(relations, query));
    Ok(told.collect())
}

/// One reason, not yet in words.
struct Reason {
    facts: Vec<FactIndex>,
    wanted: Vec<PackageIndex>,
}

impl Reason {
    /// Whether others are the same reason, only reached from elsewhere.
    fn is_part_of(&self, facts: &[FactIndex]) -> bool {
        let goals = |fact: &&FactIndex| !matches!(fact, FactIndex::Wanted(_) | FactIndex::Kept(_));
        self.facts.iter().filter(goals).all(|fact| facts.contains(fact))
    }

    fn told(&self, relations: &Relations<'_, '_>, query: &Query<'_>) -> Explanation {
        let teller = Teller { relations, query };
        let concerns = self.wanted.iter().map(|index| teller.named(*index)).collect();
        Explanation { facts: teller.in_order(&self.facts), concerns }
    }
}

/// The packages to be installed, or to be kept, that cannot all be; none when they can.
fn involved(
    relations: &Relations<'_, '_>,
    closure: &Closure,
    query: &Query<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Vec<PackageIndex>>, GaveUp> {
    let mut solver = Solver::new(closure.packages().len() as u32, stop);
    closure.clauses(relations, query, |fact, clause| match fact {
        FactIndex::Wanted(_) | FactIndex::Kept(_) => {}
        _ => solver.any_of(clause.iter().copied()),
    });
    let asked = || query.install.iter().chain(query.keep).copied();
    let variables: Vec<u32> = asked().filter_map(|index| closure.variable(index)).collect();
    let assumed: Vec<Term> = variables.iter().map(|variable| Term::yes(*variable)).collect();
    if solver.solve(&assumed)? {
        return Ok(None);
    }
    let to_blame = |index: &PackageIndex| closure.variable(*index).is_some_and(|v| solver.is_to_blame(v));
    Ok(Some(asked().filter(to_blame).collect()))
}

/// Facts that cannot all hold, of which none can be left out.
fn fewest_facts(
    relations: &Relations<'_, '_>,
    closure: &Closure,
    query: &Query<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<FactIndex>, GaveUp> {
    let packages = closure.packages().len() as u32;
    let mut all: Vec<(FactIndex, Vec<Term>)> = Vec::new();
    closure.clauses(relations, query, |fact, clause| all.push((fact, clause.to_vec())));
    let mut solver = Solver::new(packages + all.len() as u32, stop);
    // A fact counts only while its own variable is assumed to hold.
    for (selector, (_, clause)) in (packages..).zip(&all) {
        solver.any_of(clause.iter().copied().chain([Term::no(selector)]));
    }
    let assume = |selectors: &[u32]| selectors.iter().map(|s| Term::yes(*s)).collect::<Vec<_>>();
    let selectors: Vec<u32> = (packages..packages + all.len() as u32).collect();
    if solver.solve(&assume(&selectors))? {
        return Err(GaveUp::Wrong);
    }
    let core: Vec<u32> = selectors.into_iter().filter(|selector| solver.is_to_blame(*selector)).collect();
    let mut best: Option<Vec<u32>> = None;
    let backwards = core.iter().rev().copied().collect();
    for mut core in [core, backwards] {
        let mut at = 0;
        while at < core.len() {
            let mut without = core.clone();
            without.remove(at);
            match solver.solve(&assume(&without))? {
                true => at += 1,
                false => core = without.into_iter().filter(|s| solver.is_to_blame(*s)).collect(),
            }
        }
        if best.as_ref().is_none_or(|best| core.len() < best.len()) {
            best = Some(core);
        }
    }
    let best = best.unwrap_or_default();
    Ok(best.into_iter().map(|selector| all[(selector - packages) as usize].0).collect())
}
