//! The `gachette` command: reads the command line, lets the API carry it out, prints what came of it.

mod advice;
mod carry_out;
mod command;
mod errand;
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
use gachette_core::without_secrets;

use error::Failure;
use output::Output;
use task::Form;

/// The allocator of musl is slow where several threads use it.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(code) = trebuchet::process::watch_over().or_else(trebuchet::templates::confine) {
        return code;
    }
    let words: Vec<OsString> = std::env::args_os().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let code = match runtime {
        Err(error) => told(&Output::of_words(&words), Err(Failure::fault(error))),
        Ok(runtime) => {
            let code = runtime.block_on(run(&words));
            // What still waits, such as a follower's task, ends with the process.
            runtime.shutdown_background();
            code
        }
    };
    ExitCode::from(code)
}

/// Carries the command line out, and tells when it failed; the exit code.
async fn run(words: &[OsString]) -> u8 {
    match task::form_of(words) {
        Form::Tasks => match task::TaskLine::try_parse_from(words) {
            Ok(line) => told(&Output::new(&line.options), line.run().await),
            Err(error) => told(&Output::of_words(words), say(&error, words)),
        },
        Form::Command => match command::CommandLine::try_parse_from(words) {
            Ok(line) => told(&Output::new(&line.options), line.run().await),
            Err(error) => told(&Output::of_words(words), say(&error, words)),
        },
    }
}

fn told(output: &Output, outcome: Result<(), Failure>) -> u8 {
    outcome.map_or_else(
        |failure| {
            output.report(&failure);
            failure.code()
        },
        |()| exit_code::DONE,
    )
}

/// Prints what clap has to say: help and version are results, anything else is a wrong command line.
fn say(error: &clap::Error, words: &[OsString]) -> Result<(), Failure> {
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
    {
        return Err(task::unknown(word, words));
    }
    let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !help && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let (text, advice) = (text_of(error), advice::advice(error, words));
        let hint = advice.as_ref().map(|advice| format!("hint: {advice}\n"));
        output::say_wrong_words(&(text + &hint.unwrap_or_default()));
        let mut failure = misunderstood(error);
        failure.problem.hint = advice;
        return Err(failure.said());
    }
    match error.print() {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => (),
        outcome => outcome?,
    }
    if help { Ok(()) } else { Err(misunderstood(error).said()) }
}

/// What the standard library says of numbers that are none, and what we say.
const NUMBERS: [(&str, &str); 4] = [
    ("invalid digit found in string", "a whole number is expected"),
    ("cannot parse integer from empty string", "a whole number is expected"),
    ("number too large to fit in target type", "the number is too large"),
    ("number too small to fit in target type", "the number is too small"),
];

/// What clap has to say of wrong words, which it repeats.
fn text_of(error: &clap::Error) -> String {
    let text = without_secrets(&error.render().to_string()).into_owned();
    NUMBERS.iter().fold(text, |text, (theirs, ours)| text.replace(theirs, ours))
}

/// The same as a failure, for programs.
fn misunderstood(error: &clap::Error) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage("it is not said what to do");
    }
    let text = text_of(error);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let title = lines.next().unwrap_or_default();
    let mut failure = Failure::usage(title.strip_prefix("error: ").unwrap_or(title));
    failure.problem.lines = lines.map(str::to_owned).collect();
    failure
}
