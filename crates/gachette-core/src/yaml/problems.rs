//! Collects what is wrong in a file, so that one run names it all.

use super::Problem;

/// More than anyone reads at once; a hostile file could hold millions.
const MOST: usize = 100;

/// The problems found so far.
#[derive(Debug, Default)]
pub struct Problems {
    found: Vec<Problem>,
}

impl Problems {
    /// Adds one, unless it is there already.
    pub fn push(&mut self, problem: Problem) {
        // Variants share their default's lines: what is wrong there is said once.
        if self.found.len() < MOST && !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    /// All of them, in the order of the file.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| (problem.place.line, problem.place.column));
        self.found
    }
}
