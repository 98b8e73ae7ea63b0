//! Collecting: what is named stays, what is not goes, and nobody who needs a package misses it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gachette::repository::{
    ChannelWish, FsckMode, GcMode, GcReport, GcRequest, KEEP_FOR, Keeper, PublishRequest, PublishSubject,
    Repository, SuiteSettings,
};
use gachette_core::Sha256Digest;
use gachette_core::channel::ChannelPolicy;
use gachette_core::stack::{Head, PackageRecord, Provenance};
use gachette_core::statement::{Envelope, PACKAGE_BUILD, STACK_BUILD};
use jiff::{SignedDuration, Timestamp};

use super::kills::{Dice, build};
use super::{by, memory_folder, reference, repository, stack};

/// A request at a time so many days from now.
pub(super) fn in_days(days: i64, mode: GcMode) -> GcRequest {
    GcRequest {
        mode,
        keep_for: KEEP_FOR,
        keep_indices: SignedDuration::from_hours(1),
        keep_unregistered: false,
        explain: true,
        now: Timestamp::now() + SignedDuration::from_hours(24 * days),
    }
}

pub(super) fn collect(repository: &Repository, days: i64) -> GcReport {
    repository.gc(&in_days(days, GcMode::Remove)).unwrap()
}

/// Builds a package and takes it in.
pub(super) fn package(repository: &Repository, name: &str, version: &str) -> PackageRecord {
    let staging = repository.staging().unwrap();
    let built = staging.path().join(format!("{name}-{version}-all.deb"));
    build(name, version, &built);
    let inputs = Some(inputs(name, version));
    repository.take_in(&built, &Provenance { inputs, ..Provenance::default() }).unwrap()
}

fn inputs(name: &str, version: &str) -> Sha256Digest {
    Sha256Digest::of(format!("{name} {version}").as_bytes())
}

/// Makes a stack when it is not there, and adds packages to it.
pub(super) fn add(repository: &Repository, name: &str, packages: &[PackageRecord]) {
    repository.create_stack(&stack(name), None, &by()).unwrap();
    repository.add_to_stack(&stack(name), packages, &by()).unwrap();
}

pub(super) fn publish(repository: &Repository, name: &str) {
    let subject = PublishSubject::Stack(reference(name));
    let request =
        PublishRequest { subject, settings: SuiteSettings::default(), signers: None, looked_for: None };
    repository.publish(&request).unwrap();
}

pub(super) fn gone(report: &GcReport) -> Vec<String> {
    report.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
}

fn is_clean(repository: &Repository) {
    let report = repository.fsck(FsckMode::Check).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
}

/// Every file and folder with its times and bytes.
fn digest(folder: &Path) -> BTreeMap<PathBuf, (i64, i64, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let look = |entry: walkdir::DirEntry| {
        let found = entry.metadata().unwrap();
        let bytes = if found.is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
        (entry.path().to_owned(), (found.mtime(), found.mtime_nsec(), bytes))
    };
    entries.map(look).collect()
}

