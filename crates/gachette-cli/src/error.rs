//! Errors at the edge: what is printed, and which exit code they have.

use gachette::config::Mistake;
use gachette_core::yaml;
use gachette_http::{Problem, ProblemKind, Unfinished};
use serde::Serialize;
use trebuchet::lint::findings;

use crate::exit_code;

/// Why the command line failed.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    /// What is wrong, in the words of the API.
    #[serde(flatten)]
    pub(crate) problem: Box<Problem>,
    /// The exit code.
    exit_code: u8,
    /// What a host did not finish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unfinished: Option<Box<Unfinished>>,
    /// What else is wrong; it is told first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) others: Vec<Failure>,
    /// Whether standard error tells it already.
    #[serde(skip)]
    pub(crate) is_said: bool,
    /// Whether standard output has the document that tells it.
    #[serde(skip)]
    pub(crate) is_answered: bool,
}

impl Failure {
    fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Problem::new(kind, message).into()
    }

    /// The command line cannot be understood.
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self::new(ProblemKind::Invalid, message.to_string())
    }

    /// The configuration cannot be used.
    pub(crate) fn configuration(message: impl ToString) -> Self {
        Self::new(ProblemKind::Configuration, message.to_string())
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
        let mut failure = Self::configuration(message);
        (failure.problem.hint, failure.problem.lines) = (hint, lines);
        failure
    }

    /// It was not done, because somebody or something said no.
    pub(crate) fn refused(message: impl ToString) -> Self {
        Self::new(ProblemKind::Refused, message.to_string())
    }

    /// A host could not be reached, or is of no use.
    pub(crate) fn host(message: impl ToString) -> Self {
        Self::new(ProblemKind::HostFailed, message.to_string())
    }

    /// The user did not wait for the end.
    pub(crate) fn interrupted() -> Self {
        Self::new(ProblemKind::Cancelled, "interrupted; what was being done is not finished")
    }

    /// The user did not wait for the end of what was being done on a host.
    pub(crate) fn interrupted_in(unfinished: &Unfinished) -> Self {
        Self::new(ProblemKind::Cancelled, "interrupted").told_with(unfinished)
    }

    /// Whether it is that the user did not wait for the end.
    pub(crate) fn is_interrupt(&self) -> bool {
        self.problem.kind == ProblemKind::Cancelled
    }

    /// A fault of gachette's own, or of the machine.
    pub(crate) fn fault(message: impl ToString) -> Self {
        Self::new(ProblemKind::Internal, message.to_string())
    }

    /// With this hint.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }

    /// Together with what a host did not finish.
    pub(crate) fn told_with(self, unfinished: &Unfinished) -> Self {
        unfinished.told_with(*self.problem).into()
    }

    /// Whether it is a host's.
    pub(crate) fn is_of_host(&self) -> bool {
        self.problem.kind == ProblemKind::HostFailed
    }

    /// Together with others, which are told before it.
    pub(crate) fn after(mut self, others: Vec<Self>) -> Self {
        self.others = others;
        self
    }

    /// Told on standard error already.
    pub(crate) fn said(mut self) -> Self {
        self.is_said = true;
        self
    }

    /// Told by a document on standard output already.
    pub(crate) fn answered(mut self) -> Self {
        self.is_answered = true;
        self
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        self.exit_code
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let exit_code = match problem.kind {
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
        let unfinished = problem.unfinished.clone();
        let problem = Box::new(problem);
        Self { problem, exit_code, unfinished, others: Vec::new(), is_said: false, is_answered: false }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::fault(gachette::io_reason(&error))
    }
}
