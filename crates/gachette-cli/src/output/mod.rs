//! What people and programs see: results on standard output, progress and messages on standard error.

mod amount;
mod built;
mod checks;
mod deed;
mod lower;
mod moment;
mod printable;
mod progress;
mod statement;
mod table;
mod verdict;
mod yaml;

pub(crate) use amount::{bytes, milliseconds};
pub(crate) use built::built_table;
pub(crate) use checks::checks_text;
pub(crate) use deed::{channel_change, deed, stack_change};
pub(crate) use lower::lower_text;
pub(crate) use moment::moment;
pub(crate) use printable::{one_line, printable, printable_json};
pub(crate) use progress::Progress;
pub(crate) use statement::statement;
pub(crate) use table::table;
pub(crate) use verdict::{unneeded_force, verdict_text};
pub(crate) use yaml::yaml;

pub(crate) use gachette_core::{counted, plural};

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use gachette::repository::DamagedStack;
use gachette_http::Unfinished;
use serde::Serialize;

use crate::error::Failure;
use crate::options::{Format, Options, Volume};
use printable::message;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Where results and messages go, and in which form.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    format: Format,
    /// The host whose results these are, when there are several.
    host: Option<Arc<str>>,
    volume: Volume,
}

impl Output {
    /// As the options want it.
    pub(crate) fn new(options: &Options) -> Self {
        Self { format: options.format, host: None, volume: options.volume() }
    }

    /// As words want it that could not be understood.
    pub(crate) fn of_words(words: &[OsString]) -> Self {
        let json = words.iter().any(|word| word == "--format=json")
            || words.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
        let options =
            Options { format: if json { Format::Json } else { Format::Text }, ..Options::default() };
        Self::new(&options)
    }

    /// The same, for one of several hosts: each of its lines says whose it is.
    pub(crate) fn of_host(&self, host: &str) -> Self {
        Self { host: Some(format!("[{}] ", printable(host)).into()), ..self.clone() }
    }

    /// Progress of long work, drawn as fits the terminal.
    pub(crate) fn progress(&self) -> Progress {
        Progress::new(self.clone())
    }

    /// Whether anything but results, warnings and errors is shown.
    pub(crate) fn volume(&self) -> Volume {
        self.volume
    }

    /// Whether there are several hosts, whose lines come between one another's.
    pub(crate) fn is_shared(&self) -> bool {
        self.host.is_some()
    }

    /// The text, each line of it with the host it is of.
    fn marked(&self, text: &str) -> String {
        match &self.host {
            None => text.to_owned(),
            Some(host) => text.lines().map(|line| format!("{host}{line}")).collect::<Vec<_>>().join("\n"),
        }
    }