#[test]
fn what_revisions_and_channels_name_stays_and_the_rest_goes_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let versions: Vec<_> = ["1", "2", "3"].iter().map(|it| package(&repository, "dh-web", it)).collect();
    package(&repository, "dh-tool", "1");
    versions.iter().for_each(|version| add(&repository, "1", std::slice::from_ref(version)));
    add(&repository, "2", &[package(&repository, "dh-live", "1")]);
    let sealed = Head::from(&repository.seal_stack(&stack("2"), &by()).unwrap().entry);
    let wish = ChannelWish::Promote(&sealed);
    repository.change_channel(&stack("live").into(), &wish, &ChannelPolicy::default(), &by()).unwrap();

    // What is young stays.
    let early = collect(&repository, 13);
    assert!(early.is_empty(), "{early:?}");
    let why = |report: &GcReport, name: &str, version: &str| {
        let mut kept = report.kept.iter();
        let named = |kept: &&gachette::repository::KeptPackage| {
            kept.name.as_str() == name && kept.version.as_str() == version
        };
        kept.find(named).unwrap().kept_by.clone()
    };
    assert!(matches!(why(&early, "dh-tool", "1"), Keeper::Age { .. }));
    assert_eq!(why(&early, "dh-web", "2"), Keeper::Stack { stack: reference("1@3") });
    assert_eq!(why(&early, "dh-live", "1"), Keeper::Channel { channel: stack("live").into() });

    let before = digest(folder.path());
    let wished = repository.gc(&in_days(15, GcMode::Look)).unwrap();
    assert_eq!(digest(folder.path()), before, "a look changes nothing");
    let done = collect(&repository, 15);
    assert_eq!((gone(&wished), gone(&done)), (vec!["dh-tool 1".to_owned()], vec!["dh-tool 1".to_owned()]));
    assert_eq!((wished.bytes, wished.applied, done.applied), (done.bytes, false, true));
    assert_eq!(done.kept_packages, 4);
    assert!(!folder.path().join("meta/packages/dh-tool").exists());
    assert!(!folder.path().join("meta/debs/dh-tool-1-all.deb").exists());
    assert!(repository.built_from(&inputs("dh-tool", "1")).unwrap().is_empty());
    is_clean(&repository);
    // Every version can come back.
    repository.rollback_stack(&stack("1"), 2, &by()).unwrap();
    // And what is gone can be built again.
    package(&repository, "dh-tool", "1");
    is_clean(&repository);
    assert!(collect(&repository, 15).packages.len() == 1 && collect(&repository, 15).is_empty());
}

#[test]
fn what_a_stack_held_goes_some_time_after_it_was_deleted_and_its_ledger_stays() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    add(&repository, "1", &[package(&repository, "dh-web", "1"), package(&repository, "dh-both", "1")]);
    add(&repository, "2", &[package(&repository, "dh-both", "1")]);
    repository.delete_stack(&stack("1"), &by()).unwrap();
    assert!(collect(&repository, 13).is_empty());
    // Until then it can come back.
    repository.create_stack(&stack("3"), Some(&reference("1@2")), &by()).unwrap();
    assert!(collect(&repository, 15).is_empty());
    repository.delete_stack(&stack("3"), &by()).unwrap();
    assert_eq!(gone(&collect(&repository, 15)), ["dh-web 1"]);
    is_clean(&repository);

    let refused = repository.create_stack(&stack("4"), Some(&reference("1@2")), &by()).unwrap_err();
    let expected = "default/1@2 cannot come back: packages that it held were collected since it was deleted (1, such as dh-web 1)";
    assert_eq!(refused.to_string(), expected);
    assert_eq!(repository.show_stack(&reference("1@2")).unwrap().revision.packages.len(), 2);
    repository.create_stack(&stack("1"), None, &by()).unwrap();
    assert_eq!(repository.rollback_stack(&stack("1"), 2, &by()).unwrap_err().to_string(), expected);
    is_clean(&repository);
    // Built again it is there again.
    package(&repository, "dh-web", "1");
    repository.rollback_stack(&stack("1"), 2, &by()).unwrap();
    assert!(collect(&repository, 15).is_empty());
    is_clean(&repository);
}

#[test]
fn a_ledger_that_cannot_be_read_stops_it_before_anything_goes() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    package(&repository, "dh-tool", "1");
    for version in ["1", "2"] {
        add(&repository, "1", &[package(&repository, "dh-web", version)]);
    }
    fs::write(folder.path().join("meta/domain/default/stacks/1/revisions/0000000002.json"), "{").unwrap();
    let before = digest(folder.path());
    let error = repository.gc(&in_days(15, GcMode::Remove)).unwrap_err();
    assert!(error.to_string().contains("1/revisions/0000000002.json is damaged"), "{error}");
    assert_eq!(digest(folder.path()), before);
}

