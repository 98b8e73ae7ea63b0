//! One finding: what was looked at, how it is, and what to do about it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, or may work, but not for everything or not for long.
    Warning,
    /// Builds fail by it.
    Failure,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The way to it.
    Connection,
    /// The kernel, the distribution, the processor.
    System,
    /// The gachette that answers.
    Program,
    /// The time.
    Clock,
    /// A program that builds or deployment need.
    Tool,
    /// Room in a folder.
    Disk,
    /// The authentication agent.
    Agent,
    /// The access to a project's repository.
    Project,
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What kind of thing it is.
    pub subject: Subject,
    /// Which one of them, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, in one line.
    pub found: String,
    /// What a program said about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The longest text of a host that is shown, in characters.
const LONGEST: usize = 300;
/// How many lines of a program are kept.
const MOST_LINES: usize = 8;

impl Finding {
    pub(super) fn new(subject: Subject, verdict: Verdict, found: impl AsRef<str>) -> Self {
        let (name, lines, hint) = (None, Vec::new(), None);
        Self { subject, name, verdict, found: one_line(found.as_ref()), lines, hint }
    }

    pub(super) fn of(self, name: &str) -> Self {
        Self { name: Some(one_line(name)), ..self }
    }

    pub(super) fn with_hint(self, hint: impl AsRef<str>) -> Self {
        Self { hint: Some(one_line(hint.as_ref())), ..self }
    }

    pub(super) fn with_lines(self, lines: &[String]) -> Self {
        let last = &lines[lines.len().saturating_sub(MOST_LINES)..];
        Self { lines: last.iter().map(|line| one_line(line)).collect(), ..self }
    }
}

impl Verdict {
    /// The worst of them.
    pub fn of(findings: &[Finding]) -> Self {
        findings.iter().map(|finding| finding.verdict).max().unwrap_or(Self::Ok)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connection => "connection",
            Self::System => "system",
            Self::Program => "gachette",
            Self::Clock => "clock",
            Self::Tool => "tool",
            Self::Disk => "disk",
            Self::Agent => "agent",
            Self::Project => "project",
        })
    }
}

/// A host's text without line ends and other control characters, and of bounded length: it cannot pass for a second finding.
fn one_line(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        match character {
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_is_one_line_of_bounded_length() {
        let finding = Finding::new(Subject::Tool, Verdict::Ok, "1\nfailure  tool  git\u{1b}[2J");
        assert_eq!(finding.found, "1\\nfailure  tool  git\\u{1b}[2J");
        let lines: Vec<String> = (0..100).map(|n| format!("{n}{}", "x".repeat(4000))).collect();
        let finding = finding.of(&"n".repeat(4000)).with_hint("h".repeat(4000)).with_lines(&lines);
        assert_eq!((finding.lines.len(), &finding.lines[7][..3]), (8, "99x"));
        let longest = finding.lines.iter().chain(&finding.name).chain(&finding.hint);
        assert!(longest.map(|text| text.chars().count()).max() <= Some(LONGEST + 1));
    }

    #[test]
    fn the_worst_counts() {
        let of = |verdicts: &[Verdict]| {
            let findings: Vec<Finding> =
                verdicts.iter().map(|verdict| Finding::new(Subject::Disk, *verdict, "")).collect();
            Verdict::of(&findings)
        };
        assert_eq!(of(&[]), Verdict::Ok);
        assert_eq!(of(&[Verdict::Ok, Verdict::Warning, Verdict::Ok]), Verdict::Warning);
        assert_eq!(of(&[Verdict::Warning, Verdict::Failure, Verdict::Ok]), Verdict::Failure);
    }
}
