//! The `trebuchet` command: packages from the project at hand.
//!
//! Results go to standard output, everything else to standard error. All work is the library's.

mod arguments;
mod build;
mod develop;
mod exit_code;
mod failure;
mod interrupt;
mod lint;
mod place;
mod progress;
mod schema;
mod show;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Format, Task};
use failure::Failure;

fn main() -> ExitCode {
    if let Some(code) = trebuchet::process::watch_over().or_else(trebuchet::templates::confine) {
        return code;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return said(&error).into(),
    };
    let outcome = match &arguments.task {
        Task::Build(task) => build::run(task),
        Task::Develop(task) => develop::run(task),
        Task::Lint(task) => lint::run(task),
        Task::Schema => schema::run(),
    };
    match outcome {
        Ok(code) => code.into(),
        Err(failure) => failure.report(arguments.task.format()).into(),
    }
}

/// Prints what clap has to say: help and version are results, anything else is a wrong command line. The exit code.
fn said(error: &clap::Error) -> u8 {
    // Nobody is left to tell when the reader of a pipe has seen enough.
    let _ = error.print();
    if !error.use_stderr() {
        return exit_code::DONE;
    }
    let text = error.render().to_string();
    let message = text.lines().next().unwrap_or_default();
    Failure::usage(message.strip_prefix("error: ").unwrap_or(message)).answer(Format::of_words());
    exit_code::USAGE
}
