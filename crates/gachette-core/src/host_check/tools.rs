//! The programs that builds and deployment need: what each is for, and which Debian package brings it.

use super::{Finding, ProjectFact, Subject, ToolFact, ToolState, Verdict};
use crate::debian::Version;
use crate::git::{GitUrl, Transport};

/// A program that is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// What it is called in `PATH`.
    pub name: &'static str,
    /// The words that make it say its version.
    pub asks: &'static str,
    package: &'static str,
    need: Need,
    purpose: &'static str,
}

/// How much a program is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Builds fail without it.
    Always,
    /// Projects that are cloned by ssh need it.
    ForSsh,
    /// Much is not possible without it.
    Much,
    /// It is good to have.
    Little,
}

/// The programs that are looked for. Python is looked for as recipes do, and judged beside them.
pub const TOOLS: [Tool; 8] = [
    tool("git", "--version", "git", Need::Always, "every build begins with a checkout"),
    tool("ssh", "-V", "openssh-client", Need::ForSsh, "git uses it for addresses of ssh"),
    tool("dpkg", "--version", "dpkg", Need::Always, "it knows the architecture that packages are built for"),
    tool("dpkg-deb", "--version", "dpkg", Need::Much, "it unpacks packages where they are installed"),
    tool(PYTHON, "--version", "python3", Need::Much, "Python environments are made with it"),
    tool("uv", "--version", "", Need::Little, "pip is used in its place, and takes longer"),
    tool("apt-get", "--version", "apt", Need::Much, "it installs packages with what they depend on"),
    tool("gpg", "--version", "gnupg", Need::Little, "it signs with keys that are kept by GnuPG"),
];

/// The interpreter of Python environments.
pub const PYTHON: &str = "python3";
/// The modules by which Python makes environments.
pub const VENV: &str = "python3 venv";
/// The oldest git that knows all options that are used: `fetch --no-write-fetch-head`.
const OLDEST_GIT: &str = "2.29";

const fn tool(
    name: &'static str,
    asks: &'static str,
    package: &'static str,
    need: Need,
    purpose: &'static str,
) -> Tool {
    Tool { name, asks, package, need, purpose }
}

/// A finding for each program.
pub(super) fn judge(facts: &[ToolFact], projects: &[ProjectFact]) -> Vec<Finding> {
    let by_ssh = projects.iter().any(is_cloned_by_ssh);
    let state = |name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| &fact.state);
    let mut findings = Vec::new();
    for tool in TOOLS {
        let Some(found) = state(tool.name) else { continue };
        findings.push(tool.judge(found, by_ssh));
        if let (PYTHON, Some(venv)) = (tool.name, state(VENV)) {
            findings.push(judge_venv(venv, found, matches!(state("uv"), Some(ToolState::Found { .. }))));
        }
    }
    findings
}

impl Tool {
    fn judge(&self, state: &ToolState, by_ssh: bool) -> Finding {
        let finding = |verdict, found: &str| Finding::new(Subject::Tool, verdict, found).of(self.name);
        let lacking = match self.need {
            Need::Always => Verdict::Failure,
            Need::ForSsh if by_ssh => Verdict::Failure,
            Need::Much => Verdict::Warning,
            Need::ForSsh | Need::Little => Verdict::Ok,
        };
        let install = if self.package.is_empty() {
            String::new()
        } else {
            format!("; install the package {}", self.package)
        };
        match state {
            ToolState::Found { path, version, package } => {
                let version = version.as_deref().unwrap_or("of a version that it does not say");
                let found = format!("{version}, {path}");
                if self.name == "git" && is_older(version, OLDEST_GIT) {
                    return finding(Verdict::Failure, &found).with_hint(format!(
                        "git {OLDEST_GIT} or newer is needed{install}, from a newer release"
                    ));
                }
                if self.name == PYTHON && package.is_none() {
                    return finding(Verdict::Warning, &format!("{found}, of no Debian package")).with_hint(
                        format!(
                            "packages with an environment run only where the same is at that path{install}"
                        ),
                    );
                }
                finding(Verdict::Ok, &found)
            }
            ToolState::Missing if lacking == Verdict::Ok => {
                finding(lacking, &format!("not there, and not needed: {}{install}", self.purpose))
            }
            ToolState::Missing => finding(lacking, "not in PATH").with_hint(format!(
                "{}{install}; where it is there, the login shell's start files must put it into PATH",
                self.purpose
            )),
            ToolState::Broken { why } => {
                finding(lacking.max(Verdict::Warning), &format!("does not work: {why}"))
                    .with_hint(format!("{}{install}", self.purpose))
            }
        }
    }
}

/// Environments are made by Python's own module, or where that is missing by uv.
fn judge_venv(venv: &ToolState, python: &ToolState, uv: bool) -> Finding {
    let finding = |verdict, found: &str| Finding::new(Subject::Tool, verdict, found).of(VENV);
    match (venv, python) {
        (ToolState::Found { .. }, _) => finding(Verdict::Ok, "there"),
        (_, ToolState::Found { version, .. }) if !uv => {
            let minor =
                version.as_deref().and_then(|version| version.rsplit_once('.')).map(|(minor, _)| minor);
            let package =
                minor.map_or_else(|| "python3-venv".to_owned(), |minor| format!("python{minor}-venv"));
            finding(Verdict::Warning, "not there").with_hint(format!(
                "Python environments are made with it; install the package {package}, or uv"
            ))
        }
        (_, ToolState::Found { .. }) => finding(Verdict::Ok, "not there: uv makes environments"),
        _ => finding(Verdict::Warning, "not there").with_hint("it comes with Python"),
    }
}

