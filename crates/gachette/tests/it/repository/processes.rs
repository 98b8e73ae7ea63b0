//! Several processes on one repository, some of which are killed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use gachette::repository::{FsckMode, Repository, Store};
use object_store::local::LocalFileSystem;
use tempfile::TempDir;

use super::{by, memory_folder, record, reference, repository, stack};

/// The folder, the writer's name, the number of additions and whether turns are taken, of a process that another test
/// started.
const TASK: &str = "GACHETTE_TEST_WRITER";

/// Adds packages to one stack, one after the other, and notes each that was acknowledged. Alone it does so once; the
/// tests below start it in processes of their own.
#[test]
fn a_writer_adds_packages_one_by_one() {
    let alone = tempfile::tempdir().unwrap();
    let task = std::env::var(TASK).unwrap_or_else(|_| format!("{};alone;3;turns", alone.path().display()));
    let [folder, writer, count, manner] = task.split(';').collect::<Vec<_>>().try_into().unwrap();
    let (folder, count) = (Path::new(folder), count.parse::<u32>().unwrap());
    let repository = if manner == "turns" { repository(folder) } else { without_turns(folder) };
    let name = stack("shared");
    repository.create_stack(&name, None, &by()).unwrap();
    let mut notes = OpenOptions::new().create(true).append(true).open(folder.join(writer)).unwrap();
    for number in 1..=count {
        let package = record(&format!("{writer}-{}", number % 3), &format!("1.{number}"));
        let committed = repository.add_to_stack(&name, &[package], &by()).unwrap();
        assert!(committed.changed);
        notes.write_all(format!("{}\n", committed.entry.revision.number).as_bytes()).unwrap();
    }
    assert_eq!(acknowledged(folder, writer).len(), count as usize);
}

/// The same folder as a store of which nothing is known but that it honours create-only writes.
fn without_turns(folder: &Path) -> Repository {
    let meta = folder.join("meta");
    fs::create_dir_all(&meta).unwrap();
    let store = LocalFileSystem::new_with_prefix(&meta).unwrap();
    Repository::with_store(Store::remote(Arc::new(store)), meta.join("debs")).unwrap()
}

fn start(folder: &Path, writer: &str, count: u32, manner: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "repository::processes::a_writer_adds_packages_one_by_one", "--nocapture"]);
    command.env(TASK, format!("{};{writer};{count};{manner}", folder.display()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn acknowledged(folder: &Path, writer: &str) -> Vec<u64> {
    let notes = fs::read_to_string(folder.join(writer)).unwrap_or_default();
    notes.lines().map(|line| line.parse().unwrap()).collect()
}

/// Lets so many processes add so many packages each to one stack, and sees that each addition is there.
fn race(writers: usize, additions: u32, manner: &str) -> TempDir {
    let folder = memory_folder();
    let writers: Vec<String> = (0..writers).map(|number| format!("writer{number}")).collect();
    let start = |writer: &String| start(folder.path(), writer, additions, manner);
    let running: Vec<Child> = writers.iter().map(start).collect();
    for child in running {
        let finished = child.wait_with_output().unwrap();
        assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
    }
    let mut numbers: Vec<u64> =
        writers.iter().flat_map(|writer| acknowledged(folder.path(), writer)).collect();
    numbers.sort_unstable();
    let last = u64::from(additions) * writers.len() as u64 + 1;
    assert_eq!(numbers, (2..=last).collect::<Vec<u64>>(), "each addition is a revision of its own");
    let repository = Repository::open(&folder.path().join("meta"), None).unwrap();
    let shown = repository.show_stack(&reference("shared")).unwrap().revision;
    assert_eq!((shown.number, shown.packages.len()), (last, writers.len() * 3));
    folder
}

#[test]
fn sixteen_processes_add_a_hundred_packages_each_to_one_stack_and_none_is_lost() {
    let folder = race(16, 100, "turns");
    let report = super::repository(folder.path()).fsck(FsckMode::Check).unwrap();
    // The records of these packages were never written.
    let wrong = report.findings.iter().find(|finding| !finding.path.starts_with("packages/"));
    assert_eq!(wrong, None);
}

#[test]
fn processes_that_take_no_turns_lose_nothing_either() {
    let _folder = race(8, 25, "races");
}
