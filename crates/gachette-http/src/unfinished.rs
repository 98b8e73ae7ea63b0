//! What a host was asked for when it failed, and in which state that left things.

use serde::Serialize;

use crate::{Problem, ProblemKind};

/// What a host did not finish, as far as this side can know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// The host.
    pub host: String,
    /// What it was asked for.
    pub doing: String,
    /// Whether it may have begun with it.
    pub begun: bool,
    /// How things are left.
    pub left: String,
}

impl Unfinished {
    /// The same, when the host never heard of it.
    #[must_use]
    pub fn not_begun(self) -> Self {
        Self { begun: false, left: "nothing was changed there".to_owned(), ..self }
    }

    /// The problem, told together with this.
    pub fn told_with(&self, mut problem: Problem) -> Problem {
        let unfinished = if problem.never_sent { self.clone().not_begun() } else { self.clone() };
        problem.unfinished.get_or_insert_with(|| Box::new(unfinished));
        problem
    }

    /// The same for problems that are the host's; others say by themselves that nothing was done.
    pub fn told_of_host(&self, problem: Problem) -> Problem {
        if problem.kind == ProblemKind::HostFailed { self.told_with(problem) } else { problem }
    }
}
