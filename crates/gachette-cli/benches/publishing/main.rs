//! What it costs to make packages an APT repository, signed: ours, aptly, reprepro and apt-ftparchive, side by side in one run.
//!
//! `cargo bench --package gachette-cli --bench publishing -- 1000 10000 --rounds=5`; prints the middle of the times, the most
//! memory of one process, and the ratio of each to ours. Who begins is another in each round.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod contestants;
mod measured;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contestants::{AptFtparchive, Aptly, Contestant, Ours, Reprepro};
use gachette_core::debian::Control;
use measured::{Measured, Place, middle, run};
use trebuchet::deb::{Compression, DebPackage, Entry, PackagePath, WriteOptions};
use trebuchet::process::Cancel;

/// How many packages change between two states.
const CHANGED: usize = 10;

/// How often all of them do all of it, unless another odd number is said.
const ROUNDS: usize = 5;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Test runners start benches too, without this.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let rounds = words.iter().find_map(|word| word.strip_prefix("--rounds=")?.parse().ok()).unwrap_or(ROUNDS);
    let sizes: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 10_000] } else { sizes };
    sizes.into_iter().for_each(|count| compare(count, rounds));
}

/// What the contestants work on.
struct Bench {
    folder: tempfile::TempDir,
    /// A file for each package of the first state.
    packages: Vec<PathBuf>,
    /// The files of the packages that are newer in the second state.
    changed: Vec<PathBuf>,
}

impl Bench {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let make = |state: &str, count: usize| -> Vec<PathBuf> {
            let target = folder.path().join(state);
            std::fs::create_dir(&target).unwrap();
            (0..count).map(|number| package(&target, number * 7919 % 10_007, state)).collect()
        };
        let (packages, changed) = (make("1.0-1", count), make("1.1-1", CHANGED));
        let bench = Self { folder, packages, changed };
        std::fs::create_dir(bench.path("gnupg")).unwrap();
        let place = bench.place("");
        run(&place, "chmod", &["700", "gnupg"]);
        let key =
            ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "bench", "ed25519", "sign"];
        run(&place, "gpg", &key);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn place(&self, name: &str) -> Place {
        Place { folder: self.path(name), home: self.path("gnupg") }
    }

    /// All of them, in a folder of this round.
    fn contestants(&self, round: &Path) -> [Box<dyn Contestant>; 4] {
        let place = |name: &str| {
            let place = self.place(&round.join(name).display().to_string());
            std::fs::create_dir_all(&place.folder).unwrap();
            place
        };
        [
            Box::new(Ours::new(place("ours"))),
            Box::new(Aptly::new(place("aptly"))),
            Box::new(Reprepro::new(place("reprepro"))),
            Box::new(AptFtparchive::new(place("ftparchive"))),
        ]
    }
}

/// The steps, in their order.
const STEPS: [(&str, Step); 7] = [
    ("take in", |contestant, bench| contestant.take_in(&bench.path("1.0-1"), &bench.packages)),
    ("first publish", |contestant, _| contestant.publish()),
    ("publish, 10 changed", |contestant, bench| {
        contestant.take_in(&bench.path("1.1-1"), &bench.changed);
        contestant.publish()
    }),
    ("publish, none changed", |contestant, _| contestant.publish()),
    ("the same once more", |contestant, _| contestant.publish()),
    ("seal", |contestant, _| contestant.seal()),
    ("promotion", |contestant, _| contestant.promote()),
];

fn compare(count: usize, rounds: usize) {
    let bench = Bench::new(count);
    println!("{count} packages, the middle of {rounds} rounds");
    let mut taken = BTreeMap::<(usize, usize), Vec<Measured>>::new();
    for round in 0..rounds {
        let folder = bench.path(&format!("round-{round}"));
        let contestants = bench.contestants(&folder);
        for (number, (_, step)) in STEPS.iter().enumerate() {
            // Each is the first in its turn, who pays for memory and tables of files that the kernel has not used yet.
            for turn in 0..contestants.len() {
                let who = (round + turn) % contestants.len();
                if let Some(measured) = step(contestants[who].as_ref(), &bench) {
                    taken.entry((number, who)).or_default().push(measured);
                }
            }
        }
        if round + 1 == rounds {
            report(&contestants, &taken);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}

/// Prints what was taken, by the numbers of steps and contestants.
fn report(contestants: &[Box<dyn Contestant>], taken: &BTreeMap<(usize, usize), Vec<Measured>>) {
    for ((number, who), rounds) in taken {
        let Measured { seconds, mebibytes } = middle(rounds);
        let ratio = seconds / taken.get(&(*number, 0)).map_or(seconds, |ours| middle(ours).seconds);
        let (step, contestant) = (STEPS[*number].0, contestants[*who].name());
        println!("  {step:22} {contestant:16} {:9.1} ms  {ratio:7.2}  {mebibytes:6.1} MiB", seconds * 1000.0);
    }
}

/// One thing that contestants do; none when one has no such thing.
type Step = fn(&dyn Contestant, &Bench) -> Option<Measured>;

/// Makes a package about as large in an index as Debian's are.
fn package(folder: &Path, number: usize, version: &str) -> PathBuf {
    let name = format!("bench-{number}");
    let mut control = Control::new(name.parse().unwrap(), version.parse().unwrap(), "all".parse().unwrap());
    control.maintainer = "The makers of the bench <bench@example.org>".to_owned();
    control.description = format!(
        "part {number} of a large application\nIt does what part {number} is there for, and leaves the rest to\nparts \
         {} and {}, which are installed with it.",
        number / 2,
        number / 3
    );
    let mut package = DebPackage::new(control);
    let path = PackagePath::from_bytes(format!("usr/share/{name}/text").as_bytes()).unwrap();
    package.entries.push(Entry::file(path, format!("{number}\n").into_bytes()));
    let output = folder.join(format!("{name}_{version}_all.deb"));
    let options = WriteOptions { compression: Compression::Gzip, mtime: 0, threads: 1 };
    trebuchet::deb::write(&package, &output, &options, &Cancel::new()).unwrap();
    output
}
