//! What went wrong, as it is told at the end, and its exit code.

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;
use trebuchet::lint::{Finding, findings};
use trebuchet::{BuildError, IoError};

use crate::arguments::Format;
use crate::exit_code;

/// A failure of the command.
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    findings: Vec<Finding>,
    code: u8,
}

/// A failure as programs read it, in the words of gachette's API.
#[derive(Serialize)]
struct Answer<'a> {
    kind: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<&'a str>,
    /// Named as in a report of lint.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [Finding],
    exit_code: u8,
}

impl Failure {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, findings: Vec::new(), code }
    }

    /// The command line names something that is not there, or not to be used so.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(exit_code::USAGE, message)
    }

    /// A file that cannot be opened.
    pub(crate) fn missing(path: &Path, error: &std::io::Error) -> Self {
        Self::usage(format!("`{}`: {error}", path.display().to_string().escape_debug()))
    }

    /// Something that should not happen.
    pub(crate) fn fault(what: &str, error: &dyn Display) -> Self {
        Self::new(exit_code::FAULT, format!("{what}: {error}"))
    }

    /// The same with advice.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells it on standard error, and on standard output when programs read that; the exit code.
    pub(crate) fn report(&self, format: Format) -> u8 {
        // A reader that has read enough, such as `head`, is no fault.
        if self.code == exit_code::DONE {
            return self.code;
        }
        let mut error = std::io::stderr().lock();
        for finding in &self.findings {
            let _ = writeln!(error, "{finding}");
        }
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(error, "error: {}", self.message);
        if let Some(hint) = &self.hint {
            let _ = writeln!(error, "hint: {hint}");
        }
        self.answer(format);
        self.code
    }

    /// Answers with it where a result would have been, for programs.
    pub(crate) fn answer(&self, format: Format) {
        let (title, rest) = self.message.split_once('\n').unwrap_or((&self.message, ""));
        let answer = Answer {
            kind: match self.code {
                exit_code::USAGE => "invalid",
                exit_code::BUILD => "build_failed",
                exit_code::INTERRUPTED => "cancelled",
                _ => "internal",
            },
            title,
            hint: self.hint.as_deref(),
            lines: rest.lines().map(str::trim_start).collect(),
            problems: &self.findings,
            exit_code: self.code,
        };
        if format == Format::Json
            && let Ok(json) = serde_json::to_string(&answer)
        {
            // When it cannot be printed, the exit code is still there.
            let _ = writeln!(std::io::stdout(), "{json}");
        }
    }
}

impl From<IoError> for Failure {
    fn from(error: IoError) -> Self {
        Self::missing(&error.path, &error.source)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let code = match &error {
            BuildError::Cancelled => exit_code::INTERRUPTED,
            BuildError::SourceDate(_) => exit_code::USAGE,
            _ => exit_code::BUILD,
        };
        let findings = match &error {
            BuildError::Recipe { path, problems } => {
                let current = std::env::current_dir().unwrap_or_default();
                findings(path.strip_prefix(current).unwrap_or(path), problems)
            }
            _ => Vec::new(),
        };
        let message = match findings.is_empty() {
            true => error.to_string(),
            false => "the recipe is wrong, and nothing was built".to_owned(),
        };
        Self { findings, hint: error.hint(), ..Self::new(code, message) }
    }
}

impl From<std::io::Error> for Failure {
    /// Standard output that cannot be written to.
    fn from(error: std::io::Error) -> Self {
        let code = match error.kind() {
            std::io::ErrorKind::BrokenPipe => exit_code::DONE,
            _ => exit_code::FAULT,
        };
        Self::new(code, format!("cannot write the result: {error}"))
    }
}
