//! The border to the SAT solver: nothing else knows which one it is.

use std::cell::Cell;

use batsat::{Callbacks, Lit, Solver as Batsat, SolverInterface, SolverOpts, Var, lbool};

/// A variable, and whether it is said to be true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term(Lit);

/// Clauses, and the question whether all of them can hold.
pub(super) struct Solver<'a> {
    inner: Batsat<Patience<'a>>,
    clause: Vec<Lit>,
}

/// The solver was stopped, or there was no end in sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GaveUp {
    /// Whoever asked does not want to know any more.
    #[error("interrupted")]
    Stopped,
    /// It would take longer than anyone waits.
    #[error("no answer was found within {MOST_STEPS} steps")]
    TooHard,
    /// The solver's answer was looked at again, and is none.
    #[error("the solver's answer does not hold; please report this")]
    Wrong,
}

/// The most steps of a solver before it gives up. Sets of real packages take some thousands.
const MOST_STEPS: u64 = 20_000_000;

/// How often whoever asked is asked back, in steps.
const STEPS_BETWEEN: u64 = 1024;

struct Patience<'a> {
    steps: Cell<u64>,
    stop: &'a dyn Fn() -> bool,
    stopped: Cell<bool>,
}

impl Callbacks for Patience<'_> {
    fn stop(&self) -> bool {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps.is_multiple_of(STEPS_BETWEEN) && (self.stop)() {
            self.stopped.set(true);
        }
        self.stopped.get() || steps > MOST_STEPS
    }
}

impl Term {
    pub(super) fn yes(variable: u32) -> Self {
        Self(Lit::new(Var::unsafe_from_idx(variable), true))
    }

    pub(super) fn no(variable: u32) -> Self {
        Self(Lit::new(Var::unsafe_from_idx(variable), false))
    }
}

impl<'a> Solver<'a> {
    /// With this many variables, numbered from 0. `stop` is asked now and then.
    pub(super) fn new(variables: u32, stop: &'a dyn Fn() -> bool) -> Self {
        let patience = Patience { steps: Cell::new(0), stop, stopped: Cell::new(false) };
        let mut inner = Batsat::new(SolverOpts::default(), patience);
        for _ in 0..variables {
            inner.new_var_default();
        }
        Self { inner, clause: Vec::new() }
    }

    /// At least one of these has to hold.
    pub(super) fn any_of(&mut self, terms: impl IntoIterator<Item = Term>) {
        self.clause.clear();
        self.clause.extend(terms.into_iter().map(|term| term.0));
        self.inner.add_clause_reuse(&mut self.clause);
    }

    /// Whether all clauses can hold together with these.
    pub(super) fn solve(&mut self, assumed: &[Term]) -> Result<bool, GaveUp> {
        let assumed: Vec<Lit> = assumed.iter().map(|term| term.0).collect();
        let outcome = self.inner.solve_limited(&assumed);
        if outcome == lbool::TRUE || outcome == lbool::FALSE {
            return Ok(outcome == lbool::TRUE);
        }
        Err(if self.inner.cb().stopped.get() { GaveUp::Stopped } else { GaveUp::TooHard })
    }

    /// What a variable is, after [`Solver::solve`] found that all can hold.
    pub(super) fn holds(&self, variable: u32) -> bool {
        self.inner.value_var(Var::unsafe_from_idx(variable)) == lbool::TRUE
    }

    /// Whether a variable that was assumed has a part in that not all can hold.
    pub(super) fn is_to_blame(&self, variable: u32) -> bool {
        self.inner.unsat_core_contains_var(Var::unsafe_from_idx(variable))
    }
}
