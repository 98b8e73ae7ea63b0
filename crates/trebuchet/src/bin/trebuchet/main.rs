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

use arguments::{Arguments, Task};

fn main() -> ExitCode {
    if let Some(code) = trebuchet::templates::confine() {
        return code;
    }
    let arguments = Arguments::parse();
    let outcome = match arguments.task {
        Task::Build(task) => build::run(&task),
        Task::Develop(task) => develop::run(&task),
        Task::Lint(task) => lint::run(&task),
        Task::Schema => schema::run(),
    };
    match outcome {
        Ok(code) => code.into(),
        Err(failure) => failure.report().into(),
    }
}
