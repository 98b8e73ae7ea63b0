//! The corpus of recipes, hostile ones among them, and what comes of changing it at random: never a panic, never a hang.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use trebuchet::lint::lint;

#[path = "../../../../fuzz/entry/recipe.rs"]
mod entry;

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/recipe");
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let read =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    let mut corpus: Vec<(String, Vec<u8>)> = entries.map(read).collect();
    corpus.sort();
    assert!(corpus.len() > 20);
    corpus
}

/// Random numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// What recipes are made of, and what breaks readers.
const PIECES: &[&str] = &[
    "default:",
    "name: ",
    "type: application\n",
    "services:\n- ",
    "extra_files: [",
    "{",
    "}",
    "[",
    "]",
    "- ",
    ": ",
    "\n",
    "&a ",
    "*a",
    "<<: ",
    "!!python/name:os ",
    "!t ",
    "|\n  ",
    ">\n ",
    "'",
    "\"",
    "\\0",
    "\u{0}",
    "\t",
    "#",
    "%YAML 1.1\n",
    "---\n",
    "...\n",
    "~",
    "null",
    "yes",
    "0755",
    "1e999",
    ".nan",
    "9999999999999999999999",
    "../",
    "/etc/passwd",
    "é",
    "\u{feff}",
    "\u{202e}",
    "\r\n",
    "? ",
    "applications:\n  a: ",
    "name_suffix: ",
    "target_path: ",
    "files:\n- ",
];

fn change(text: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = text.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(changed.len() + 1);
        let end = (at + random.below(20)).min(changed.len());
        match random.below(6) {
            0 => drop(changed.drain(at..end)),
            1 => drop(changed.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
            2 => drop(changed.splice(at..end, PIECES[random.below(PIECES.len())].bytes())),
            3 if at < changed.len() => changed[at] = random.below(256) as u8,
            4 => {
                let copied = changed[at..end].to_vec();
                changed.splice(at..at, copied);
            }
            _ => {
                let from = random.below(other.len() + 1);
                let piece = other[from..(from + random.below(60)).min(other.len())].to_vec();
                changed.splice(at..at, piece);
            }
        }
    }
    changed
}

#[test]
fn every_recipe_of_the_corpus_is_read_or_refused_in_no_time() {
    for (name, bytes) in corpus() {
        let started = Instant::now();
        entry::recipe(&bytes);
        assert!(started.elapsed() < Duration::from_secs(5), "{name} took {:?}", started.elapsed());
    }
}

#[test]
fn recipes_changed_at_random_keep_every_promise() {
    let corpus = corpus();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    // What grows while it is read takes its time in every variation.
    let quick = corpus.iter().filter(|(name, bytes)| bytes.len() < 4096 && !name.contains("bomb"));
    let small: Vec<&[u8]> = quick.map(|(_, bytes)| bytes.as_slice()).collect();
    for _ in 0..6_000 {
        let (text, other) = (small[random.below(small.len())], small[random.below(small.len())]);
        let changed = change(text, other, &mut random);
        let shown = String::from_utf8_lossy(&changed).into_owned();
        let kept = std::panic::catch_unwind(|| entry::recipe(&changed));
        assert!(kept.is_ok(), "{shown}");
    }
}

#[test]
fn linting_a_hostile_recipe_touches_nothing_and_shows_no_control_characters() {
    for (name, bytes) in corpus() {
        let project = tempfile::tempdir().unwrap();
        fs::write(project.path().join(".missile.yml"), &bytes).unwrap();
        let report = lint(project.path(), Path::new(".missile.yml")).unwrap();
        let shown: String = report.findings.iter().map(ToString::to_string).collect();
        assert!(!shown.replace('\n', "").contains(char::is_control), "{name}: {shown:?}");
        assert_eq!(fs::read_dir(project.path()).unwrap().count(), 1, "{name}");
        if name.starts_with("hostile") {
            assert!(report.errors() > 0, "{name} is taken as good: {:?}", report.packages);
        }
    }
}
