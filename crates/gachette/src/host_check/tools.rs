//! Which programs are in `PATH`, and what they say of themselves.

use std::time::Duration;

use gachette_core::host_check::{PYTHON, TOOLS, Tool, ToolFact, ToolState, VENV, version_in};
use trebuchet::process::{Cancel, Process, ProcessError, in_path};
use trebuchet::{EnvironmentError, Interpreter};

/// How long a program may take to say its version.
const WITHIN: Duration = Duration::from_secs(10);

/// All programs that are looked for, at the same time.
pub(super) fn tools(cancel: &Cancel) -> Vec<ToolFact> {
    std::thread::scope(|scope| {
        let python = scope.spawn(|| python(cancel));
        let others = TOOLS.iter().filter(|tool| tool.name != PYTHON);
        let others: Vec<_> = others.map(|tool| (tool, scope.spawn(|| state(tool, cancel)))).collect();
        let mut facts: Vec<ToolFact> = Vec::new();
        for (tool, state) in others {
            let state = state.join().unwrap_or(ToolState::Missing);
            facts.push(ToolFact { name: tool.name.to_owned(), state });
        }
        facts.extend(python.join().unwrap_or_default());
        facts
    })
}

fn state(tool: &Tool, cancel: &Cancel) -> ToolState {
    let Some(path) = in_path(tool.name).into_iter().next() else { return ToolState::Missing };
    let asked = Process::new(&path).arg(tool.asks).env("LC_ALL", "C").timeout(Some(WITHIN)).output(cancel);
    match asked {
        Ok(said) => {
            // `ssh -V` says it on standard error.
            let version = version_in(&said.text()).or_else(|| version_in(&said.last_lines.join("\n")));
            ToolState::Found { path: path.display().to_string(), version, package: None }
        }
        Err(ProcessError::NotFound { .. }) => ToolState::Missing,
        Err(error) => ToolState::Broken { why: first_line(&error) },
    }
}

/// Python, as recipes that name no other find it.
fn python(cancel: &Cancel) -> Vec<ToolFact> {
    let fact = |name: &str, state| ToolFact { name: name.to_owned(), state };
    let found = match Interpreter::find(PYTHON, cancel) {
        Ok(found) => found,
        Err(EnvironmentError::NoInterpreter { .. }) => {
            return vec![fact(PYTHON, ToolState::Missing), fact(VENV, ToolState::Missing)];
        }
        Err(error) => {
            return vec![
                fact(PYTHON, ToolState::Broken { why: first_line(&error) }),
                fact(VENV, ToolState::Missing),
            ];
        }
    };
    let path = found.path.display().to_string();
    let venv = match found.makes_environments(cancel) {
        Ok(true) => {
            ToolState::Found { path: path.clone(), version: Some(found.version.clone()), package: None }
        }
        Ok(false) => ToolState::Missing,
        Err(error) => ToolState::Broken { why: first_line(&error) },
    };
    let python = ToolState::Found { path, version: Some(found.version), package: found.package };
    vec![fact(PYTHON, python), fact(VENV, venv)]
}

fn first_line(error: &impl ToString) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_of_this_machine_are_found_with_the_versions_that_dpkg_knows() {
        let facts = tools(&Cancel::new());
        let found = |name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| fact.state.clone());
        for (name, package) in [("dpkg", "dpkg"), ("apt-get", "apt")] {
            let query = std::process::Command::new("dpkg-query")
                .args(["-Wf", "${Version}", package])
                .output()
                .unwrap();
            let expected = String::from_utf8(query.stdout).unwrap();
            match found(name) {
                Some(ToolState::Found { version: Some(version), .. }) => assert_eq!(version, expected),
                other => panic!("{name}: {other:?}"),
            }
        }
        assert!(matches!(found("ssh"), Some(ToolState::Found { version: Some(_), .. })), "{facts:?}");
        assert!(matches!(found(PYTHON), Some(ToolState::Found { package: Some(_), .. })), "{facts:?}");
    }
}
