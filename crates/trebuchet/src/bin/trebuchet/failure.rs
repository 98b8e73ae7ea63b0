//! What went wrong, as it is told at the end, and its exit code.

use std::fmt::Display;
use std::io::Write as _;
use std::path::Path;

use trebuchet::lint::{Finding, findings};
use trebuchet::{BuildError, IoError};

use crate::exit_code;

/// A failure of the command.
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    findings: Vec<Finding>,
    code: u8,
}

impl Failure {
    /// The command line names something that is not there, or not to be used so.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, findings: Vec::new(), code: exit_code::USAGE }
    }

    /// A file that cannot be opened.
    pub(crate) fn missing(path: &Path, error: &std::io::Error) -> Self {
        Self::usage(format!("`{}`: {error}", path.display().to_string().escape_debug()))
    }

    /// Something that should not happen.
    pub(crate) fn fault(what: &str, error: &dyn Display) -> Self {
        Self { message: format!("{what}: {error}"), hint: None, findings: Vec::new(), code: exit_code::FAULT }
    }

    /// The same with advice.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells it on standard error; the exit code.
    pub(crate) fn report(&self) -> u8 {
        let mut error = std::io::stderr().lock();
        for finding in &self.findings {
            let _ = writeln!(error, "{finding}");
        }
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(error, "error: {}", self.message);
        if let Some(hint) = &self.hint {
            let _ = writeln!(error, "hint: {hint}");
        }
        self.code
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
        Self { message, hint: None, findings, code }
    }
}

impl From<std::io::Error> for Failure {
    /// Standard output that cannot be written to.
    fn from(error: std::io::Error) -> Self {
        // A reader that has read enough, such as `head`, is no fault.
        let code = match error.kind() {
            std::io::ErrorKind::BrokenPipe => exit_code::DONE,
            _ => exit_code::FAULT,
        };
        Self { message: format!("cannot write the result: {error}"), hint: None, findings: Vec::new(), code }
    }
}