#[test]
fn files_without_a_record_go_unless_the_original_tool_names_them_or_they_are_to_stay() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let debs = repository.debs().to_owned();
    build("dh-stray", "1", &debs.join("dh-stray-1-all.deb"));
    fs::write(debs.join("torn.deb"), "x").unwrap();
    fs::write(debs.join("notes.txt"), "x").unwrap();
    build("dh-old", "1", &debs.join("dh-old-1-all.deb"));
    let meta = folder.path().join("meta");
    for (path, text) in [
        ("domain/default/stacks/old/packages/dh-old/version", "1\n"),
        ("packages/dh-old/version/1/file", "dh-old-1-all.deb\n"),
    ] {
        fs::create_dir_all(meta.join(path).parent().unwrap()).unwrap();
        fs::write(meta.join(path), text).unwrap();
    }
    let stay = GcRequest { keep_unregistered: true, ..in_days(15, GcMode::Remove) };
    assert!(repository.gc(&stay).unwrap().is_empty());
    let report = collect(&repository, 15);
    let files: Vec<&str> = report.files.iter().map(|file| &*file.file).collect();
    assert_eq!((files, report.packages.len()), (vec!["dh-stray-1-all.deb", "torn.deb"], 0));
    assert!(debs.join("notes.txt").exists() && debs.join("dh-old-1-all.deb").exists());
    assert!(meta.join("packages/dh-old/version/1/file").exists());
}

#[test]
fn replaced_indices_and_unused_parts_go_and_publishing_again_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    add(&repository, "1", &[package(&repository, "dh-web", "1")]);
    publish(&repository, "1");
    let suite = folder.path().join("meta/dists/default/1");
    let first = fs::read(suite.join("main/binary-all/Packages")).unwrap();
    add(&repository, "1", &[package(&repository, "dh-web", "2")]);
    publish(&repository, "1");
    let second = fs::read(suite.join("main/binary-all/Packages")).unwrap();
    let by_hash =
        |text: &[u8]| suite.join(format!("main/binary-all/by-hash/SHA256/{}", Sha256Digest::of(text)));
    let look = repository.gc(&in_days(1, GcMode::Look)).unwrap();
    assert_eq!((look.indices.number, look.index_parts.number), (4, 1), "{look:?}");
    let early = GcRequest { keep_indices: SignedDuration::from_hours(48), ..in_days(1, GcMode::Remove) };
    assert_eq!(repository.gc(&early).unwrap().indices.number, 0);
    assert!(by_hash(&first).exists(), "somebody may fetch it");
    assert_eq!(collect(&repository, 1).indices.number, 4);
    assert!(!by_hash(&first).exists() && by_hash(&second).exists());
    is_clean(&repository);
    repository.rollback_stack(&stack("1"), 2, &by()).unwrap();
    publish(&repository, "1");
    assert_eq!(fs::read(suite.join("main/binary-all/Packages")).unwrap(), first);
    is_clean(&repository);
}

#[test]
fn old_answers_of_checks_go_and_young_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let answer =
        folder.path().join("meta/checks/ab").join(Sha256Digest::of(b"question").to_string() + ".json");
    fs::create_dir_all(answer.parent().unwrap()).unwrap();
    fs::write(&answer, "[]").unwrap();
    assert_eq!(collect(&repository, 13).answers.number, 0);
    let look = repository.gc(&in_days(15, GcMode::Look)).unwrap();
    assert!((look.answers.number, look.answers.bytes, look.bytes) == (1, 2, 2) && answer.exists());
    assert_eq!(collect(&repository, 15).answers.number, 1);
    assert!(!answer.exists());
}

#[test]
fn the_suite_of_a_deleted_stack_goes_first_and_what_it_named_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    add(&repository, "1", &[package(&repository, "dh-web", "1")]);
    publish(&repository, "1");
    repository.delete_stack(&stack("1"), &by()).unwrap();
    assert!(collect(&repository, 13).suites.is_empty());
    let look = repository.gc(&in_days(15, GcMode::Look)).unwrap();
    let done = collect(&repository, 15);
    for report in [look, done] {
        assert_eq!((report.suites, report.packages), (vec![stack("1").into()], Vec::new()));
        assert_eq!(report.kept[0].kept_by, Keeper::Suite { suite: stack("1").into() });
    }
    assert!(!folder.path().join("meta/dists/default/1").exists());
    is_clean(&repository);
    assert_eq!(gone(&collect(&repository, 15)), ["dh-web 1"]);
    is_clean(&repository);
    // Nothing of it can be published any more.
    let subject = PublishSubject::Stack(reference("1@2"));
    let request =
        PublishRequest { subject, settings: SuiteSettings::default(), signers: None, looked_for: None };
    repository.publish(&request).unwrap_err();
}

