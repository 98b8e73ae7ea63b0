//! Many small files at once: written in a folder beside their place, and put there whole.
//!
//! Nobody sees such a file before it is finished, so none needs a name of its own to be written under; that, and the looking
//! for what is there already, is most of what a small file costs. Whoever fills such a folder holds a lock on it, so that
//! `fsck` can tell it from one that a killed writer left.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rustix::fs::{AtFlags, FlockOperation, Mode, flock, linkat, mkdirat, renameat};
use rustix::io::Errno;

use super::disk::create_new_at;
use super::spread::spread;

/// One file to be.
pub(crate) struct Small {
    /// Its path from the place on, with one folder at least.
    pub(crate) path: String,
    pub(crate) bytes: Bytes,
}

impl Small {
    fn folder(&self) -> Option<&str> {
        self.path.rsplit_once('/').map(|(folder, _)| folder)
    }
}

/// A folder of unfinished files beside their place; what is left of it goes with this.
pub(crate) struct Aside {
    path: PathBuf,
    /// Whether it lies beside its place still.
    left: bool,
    /// The folder, from which on all paths in it are looked up.
    held: File,
}

/// What became of a file whose folder was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// It is in that folder now.
    Added,
    /// Another of its name was there, and stays.
    Taken,
}

impl Aside {
    /// Writes the files into a new folder `PLACE#1`, or of the next number that is free.
    pub(crate) fn write(place: &Path, files: &[Small]) -> io::Result<Self> {
        let path = make_beside(place)?;
        let held = hold(&path).inspect_err(|_| {
            let _ = fs::remove_dir(&path);
        })?;
        let aside = Self { path, left: true, held };
        let folders: Vec<&[Small]> = files.chunk_by(|one, other| one.folder() == other.folder()).collect();
        spread(&folders, |files| aside.fill(files))?;
        Ok(aside)
    }

    /// Makes files of one folder, and the folders above them: from the top, since most are new.
    fn fill(&self, files: &[Small]) -> io::Result<()> {
        let Some(first) = files.first() else { return Ok(()) };
        for (end, _) in first.path.match_indices('/') {
            make_folder(&self.held, &first.path[..end])?;
        }
        files.iter().try_for_each(|file| create_new_at(&self.held, &file.path)?.write_all(&file.bytes))
    }

    /// The folder, which is on the file system of its place.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes all of it the place, where none must be.
    pub(crate) fn become_place(mut self, place: &Path) -> io::Result<()> {
        fs::rename(&self.path, place)?;
        self.left = false;
        Ok(())
    }

    /// Moves the files into the place, each folder that is new there as a whole. Of each file whose folder was there already
    /// it is told what became of it, by its path.
    pub(crate) fn join(self, place: &Path) -> io::Result<BTreeMap<PathBuf, Joined>> {
        let mut joined = BTreeMap::new();
        self.join_below(&File::open(place)?, Path::new(""), &mut joined)?;
        Ok(joined)
    }

    fn join_below(
        &self,
        place: &File,
        folder: &Path,
        joined: &mut BTreeMap<PathBuf, Joined>,
    ) -> io::Result<()> {
        // All of them first: moving them changes the folder that is read.
        let entries: Vec<_> = fs::read_dir(self.path.join(folder))?.collect::<Result<_, _>>()?;
        for entry in entries {
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                // rename(2) puts a folder where there is none, or an empty one.
                match renameat(&self.held, &path, place, &path).map_err(io::Error::from) {
                    Err(error) if is_taken(&error) => self.join_below(place, &path, joined)?,
                    outcome => outcome?,
                }
            } else {
                let linked = linkat(&self.held, &path, place, &path, AtFlags::empty());
                let outcome = match linked.map_err(io::Error::from) {
                    Ok(()) => Joined::Added,
                    Err(error) if is_taken(&error) => Joined::Taken,
                    Err(error) => return Err(error),
                };
                joined.insert(path, outcome);
            }
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if self.left {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty)
}

fn make_folder(top: &File, path: &str) -> io::Result<()> {
    match mkdirat(top, path, Mode::from_raw_mode(0o777)) {
        Err(Errno::EXIST) => Ok(()),
        outcome => Ok(outcome?),
    }
}

fn hold(folder: &Path) -> io::Result<File> {
    let held = File::open(folder)?;
    flock(&held, FlockOperation::NonBlockingLockExclusive)?;
    Ok(held)
}

fn make_beside(place: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let mut path = place.as_os_str().to_owned();
        path.push(format!("#{number}"));
        let path = PathBuf::from(path);
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(numbers: std::ops::Range<usize>, text: &str) -> Vec<Small> {
        let small = |number| Small { path: format!("p{number}/version"), bytes: text.to_owned().into() };
        numbers.map(small).collect()
    }

    /// The place, below a folder of its own.
    fn place() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("packages");
        (root, place)
    }

