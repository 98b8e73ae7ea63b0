//! Packs a large mixed tree, checksums included, side by side with what others do: `md5sum` over the tree and then
//! `dpkg-deb --build` (as debhelper does), and nfpm where it is installed.
//!
//! `cargo bench -p trebuchet --bench packing -- [MIB [ROUNDS [FORMAT]]]`: the size of the tree (300), how often each packs
//! it (3), and `xz`, `zstd` or `gzip` (all). Each contestant is a process of its own; the best of its rounds counts, and
//! the most memory any of its processes had.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for people"
)]

mod contestant;
mod sample_tree;

use std::path::Path;

use contestant::{Contestant, Measured, pack};

/// What is compared: the format as dpkg-deb and nfpm call it, and the level.
const FORMATS: [(&str, u32); 4] = [("zstd", 3), ("zstd", 9), ("xz", 6), ("gzip", 9)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some(("--pack", arguments)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return pack(arguments);
    }
    let number = |at: usize, default: u64| arguments.get(at).map_or(default, |text| text.parse().unwrap());
    let (mib, rounds) = (number(0, 300), number(1, 3));
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    let files = sample_tree::make(&tree, mib << 20);
    println!("{mib} MiB in {files} files, best of {rounds} rounds, two threads each\n");
    let wanted = |name: &str| arguments.get(2).is_none_or(|only| only == name);
    for (format, level) in FORMATS.into_iter().filter(|(format, _)| wanted(format)) {
        compare(&tree, folder.path(), (format, level), rounds);
    }
}

fn compare(tree: &Path, folder: &Path, (format, level): (&str, u32), rounds: u64) {
    let mut contestants = vec![
        Contestant::ours(tree, folder, format, level),
        Contestant::debhelper(tree, folder, format, level),
        Contestant::dpkg_deb(tree, folder, format, level),
    ];
    match Contestant::nfpm(tree, folder, format, level) {
        Some(nfpm) => contestants.push(nfpm),
        None => println!("nfpm is not installed: not compared"),
    }
    let mut best: Vec<Option<Measured>> = vec![None; contestants.len()];
    for _ in 0..rounds {
        for (contestant, best) in contestants.iter().zip(&mut best) {
            let measured = contestant.run();
            *best = Some(best.map_or(measured, |known: Measured| known.better(measured)));
        }
    }
    let ours = best[0].unwrap();
    println!(
        "{:<26}{:>9}{:>7}{:>11}{:>7}{:>14}{:>7}{:>11}",
        format!("{format} -{level}"),
        "time",
        "",
        "processors",
        "",
        "size",
        "",
        "memory"
    );
    for (contestant, measured) in contestants.iter().zip(best.iter().flatten()) {
        println!(
            "{:<26}{:>7.2} s{:>6.2}x{:>9.2} s{:>6.2}x{:>10.2} MiB{:>6.3}x{:>7} MiB",
            contestant.name,
            measured.seconds,
            measured.seconds / ours.seconds,
            measured.processor_seconds,
            measured.processor_seconds / ours.processor_seconds,
            measured.size as f64 / f64::from(1 << 20),
            measured.size as f64 / ours.size as f64,
            measured.peak_kib / 1024,
        );
    }
    println!();
}
