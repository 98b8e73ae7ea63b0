//! Several processes on one repository, some of which are killed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use gachette::repository::Repository;

use super::{by, memory_folder, record, reference, repository, stack};

/// The folder, the writer's name and the number of additions of a process that another test started.
const TASK: &str = "GACHETTE_TEST_WRITER";

/// Adds packages to one stack, one after the other, and notes each that was acknowledged. Alone it does so once; the
/// tests below start it in processes of their own.
#[test]
fn a_writer_adds_packages_one_by_one() {
    let alone = tempfile::tempdir().unwrap();
    let task = std::env::var(TASK).unwrap_or_else(|_| format!("{};alone;3", alone.path().display()));
    let [folder, writer, count] = task.split(';').collect::<Vec<_>>().try_into().unwrap();
    let (folder, count) = (Path::new(folder), count.parse::<u32>().unwrap());
    let repository = repository(folder);
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

fn start(folder: &Path, writer: &str, count: u32) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "repository::processes::a_writer_adds_packages_one_by_one", "--nocapture"]);
    command.env(TASK, format!("{};{writer};{count}", folder.display()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn acknowledged(folder: &Path, writer: &str) -> Vec<u64> {
    let notes = fs::read_to_string(folder.join(writer)).unwrap_or_default();
    notes.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn sixteen_processes_add_a_hundred_packages_each_to_one_stack_and_none_is_lost() {
    let folder = memory_folder();
    let writers: Vec<String> = (0..16).map(|number| format!("writer{number}")).collect();
    let running: Vec<Child> = writers.iter().map(|writer| start(folder.path(), writer, 100)).collect();
    for child in running {
        let finished = child.wait_with_output().unwrap();
        assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
    }
    let mut numbers: Vec<u64> =
        writers.iter().flat_map(|writer| acknowledged(folder.path(), writer)).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=1601).collect::<Vec<u64>>(), "each addition is a revision of its own");
    let repository = Repository::open(&folder.path().join("meta"), None).unwrap();
    let shown = repository.show_stack(&reference("shared")).unwrap().revision;
    assert_eq!((shown.number, shown.packages.len()), (1601, 48));
}
