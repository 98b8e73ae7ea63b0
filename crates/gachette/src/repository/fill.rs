//! A folder of many small derived files, written beside its place and put there whole.
//!
//! Nobody sees such a file before all are there, so none needs a rename of its own; that, and the looking for what is there
//! already, is most of what a small file costs. Whoever fills a folder holds a lock on it, so that `fsck` can tell it from
//! one that a killed writer left.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::spread::spread;

/// One file to be: the folder it lies in, alone, its name, and its text.
pub(crate) struct Small {
    pub(crate) folder: String,
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// Makes the folder `place` with these files, in folders of their own. After an error, as when something is there already,
/// nothing has happened.
pub(crate) fn fill(place: &Path, files: &[Small]) -> io::Result<()> {
    // Otherwise all is written in vain; the rename below is what decides.
    if place.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let unfinished = make_beside(place)?;
    let filled = hold(&unfinished).and_then(|_held| {
        spread(files, |file| {
            let folder = unfinished.join(&file.folder);
            fs::create_dir(&folder)?;
            File::create_new(folder.join(file.name))?.write_all(file.text.as_bytes())
        })?;
        fs::rename(&unfinished, place)
    });
    if filled.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    filled
}

fn hold(folder: &Path) -> io::Result<File> {
    let held = File::open(folder)?;
    flock(&held, FlockOperation::NonBlockingLockExclusive)?;
    Ok(held)
}

/// A new folder `PLACE#1`, or of the next number that is free.
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

    fn files(count: usize) -> Vec<Small> {
        let small =
            |number| Small { folder: format!("p{number}"), name: "version", text: format!("{number}\n") };
        (0..count).map(small).collect()
    }

    #[test]
    fn a_folder_comes_whole_and_only_where_none_is() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("packages");
        fill(&place, &files(1200)).unwrap();
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1200);
        for number in [0, 299, 300, 1199] {
            let text = fs::read_to_string(place.join(format!("p{number}/version"))).unwrap();
            assert_eq!(text, format!("{number}\n"));
        }
        assert_eq!(fill(&place, &files(1)).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 1200, "what is there stays");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn of_many_who_fill_a_folder_at_once_one_does_and_nothing_is_mixed() {
        let root = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let place = &root.path().join(format!("packages{round}"));
            let done = std::thread::scope(|scope| {
                let fillers: Vec<_> = (1..=4)
                    .map(|filler| (filler, scope.spawn(move || fill(place, &files(filler * 10)).is_ok())))
                    .collect();
                let done: Vec<_> = fillers.into_iter().map(|(filler, done)| (filler, done.join())).collect();
                done.into_iter()
                    .filter_map(|(filler, done)| done.unwrap().then_some(filler))
                    .collect::<Vec<_>>()
            });
            assert_eq!(done.len(), 1);
            assert_eq!(fs::read_dir(place).unwrap().count(), done[0] * 10);
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 20, "the losers took their own away");
    }

    #[test]
    fn a_folder_that_cannot_be_filled_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("packages");
        let mut files = files(3);
        files[2].folder = "p0".to_owned();
        fill(&place, &files).unwrap_err();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
