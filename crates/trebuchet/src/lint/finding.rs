//! One thing lint found, and how it is shown.

use std::cmp::Ordering;
use std::fmt;

use gachette_core::missile::{Problem, Severity};
use gachette_core::without_secrets;
use serde::Serialize;

use crate::templates::TemplateError;

/// One thing wrong or suspicious in a file of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether it would stop a build.
    pub severity: Severity,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The file, relative to the project.
    pub file: String,
    /// The line, counted from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The line's text.
    #[serde(rename = "source")]
    pub excerpt: Option<String>,
    /// How many characters of the line are meant.
    pub width: usize,
}

/// What a caret line shows around long lines, in characters.
const WINDOW: usize = 100;

impl Finding {
    pub(super) fn in_missile(name: &str, text: &str, problem: Problem) -> Self {
        let place = problem.place;
        let meant = text.get(place.offset..place.offset + place.length).unwrap_or("");
        let line = place.line as usize;
        let whole = line.checked_sub(1).and_then(|before| text.lines().nth(before));
        Self {
            severity: problem.severity,
            message: problem.message,
            hint: problem.hint,
            file: name.to_owned(),
            line,
            column: place.column as usize,
            excerpt: whole.map(|line| without_secrets(line).into_owned()),
            width: without_secrets(meant).chars().count(),
        }
    }

    pub(super) fn in_template(error: &TemplateError) -> Self {
        let mut finding = Self {
            severity: Severity::Error,
            message: error.message.to_string(),
            hint: error.hint(),
            file: error.template.clone(),
            line: error.line.unwrap_or(0),
            column: 1,
            excerpt: None,
            width: 0,
        };
        if let Some(excerpt) = &error.excerpt {
            let before = excerpt.source.get(..excerpt.range.start).unwrap_or("");
            let begin = before.rfind('\n').map_or(0, |at| at + 1);
            let text = excerpt.source.get(begin..).unwrap_or("").lines().next().unwrap_or("");
            let meant = excerpt.source.get(excerpt.range.clone()).unwrap_or("");
            finding.line = before.matches('\n').count() + 1;
            finding.column = before.get(begin..).unwrap_or("").chars().count() + 1;
            finding.width = meant.lines().next().unwrap_or("").chars().count();
            finding.excerpt = Some(text.to_owned());
        }
        finding
    }

    /// Errors first, then in the order of files and lines.
    pub(super) fn by_place(&self, other: &Self) -> Ordering {
        let key = |finding: &Self| (std::cmp::Reverse(finding.severity), finding.line, finding.column);
        let same_severity = self.severity == other.severity;
        let by_file = if same_severity { self.file.cmp(&other.file) } else { Ordering::Equal };
        by_file.then_with(|| key(self).cmp(&key(other))).then_with(|| self.message.cmp(&other.message))
    }

    fn write_excerpt(&self, f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
        // Control characters of the file must not reach the terminal, and a tab is as wide as a blank here.
        let shown: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let column = self.column.saturating_sub(1).min(shown.len());
        let start = if column + self.width.min(WINDOW / 2) > WINDOW { column - WINDOW / 2 } else { 0 };
        let end = shown.len().min(start + WINDOW);
        let line: String = shown[start..end].iter().collect();
        let carets = self.width.clamp(1, (end - column.min(end)).max(1));
        let margin = " ".repeat(self.line.to_string().len());
        writeln!(f, "{margin} |")?;
        writeln!(f, "{} | {}", self.line, line.trim_end())?;
        writeln!(f, "{margin} | {}{}", " ".repeat(column - start), "^".repeat(carets))
    }
}

impl fmt::Display for Finding {
    /// Several lines: severity and message, place, source with carets, hint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(f, "{severity}: {}", self.message)?;
        let margin = " ".repeat(self.line.to_string().len());
        let file = self.file.escape_debug();
        match self.line {
            0 => writeln!(f, "{margin}--> {file}")?,
            line => writeln!(f, "{margin}--> {file}:{line}:{}", self.column)?,
        }
        if let (Some(text), 1..) = (&self.excerpt, self.line) {
            self.write_excerpt(f, text)?;
        }
        match &self.hint {
            Some(hint) => writeln!(f, "hint: {hint}"),
            None => Ok(()),
        }
    }
}
