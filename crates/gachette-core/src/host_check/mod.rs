//! Whether a host is fit for builds: the limits, and which finding follows from what was found there.
//!
//! What was found is [`HostFacts`]; what whoever asks knows beside is a [`Vantage`]. How both are gathered is decided elsewhere.

mod agent;
mod clock;
mod connection;
mod facts;
mod finding;
mod folders;
mod projects;
mod tools;
mod vantage;

pub use clock::round_trip;
pub use facts::{
    AgentState, FolderFact, FolderRole, HostClock, HostFacts, ProjectFact, ProjectState, SystemFacts,
    ToolFact, ToolState,
};
pub use finding::{Finding, Subject, Verdict};
pub use tools::{PYTHON, TOOLS, Tool, VENV, version_in};
pub use vantage::{AskerClock, ForwardedAgent, Link, Vantage};

/// All findings, in the order in which they matter: without a connection nothing else counts.
pub fn judge(facts: &HostFacts, vantage: &Vantage) -> Vec<Finding> {
    let mut findings: Vec<Finding> = vantage.link.iter().map(connection::judge).collect();
    findings.push(connection::system(facts));
    findings.push(connection::program(facts, vantage.gachette.as_deref()));
    findings.extend(vantage.clock.map(|asker| clock::judge(asker, facts.clock)));
    findings.extend(tools::judge(&facts.tools, &facts.projects));
    findings.extend(facts.folders.iter().map(folders::judge));
    findings.push(agent::judge(&facts.agent, vantage.agent.as_ref()));
    let is_pushed = |project: &&ProjectFact| vantage.pushed.iter().any(|pushed| pushed.name == project.name);
    let cloned = facts.projects.iter().filter(|project| !is_pushed(project));
    findings.extend(cloned.map(projects::judge));
    findings.extend(vantage.pushed.iter().map(projects::judge_pushed));
    findings
}

/// The findings about a host that could not be asked.
pub fn unreachable(title: &str, lines: &[String], hint: Option<&str>) -> Vec<Finding> {
    let finding = Finding::new(Subject::Connection, Verdict::Failure, title).with_lines(lines);
    vec![match hint {
        Some(hint) => finding.with_hint(hint),
        None => finding,
    }]
}
