//! The log of a build: its events as lines for people, so that a failure can be read about later.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use gachette::event::Event;
use jiff::Timestamp;

use super::folder::private_file;

/// How much of the end of a log is read, in bytes.
const LONGEST_END: u64 = 1 << 20;

/// The log of one build, being written.
#[derive(Debug)]
pub(super) struct BuildLog(File);

impl BuildLog {
    /// Begins a log, or goes on with it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        private_file().create(true).append(true).open(path).map(Self)
    }

    /// Adds an event. A log that cannot be written any more must not fail the build.
    pub(super) fn write(&mut self, event: &Event) {
        self.line(&event.to_string());
    }

    /// Adds a line, with the time.
    pub(super) fn line(&mut self, text: &str) {
        let now = Timestamp::now().strftime("%H:%M:%S%.3f").to_string();
        // Logs are read on terminals.
        let safe: String =
            text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
        let _ = self.0.write_all(format!("{now} {safe}\n").as_bytes());
    }
}

/// The last lines of a log, at most so many.
pub(super) fn end(path: &Path, lines: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(LONGEST_END);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(LONGEST_END).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let found: Vec<&str> = text.lines().collect();
    let mut end = found[found.len().saturating_sub(lines)..].join("\n");
    if !end.is_empty() {
        end.push('\n');
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_holds_every_event_with_its_time_and_nothing_that_a_terminal_obeys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.log");
        for line in ["first", "\u{1b}[2J", "last"] {
            BuildLog::open(&path).unwrap().write(&Event::Output { line: line.to_owned() });
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(" last\n") && text.starts_with(|c: char| c.is_ascii_digit()), "{text}");
        let shown = end(&path, 2).unwrap();
        assert_eq!(shown.lines().count(), 2);
        assert!(shown.contains(" \u{fffd}[2J\n"), "{shown:?}");
    }
}
