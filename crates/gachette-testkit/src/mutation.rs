//! Feeds a corpus and mutations of it to a function that must never panic nor take long: fuzzing for everyday, the same
//! in every run.

#![allow(clippy::panic, reason = "an input that breaks a promise ends the test")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Inputs to begin with, and how to change them.
pub struct Mutations {
    corpus: Vec<Vec<u8>>,
    state: u64,
}

/// Bytes that formats give a meaning.
const TELLING: &[u8] = b"\0\n\r\t /\\.:,;|()<>[]{}$'\"#-+~=!%`*&09aZ\x7f\x80\xff";

impl Mutations {
    /// Takes the files of a folder, in the order of their names.
    ///
    /// # Panics
    /// If there are none.
    pub fn of(corpus: &Path) -> Self {
        let read = || -> std::io::Result<Vec<Vec<u8>>> {
            let mut paths =
                fs::read_dir(corpus)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
            paths.sort();
            paths.iter().map(fs::read).collect()
        };
        match read() {
            Ok(corpus) if !corpus.is_empty() => Self { corpus, state: 0x2545_f491_4f6c_dd1d },
            _ => panic!("no corpus in {}", corpus.display()),
        }
    }

    /// Calls `entry` with every file of the corpus as it is, and then with `rounds` mutations.
    ///
    /// # Panics
    /// If `entry` does, with the input in a form that can be pasted into a test.
    pub fn feed(mut self, rounds: usize, entry: fn(&[u8])) {
        for input in self.corpus.clone() {
            check(&input, entry);
        }
        for _ in 0..rounds {
            let at = self.below(self.corpus.len());
            let mut input = self.corpus[at].clone();
            for _ in 0..=self.below(4) {
                self.mutate(&mut input);
            }
            check(&input, entry);
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % end.max(1) as u64) as usize
    }

    /// A part of the input: its start and end.
    fn part(&mut self, input: &[u8]) -> (usize, usize) {
        let start = self.below(input.len() + 1);
        let longest = (input.len() - start).min(64);
        (start, start + self.below(longest + 1))
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let (start, end) = self.part(input);
        match self.below(6) {
            0 if start < input.len() => input[start] ^= 1 << self.below(8),
            1 if start < input.len() => input[start] = TELLING[self.below(TELLING.len())],
            2 => drop(input.drain(start..end)),
            3 => {
                let part = input[start..end].to_vec();
                let at = self.below(input.len() + 1);
                input.splice(at..at, part);
            }
            4 => {
                let other = self.below(self.corpus.len());
                let other = self.corpus[other].clone();
                let (from, to) = self.part(&other);
                input.splice(start..end, other[from..to].iter().copied());
            }
            _ => {
                let byte = TELLING[self.below(TELLING.len())];
                input.insert(start, byte);
            }
        }
    }
}

fn check(input: &[u8], entry: fn(&[u8])) {
    if catch_unwind(AssertUnwindSafe(|| entry(input))).is_err() {
        panic!("it panicked on b\"{}\"", input.escape_ascii());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "it panicked on b\"")]
    fn an_input_that_breaks_a_promise_is_found_and_shown() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("seed"), "a long enough text").unwrap();
        Mutations::of(folder.path())
            .feed(10_000, |input| assert!(!input.windows(2).any(|pair| pair == b"ll")));
    }
}
