//! What a server remembers beyond its end: lines of JSON in files of its own, which are added to, and written anew when they have
//! become too long. Nothing waits for the disk.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gachette_core::Sha256Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first line: what this file is.
const HEAD: &str = "{\"version\":1}";
/// The longest file, in bytes; when it is written anew, at most half of it stays.
const LONGEST: usize = 16 << 20;

/// The folder of a server, which no other process has meanwhile.
#[derive(Debug, Clone)]
pub(super) struct ServerFolder {
    path: PathBuf,
    _lock: Arc<File>,
}

/// A file of entries.
#[derive(Debug)]
pub(super) struct Journal<T> {
    path: PathBuf,
    file: File,
    size: usize,
    /// Whether the last line came in part, since the disk was full.
    is_torn: bool,
    _folder: ServerFolder,
    entries: PhantomData<T>,
}

impl ServerFolder {
    /// The folder below `folders` of the server with this name; none when another process has it.
    pub(super) fn take(folders: &Path, server: &str) -> io::Result<Option<Self>> {
        let path = folders.join(&Sha256Digest::of(server.as_bytes()).to_string()[..16]);
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        let lock = private(File::options().create(true).append(true), &path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { path, _lock: Arc::new(lock) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl<T: Serialize + DeserializeOwned> Journal<T> {
    /// Opens a journal, with those of its entries that are to be kept, the oldest first.
    pub(super) fn open(
        folder: &ServerFolder,
        name: &str,
        is_kept: impl Fn(&T) -> bool,
    ) -> io::Result<(Self, Vec<T>)> {
        let path = folder.path.join(name);
        let text = gachette::read_regular(&path, 2 * LONGEST as u64).unwrap_or_default();
        let mut lines = text.split_inclusive(|byte| *byte == b'\n');
        let is_known = lines.next().is_some_and(|line| line.trim_ascii_end() == HEAD.as_bytes());
        // A last line without its end is torn, and so nothing.
        let whole = lines.filter(|line| is_known && line.ends_with(b"\n"));
        let entries = whole.filter_map(|line| serde_json::from_slice(line).ok());
        let entries: Vec<T> = entries.filter(is_kept).collect();
        let (file, size) = write(&path, &entries)?;
        let journal =
            Self { path, file, size, is_torn: false, _folder: folder.clone(), entries: PhantomData };
        Ok((journal, entries))
    }

    /// Adds an entry; `all` of them are asked for when the file has become too long. What cannot be written is forgotten when
    /// the process ends, and no worse.
    pub(super) fn add(&mut self, entry: &T, all: impl FnOnce() -> Vec<T>) {
        let Ok(mut line) = serde_json::to_vec(entry) else { return };
        line.push(b'\n');
        if self.size + line.len() > LONGEST {
            if let Ok((file, size)) = write(&self.path, &all()) {
                (self.file, self.size, self.is_torn) = (file, size, false);
            }
        } else {
            if self.is_torn {
                // With its end it is no entry, and this one is.
                line.insert(0, b'\n');
            }
            self.is_torn = self.file.write_all(&line).is_err();
            self.size += line.len();
        }
    }
}

/// Writes a journal anew, with the newest of these entries; its file, and how long it is.
fn write<T: Serialize>(path: &Path, entries: &[T]) -> io::Result<(File, usize)> {
    let mut lines = Vec::new();
    let mut size = 0;
    for entry in entries.iter().rev() {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        size += line.len();
        if size > LONGEST / 2 {
            break;
        }
        lines.push(line);
    }
    lines.push(format!("{HEAD}\n").into_bytes());
    lines.reverse();
    let text = lines.concat();
    let new = path.with_extension("new");
    let mut file = private(File::options().create(true).write(true).truncate(true), &new)?;
    file.write_all(&text)?;
    fs::rename(&new, path)?;
    Ok((file, text.len()))
}

fn private(options: &mut fs::OpenOptions, path: &Path) -> io::Result<File> {
    options.mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folders: &Path) -> (Journal<String>, Vec<String>) {
        let folder = ServerFolder::take(folders, "/srv/meta").unwrap().unwrap();
        Journal::open(&folder, "words", |word| word != "old").unwrap()
    }

    #[test]
    fn entries_are_there_again_and_a_torn_one_harms_no_other() {
        let folders = tempfile::tempdir().unwrap();
        let (mut journal, found) = open(folders.path());
        assert!(found.is_empty());
        assert!(ServerFolder::take(folders.path(), "/srv/meta").unwrap().is_none(), "it is taken");
        for word in ["one", "old", "two"] {
            journal.add(&word.to_owned(), Vec::new);
        }
        journal.file.write_all(b"\"thr").unwrap();
        drop(journal);
        let (mut journal, found) = open(folders.path());
        assert_eq!(found, ["one", "two"]);
        // A disk that was full for a moment.
        journal.file.write_all(b"\"thr").unwrap();
        journal.is_torn = true;
        journal.add(&"three".to_owned(), Vec::new);
        drop(journal);
        assert_eq!(open(folders.path()).1, ["one", "two", "three"]);
    }

    #[test]
    fn it_stays_short_and_keeps_what_is_newest() {
        let folders = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folders.path());
        let mut all = Vec::new();
        for number in 0..40 {
            all.push(format!("{number}{}", " ".repeat(1 << 20)));
            journal.add(&all[number], || all.clone());
            assert!(fs::metadata(&journal.path).unwrap().len() <= LONGEST as u64);
        }
        drop(journal);
        let kept = open(folders.path()).1;
        assert!(kept.len() >= 7 && kept.last() == all.last(), "{}", kept.len());
    }

    #[test]
    fn what_another_version_wrote_is_not_guessed_at() {
        let folders = tempfile::tempdir().unwrap();
        let (journal, _) = open(folders.path());
        fs::write(&journal.path, "{\"version\":2}\n\"x\"\n").unwrap();
        drop(journal);
        assert!(open(folders.path()).1.is_empty());
    }
}