#[test]
fn a_version_stays_with_all_its_architectures() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let mut records = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let name = super::many::small_deb(repository.debs(), "dh-two", architecture, "x");
        records.push(repository.register(name.as_ref(), &Provenance::default()).unwrap());
    }
    add(&repository, "1", &records[1..]);
    assert!(collect(&repository, 15).is_empty());
    repository.delete_stack(&stack("1"), &by()).unwrap();
    assert_eq!(collect(&repository, 15).packages[0].files.len(), 2);
    is_clean(&repository);
}

/// The folder and the part of a process that another test started.
const TASK: &str = "GACHETTE_TEST_COLLECTED";
/// The versions that writers share.
const VERSIONS: u64 = 4;

/// Finds packages or builds them, names them in a stack, sees that they are there, and deletes the stack or leaves it. Alone it
/// does so a few times; the tests below start it in processes of their own.
#[test]
fn a_writer_names_packages_and_lets_go_of_them() {
    let alone = tempfile::tempdir().unwrap();
    let task = std::env::var(TASK).unwrap_or_else(|_| format!("{};alone;3", alone.path().display()));
    let [folder, writer, rounds] = task.split(';').collect::<Vec<_>>().try_into().unwrap();
    let repository = repository(Path::new(folder));
    let mut notes =
        OpenOptions::new().create(true).append(true).open(Path::new(folder).join(writer)).unwrap();
    let mut dice = Dice(rounds.len() as u64 + u64::from(writer.as_bytes()[writer.len() - 1]));
    for round in 0..rounds.parse::<u32>().unwrap() {
        let version = format!("1.{}", dice.below(VERSIONS));
        let name = format!("{writer}-{round}");
        repository.create_stack(&stack(&name), None, &by()).unwrap();
        let kept = repository.keeping().unwrap();
        let known = kept.built_from(&inputs("dh-web", &version)).unwrap().into_iter().next();
        let known = known.filter(|record| kept.has_whole_file(record));
        let record = known.unwrap_or_else(|| package(&kept, "dh-web", &version));
        kept.add_to_stack(&stack(&name), std::slice::from_ref(&record), &by()).unwrap();
        drop(kept);
        assert!(repository.has_whole_file(&record), "{name} names {version}, which is gone");
        assert!(repository.record(&record.name, &record.version, &record.architecture).unwrap().is_some());
        if dice.below(10) > 0 {
            repository.delete_stack(&stack(&name), &by()).unwrap();
        } else {
            notes.write_all(format!("{name} {version}\n").as_bytes()).unwrap();
        }
    }
}

/// Collects everything that is not named, whatever its age, until it is killed or the folder is gone. Alone it does so once.
#[test]
fn a_collector_collects() {
    let alone = tempfile::tempdir().unwrap();
    let folder = std::env::var_os(TASK).map_or_else(|| alone.path().to_owned(), PathBuf::from);
    let repository = repository(&folder);
    let request = |now| GcRequest { now, keep_for: Duration::ZERO, ..in_days(0, GcMode::Remove) };
    // The clock of files is behind that of the machine by up to a tick.
    while repository.gc(&request(Timestamp::now() + SignedDuration::from_secs(1))).is_ok() {
        if std::env::var_os(TASK).is_none() {
            return;
        }
    }
    assert!(!folder.exists(), "{:?}", repository.gc(&request(Timestamp::now())));
}

fn start(test: &str, task: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("repository::gc::{test}"), "--nocapture"]).env(TASK, task);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn writers(folder: &Path, count: u32, rounds: u32) -> Vec<(String, Child)> {
    let task = |writer: &str| format!("{};{writer};{rounds}", folder.display());
    let names = (0..count).map(|number| format!("writer{number}"));
    names
        .map(|name| (name.clone(), start("a_writer_names_packages_and_lets_go_of_them", &task(&name))))
        .collect()
}

/// Nothing that was acknowledged is lost, and nothing is damaged.
fn check(folder: &Path, writers: Vec<(String, Child)>) {
    for (writer, child) in writers {
        let finished = child.wait_with_output().unwrap();
        assert!(finished.status.success(), "{writer}: {}", String::from_utf8_lossy(&finished.stderr));
    }
    let repository = repository(folder);
    is_clean(&repository);
    let notes = walkdir::WalkDir::new(folder).max_depth(1).into_iter().map(Result::unwrap);
    for note in notes.filter(|entry| entry.file_name().to_string_lossy().starts_with("writer")) {
        for line in fs::read_to_string(note.path()).unwrap().lines() {
            let (name, version) = line.split_once(' ').unwrap();
            let held = repository.show_stack(&reference(name)).unwrap().revision;
            assert_eq!(held.packages.iter().next().unwrap().version.as_str(), version, "{name}");
        }
    }
}

