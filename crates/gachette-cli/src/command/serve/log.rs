//! The server's log, on standard error. Where that is the journal of systemd, each line says how grave it is and leaves the time to it
//! (sd-daemon(3)).

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use clap::ValueEnum;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(crate) enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// A JSON object in each line, for programs.
    Json,
}

/// Writes what happens from now on to standard error.
pub(super) fn start(format: LogFormat) {
    let to = StandardError { is_journal: is_journal() };
    let keeps_time = to.is_journal;
    let log = tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(to);
    match format {
        LogFormat::Text if keeps_time => log.without_time().init(),
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

/// Whether standard error is the journal: systemd.exec(5) says so with the device and inode of that stream.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let ours = io::stderr().as_fd().try_clone_to_owned().and_then(|stream| File::from(stream).metadata());
    ours.is_ok_and(|ours| stream == format!("{}:{}", ours.dev(), ours.ino()))
}

/// Where the log goes.
struct StandardError {
    is_journal: bool,
}

/// Writes one line of the log.
struct Line {
    /// How grave it is, in the numbers of syslog(3).
    priority: Option<u8>,
}

impl<'a> MakeWriter<'a> for StandardError {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { priority: None }
    }

    fn make_writer_for(&'a self, line: &Metadata<'_>) -> Line {
        let priority = match *line.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        Line { priority: self.is_journal.then_some(priority) }
    }
}

impl Write for Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut line = self.priority.map_or_else(Vec::new, |priority| format!("<{priority}>").into_bytes());
        line.extend_from_slice(text);
        io::stderr().lock().write_all(&line)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
