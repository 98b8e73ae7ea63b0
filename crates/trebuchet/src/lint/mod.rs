//! Finds what would fail a build, without building: in the missile, its templates, and the files it names.
//!
//! Templates are really filled in, as the build would. What only shows while building (a requirement that no index
//! has, a folder that `build_assets` makes) is not looked for.

mod files;
mod finding;
mod shell;
mod templates;

use std::path::Path;

use gachette_core::debian::PackageName;
use gachette_core::missile::{Missile, Problem, Severity, Versions};
use serde::Serialize;

pub use finding::Finding;
pub(crate) use shell::shell_problems;

use crate::io_error::{At as _, IoError};
use crate::regular_file::read_regular;

/// More than any missile has; the parser refuses what is over its own limit.
const LARGEST: u64 = 2 * 1024 * 1024;

/// What was found in a missile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LintReport {
    /// The packages that would be built, in build order; none when the missile cannot be read.
    pub packages: Vec<PackageName>,
    /// What is wrong or suspicious: errors first, then by file and line.
    #[serde(rename = "problems")]
    pub findings: Vec<Finding>,
}

impl LintReport {
    /// How many findings would stop a build.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    /// How many would not.
    pub fn warnings(&self) -> usize {
        self.findings.len() - self.errors()
    }
}

/// Looks through the missile of the project in this folder; `missile` is absolute or relative to the project.
///
/// # Errors
/// When the missile's file cannot be read. What is wrong in it is in the report.
pub fn lint(project: &Path, missile: &Path) -> Result<LintReport, IoError> {
    Ok(Lint::of(project, missile, &read_missile(&project.join(missile))?))
}

/// The text of a missile; of one that is too long to be one, the beginning.
pub(crate) fn read_missile(path: &Path) -> Result<Vec<u8>, IoError> {
    read_regular(path, LARGEST).at(path)
}

/// The problems of a missile with the lines they are about, for showing.
pub fn findings(missile: &Path, problems: &[Problem]) -> Vec<Finding> {
    let text = read_missile(missile).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = text.unwrap_or_default();
    let name = missile.display().to_string();
    problems.iter().map(|problem| Finding::in_missile(&name, &text, problem.clone())).collect()
}

/// One run over a project.
struct Lint<'a> {
    project: &'a Path,
    /// The missile's name in findings.
    name: String,
    text: String,
    findings: Vec<Finding>,
}

impl<'a> Lint<'a> {
    fn of(project: &'a Path, missile: &Path, bytes: &[u8]) -> LintReport {
        let name = missile.strip_prefix(project).unwrap_or(missile).display().to_string();
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut lint = Self { project, name, text, findings: Vec::new() };
        let (missile, problems) = Missile::examine_bytes(bytes);
        problems.into_iter().for_each(|problem| lint.add(problem));
        let mut packages = Vec::new();
        if let Some(missile) = &missile {
            lint.check_templates(missile);
            lint.check_files(missile);
            shell::shell_problems(missile).into_iter().for_each(|problem| lint.add(problem));
            packages = missile.plan(&Versions::default()).into_iter().map(|package| package.name).collect();
        }
        let mut findings = lint.findings;
        findings.sort_by(Finding::by_place);
        // Variants share files: what is wrong in one is said once.
        findings.dedup();
        LintReport { packages, findings }
    }

    /// A problem of the missile itself.
    fn add(&mut self, problem: Problem) {
        self.findings.push(Finding::in_missile(&self.name, &self.text, problem));
    }
}
