//! Builders that are killed at any moment, and what must still be true then.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gachette::repository::{FaultClass, FsckMode, FsckReport, Repository};
use gachette_core::Sha256Digest;
use gachette_core::debian::Control;
use gachette_core::stack::{Provenance, StackName};
use trebuchet::deb::{Compression, DebPackage, Entry, PackagePath, WriteOptions};
use trebuchet::process::Cancel;

use super::many::{small_debs, to_register};
use super::{by, memory_folder, reference, repository, stack};

/// The folder, the builder's name and the number of rounds of a process that another test started.
const TASK: &str = "GACHETTE_TEST_BUILDER";

const SHARED: &str = "shared";

/// Builds a package, takes it in, adds it to the shared stack and now and then copies that one; notes what was
/// acknowledged. Alone it does so a few times; the test below starts it in processes that do not live long.
#[test]
fn a_builder_fills_a_stack_and_copies_it() {
    let alone = tempfile::tempdir().unwrap();
    let task = std::env::var(TASK).unwrap_or_else(|_| format!("{};alone;6", alone.path().display()));
    let [folder, builder, rounds] = task.split(';').collect::<Vec<_>>().try_into().unwrap();
    let folder = Path::new(folder);
    let repository = repository(folder);
    repository.create_stack(&stack(SHARED), None, &by()).unwrap();
    let mut notes = OpenOptions::new().create(true).append(true).open(folder.join(builder)).unwrap();
    let mut note = |line: String| notes.write_all(line.as_bytes()).unwrap();
    print!("\nready\n");
    for round in 1..=rounds.parse::<u32>().unwrap() {
        let version = format!("1.{round}");
        let staging = repository.staging().unwrap();
        let built = staging.path().join(format!("{builder}-{version}-all.deb"));
        build(builder, &version, &built);
        let inputs = Some(Sha256Digest::of(format!("{builder} {version}").as_bytes()));
        let record = repository.take_in(&built, &Provenance { inputs, ..Provenance::default() }).unwrap();
        note(format!("package {builder} {version}\n"));
        let committed = repository.add_to_stack(&stack(SHARED), &[record], &by()).unwrap();
        note(format!("added {} {version}\n", committed.entry.revision.number));
        if round % 2 == 0 {
            let copy = stack(&format!("{builder}-{round}"));
            repository.create_stack(&copy, Some(&reference(SHARED)), &by()).unwrap();
            note(format!("copied {copy} {version}\n"));
        }
    }
    check_notes(&repository, folder, builder);
}

pub(super) fn build(name: &str, version: &str, output: &Path) {
    let mut control = Control::new(name.parse().unwrap(), version.parse().unwrap(), "all".parse().unwrap());
    control.maintainer = "Ada <ada@example.org>".to_owned();
    control.description = "a test".to_owned();
    let mut package = DebPackage::new(control);
    let path = PackagePath::from_bytes(b"usr/share/body").unwrap();
    package.entries.push(Entry::file(path, version.as_bytes().repeat(100)));
    let options = WriteOptions { compression: Compression::Gzip, mtime: 0, threads: 1 };
    trebuchet::deb::write(&package, output, &options, &Cancel::new()).unwrap();
}

/// Everything that a builder was told is done, is.
fn check_notes(repository: &Repository, folder: &Path, builder: &str) -> usize {
    let notes = fs::read_to_string(folder.join(builder)).unwrap_or_default();
    let name = builder.parse().unwrap();
    for line in notes.lines() {
        let [kind, what, version] = line.split(' ').collect::<Vec<_>>().try_into().expect("a whole line");
        let holds = |reference: &str| {
            let revision = repository.show_stack(&super::reference(reference)).unwrap().revision;
            revision.packages.get(&name).is_some_and(|package| package.version.as_str() == version)
        };
        let done = match kind {
            "package" => repository.records(&name, &version.parse().unwrap()).unwrap().len() == 1,
            "added" => holds(&format!("{SHARED}@{what}")),
            "copied" => holds(what),
            _ => false,
        };
        assert!(done, "{builder}: {line}");
    }
    notes.lines().count()
}

/// Starts a builder, and returns when it begins to work.
fn start(folder: &Path, builder: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "repository::kills::a_builder_fills_a_stack_and_copies_it", "--nocapture"]);
    command.env(TASK, format!("{};{builder};100000", folder.display()));
    start_when_ready(command)
}

fn start_when_ready(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap() == "ready"), "the builder ended before it began");
    child
}

/// The folder of a process that another test started, in which package files are.
const MANY_TASK: &str = "GACHETTE_TEST_ADDER";

/// Registers all package files at once and adds them to the shared stack; notes what was acknowledged.
#[test]
fn an_adder_registers_many_files_and_adds_them() {
    let alone = tempfile::tempdir().unwrap();
    let folder = std::env::var_os(MANY_TASK).map_or_else(
        || {
            small_debs(repository(alone.path()).debs(), 20);
            alone.path().to_owned()
        },
        Into::into,
    );
    print!("\nready\n");
    add_many(&folder);
    assert_eq!(fs::read_to_string(folder.join("done")).unwrap().lines().count(), 2);
}

fn add_many(folder: &Path) {
    let repository = repository(folder);
    repository.create_stack(&stack(SHARED), None, &by()).unwrap();
    let debs = fs::read_dir(repository.debs()).unwrap();
    let files: Vec<String> = debs.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut notes = OpenOptions::new().create(true).append(true).open(folder.join("done")).unwrap();
    let records = repository.register_all(&to_register(&files)).unwrap();
    notes.write_all(b"registered\n").unwrap();
    repository.add_to_stack(&stack(SHARED), &records, &by()).unwrap();
    notes.write_all(b"added\n").unwrap();
}

