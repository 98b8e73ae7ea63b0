//! The events of a build in a file, a line of JSON each: written by the process at work, which holds a lock on it as long as
//! it lives; followed by any other.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use gachette::event::Event;
use serde::de::IgnoredAny;
use tokio::io::AsyncReadExt;

use super::folder::private_file;

/// The first line: what this file is.
const HEAD: &str = "{\"version\":1}\n";
/// From which size on lines of programs are left out, and from which all else is, in bytes. The log has them.
const LARGEST_WITH_OUTPUT: u64 = 8 << 20;
const LARGEST: u64 = 16 << 20;
/// How often it is looked whether there are new events.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a lock that somebody just looks at is tried, and how long is waited in between.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// What an event is to those who must leave some out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// A line of a program.
    Output,
    /// Anything else.
    Essential,
}

impl Weight {
    /// What this event is to them.
    pub(super) fn of(event: &Event) -> Self {
        if matches!(event, Event::Output { .. }) { Self::Output } else { Self::Essential }
    }
}

/// The file, being written by the process at work.
#[derive(Debug)]
pub(super) struct EventFile {
    file: File,
    size: u64,
    /// Whether the last line came in part: a process died in the middle of it, or the disk was full.
    is_torn: bool,
}

impl EventFile {
    /// Makes the file. From here on the build has a process that is at work.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut file = private_file().create_new(true).append(true).open(path)?;
        lock(&file)?;
        file.write_all(HEAD.as_bytes())?;
        Ok(Self { file, size: HEAD.len() as u64, is_torn: false })
    }

    /// Goes on with the file of a process that is gone; an error when one is there.
    pub(super) fn take_over(path: &Path) -> io::Result<Self> {
        let mut file = private_file().read(true).append(true).open(path)?;
        lock(&file)?;
        let size = file.metadata()?.len();
        let mut last = [b'\n'];
        if size > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        Ok(Self { file, size, is_torn: last != *b"\n" })
    }

    /// Adds an event, when there is room for it. Events are worth no build: what cannot be written is not.
    pub(super) fn add(&mut self, event: &str, weight: Weight) {
        let largest = if weight == Weight::Output { LARGEST_WITH_OUTPUT } else { LARGEST };
        if self.size + event.len() as u64 <= largest {
            // A torn line has its end first: it is no event then, and this one is.
            let line = format!("{}{event}\n", if self.is_torn { "\n" } else { "" });
            self.is_torn = self.file.write_all(line.as_bytes()).is_err();
            self.size += line.len() as u64;
        }
    }
}

/// Takes the lock. Somebody may have it for a moment, to see whether anybody has it.
fn lock(file: &File) -> io::Result<()> {
    for _ in 1..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
            outcome => return outcome.map_err(io::Error::from),
        }
    }
    file.try_lock().map_err(io::Error::from)
}

/// Whether the process that writes this file lives.
pub(super) fn is_written(path: &Path) -> bool {
    let Ok(file) = gachette::open_regular(path) else { return false };
    // A file system without locks cannot tell; nobody is called dead then.
    !matches!(file.try_lock_shared(), Ok(()))
}

/// Reads the events of a file, from the first, as they come.
pub(super) struct EventReader {
    path: PathBuf,
    file: tokio::fs::File,
    /// What was read, of a line that is not there to its end.
    begun: Vec<u8>,
    whole: VecDeque<String>,
    /// Whether nobody writes any more.
    is_left: bool,
}

impl EventReader {
    /// Reads from the beginning.
    pub(super) async fn open(path: PathBuf) -> io::Result<Self> {
        let file = tokio::fs::File::from_std(gachette::open_regular(&path)?);
        Ok(Self { path, file, begun: Vec::new(), whole: VecDeque::new(), is_left: false })
    }

    /// The next event, as JSON; none when the build has ended.
    pub(super) async fn next(&mut self) -> Option<String> {
        let mut chunk = vec![0; 64 << 10];
        loop {
            if let Some(line) = self.whole.pop_front() {
                return Some(line);
            }
            let count = self.file.read(&mut chunk).await.ok()?;
            if count > 0 {
                self.take(&chunk[..count]);
            } else if self.is_left {
                return None;
            } else if is_written(&self.path) {
                tokio::time::sleep(PAUSE).await;
            } else {
                // The last events may have come just before.
                self.is_left = true;
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.begun);
                // What is torn is no event, and neither is the head of the file.
                let text = String::from_utf8(line).ok().map(|line| line.trim_end().to_owned());
                let is_event = |text: &String| {
                    text != HEAD.trim_end() && serde_json::from_str::<IgnoredAny>(text).is_ok()
                };
                self.whole.extend(text.filter(is_event));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(path: &Path) -> Vec<String> {
        let mut reader = EventReader::open(path.to_owned()).await.unwrap();
        let mut found = Vec::new();
        while let Some(event) = reader.next().await {
            found.push(event);
        }
        found
    }

    #[tokio::test]
    async fn whoever_follows_sees_every_event_and_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.events");
        let mut file = EventFile::create(&path).unwrap();
        file.add("{\"a\":1}", Weight::Essential);
        let mut reader = EventReader::open(path.clone()).await.unwrap();
        assert_eq!(reader.next().await.as_deref(), Some("{\"a\":1}"));
        assert!(is_written(&path) && EventFile::take_over(&path).is_err());
        file.add("{\"a\":2}", Weight::Output);
        assert_eq!(reader.next().await.as_deref(), Some("{\"a\":2}"));
        drop(file);
        assert_eq!(reader.next().await, None);
    }

    #[tokio::test]
    async fn a_torn_line_is_passed_over_by_who_goes_on_and_who_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.events");
        drop(EventFile::create(&path).unwrap());
        let mut torn = File::options().append(true).open(&path).unwrap();
        torn.write_all(b"{\"a\":1}\n{\"b\":\"\xff").unwrap();
        EventFile::take_over(&path).unwrap().add("{\"c\":3}", Weight::Essential);
        assert_eq!(all(&path).await, ["{\"a\":1}", "{\"c\":3}"]);
    }

    #[tokio::test]
    async fn the_file_stays_within_its_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.events");
        let mut file = EventFile::create(&path).unwrap();
        let line = format!("\"{}\"", "x".repeat(1 << 20));
        (0..20).for_each(|_| file.add(&line, Weight::Output));
        (0..20).for_each(|_| file.add("\"end\"", Weight::Essential));
        (0..20).for_each(|_| file.add(&line, Weight::Essential));
        drop(file);
        assert!(std::fs::metadata(&path).unwrap().len() <= LARGEST);
        assert_eq!(all(&path).await.iter().filter(|event| *event == "\"end\"").count(), 20);
    }
}
