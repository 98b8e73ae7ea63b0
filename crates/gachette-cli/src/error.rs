//! Errors at the edge: what is printed, and which exit code they have.

use gachette::config::Mistake;
use gachette_core::yaml;
use gachette_http::{Problem, ProblemKind};
use trebuchet::lint::findings;

use crate::exit_code;

/// Why the command line failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// More lines.
    pub(crate) lines: Vec<String>,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The build log that holds the rest.
    pub(crate) log: Option<String>,
}

impl Failure {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), lines: Vec::new(), hint: None, log: None }
    }

    /// Everything has been said already; only the exit code is left.
    pub(crate) fn said(code: u8) -> Self {
        Self::new(code, "")
    }

    /// The command line cannot be understood.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self::new(exit_code::USAGE, message.to_string())
    }

    /// The configuration cannot be used.
    pub(crate) fn configuration(message: impl ToString) -> Self {
        Self::new(exit_code::CONFIGURATION, message.to_string())
    }

    /// Something in the configuration is wrong; it is shown as lint shows what is wrong in a recipe.
    pub(crate) fn mistake(mistake: Mistake) -> Self {
        let Mistake { origin, problem } = mistake;
        let (message, hint) = (problem.message.clone(), problem.hint.clone());
        let lines = if problem.place.is_known() {
            let shown = findings(&origin, &[yaml::Problem { hint: None, ..problem }]);
            let shown: String = shown.iter().map(ToString::to_string).collect();
            shown.lines().skip(1).map(str::to_owned).collect()
        } else {
            vec![format!("--> {}", origin.display())]
        };
        Self { hint, lines, ..Self::configuration(message) }
    }

    /// It was not done, because somebody or something said no.
    pub(crate) fn refused(message: impl ToString) -> Self {
        Self::new(exit_code::REFUSED, message.to_string())
    }

    /// The user did not wait for the end.
    pub(crate) fn interrupted() -> Self {
        Self::new(exit_code::INTERRUPTED, "interrupted; what was being done is not finished")
    }

    /// Whether it is that the user did not wait for the end.
    pub(crate) fn is_interrupt(&self) -> bool {
        self.code == exit_code::INTERRUPTED
    }

    /// A fault of gachette's own, or of the machine.
    pub(crate) fn fault(message: impl ToString) -> Self {
        Self::new(exit_code::FAULT, message.to_string())
    }

    /// With this hint.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let code = match problem.kind {
            ProblemKind::NotFound | ProblemKind::Invalid => exit_code::USAGE,
            ProblemKind::Configuration => exit_code::CONFIGURATION,
            ProblemKind::BuildFailed => exit_code::BUILD,
            ProblemKind::Refused
            | ProblemKind::Unauthenticated
            | ProblemKind::Forbidden
            | ProblemKind::Changed => exit_code::REFUSED,
            ProblemKind::HostFailed | ProblemKind::TooManyRequests | ProblemKind::Unavailable => {
                exit_code::HOST
            }
            ProblemKind::Cancelled => exit_code::INTERRUPTED,
            ProblemKind::Internal => exit_code::FAULT,
        };
        Self { lines: problem.lines, hint: problem.hint, log: problem.log, ..Self::new(code, problem.title) }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::fault(error)
    }
}
