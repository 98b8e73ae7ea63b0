//! The log of a build: its events as lines for people, so that a failure can be read about later.
//!
//! A log has a largest size: of a longer one the middle is left out, since failures are told of at the end.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use gachette::event::Event;
use jiff::Timestamp;

use super::folder::private_file;

/// How much of the end of a log is read, in bytes.
const LONGEST_END: u64 = 1 << 20;

/// How large a log may be.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// How many bytes are written as they come.
    head: u64,
    /// How many bytes of the end of a longer log are written behind that, when it ends; until then they are in memory.
    tail: usize,
}

const LARGEST: Size = Size { head: 63 << 20, tail: 1 << 20 };

/// The log of one build, being written. Its end is there when this is dropped.
#[derive(Debug)]
pub(super) struct BuildLog {
    file: File,
    written: u64,
    largest: Size,
    /// What came when the head was full.
    end: Option<End>,
}

/// The last lines of a log that is too long.
#[derive(Debug, Default)]
struct End {
    lines: VecDeque<String>,
    bytes: usize,
    /// How many lines before them are left out.
    dropped: u64,
}

impl BuildLog {
    /// Begins a log, or goes on with it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::open_within(path, LARGEST)
    }

    fn open_within(path: &Path, largest: Size) -> io::Result<Self> {
        let file = private_file().create(true).append(true).open(path)?;
        let written = file.metadata()?.len();
        Ok(Self { file, written, largest, end: None })
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
        self.put(format!("{now} {safe}\n"));
    }

    fn put(&mut self, line: String) {
        if self.end.is_none() && self.written + line.len() as u64 <= self.largest.head {
            return self.write_out(&line);
        }
        if self.end.is_none() {
            self.write_out(
                "-- this log is too long: of the rest only its end will be here, once there is one\n",
            );
        }
        self.end.get_or_insert_default().push(line, self.largest.tail);
    }

    fn write_out(&mut self, text: &str) {
        let _ = self.file.write_all(text.as_bytes());
        self.written += text.len() as u64;
    }
}

impl Drop for BuildLog {
    fn drop(&mut self) {
        let Some(End { lines, dropped, .. }) = self.end.take() else { return };
        let lines: String = lines.into_iter().collect();
        self.write_out(&format!("-- {dropped} lines are left out here\n{lines}"));
    }
}

impl End {
    fn push(&mut self, line: String, most: usize) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.bytes > most
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= oldest.len();
            self.dropped += 1;
        }
    }
}

/// The last lines of a log, at most so many.
pub(super) fn end(path: &Path, lines: usize) -> io::Result<String> {
    let mut file = gachette::open_regular(path)?;
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
    fn of_a_log_that_is_too_long_the_middle_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.log");
        let largest = Size { head: 2000, tail: 1000 };
        let mut log = BuildLog::open_within(&path, largest).unwrap();
        for number in 0..10_000 {
            log.line(&format!("line {number}"));
        }
        let number = |line: &str| line.rsplit_once("line ").unwrap().1.parse::<u64>().unwrap();
        let begun = std::fs::read_to_string(&path).unwrap();
        assert!(begun.contains("line 50\n") && begun.len() < 2100, "it can be read before it ends");
        drop(log);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.len() < 3200 && text.starts_with(&begun), "{}", text.len());
        let (head, end) = text.split_once("-- this log is too long").unwrap();
        let (note, end) = end.split_once(" lines are left out here\n").unwrap();
        let dropped: u64 = note.rsplit(' ').next().unwrap().parse().unwrap();
        let (head, end): (Vec<_>, Vec<_>) =
            (head.lines().map(number).collect(), end.lines().map(number).collect());
        assert_eq!((head[0], end.last()), (0, Some(&9_999)));
        assert_eq!(head.len() as u64 + dropped + end.len() as u64, 10_000);
        assert_eq!(end[0], head.len() as u64 + dropped);
        // Who goes on with it has no more room.
        let mut log = BuildLog::open_within(&path, largest).unwrap();
        (0..10_000).for_each(|_| log.line("more"));
        drop(log);
        assert!(std::fs::metadata(&path).unwrap().len() < 4400);
    }

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
