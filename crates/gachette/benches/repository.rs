//! What the repository costs as it grows: adding one package when many are known, and stacks of ten thousand packages.
//!
//! `cargo bench -p gachette --bench repository`; prints ratios, since the figures of one machine mean little. Each case
//! runs in a process of its own, so that its memory is its own.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on ends, and its results are its output"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use gachette::repository::Repository;
use gachette_core::Sha256Digest;
use gachette_core::debian::Control;
use gachette_core::stack::{By, PackageRecord, Provenance, RECORD_FORMAT, StackName, StackRef};
use tempfile::TempDir;
use trebuchet::deb::{Compression, DebPackage, Entry, PackagePath, WriteOptions};
use trebuchet::process::Cancel;

/// How often one package is added.
const ADDITIONS: usize = 40;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, case, folder] = arguments.as_slice()
        && flag == "--case"
    {
        return run_case(case, Path::new(folder));
    }
    // Test runners start benches too, without this.
    if arguments.iter().any(|argument| argument == "--bench") {
        adding_while_many_are_known();
        stacks_of_ten_thousand();
    }
}

/// Runs a case in a process of its own and returns its times in milliseconds by name; the last is its memory in MB.
fn in_a_process(case: &str, folder: &Path) -> Vec<(String, f64)> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--case", case]).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let line =
        |line: &str| line.split_once('\t').map(|(name, value)| (name.to_owned(), value.parse().unwrap()));
    text.lines().filter_map(line).collect()
}

fn adding_while_many_are_known() {
    println!("adding one package, file and all, to a stack of 300 ({ADDITIONS} times, median)");
    let mut first = None;
    for known in [1_000, 10_000, 100_000] {
        let folder = repository_with(known, memory_folder());
        let figures = in_a_process("add", folder.path());
        let (time, memory) = (figures[0].1, figures[1].1);
        let ratio = time / *first.get_or_insert(time);
        println!("  {known:>7} known, in memory: {time:8.2} ms, {ratio:4.2} of the first; {memory:5.1} MB");
    }
    let folder = repository_with(1_000, tempfile::tempdir().unwrap());
    // What the preparation left to write would be written by the first to ask for durability.
    Command::new("sync").status().unwrap();
    let time = in_a_process("add", folder.path())[0].1;
    println!("     1000 known, on disk:   {time:8.2} ms, {:4.1} of the first", time / first.unwrap_or(time));
}

/// A folder in memory where there is one, so that the disk's moods stay out of the ratios.
fn memory_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn stacks_of_ten_thousand() {
    for (place, folder) in [("in memory", memory_folder()), ("on disk", tempfile::tempdir().unwrap())] {
        println!("a stack of 10,000 packages, {place}");
        let figures = in_a_process("large", folder.path());
        let unit = figures.iter().find(|(name, _)| name == "add one").map_or(1.0, |figure| figure.1);
        for (name, value) in &figures {
            match name.as_str() {
                "memory" => println!("  {name:<24} {value:8.1} MB"),
                _ => println!("  {name:<24} {value:8.1} ms, {:5.2} of adding one", value / unit),
            }
        }
    }
}