#[test]
fn what_a_killed_adder_of_many_was_told_is_done_and_the_next_one_does_the_rest() {
    let pool = memory_folder();
    let files = small_debs(pool.path(), 300);
    let fresh = || {
        let folder = tempfile::tempdir_in(pool.path()).unwrap();
        let repository = repository(folder.path());
        repository.create_stack(&stack(SHARED), None, &by()).unwrap();
        let debs = repository.debs();
        files.iter().for_each(|file| fs::hard_link(pool.path().join(file), debs.join(file)).unwrap());
        folder
    };
    let usual = {
        let (folder, begun) = (fresh(), Instant::now());
        add_many(folder.path());
        begun.elapsed()
    };
    let (mut dice, mut killed) = (Dice(7), [0; 3]);
    for round in 0..40 {
        let folder = fresh();
        let mut child = start_adder(folder.path());
        std::thread::park_timeout(usual.mul_f64(dice.below(1000) as f64 / 1000.0));
        child.kill().unwrap();
        child.wait().unwrap();
        let repository = Repository::open(&folder.path().join("meta"), None).unwrap();
        let told = fs::read_to_string(folder.path().join("done")).unwrap_or_default().lines().count();
        killed[told] += 1;
        assert_eq!(damage(&repository.fsck(FsckMode::Check).unwrap()), Vec::<String>::new(), "round {round}");
        let known = repository.package_names().unwrap().len();
        let stacked = repository.show_stack(&reference(SHARED)).unwrap().revision.packages.len();
        assert!(told < 1 || known == 270, "round {round}: {known} of 270 packages are known");
        assert!(stacked == 270 || stacked == 0 && told < 2, "round {round}: {stacked} are in the stack");

        add_many(folder.path());
        let repaired = repository.fsck(FsckMode::Repair).unwrap();
        assert!(repaired.is_clean(), "round {round}: {:?}", repaired.findings);
        let left = repository.fsck(FsckMode::Check).unwrap().findings;
        assert!(left.is_empty(), "round {round}: {left:?}");
        assert_eq!(repository.package_names().unwrap().len(), 270);
    }
    assert!(killed[0] > 10, "too few were killed while they registered: {killed:?}");
}

fn start_adder(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "repository::kills::an_adder_registers_many_files_and_adds_them",
        "--nocapture",
    ]);
    command.env(MANY_TASK, folder);
    start_when_ready(command)
}

/// Numbers that look random and are the same each time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % end
    }
}

fn damage(report: &FsckReport) -> Vec<String> {
    report.of(FaultClass::Damage).map(ToString::to_string).collect()
}

#[test]
fn what_killed_builders_were_told_is_done_and_nothing_is_torn() {
    let folder = memory_folder();
    let mut dice = Dice(20_240_607);
    for round in 0..40 {
        let mut alive: Vec<(Child, Instant)> = (0..3)
            .map(|number| {
                let child = start(folder.path(), &format!("builder{round}x{number}"));
                (child, Instant::now() + Duration::from_micros(dice.below(40_000)))
            })
            .collect();
        alive.sort_by_key(|(_, end)| *end);
        for (mut child, end) in alive {
            // The moment of death is what this test is about; nothing is waited for.
            std::thread::park_timeout(end.saturating_duration_since(Instant::now()));
            child.kill().unwrap();
            assert_eq!(
                child.wait().unwrap().signal(),
                Some(9),
                "it lived, and nothing failed, until it was killed"
            );
        }
    }
    let meta = folder.path().join("meta");
    let repository = Repository::open(&meta, None).unwrap();
    assert_eq!(damage(&repository.fsck(FsckMode::Check).unwrap()), Vec::<String>::new());
    let told: usize = (0..40)
        .flat_map(|round| (0..3).map(move |number| format!("builder{round}x{number}")))
        .map(|builder| check_notes(&repository, folder.path(), &builder))
        .sum();
    assert!(told > 120, "only {told} things were done at all");

    let next = start(folder.path(), "next");
    kill_after_work(next, folder.path());
    assert!(derived_is_right(&repository, &stack(SHARED)), "the next writer mends what a killed one left");
    let repaired = repository.fsck(FsckMode::Repair).unwrap();
    assert!(repaired.is_clean(), "{:?}", repaired.findings);
    let clean = repository.fsck(FsckMode::Check).unwrap();
    let wrong: Vec<_> = clean.findings.iter().filter(|f| f.fault.class() != FaultClass::Note).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(
        !repository.debs().join(".staging").exists()
            || fs::read_dir(repository.debs().join(".staging")).unwrap().count() == 0
    );
}

/// Lets a builder add one package at least, and ends it.
fn kill_after_work(mut child: Child, folder: &Path) {
    while !fs::read_to_string(folder.join("next")).unwrap_or_default().contains("copied") {
        assert!(child.try_wait().unwrap().is_none(), "the next run succeeds");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Whether clients of the original tool see what the newest revision, or the one before it, holds.
fn derived_is_right(repository: &Repository, name: &StackName) -> bool {
    let revisions = repository.log_stack(name, Some(2)).unwrap().found;
    revisions.iter().any(|entry| {
        entry.revision.packages.iter().all(|package| {
            let folder = format!("domain/{}/stacks/{}/packages/{}", name.domain(), name.name(), package.name);
            let shown = fs::read_to_string(repository.meta().unwrap().join(folder).join("version"));
            shown.is_ok_and(|version| version == format!("{}\n", package.version))
        })
    })
}