fn is_cloned_by_ssh(project: &ProjectFact) -> bool {
    let url = project.url.as_deref().and_then(|url| url.parse::<GitUrl>().ok());
    url.is_some_and(|url| url.transport() == Transport::Ssh)
}

fn is_older(version: &str, oldest: &str) -> bool {
    match (version.parse::<Version>(), oldest.parse::<Version>()) {
        (Ok(version), Ok(oldest)) => version < oldest,
        // Of one that does not say it nothing is known.
        _ => false,
    }
}

/// The version in what a program says of itself: the first number with a dot in it, and what belongs to it.
pub fn version_in(said: &str) -> Option<String> {
    let line = said.lines().find(|line| !line.trim().is_empty())?;
    let starts = line.char_indices().filter(|(at, c)| {
        c.is_ascii_digit()
            && !line[..*at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '.')
    });
    let version = |(at, _)| -> Option<&str> {
        let rest = &line[at..];
        let of_version = |c: char| c.is_ascii_alphanumeric() || ".+~-:".contains(c);
        let end = rest.find(|c| !of_version(c)).unwrap_or(rest.len());
        let version = rest[..end].trim_end_matches(['.', '-', ':']);
        let digits = version.find(|c: char| !c.is_ascii_digit())?;
        version[digits..].starts_with('.').then_some(version)
    };
    starts.filter_map(version).next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (said, version) in [
            ("git version 2.39.5\n", Some("2.39.5")),
            ("git version 2.39.5 (Apple Git-154)", Some("2.39.5")),
            ("Debian 'dpkg' package management program version 1.21.22 (amd64).\nThis is", Some("1.21.22")),
            ("apt 2.6.1 (amd64)", Some("2.6.1")),
            ("gpg (GnuPG) 2.2.40\nlibgcrypt 1.10.1", Some("2.2.40")),
            ("OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026", Some("9.2p1")),
            ("uv 0.9.2 (141369ce7 2025-10-10)", Some("0.9.2")),
            ("\nPython 3.13.0rc1+", Some("3.13.0rc1+")),
            ("version 12", None),
            ("", None),
            ("v1.2", None),
            ("é 1.2é", Some("1.2")),
        ] {
            assert_eq!(version_in(said).as_deref(), version, "{said}");
        }
    }

    fn found(version: &str) -> ToolState {
        let (version, package) = (Some(version.to_owned()), Some("x".to_owned()));
        ToolState::Found { path: "/usr/bin/x".to_owned(), version, package }
    }

    fn judged(tools: &[(&str, ToolState)], url: &str) -> Vec<(String, Verdict)> {
        let facts: Vec<ToolFact> = tools
            .iter()
            .map(|(name, state)| ToolFact { name: (*name).to_owned(), state: state.clone() })
            .collect();
        let state = super::super::ProjectState::Unasked;
        let project = ProjectFact { name: "web".to_owned(), url: Some(url.to_owned()), state };
        let findings = judge(&facts, &[project]);
        for finding in &findings {
            assert_eq!(finding.hint.is_some(), finding.verdict != Verdict::Ok, "{finding:?}");
        }
        findings.into_iter().map(|it| (it.name.unwrap(), it.verdict)).collect()
    }

    #[test]
    fn what_is_missing_counts_by_what_it_is_needed_for() {
        for (name, verdict) in [
            ("git", Verdict::Failure),
            ("dpkg", Verdict::Failure),
            ("ssh", Verdict::Ok),
            (PYTHON, Verdict::Warning),
            ("apt-get", Verdict::Warning),
            ("uv", Verdict::Ok),
            ("gpg", Verdict::Ok),
        ] {
            let found = judged(&[(name, ToolState::Missing)], "https://example.org/web.git");
            assert_eq!(found, [(name.to_owned(), verdict)]);
        }
        let by_ssh = judged(&[("ssh", ToolState::Missing)], "git@example.org:web.git");
        assert_eq!(by_ssh, [("ssh".to_owned(), Verdict::Failure)]);
        let broken = ToolState::Broken { why: "exit status 127".to_owned() };
        assert_eq!(judged(&[("uv", broken)], "/web"), [("uv".to_owned(), Verdict::Warning)]);
    }

    #[test]
    fn a_git_that_is_too_old_is_none() {
        for (version, verdict) in
            [("2.20.1", Verdict::Failure), ("2.29.0", Verdict::Ok), ("2.100", Verdict::Ok)]
        {
            assert_eq!(judged(&[("git", found(version))], "/web"), [("git".to_owned(), verdict)]);
        }
    }

    #[test]
    fn a_python_of_no_package_is_warned_about() {
        let version = Some("3.14.0".to_owned());
        let python = ToolState::Found { path: "/opt/python3".to_owned(), version, package: None };
        assert_eq!(judged(&[(PYTHON, python)], "/web"), [(PYTHON.to_owned(), Verdict::Warning)]);
    }

    #[test]
    fn environments_are_made_by_venv_or_by_uv() {
        let verdict = |venv: ToolState, uv: ToolState| {
            let tools = [(PYTHON, found("3.11.2")), (VENV, venv), ("uv", uv)];
            judged(&tools, "/web").into_iter().find(|(name, _)| name == VENV).unwrap().1
        };
        assert_eq!(verdict(ToolState::Missing, ToolState::Missing), Verdict::Warning);
        assert_eq!(verdict(ToolState::Missing, found("0.9")), Verdict::Ok);
        assert_eq!(verdict(found("3.11.2"), ToolState::Missing), Verdict::Ok);
    }
}