    fn text(place: &Path, number: usize) -> String {
        fs::read_to_string(place.join(format!("p{number}/version"))).unwrap()
    }

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_folder_comes_whole_and_only_where_none_is() {
        let (root, place) = place();
        Aside::write(&place, &files(0..1200, "1\n")).unwrap().become_place(&place).unwrap();
        assert_eq!(count(&place), 1200);
        assert!((0..1200).all(|number| text(&place, number) == "1\n"));
        Aside::write(&place, &files(0..1, "2\n")).unwrap().become_place(&place).unwrap_err();
        assert_eq!(count(&place), 1200, "what is there stays");
        assert_eq!(count(root.path()), 1, "nothing is left beside it");
    }

    #[test]
    fn of_many_who_make_a_folder_at_once_one_does_and_nothing_is_mixed() {
        let root = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let place = &root.path().join(format!("packages{round}"));
            let fill =
                |count| Aside::write(place, &files(0..count, "x")).unwrap().become_place(place).is_ok();
            let done: Vec<usize> = std::thread::scope(|scope| {
                let fillers = (1..=4).map(|filler| (filler, scope.spawn(move || fill(filler * 10))));
                let fillers: Vec<_> = fillers.collect();
                let done =
                    fillers.into_iter().filter_map(|(filler, done)| done.join().unwrap().then_some(filler));
                done.collect()
            });
            assert_eq!(done.len(), 1);
            assert_eq!(count(place), done[0] * 10);
        }
        assert_eq!(count(root.path()), 20, "the losers took their own away");
    }

    #[test]
    fn what_joins_a_folder_adds_to_it_and_changes_nothing_in_it() {
        let (root, place) = place();
        Aside::write(&place, &files(0..3, "old")).unwrap().become_place(&place).unwrap();
        fs::create_dir(place.join("p3")).unwrap();
        let mut more = files(2..5, "new");
        more.push(Small { path: "p1/other".to_owned(), bytes: "new".into() });
        let joined = Aside::write(&place, &more).unwrap().join(&place).unwrap();
        let expected = [("p1/other", Joined::Added), ("p2/version", Joined::Taken)];
        assert_eq!(joined, expected.map(|(path, outcome)| (path.into(), outcome)).into());
        let texts: Vec<String> = (0..5).map(|number| text(&place, number)).collect();
        assert_eq!(texts, ["old", "old", "old", "new", "new"]);
        assert_eq!(fs::read_to_string(place.join("p1/other")).unwrap(), "new");
        assert_eq!(count(root.path()), 1, "nothing is left beside it");
    }

    #[test]
    fn of_many_who_join_a_folder_at_once_each_file_is_of_one() {
        let (root, place) = place();
        fs::create_dir(&place).unwrap();
        let join = |text: String| {
            let joined = Aside::write(&place, &files(0..200, &text)).unwrap().join(&place).unwrap();
            200 - joined.values().filter(|outcome| **outcome == Joined::Taken).count()
        };
        let added: Vec<usize> = std::thread::scope(|scope| {
            let joiners: Vec<_> =
                (0..4).map(|joiner| scope.spawn(move || join(joiner.to_string()))).collect();
            joiners.into_iter().map(|joiner| joiner.join().unwrap()).collect()
        });
        let of =
            |joiner: usize| (0..200).filter(|number| text(&place, *number) == joiner.to_string()).count();
        assert_eq!(added, (0..4).map(of).collect::<Vec<_>>());
        assert_eq!((added.iter().sum::<usize>(), count(root.path())), (200, 1));
    }

    #[test]
    fn a_folder_that_cannot_be_filled_is_not_there() {
        let (root, place) = place();
        let mut files = files(0..3, "x");
        files[2].path = files[0].path.clone();
        assert!(Aside::write(&place, &files).is_err());
        assert_eq!(count(root.path()), 0);
    }
}
