//! The `gachette` command: reads the command line, lets the API carry it out, prints what came of it.

mod command;
mod error;
mod exit_code;
mod fleet;
mod options;
mod output;
mod session;
mod task;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use error::Failure;
use task::Form;

/// The allocator of musl is slow where several threads use it.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(code) = trebuchet::templates::confine() {
        return code;
    }
    let words: Vec<OsString> = std::env::args_os().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Err(error) => Err(Failure::fault(error)),
        Ok(runtime) => {
            let outcome = runtime.block_on(run(words));
            // What still waits, such as a follower's task, ends with the process.
            runtime.shutdown_background();
            outcome
        }
    };
    let code = match outcome {
        Ok(()) => exit_code::DONE,
        Err(failure) => {
            output::report(&failure);
            failure.code
        }
    };
    ExitCode::from(code)
}

async fn run(words: Vec<OsString>) -> Result<(), Failure> {
    match task::form_of(&words) {
        Form::Tasks => match task::TaskLine::try_parse_from(words) {
            Ok(line) => line.run().await,
            Err(error) => say(&error),
        },
        Form::Command => match command::CommandLine::try_parse_from(words) {
            Ok(line) => line.run().await,
            Err(error) => say(&error),
        },
    }
}

/// Prints what clap has to say: help and version are results, anything else is a wrong command line.
fn say(error: &clap::Error) -> Result<(), Failure> {
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
    {
        return Err(task::unknown(word));
    }
    let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    match error.print() {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => (),
        outcome => outcome?,
    }
    if help { Ok(()) } else { Err(Failure::said(exit_code::USAGE)) }
}
