//! Looks at this machine: what builds need of it, and whether it is there. Changes nothing.
//!
//! What follows from what is found is decided in [`gachette_core::host_check`].

mod agent;
mod folders;
mod projects;
mod system;
mod tools;

use gachette_core::host_check::{HostClock, HostFacts, ToolState};
use jiff::Timestamp;

use crate::Cancel;
use crate::config::{Config, Project, ProjectSource};

/// Who fetches the commits of projects that are configured so (`source: push`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushing {
    /// Whoever asks; they are not asked for here.
    ByCaller,
    /// Nobody: they are cloned here like the others.
    Nobody,
}

pub use agent::agent;
pub use projects::projects;

/// Looks at this machine, where projects are built by this configuration.
pub fn look(config: &Config, pushing: Pushing, cancel: &Cancel) -> HostFacts {
    let received = Timestamp::now();
    let (tools, agent, folders) = std::thread::scope(|scope| {
        let agent = scope.spawn(agent);
        let folders = scope.spawn(|| folders::folders(config));
        let tools = tools::tools(cancel);
        (tools, agent.join(), folders.join())
    });
    let is_git = |state: &ToolState| matches!(state, ToolState::Found { .. });
    let git = tools.iter().any(|tool| tool.name == "git" && is_git(&tool.state));
    let is_cloned = |project: &Project| pushing == Pushing::Nobody || project.source == ProjectSource::Clone;
    HostFacts {
        gachette: env!("CARGO_PKG_VERSION").to_owned(),
        name: crate::identity::host(),
        system: system::system(),
        tools,
        folders: folders.unwrap_or_default(),
        agent: agent.unwrap_or_else(|_| agent::silent("the look at it ended early")),
        projects: projects(config, is_cloned, git, cancel),
        clock: HostClock { received, answered: Timestamp::now() },
    }
}
