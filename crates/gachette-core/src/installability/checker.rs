//! Answers questions about a universe.

use super::explain;
use super::explanation::Explanation;
use super::problem::{Closure, Relations};
use super::solver::{GaveUp, Solver, Term};
use super::universe::{PackageIndex, Universe};
use super::verify;
use super::walk::{Chosen, Walk};

/// Answers questions about one universe. What was looked up for one question serves the next.
pub struct Checker<'u, 'a> {
    pub(super) relations: Relations<'u, 'a>,
    closure: Closure,
    pub(super) stop: &'u dyn Fn() -> bool,
}

/// A question: can these packages be installed together?
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'q> {
    /// What is to be installed: exactly these packages.
    pub install: &'q [PackageIndex],
    /// What is installed and has to stay.
    pub keep: &'q [PackageIndex],
    /// Packages of which what they recommend has to be there too, whenever they are.
    pub recommending: &'q [PackageIndex],
    /// Others, of which that has to be there of what they recommend that there is any package for.
    pub also_recommending: &'q [PackageIndex],
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub enum Answer {
    /// They can.
    Installable(Installation),
    /// They cannot: why, each reason standing for itself, the shortest first.
    Refused(Vec<Explanation>),
}

/// Packages that can be installed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// All of them, those first that are there in any case since some package is essential.
    pub packages: Vec<PackageIndex>,
    /// How many are there in any case.
    pub essential: usize,
}

impl<'u, 'a> Checker<'u, 'a> {
    /// For questions about this universe. `stop` is asked now and then whether to give up.
    pub fn new(universe: &'u Universe<'a>, stop: &'u dyn Fn() -> bool) -> Self {
        Self { relations: Relations::new(universe), closure: Closure::new(universe), stop }
    }

    /// Whether the packages can be installed together.
    ///
    /// # Errors
    /// When that could not be found out.
    pub fn is_installable(&mut self, query: &Query<'_>) -> Result<bool, GaveUp> {
        self.closure.fill(&self.relations, query);
        match self.first_choice(query) {
            Some(_) => Ok(true),
            None => self.solver(query).solve(&[]),
        }
    }

    /// Whether the packages can be installed together, and with which others, or why not.
    ///
    /// # Errors
    /// When that could not be found out.
    pub fn check(&mut self, query: &Query<'_>) -> Result<Answer, GaveUp> {
        self.closure.fill(&self.relations, query);
        let chosen = match self.first_choice(query) {
            Some(chosen) => Some(chosen),
            None => self.solved_choice(query)?,
        };
        match chosen {
            Some(Chosen { packages, essential }) => {
                Ok(Answer::Installable(Installation { packages, essential }))
            }
            None => explain::reasons(self, query).map(Answer::Refused),
        }
    }

    /// What comes of always taking the first alternative, if that works out.
    fn first_choice(&self, query: &Query<'_>) -> Option<Chosen> {
        let walk = Walk::new(&self.relations, &self.closure, query);
        let Ok(chosen) = walk.choose(|_| Ok::<_, std::convert::Infallible>(true));
        chosen.filter(|chosen| self.holds(query, &chosen.packages))
    }

    /// What comes of taking the first alternative that leaves a way to meet all other needs.
    pub(super) fn solved_choice(&self, query: &Query<'_>) -> Result<Option<Chosen>, GaveUp> {
        let mut solver = self.solver(query);
        if !solver.solve(&[])? {
            return Ok(None);
        }
        let variable = |index| self.closure.variable(index);
        let holding = |solver: &Solver<'_>| -> Vec<bool> {
            (0..self.closure.packages().len() as u32).map(|variable| solver.holds(variable)).collect()
        };
        let mut model = holding(&solver);
        let walk = Walk::new(&self.relations, &self.closure, query);
        let chosen = walk.choose(|index| {
            let Some(variable) = variable(index) else { return Ok(false) };
            if !model[variable as usize] {
                if !solver.solve(&[Term::yes(variable)])? {
                    solver.any_of([Term::no(variable)]);
                    return Ok(false);
                }
                model = holding(&solver);
            }
            solver.any_of([Term::yes(variable)]);
            Ok(true)
        })?;
        match chosen.filter(|chosen| self.holds(query, &chosen.packages)) {
            Some(chosen) => Ok(Some(chosen)),
            None => Err(GaveUp::Wrong),
        }
    }

    fn holds(&self, query: &Query<'_>, packages: &[PackageIndex]) -> bool {
        verify::holds(&self.relations, &self.closure, query, packages)
    }

    fn solver(&self, query: &Query<'_>) -> Solver<'u> {
        let mut solver = Solver::new(self.closure.packages().len() as u32, self.stop);
        self.closure.clauses(&self.relations, query, |_, clause| solver.any_of(clause.iter().copied()));
        solver
    }
}
