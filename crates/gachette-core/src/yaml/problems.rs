//! Collects what is wrong in a file, so that one run names it all.

use std::collections::HashSet;

use super::{Place, Problem};

/// More than anyone reads at once; a hostile file could hold millions.
const MOST: usize = 100;

/// The problems found so far.
#[derive(Debug, Default)]
pub struct Problems {
    found: Vec<Problem>,
    /// Where the items of lists are that could not be read, so that what was read comes without them.
    passed_over: HashSet<Place>,
}

impl Problems {
    /// Adds one, unless it is there already.
    pub fn push(&mut self, problem: Problem) {
        // Variants share their default's lines: what is wrong there is said once.
        if self.found.len() < MOST && !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    /// Notes that a list is read without its item in this place.
    pub fn pass_over(&mut self, item: Place) {
        self.passed_over.insert(item);
    }

    /// Whether a list was read without its item in this place.
    pub fn is_passed_over(&self, item: Place) -> bool {
        self.passed_over.contains(&item)
    }

    /// Begins to read lists anew.
    pub fn forget_passed_over(&mut self) {
        self.passed_over.clear();
    }

    /// All of them, in the order of the file.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| (problem.place.line, problem.place.column));
        self.found
    }
}
