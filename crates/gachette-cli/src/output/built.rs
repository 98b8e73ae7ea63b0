//! The summary of a build.

use gachette::operation::PackageState;
use gachette_http::Build;

use super::{bytes, milliseconds, plural, table};

/// The packages of a build, what was done and what was avoided, and the stack that has them.
pub(crate) fn built_table(build: &Build) -> String {
    let Some(outcome) = &build.outcome else { return String::new() };
    let rows = outcome.packages.iter().map(|package| {
        let time = if package.milliseconds == 0 { String::new() } else { milliseconds(package.milliseconds) };
        let state = match package.state {
            PackageState::Built => "built",
            PackageState::AlreadyThere => "already there",
            PackageState::RebuiltSame => "rebuilt, same bytes",
            PackageState::RebuiltDifferent => "rebuilt, OTHER BYTES",
        };
        vec![
            package.name.to_string(),
            package.version.to_string(),
            package.architecture.to_string(),
            bytes(package.size),
            time,
            state.to_owned(),
        ]
    });
    let mut text = table(&["package", "version", "arch", "size", "time", ""], rows);
    text.push_str("\n\n");
    text.push_str(&summary(build));
    text
}

fn summary(build: &Build) -> String {
    let Some(outcome) = &build.outcome else { return String::new() };
    let there = outcome.packages.iter().filter(|package| package.state == PackageState::AlreadyThere).count();
    let mut parts =
        vec![format!("{} built, {there} already there", plural(outcome.packages.len() - there, "package"))];
    if let Some(finished) = build.finished {
        let span = finished.duration_since(build.started).as_millis();
        parts.push(format!("in {}", milliseconds(u64::try_from(span).unwrap_or(0))));
    }
    let mut text = parts.join(" ");
    if let Some(stack) = &outcome.stack {
        let was = if stack.changed { "now at" } else { "unchanged at" };
        text.push_str(&format!("; stack {} is {was} revision {}", stack.stack, stack.revision));
    }
    text
}
