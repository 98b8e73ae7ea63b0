//! What it costs to make packages an APT repository, signed: ours, aptly, reprepro and apt-ftparchive, side by side in one run.
//!
//! `cargo bench --package gachette-cli --bench publishing -- 1000 10000`; prints times, the most memory of one process, and
//! the ratio of each to ours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod contestants;
mod measured;

use std::path::{Path, PathBuf};

use contestants::{AptFtparchive, Aptly, Contestant, Ours, Reprepro};
use gachette_core::debian::Control;
use measured::{Measured, run};
use trebuchet::deb::{Compression, DebPackage, Entry, PackagePath, WriteOptions};
use trebuchet::process::Cancel;

/// How many packages change between two states.
const CHANGED: usize = 10;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Test runners start benches too, without this.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let sizes: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 10_000] } else { sizes };
    sizes.into_iter().for_each(compare);
}

/// Where the contestants work, and what they all have.
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
        let home = bench.path("gnupg");
        std::fs::create_dir(&home).unwrap();
        run(&bench.path(""), "chmod", &["700", "gnupg"]);
        let key =
            ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "bench", "ed25519", "sign"];
        run(&bench.path(""), "gpg", &key);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn compare(count: usize) {
    let bench = Bench::new(count);
    println!("{count} packages");
    let contestants: [Box<dyn Contestant>; 4] = [
        Box::new(Ours::new(&bench)),
        Box::new(Aptly::new(&bench)),
        Box::new(Reprepro::new(&bench)),
        Box::new(AptFtparchive::new(&bench)),
    ];
    let steps: [(&str, Step); 6] = [
        ("take in", |contestant, bench| contestant.take_in(&bench.path("1.0-1"), &bench.packages)),
        ("first publish", |contestant, _| contestant.publish()),
        ("publish, 10 changed", |contestant, bench| {
            contestant.take_in(&bench.path("1.1-1"), &bench.changed);
            contestant.publish()
        }),
        ("publish, none changed", |contestant, _| contestant.publish()),
        ("seal", |contestant, _| contestant.seal()),
        ("promotion", |contestant, _| contestant.promote()),
    ];
    for (name, step) in steps {
        let mut ours = None;
        for contestant in &contestants {
            let Some(Measured { seconds, mebibytes }) = step(contestant.as_ref(), &bench) else { continue };
            let ratio = seconds / *ours.get_or_insert(seconds);
            let contestant = contestant.name();
            println!(
                "  {name:22} {contestant:16} {:9.1} ms  {ratio:7.2}  {mebibytes:6.1} MiB",
                seconds * 1000.0
            );
        }
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
