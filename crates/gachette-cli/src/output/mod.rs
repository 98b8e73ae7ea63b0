//! What people and programs see: results on standard output, progress and messages on standard error.

mod amount;
mod built;
mod moment;
mod printable;
mod progress;
mod table;
mod yaml;

pub(crate) use amount::{bytes, milliseconds, plural};
pub(crate) use built::built_table;
pub(crate) use moment::moment;
pub(crate) use printable::{printable, printable_json};
pub(crate) use progress::Progress;
pub(crate) use table::table;
pub(crate) use yaml::yaml;

use std::io::Write;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use gachette::repository::DamagedStack;
use serde::Serialize;

use crate::error::Failure;
use crate::options::{Format, Options, Volume};

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
        match (self.format, &self.host) {
            (Format::Text, _) => self.line(&printable(&text(value))),
            (Format::Json, None) => {
                put(&printable_json(&serde_json::to_string_pretty(value).map_err(Failure::fault)?))
            }
            (Format::Json, Some(host)) => {
                let of_host = OfHost { host: host.trim_matches(|c| "[] ".contains(c)), result: value };
                put(&printable_json(&serde_json::to_string(&of_host).map_err(Failure::fault)?))
            }
        }
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

    /// Says why the work on this host failed.
    pub(crate) fn report(&self, failure: &Failure) {
        self.say(failure_text(failure).trim_end());
    }

    /// Warns.
    pub(crate) fn warn(&self, text: &str) {
        self.say(&format!("{WARNING}warning:{WARNING:#} {}", printable(text)));
    }

    /// Warns of stacks that cannot be read, and so are missing in what is shown.
    pub(crate) fn warn_of_damage(&self, damaged: &[DamagedStack]) {
        for DamagedStack { stack, reason } in damaged {
            self.warn(&format!("stack {stack}: {reason}; see what else is with `gachette repository fsck`"));
        }
    }
}

/// A result with the host it is of, one line for each.
#[derive(Serialize)]
struct OfHost<'a, T> {
    host: &'a str,
    result: &'a T,
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

/// Prints why the command failed.
pub(crate) fn report(failure: &Failure) {
    let _ = write!(anstream::stderr(), "{}", failure_text(failure));
}

fn failure_text(failure: &Failure) -> String {
    if failure.message.is_empty() {
        return String::new();
    }
    let mut text = format!("{ERROR}error:{ERROR:#} {}\n", printable(&failure.message));
    for line in &failure.lines {
        text += &format!("  {}\n", printable(line));
    }
    if let Some(log) = &failure.log {
        text += &format!("{HINT}log:{HINT:#} {}\n", printable(log));
    }
    if let Some(hint) = &failure.hint {
        text += &format!("{HINT}hint:{HINT:#} {}\n", printable(hint));
    }
    text
}

/// Prints bytes to standard output as they are.
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Failure> {
    match std::io::stdout().write_all(bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}