fn run_case(case: &str, folder: &Path) {
    let repository = Repository::init(&folder.join("meta"), None).unwrap();
    match case {
        "add" => add(&repository, folder),
        _ => large(&repository),
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    println!("memory\t{}", peak.unwrap_or_default() / 1024.0);
}

fn add(repository: &Repository, folder: &Path) {
    let name = stack("bench");
    let mut times: Vec<Duration> = (0..ADDITIONS)
        .map(|number| {
            let built = build(folder, "added", &format!("1.{number}"));
            let begun = Instant::now();
            let record = repository.take_in(&built, &Provenance::default()).unwrap();
            repository.add_to_stack(&name, &[record], &By::new("bench")).unwrap();
            begun.elapsed()
        })
        .collect();
    times.sort();
    println!("add\t{}", milliseconds(times[ADDITIONS / 2]));
}

fn large(repository: &Repository) {
    let (by, packages) = (By::new("bench"), records(10_000));
    let time = |what: &str, action: &mut dyn FnMut()| {
        let begun = Instant::now();
        action();
        println!("{what}\t{}", milliseconds(begun.elapsed()));
    };
    let (first, second) = (stack("first"), stack("second"));
    repository.create_stack(&first, None, &by).unwrap();
    time("add ten thousand", &mut || {
        repository.add_to_stack(&first, &packages, &by).unwrap();
    });
    time("clone", &mut || {
        repository.create_stack(&second, Some(&StackRef::from(first.clone())), &by).unwrap();
    });
    time("add one", &mut || {
        repository.add_to_stack(&second, &[record("another", "1")], &by).unwrap();
    });
    time("diff", &mut || {
        let diff = repository.diff_stacks(&first.clone().into(), &second.clone().into()).unwrap();
        assert_eq!(diff.packages.len(), 1);
    });
    time("show", &mut || {
        assert_eq!(repository.show_stack(&second.clone().into()).unwrap().revision.packages.len(), 10_001);
    });
    time("log", &mut || {
        assert_eq!(repository.log_stack(&second, None).unwrap().found.len(), 2);
    });
}

/// A repository in which this many package files are registered.
fn repository_with(known: usize, folder: TempDir) -> TempDir {
    let meta = folder.path().join("meta");
    let repository = Repository::init(&meta, None).unwrap();
    let (records, file) = (records(known), meta.join("debs/first"));
    fs::write(&file, "x").unwrap();
    for record in &records {
        let version = meta.join(format!("packages/{}/version/{}", record.name, record.version));
        fs::create_dir_all(&version).unwrap();
        fs::write(version.join("all.json"), record.to_bytes().unwrap()).unwrap();
        fs::write(version.join("file"), format!("{}\n", record.file)).unwrap();
        // A file has 65,000 names at most on ext4.
        if fs::hard_link(&file, meta.join("debs").join(&record.file)).is_err() {
            fs::write(meta.join("debs").join(&record.file), "x").unwrap();
        }
    }
    repository.create_stack(&stack("bench"), None, &By::new("bench")).unwrap();
    repository.add_to_stack(&stack("bench"), &records[..300], &By::new("bench")).unwrap();
    folder
}

fn records(count: usize) -> Vec<PackageRecord> {
    (0..count).map(|number| record(&format!("dh-package-{number}"), "1.0.0-1")).collect()
}

fn record(name: &str, version: &str) -> PackageRecord {
    PackageRecord {
        format: RECORD_FORMAT,
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        architecture: "all".parse().unwrap(),
        file: format!("{name}-{version}-all.deb"),
        size: 1,
        sha256: Sha256Digest::of(name.as_bytes()),
        provenance: Provenance::default(),
        control: [("Package", name), ("Version", version), ("Architecture", "all")]
            .map(|(field, value)| (field.to_owned(), value.to_owned()))
            .into(),
        record: None,
    }
}

fn build(folder: &Path, name: &str, version: &str) -> std::path::PathBuf {
    let mut control = Control::new(name.parse().unwrap(), version.parse().unwrap(), "all".parse().unwrap());
    control.maintainer = "Ada <ada@example.org>".to_owned();
    control.description = "a bench".to_owned();
    let mut package = DebPackage::new(control);
    let path = PackagePath::from_bytes(b"usr/share/body").unwrap();
    package.entries.push(Entry::file(path, vec![b'x'; 10_000]));
    let output = folder.join(format!("{name}-{version}-all.deb"));
    let options = WriteOptions { compression: Compression::Gzip, mtime: 0, threads: 1 };
    trebuchet::deb::write(&package, &output, &options, &Cancel::new()).unwrap();
    output
}

fn stack(name: &str) -> StackName {
    name.parse().unwrap()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