#[test]
fn writers_and_collectors_that_race_lose_nothing() {
    let folder = memory_folder();
    drop(repository(folder.path()));
    let mut collectors: Vec<Child> =
        (0..2).map(|_| start("a_collector_collects", &folder.path().display().to_string())).collect();
    check(folder.path(), writers(folder.path(), 3, 60));
    for collector in &mut collectors {
        assert!(collector.try_wait().unwrap().is_none(), "it went on to the end");
        collector.kill().unwrap();
        collector.wait().unwrap();
    }
    // What nobody keeps is gone in the end.
    let last = GcRequest { keep_for: Duration::ZERO, ..in_days(1, GcMode::Remove) };
    let repository = repository(folder.path());
    repository.gc(&last).unwrap();
    is_clean(&repository);
    assert!(repository.gc(&last).unwrap().is_empty());
}

#[test]
fn collectors_that_are_killed_leave_a_clean_repository() {
    let folder = memory_folder();
    drop(repository(folder.path()));
    let running = writers(folder.path(), 2, 80);
    let mut dice = Dice(20_261_122);
    for _ in 0..40 {
        let mut collector = start("a_collector_collects", &folder.path().display().to_string());
        // The moment of death is what this test is about; nothing is waited for.
        std::thread::park_timeout(Duration::from_micros(5_000 + dice.below(45_000)));
        collector.kill().unwrap();
        collector.wait().unwrap();
        is_clean(&repository(folder.path()));
    }
    check(folder.path(), running);
    let last = GcRequest { keep_for: Duration::ZERO, ..in_days(1, GcMode::Remove) };
    repository(folder.path()).gc(&last).unwrap();
    is_clean(&repository(folder.path()));
}

#[test]
fn files_of_records_that_there_are_not_go_when_they_are_old() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let record = package(&repository, "dh-web", "1");
    add(&repository, "1", std::slice::from_ref(&record));
    let meta = folder.path().join("meta");
    let put = |top: &str, digest: &Sha256Digest, end: &str, text: &str| {
        let name = digest.to_string();
        let path = meta.join(top).join(&name[..2]).join(format!("{name}{end}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    // As collectors leave them that are killed between a record and these.
    let nobody = Sha256Digest::of(b"nobody's");
    let statement = |kind: &str| {
        let statement = serde_json::json!({"predicate": {"buildDefinition": {"buildType": kind}}});
        serde_json::to_string(&Envelope::of(statement.to_string().as_bytes())).unwrap()
    };
    let mut orphans = vec![
        put("buildinfo", &nobody, ".buildinfo", "Format: 1.0"),
        put("file-lists", &nobody, "", "x"),
        put("statements", &nobody, ".json", &statement(PACKAGE_BUILD)),
    ];
    let staying = [
        put("file-lists", &record.sha256, "", "x"),
        put("statements", &record.sha256, ".json", &statement(PACKAGE_BUILD)),
        put("statements", &Sha256Digest::of(b"a revision"), ".json", &statement(STACK_BUILD)),
    ];
    assert_eq!(collect(&repository, 0).orphans.number, 0, "who brought them may be about to name them");
    let looked = repository.gc(&in_days(15, GcMode::Look)).unwrap();
    assert_eq!((looked.orphans.number, looked.is_empty()), (3, false));
    assert!(orphans.iter().chain(&staying).all(|path| path.exists()));
    // Of a package that is named, and whose record comes back from a backup.
    let record = meta.join("packages/dh-web/version/1/all.json");
    fs::rename(&record, folder.path().join("backup")).unwrap();
    assert_eq!(collect(&repository, 15).orphans.number, 0);
    fs::rename(folder.path().join("backup"), &record).unwrap();
    assert_eq!(collect(&repository, 15).orphans, looked.orphans);
    orphans.retain(|path| path.exists());
    assert_eq!(orphans, Vec::<PathBuf>::new());
    assert!(staying.iter().all(|path| path.exists()));
}
