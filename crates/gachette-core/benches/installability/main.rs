//! Installability on a whole distribution, side by side with dose-debcheck and apt.
//!
//! `cargo bench -p gachette-core --bench installability -- PACKAGES [SETS]`, where PACKAGES is a `Packages` file of amd64 that is at
//! hand, such as what `/usr/lib/apt/apt-helper cat-file` makes of one in `/var/lib/apt/lists`, and SETS is how many random sets of
//! packages are asked for (500). Needs Debian's `dose-distcheck`. Times are of processors, so that other work does not count. It fails when
//! an answer is another than dose-debcheck's, or than apt's, unless apt installs exactly what we chose once it is told.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench acts, ends when it cannot go on, and its results are its output"
)]

mod apt;
mod cost;
mod dose;
mod sets;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use gachette_core::installability::{Architectures, Checker, Query, Universe, UniverseBuilder, Versions};

use cost::cost_of;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, words): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.starts_with("--"));
    // Test runners start benches too, without this flag.
    if !flags.iter().any(|flag| *flag == "--bench") {
        return ExitCode::SUCCESS;
    }
    let Some(file) = words.first().map(|word| Path::new(word.as_str())) else {
        println!("usage: cargo bench -p gachette-core --bench installability -- PACKAGES [SETS]");
        return ExitCode::from(2);
    };
    let count = words.get(1).map_or(500, |word| word.parse().unwrap());
    let text = std::fs::read_to_string(file).unwrap();
    let unexplained = every_package(file, &text) + sets::compare(file, &text, count);
    if unexplained == 0 {
        return ExitCode::SUCCESS;
    }
    println!("{unexplained} disagreements are not explained");
    ExitCode::FAILURE
}

fn universe(text: &str) -> Universe<'_> {
    let mut builder = UniverseBuilder::new(Architectures::only("amd64".parse().unwrap()));
    let origin = builder.origin("base", 500).unwrap();
    builder.packages(origin, text).unwrap();
    builder.build(Versions::Every)
}

/// Each package by itself, as dose-debcheck does it. How many answers differ.
fn every_package(file: &Path, text: &str) -> usize {
    let (known, reading) = cost_of(|| universe(text));
    let mut checker = Checker::new(&known, &|| false);
    let (broken, deciding) = cost_of(|| {
        let mut alone = |index| checker.is_installable(&Query { install: &[index], ..Query::default() });
        known.packages().filter(|index| !alone(*index).unwrap()).collect::<Vec<_>>()
    });
    let ours: BTreeSet<String> = broken
        .into_iter()
        .map(|index| {
            let package = known.package(index);
            format!("{} {} {}", package.name(), package.version(), package.architecture())
        })
        .collect();
    let (theirs, peer) = cost_of(|| dose::broken(&["-tdeb".as_ref(), file.as_os_str()]));
    let count = known.packages().len();
    println!("{count} packages, each by itself: {} cannot be installed", ours.len());
    println!("  we {:.2} s, of which {reading:.2} s to read; dose-debcheck {peer:.2} s", reading + deciding);
    println!("  it takes {:.1} times as long", peer / (reading + deciding));
    let differ: Vec<_> = ours.symmetric_difference(&theirs).collect();
    println!("  {} disagreements {differ:?}", differ.len());
    differ.len()
}
