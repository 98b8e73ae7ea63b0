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
pub(crate) use printable::printable;
pub(crate) use progress::Progress;
pub(crate) use table::table;
pub(crate) use yaml::yaml;

use std::io::Write;

use anstyle::{AnsiColor, Style};
use gachette::repository::DamagedStack;
use serde::Serialize;

use crate::error::Failure;
use crate::options::{Format, Options, Volume};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Where results and messages go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
    volume: Volume,
}

impl Output {
    /// As the options want it.
    pub(crate) fn new(options: &Options) -> Self {
        Self { format: options.format, volume: options.volume() }
    }

    /// Progress of long work, drawn as fits the terminal.
    pub(crate) fn progress(self) -> Progress {
        Progress::new(self.volume)
    }

    /// Prints a result: as JSON, or as the text that `text` makes of it.
    pub(crate) fn result<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let text = match self.format {
            Format::Json => serde_json::to_string_pretty(value).map_err(Failure::fault)?,
            Format::Text => text(value),
        };
        self.line(&text)
    }

    /// Prints text to standard output, with a line end unless it is empty.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        let text = text.trim_end_matches('\n');
        if text.is_empty() {
            return Ok(());
        }
        match writeln!(anstream::stdout(), "{text}") {
            // The reader of a pipe has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    /// Says something on standard error that is no result.
    pub(crate) fn note(self, text: &str) {
        if self.volume == Volume::Full {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Asks a question on standard error, and leaves the cursor behind it.
    pub(crate) fn ask(self, question: &str) {
        let _ = write!(anstream::stderr(), "{question}");
    }

    /// Warns.
    pub(crate) fn warn(self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{WARNING}warning:{WARNING:#} {}", printable(text));
    }

    /// Warns of stacks that cannot be read, and so are missing in what is shown.
    pub(crate) fn warn_of_damage(self, damaged: &[DamagedStack]) {
        for DamagedStack { stack, reason } in damaged {
            self.warn(&format!("stack {stack}: {reason}; see what else is with `gachette repository fsck`"));
        }
    }
}

/// Prints why the command failed.
pub(crate) fn report(failure: &Failure) {
    if failure.message.is_empty() {
        return;
    }
    let mut stderr = anstream::stderr();
    let _ = writeln!(stderr, "{ERROR}error:{ERROR:#} {}", printable(&failure.message));
    for line in &failure.lines {
        let _ = writeln!(stderr, "  {}", printable(line));
    }
    if let Some(log) = &failure.log {
        let _ = writeln!(stderr, "{HINT}log:{HINT:#} {log}");
    }
    if let Some(hint) = &failure.hint {
        let _ = writeln!(stderr, "{HINT}hint:{HINT:#} {}", printable(hint));
    }
}

/// Prints bytes to standard output as they are.
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Failure> {
    match std::io::stdout().write_all(bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}