    /// Prints a result: as JSON, or as the text that `text` makes of it.
    pub(crate) fn result<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Text => self.line(&printable(&text(value))),
            Format::Json => self.document(value, |host| OfHost::Result { host, result: value }),
        }
    }

    /// Prints a result by which the command fails, and returns the failure. As JSON the document says both: beside what a result says
    /// it has what every failure says.
    pub(crate) fn failed_result<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> String,
        failure: Failure,
    ) -> Failure {
        self.failed_coloured_result(value, text, str::to_owned, failure)
    }

    /// The same, with colours.
    pub(crate) fn failed_coloured_result<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> String,
        colour: impl Fn(&str) -> String,
        failure: Failure,
    ) -> Failure {
        let printed = match self.format {
            Format::Text => self.coloured_result(value, text, colour),
            Format::Json => {
                let both = FailedResult { result: value, error: &failure };
                self.document(&both, |host| OfHost::Failed { host, result: value, error: &failure })
            }
        };
        printed.err().unwrap_or_else(|| failure.answered())
    }

    /// Prints the one JSON document of a command: as it is, or in a line that says of which host it is.
    fn document<'a, T: Serialize + 'a>(
        &'a self,
        value: &impl Serialize,
        of_host: impl FnOnce(&'a str) -> OfHost<'a, T>,
    ) -> Result<(), Failure> {
        let json = match &self.host {
            None => serde_json::to_string_pretty(value),
            Some(host) => serde_json::to_string(&of_host(host.trim_matches(|c| "[] ".contains(c)))),
        };
        put(&printable_json(&json.map_err(Failure::fault)?))
    }

    /// The same, with colours: `colour` is given each line of the text, in which nothing is left that a terminal obeys.
    pub(crate) fn coloured_result<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> String,
        colour: impl Fn(&str) -> String,
    ) -> Result<(), Failure> {
        if self.format == Format::Json {
            return self.result(value, text);
        }
        let lines: Vec<String> = printable(&text(value)).lines().map(colour).collect();
        self.line(&lines.join("\n"))
    }

    /// Prints text to standard output, with a line end unless it is empty.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        let text = text.trim_end_matches('\n');
        if text.is_empty() {
            return Ok(());
        }
        put(&self.marked(text))
    }

    /// Says something on standard error that is no result.
    pub(crate) fn note(&self, text: &str) {
        if self.volume == Volume::Full {
            self.say(text);
        }
    }

    /// Prints to standard error.
    pub(crate) fn say(&self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{}", self.marked(text));
    }

    /// Asks a question on standard error, and leaves the cursor behind it.
    pub(crate) fn ask(&self, question: &str) {
        let _ = write!(anstream::stderr(), "{question}");
    }

    /// Says on standard error why the work failed, and answers so on standard output; each unless that was done.
    pub(crate) fn report(&self, failure: &Failure) {
        if !failure.is_said {
            self.say(failure_text(failure, self.is_shared()).trim_end());
        }
        self.answer(failure);
    }

    /// Answers with the failure where a result would have been: programs that read results find it there.
    pub(crate) fn answer(&self, failure: &Failure) {
        if self.format == Format::Json && !failure.is_answered {
            // When it cannot be printed either, the exit code is still there.
            let _ = self.document(failure, |host| OfHost::Error::<'_, ()> { host, error: failure });
        }
    }

    /// Warns.
    pub(crate) fn warn(&self, text: &str) {
        self.say(&format!("{WARNING}warning:{WARNING:#} {}", message(text)));
    }

    /// Warns of stacks that cannot be read, and so are missing in what is shown.
    pub(crate) fn warn_of_damage(&self, damaged: &[DamagedStack]) {
        for DamagedStack { stack, reason } in damaged {
            self.warn(&format!("stack {stack}: {reason}; see what else is with `gachette repository fsck`"));
        }
    }
}

/// A result, an error or both, with the host it is of, one line for each.
#[derive(Serialize)]
#[serde(untagged)]
enum OfHost<'a, T> {
    Result { host: &'a str, result: &'a T },
    Error { host: &'a str, error: &'a Failure },
    Failed { host: &'a str, result: &'a T, error: &'a Failure },
}

/// A result by which a command fails, and the failure, in one document.
#[derive(Serialize)]
struct FailedResult<'a, T> {
    #[serde(flatten)]
    result: &'a T,
    #[serde(flatten)]
    error: &'a Failure,
}

/// Prints a line to standard output.
fn put(text: &str) -> Result<(), Failure> {
    match writeln!(anstream::stdout(), "{text}") {
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::fault(format!("cannot write the result: {error}"))
            .with_hint("what was asked for is done; only its result could not be printed")),
        Ok(()) => Ok(()),
    }
}

/// What is said of a failure; the host is named in it unless each line says whose it is.
fn failure_text(failure: &Failure, is_shared: bool) -> String {
    let mut text: String = failure.others.iter().map(|other| failure_text(other, is_shared)).collect();
    let problem = &failure.problem;
    let host = failure.unfinished.as_ref().map(|unfinished| format!("{}: ", unfinished.host));
    let unnamed = |host: &String| !is_shared && !problem.title.contains(host.trim_end());
    let host = host.filter(unnamed).unwrap_or_default();
    text += &format!("{ERROR}error:{ERROR:#} {}\n", message(&format!("{host}{}", problem.title)));
    if let Some(Unfinished { doing, begun, left, .. }) = failure.unfinished.as_deref() {
        let state = if *begun { "in the middle of" } else { "not begun" };
        text += &format!("  {state}: {}\n", one_line(&format!("{doing}; {left}")));
    }
    for line in &problem.lines {
        text += &format!("  {}\n", one_line(line));
    }
    if let Some(log) = &problem.log {
        text += &format!("{HINT}log:{HINT:#} {}\n", one_line(log));
    }
    if let Some(hint) = &problem.hint {
        text += &format!("{HINT}hint:{HINT:#} {}\n", message(hint));
    }
    text
}

/// Says on standard error that a command line cannot be understood, in clap's words, in which are the user's own.
pub(crate) fn say_wrong_words(text: &str) {
    let text = printable(text);
    let text = match text.strip_prefix("error:") {
        Some(rest) => format!("{ERROR}error:{ERROR:#}{rest}"),
        None => text,
    };
    let _ = write!(anstream::stderr(), "{text}");
}

/// Prints bytes to standard output as they are.
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Failure> {
    match std::io::stdout().write_all(bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}
