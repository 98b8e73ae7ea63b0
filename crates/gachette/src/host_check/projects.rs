//! Asks the servers of projects for their refs, several at the same time; nobody is ever prompted.

use std::time::{Duration, Instant};

use gachette_core::git::GitRef;
use gachette_core::host_check::{ProjectFact, ProjectState};

use crate::Cancel;
use crate::config::{Config, Project};
use crate::git::{Git, GitError, RemoteRefs};

/// How long a server may take for its answer.
const WITHIN: Duration = Duration::from_secs(20);
/// How many servers are asked at the same time.
const AT_ONCE: usize = 8;

/// The projects that `are` wanted; without git none of them is asked for.
pub fn projects(
    config: &Config,
    are: impl Fn(&Project) -> bool,
    git: bool,
    cancel: &Cancel,
) -> Vec<ProjectFact> {
    let all: Vec<(&String, &Project)> = config.projects.iter().filter(|(_, project)| are(project)).collect();
    let mut facts = Vec::new();
    for some in all.chunks(AT_ONCE) {
        facts.extend(std::thread::scope(|scope| {
            let asked: Vec<_> = some
                .iter()
                .map(|(name, project)| {
                    let state = scope.spawn(move || match project {
                        Project { url: Some(_), .. } if !git => ProjectState::Unasked,
                        project => ask(project, cancel),
                    });
                    (name, project, state)
                })
                .collect();
            let fact =
                |(name, project, state): (&&String, &&Project, std::thread::ScopedJoinHandle<'_, _>)| {
                    let url = project.url.as_ref().map(ToString::to_string);
                    let state = state.join().unwrap_or(ProjectState::Unasked);
                    ProjectFact { name: (*name).clone(), url, state }
                };
            asked.into_iter().map(fact).collect::<Vec<_>>()
        }));
    }
    facts
}

fn ask(project: &Project, cancel: &Cancel) -> ProjectState {
    let Some(url) = &project.url else { return ProjectState::NoUrl };
    let name = match &project.reference {
        Some(GitRef::Name(name)) => Some(name),
        // Servers list no commits.
        Some(GitRef::Commit(_)) | None => None,
    };
    let begun = Instant::now();
    let git = Git::new().within(WITHIN);
    match RemoteRefs::about(&git, url, name, None, cancel) {
        Ok(refs) => {
            let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let short = project.reference.as_ref().is_some_and(|reference| reference.abbreviated().is_some());
            match (refs.find(name), name) {
                (Some(found), _) => ProjectState::Reached { reference: Some(found.name), milliseconds },
                (None, Some(name)) if !short => ProjectState::RefMissing { reference: name.to_string() },
                (None, _) => ProjectState::Reached { reference: None, milliseconds },
            }
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &GitError) -> ProjectState {
    let said = error.to_string();
    let mut lines = said.lines();
    let title = lines.next().unwrap_or_default().to_owned();
    let lines = lines.map(|line| line.trim_start().to_owned()).collect();
    ProjectState::Failed { title, lines, hint: error.hint() }
}
