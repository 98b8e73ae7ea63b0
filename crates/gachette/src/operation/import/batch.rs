//! Some files of an import: looked at, and what is new among them taken in, by one thread with folders of its own.
//!
//! Threads that share nothing but the folders into which all is renamed at last do not wait for each other, but for one thing: of
//! several files of one package the first is taken in, so who comes first is told in the order of the files.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::candidate::{Hindrance, Look, Looked};
use super::imported::Imported;
use super::{BATCH_BYTES, OperationError};
use crate::repository::{Placement, RepositoryError, Staged, Staging, Unregistered};

/// What became of a file.
pub(super) type Fate = Result<(Imported, Placement), Hindrance>;

/// What became of some files.
pub(super) struct Taken<'f> {
    pub(super) fates: Vec<(&'f Path, Fate)>,
    /// Those of packages of which an earlier file was found: by then it may not have been taken in.
    pub(super) seconds: Vec<&'f PathBuf>,
}

/// Files as batches, in their order: neither too many nor too large.
pub(super) struct Batches<'f> {
    pub(super) left: &'f [PathBuf],
    /// How many files may be in one.
    pub(super) most: usize,
}

impl<'f> Iterator for Batches<'f> {
    type Item = &'f [PathBuf];

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = 0;
        let fits = |file: &&PathBuf| {
            // Of one that cannot be read it is told later.
            bytes += fs::symlink_metadata(file).map_or(0, |found| found.len());
            bytes <= BATCH_BYTES
        };
        let count = self.left.iter().take(self.most).take_while(fits).count();
        let (batch, left) = self.left.split_at(count.max(1).min(self.left.len()));
        self.left = left;
        (!batch.is_empty()).then_some(batch)
    }
}

/// By what names the package files are known that were found so far.
#[derive(Default)]
pub(super) struct Names {
    found: Mutex<Found>,
    next: Condvar,
}

#[derive(Default)]
struct Found {
    names: HashSet<String>,
    /// How many turns are over.
    turns: usize,
}

/// The turn of one of many batches, which are numbered from nought on, to say what it found; over when it is dropped.
pub(super) struct Turn<'n> {
    names: &'n Names,
    number: usize,
}

impl Names {
    pub(super) fn turn(&self, number: usize) -> Turn<'_> {
        Turn { names: self, number }
    }
}

impl Turn<'_> {
    /// Waits until those before had their turn. Returns which of these names were not found before.
    fn firsts<'a>(self, names: impl Iterator<Item = &'a str>) -> Vec<bool> {
        let mut found = self.wait();
        names.map(|name| found.names.insert(name.to_owned())).collect()
    }

    fn wait(&self) -> MutexGuard<'_, Found> {
        let found = self.names.found.lock().unwrap_or_else(PoisonError::into_inner);
        let others = self.names.next.wait_while(found, |found| found.turns < self.number);
        others.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.wait().turns = self.number + 1;
        self.names.next.notify_all();
    }
}

impl Look<'_> {
    /// Takes in what is new of these files, unless another of that name was found before.
    pub(super) fn take<'f>(&self, files: &'f [PathBuf], turn: Turn<'_>) -> Result<Taken<'f>, OperationError> {
        let staging = self.repository.staging()?;
        let mut taken = Taken { fates: Vec::with_capacity(files.len()), seconds: Vec::new() };
        let mut new = Vec::new();
        for (number, file) in files.iter().enumerate() {
            match self.at(file, &staging, &number.to_string()) {
                Ok(Looked::Known(record)) => {
                    taken.fates.push((file, Ok(((*record).into(), Placement::AlreadyThere))));
                }
                Ok(Looked::New(staged)) => new.push((file, staged)),
                Err(hindrance) => taken.fates.push((file, Err(hindrance))),
            }
        }
        let firsts = turn.firsts(new.iter().map(|(_, staged)| &*staged.record.file));
        let (mut originals, mut staged) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
        for ((file, new), first) in new.into_iter().zip(firsts) {
            if first {
                originals.push(file.as_path());
                staged.push(*new);
            } else {
                taken.seconds.push(file);
            }
        }
        let fates = self.take_staged(&staging, staged);
        if fates.iter().any(|fate| matches!(fate, Ok((_, Placement::AlreadyThere)))) {
            self.registered.outdate();
        }
        taken.fates.extend(originals.into_iter().zip(fates));
        Ok(taken)
    }

    /// Takes in what was copied.
    fn take_staged(&self, staging: &Staging, staged: Vec<Staged>) -> Vec<Fate> {
        match self.repository.take_in_staged(staging, &staged) {
            Ok(taken_in) => {
                let fates = staged.into_iter().zip(taken_in);
                let fates = fates.map(|(staged, other)| other.unwrap_or((staged.record, Placement::New)));
                fates.map(|(record, placement)| Ok((record.into(), placement))).collect()
            }
            // One of them hinders the others: each by itself.
            Err(_) => staged.iter().map(|staged| Ok(self.take_one(staged)?)).collect(),
        }
    }

    fn take_one(&self, staged: &Staged) -> Result<(Imported, Placement), RepositoryError> {
        let copy = staged.named()?;
        if copy.exists() {
            let (record, placement) =
                self.repository.take_in_told(&copy, &self.provenance, Unregistered::Kept)?;
            return Ok((record.into(), placement));
        }
        // It was placed before another of the files failed.
        let file = Path::new(&staged.record.file);
        Ok((self.repository.register(file, &self.provenance)?.into(), Placement::New))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_neither_too_many_files_nor_too_many_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let sizes = [1, BATCH_BYTES - 1, 1, BATCH_BYTES * 2, 1, 1, 1, 1];
        let files: Vec<PathBuf> =
            (0..sizes.len()).map(|number| folder.path().join(number.to_string())).collect();
        for (file, size) in files.iter().zip(sizes) {
            fs::File::create(file).unwrap().set_len(size).unwrap();
        }
        let counts = |files| Batches { left: files, most: 3 }.map(<[PathBuf]>::len).collect::<Vec<_>>();
        assert_eq!(counts(&files), [2, 1, 1, 3, 1]);
        assert_eq!(counts(&[]), [0; 0]);
        // What is gone by then is told when it is looked at.
        fs::remove_file(&files[3]).unwrap();
        assert_eq!(counts(&files), [2, 3, 3]);
    }
}
