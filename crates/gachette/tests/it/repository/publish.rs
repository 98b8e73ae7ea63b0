//! Suites as files: what is in them by the word of other programs, what publishing again costs, and kills at any moment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gachette::repository::{
    ChannelWish, FsckMode, PublishRequest, PublishSubject, PublishedSuite, Repository, SuiteSettings,
};
use gachette_core::apt::{Release, Suite};
use gachette_core::channel::ChannelPolicy;
use gachette_core::stack::Head;
use jiff::SignedDuration;

use super::many::{small_deb, small_debs, to_register};
use super::{by, memory_folder, reference, repository, stack};

pub(super) const NAME: &str = "shop/124";

/// A repository whose stack has this many packages.
pub(super) fn stocked(folder: &Path, count: usize) -> Repository {
    let repository = repository(folder);
    let files = small_debs(repository.debs(), count);
    let records = repository.register_all(&to_register(&files)).unwrap();
    repository.create_stack(&stack(NAME), None, &by()).unwrap();
    repository.add_to_stack(&stack(NAME), &records, &by()).unwrap();
    repository
}

/// Adds one more package to the stack.
pub(super) fn add(repository: &Repository, name: &str) {
    let file = small_deb(repository.debs(), name, "all", name);
    let records = repository.register_all(&to_register(&[file])).unwrap();
    repository.add_to_stack(&stack(NAME), &records, &by()).unwrap();
}

#[test]
fn what_a_killed_publisher_left_under_a_plain_name_is_put_right_although_it_is_as_long() {
    let folder = tempfile::tempdir().unwrap();
    let repository = stocked(folder.path(), 3);
    publish(&repository);
    let plain = suite(&repository).join("main/binary-all/Packages");
    let other: Vec<u8> = fs::read(&plain).unwrap().iter().map(|byte| byte ^ 1).collect();
    fs::remove_file(&plain).unwrap();
    fs::write(&plain, other).unwrap();
    assert!(publish(&repository).changed);
    is_whole(&suite(&repository));
    assert!(!publish(&repository).changed);
    assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
}

fn publish_with(repository: &Repository, settings: SuiteSettings) -> PublishedSuite {
    repository.publish(&request(settings)).unwrap()
}

fn request(settings: SuiteSettings) -> PublishRequest<'static> {
    PublishRequest {
        subject: PublishSubject::Stack(reference(NAME)),
        settings,
        signers: None,
        looked_for: None,
    }
}

pub(super) fn publish(repository: &Repository) -> PublishedSuite {
    publish_with(repository, SuiteSettings::default())
}

pub(super) fn suite(repository: &Repository) -> PathBuf {
    repository.meta().unwrap().join("dists").join(NAME)
}

/// All files of a folder, by path.
pub(super) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| (entry.path().strip_prefix(folder).unwrap().into(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// What a program makes of a file.
fn output(program: &str, arguments: &[&str], folder: &Path) -> Vec<u8> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Every index that the Release file names is there, whole, under its plain name and under that of its hash: by
/// sha256sum(1).
pub(super) fn is_whole(suite: &Path) {
    let release = fs::read_to_string(suite.join("Release")).unwrap();
    let mut sums = String::new();
    for (path, entry) in Release::indices_of(&release).unwrap() {
        let folder = Path::new(&path).parent().unwrap().display();
        sums += &format!("{0}  {path}\n{0}  {folder}/by-hash/SHA256/{0}\n", entry.sha256);
        assert_eq!(fs::metadata(suite.join(&path)).unwrap().len(), entry.size);
    }
    let list = tempfile::NamedTempFile::new().unwrap();
    fs::write(list.path(), sums).unwrap();
    output("sha256sum", &["--check", "--strict", list.path().to_str().unwrap()], suite);
}

/// The names that an index lists, as `grep-dctrl` would.
fn names(index: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(index).into_owned();
    text.lines().filter_map(|line| line.strip_prefix("Package: ").map(str::to_owned)).collect()
}

#[test]
fn every_form_of_an_index_is_the_same_list() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 500);
    let published = publish(&repository);
    assert_eq!((published.packages, published.changed), (450, true));
    let suite = suite(&repository);
    is_whole(&suite);
    for architecture in ["all", "amd64"] {
        let index = suite.join(format!("main/binary-{architecture}"));
        let plain = fs::read(index.join("Packages")).unwrap();
        assert_eq!(output("gzip", &["-dc", "Packages.gz"], &index), plain);
        assert_eq!(output("xz", &["-dc", "--single-stream", "Packages.xz"], &index), plain);
        assert_eq!(output("zstd", &["-dcq", "Packages.zst"], &index), plain);
        assert_eq!(names(&plain).len(), if architecture == "all" { 450 } else { 500 });
    }
    assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
}

#[test]
fn an_empty_stack_is_a_suite_too() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 0);
    publish(&repository);
    let index = suite(&repository).join("main/binary-all");
    is_whole(&suite(&repository));
    assert!(output("gzip", &["-dc", "Packages.gz"], &index).is_empty());
    assert!(output("xz", &["-dc", "Packages.xz"], &index).is_empty());
    assert!(output("zstd", &["-dcq", "Packages.zst"], &index).is_empty());
}

#[test]
fn nothing_is_written_for_what_is_published_already() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 300);
    publish(&repository);
    let before = files(&repository.meta().unwrap().join("dists"));
    let again = publish(&repository);
    assert_eq!((again.changed, again.bytes_written), (false, 0));
    repository.seal_stack(&stack(NAME), &by()).unwrap();
    assert!(!publish(&repository).changed, "what is sealed holds the same");
    assert_eq!(files(&repository.meta().unwrap().join("dists")), before);
    // What was torn or taken away meanwhile is put right.
    for file in ["Release", "main/binary-all/Packages.xz"] {
        fs::remove_file(suite(&repository).join(file)).unwrap();
        assert!(publish(&repository).changed);
        is_whole(&suite(&repository));
    }
}

#[test]
fn a_change_makes_few_parts_new_and_the_bytes_are_those_of_a_fresh_start() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 1000);
    let first = publish(&repository);
    assert!(first.parts_made > 20, "{first:?}");
    add(&repository, "pkg500-extra");
    let second = publish(&repository);
    // One part of each of the two indices, or two if the new package ends one.
    assert!(second.parts_made <= 4 && second.parts_kept > 20, "{second:?}");
    is_whole(&suite(&repository));
    let grown = files(&suite(&repository).join("main/binary-all"));
    let release = fs::read(suite(&repository).join("Release")).unwrap();
    let meta = repository.meta().unwrap();
    fs::remove_dir_all(meta.join("dists")).unwrap();
    fs::remove_dir_all(meta.join("index-parts")).unwrap();
    publish(&repository);
    assert_eq!(fs::read(suite(&repository).join("Release")).unwrap(), release);
    let fresh = files(&suite(&repository).join("main/binary-all"));
    assert!(fresh.iter().all(|(path, bytes)| grown.get(path) == Some(bytes)));
}

#[test]
fn a_kept_part_that_decayed_is_made_again() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 100);
    publish(&repository);
    let good = fs::read(suite(&repository).join("Release")).unwrap();
    let parts = repository.meta().unwrap().join("index-parts");
    for (path, mut bytes) in files(&parts) {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(parts.join(path), bytes).unwrap();
    }
    fs::remove_dir_all(suite(&repository)).unwrap();
    publish(&repository);
    assert_eq!(fs::read(suite(&repository).join("Release")).unwrap(), good);
}

#[test]
fn indices_of_earlier_states_stay_for_a_while() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 10);
    let hashes = || fs::read_dir(suite(&repository).join("main/binary-all/by-hash/SHA256")).unwrap().count();
    publish(&repository);
    assert_eq!(hashes(), 4);
    add(&repository, "another");
    publish(&repository);
    assert_eq!(hashes(), 8);
    add(&repository, "one-more");
    let none = SuiteSettings { keep_indices: SignedDuration::ZERO, ..SuiteSettings::default() };
    publish_with(&repository, none);
    assert_eq!(hashes(), 4);
    is_whole(&suite(&repository));
}

#[test]
fn packages_that_lie_elsewhere_are_found_below_the_repository() {
    let folder = memory_folder();
    let (meta, debs) = (folder.path().join("meta"), folder.path().join("elsewhere"));
    let repository = Repository::init(&meta, Some(&debs)).unwrap();
    let file = small_deb(&debs, "web", "all", "x");
    let records = repository.register_all(&to_register(&[file])).unwrap();
    repository.create_stack(&stack(NAME), None, &by()).unwrap();
    repository.add_to_stack(&stack(NAME), &records, &by()).unwrap();
    publish(&repository);
    let index = fs::read_to_string(suite(&repository).join("main/binary-all/Packages")).unwrap();
    let named = index.lines().find_map(|line| line.strip_prefix("Filename: ")).unwrap();
    assert!(meta.join(named).is_file(), "{named}");
}

#[test]
fn packages_that_lie_where_another_path_leads_stay_there() {
    let folder = memory_folder();
    let real = folder.path().join("real");
    let meta = folder.path().join("meta");
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &meta).unwrap();
    let repository = Repository::init(&meta, Some(&real.join("debs"))).unwrap();
    repository.create_stack(&stack(NAME), None, &by()).unwrap();
    publish(&repository);
    assert!(real.join("debs").symlink_metadata().unwrap().is_dir());
}

#[test]
fn fsck_finds_what_a_suite_lost_and_makes_it_again() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 100);
    publish(&repository);
    assert_eq!(repository.fsck(FsckMode::Check).unwrap().findings, []);
    let before = files(&suite(&repository));
    add(&repository, "later");
    let index = suite(&repository).join("main/binary-all");
    fs::remove_file(index.join("Packages.gz")).unwrap();
    // Under its plain name it is the same file.
    let mut torn = fs::read(index.join("Packages")).unwrap();
    torn[7] ^= 1;
    fs::write(index.join("Packages"), torn).unwrap();
    let found = repository.fsck(FsckMode::Check).unwrap();
    assert_eq!((found.findings.len(), found.is_clean()), (3, false), "{:?}", found.findings);
    assert!(repository.fsck(FsckMode::Repair).unwrap().is_clean());
    assert_eq!(files(&suite(&repository)), before, "it shows what it showed");
    // What is signed cannot be made here.
    fs::write(suite(&repository).join("Release"), "Suite: x\n").unwrap();
    let found = repository.fsck(FsckMode::Repair).unwrap();
    assert!(!found.is_clean() && found.findings[0].to_string().contains("published again"));
    assert!(
        found.findings[0].hint.as_ref().unwrap().contains("`gachette publish shop/"),
        "{:?}",
        found.findings
    );
    publish(&repository);
    assert_eq!(repository.fsck(FsckMode::Check).unwrap().findings, []);
}

#[test]
fn fsck_finds_what_a_channel_lost() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 3);
    let entry = Head::from(&repository.seal_stack(&stack(NAME), &by()).unwrap().entry);
    let (channel, policy) = (Suite::from(stack("shop/live")), ChannelPolicy::default());
    let change = |wish: ChannelWish<'_>| repository.change_channel(&channel, &wish, &policy, &by()).unwrap();
    assert!(change(ChannelWish::Promote(&entry)).changed);
    assert!(change(ChannelWish::Hold).changed);
    assert!(change(ChannelWish::Release).changed);
    assert_eq!(repository.fsck(FsckMode::Check).unwrap().findings, []);
    let second = repository.meta().unwrap().join("domain/shop/channels/live/0000000002.json");
    let text = fs::read_to_string(&second).unwrap();
    fs::write(&second, text.replace("ada@build1", "eve@build1")).unwrap();
    let findings = repository.fsck(FsckMode::Check).unwrap().findings;
    assert!(findings.len() == 1 && findings[0].path.ends_with("live/0000000003.json"), "{findings:?}");
    fs::remove_file(&second).unwrap();
    let findings = repository.fsck(FsckMode::Check).unwrap().findings;
    assert!(findings.len() == 1 && findings[0].path.ends_with("live/0000000002.json"), "{findings:?}");
    assert_eq!(
        repository.channel(&channel).unwrap().entry.number,
        3,
        "an older one is not taken for the newest"
    );
    fs::write(second.with_file_name("20260727120000.json"), text).unwrap();
    let findings = repository.fsck(FsckMode::Check).unwrap().findings;
    assert!(findings.len() == 2 && findings[1].path.ends_with("20260727120000.json"), "{findings:?}");
}

#[test]
fn fsck_finds_a_channel_that_shows_what_it_was_never_moved_to() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 3);
    let entry = Head::from(&repository.seal_stack(&stack(NAME), &by()).unwrap().entry);
    let (channel, policy) = (Suite::from(stack("shop/live")), ChannelPolicy::default());
    for wish in [ChannelWish::Promote(&entry), ChannelWish::Hold] {
        repository.change_channel(&channel, &wish, &policy, &by()).unwrap();
    }
    let newest = repository.meta().unwrap().join("domain/shop/channels/live/0000000002.json");
    let mut edited: serde_json::Value = serde_json::from_slice(&fs::read(&newest).unwrap()).unwrap();
    edited["state"].as_object_mut().unwrap().remove("shows").unwrap();
    fs::write(&newest, edited.to_string()).unwrap();
    let findings = repository.fsck(FsckMode::Check).unwrap().findings;
    assert!(findings.len() == 1 && findings[0].path.ends_with("live/0000000002.json"), "{findings:?}");
}

#[test]
fn what_a_killed_publisher_left_in_the_middle_is_not_taken_for_published() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 10);
    publish(&repository);
    let suite = suite(&repository);
    let index = suite.join("main/binary-all/Packages");
    let (before, length) = (files(&suite), fs::metadata(&index).unwrap().len());
    // Its index has another content of the same length by now, and what clients begin with is the old one.
    fs::write(suite.join(".new-begun"), "").unwrap();
    fs::remove_file(&index).unwrap();
    fs::write(&index, vec![b'x'; length as usize]).unwrap();
    assert!(publish(&repository).changed);
    is_whole(&suite);
    let without_date = |mut files: BTreeMap<PathBuf, Vec<u8>>| files.remove(Path::new("Release"));
    assert_eq!(without_date(files(&suite)), without_date(before));
    assert!(!publish(&repository).changed);
}

#[test]
fn a_date_that_a_wrong_clock_gave_does_not_stay() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 3);
    publish(&repository);
    let state = repository.meta().unwrap().join("domain/shop/suites/124.json");
    let mut wrong: serde_json::Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    wrong["date"] = "2099-01-01T00:00:00Z".into();
    fs::write(&state, wrong.to_string()).unwrap();
    let again = publish(&repository);
    assert!(again.changed && again.date.unwrap() <= jiff::Timestamp::now(), "{again:?}");
}

#[test]
fn a_channel_takes_no_damaged_index_from_its_stack() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 5);
    let entry = Head::from(&repository.seal_stack(&stack(NAME), &by()).unwrap().entry);
    publish(&repository);
    let hashes = suite(&repository).join("main/binary-all/by-hash/SHA256");
    for (name, mut bytes) in files(&hashes) {
        bytes[7] ^= 1;
        fs::write(hashes.join(name), bytes).unwrap();
    }
    let channel = Suite::from(stack("shop/live"));
    let wish = ChannelWish::Promote(&entry);
    repository.change_channel(&channel, &wish, &ChannelPolicy::default(), &by()).unwrap();
    let request = PublishRequest {
        subject: PublishSubject::Channel(channel),
        settings: SuiteSettings::default(),
        signers: None,
        looked_for: None,
    };
    repository.publish(&request).unwrap();
    is_whole(&repository.meta().unwrap().join("dists/shop/live"));
}

#[test]
fn a_name_is_of_a_stack_or_of_a_channel() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 1);
    repository.delete_stack(&stack(NAME), &by()).unwrap();
    let change = |name: &str| {
        let by = by().because("the shop is full");
        let policy = ChannelPolicy::default();
        repository.change_channel(&Suite::from(stack(name)), &ChannelWish::Hold, &policy, &by)
    };
    assert!(change(NAME).unwrap_err().to_string().contains("a stack is called"), "its ledger is there");
    assert!(!repository.meta().unwrap().join("domain/shop/channels/124").exists(), "nothing came of it");
    change("shop/live").unwrap();
    assert!(!repository.meta().unwrap().join("domain/shop/stacks/live").exists(), "there is no such stack");
    let refused = repository.create_stack(&stack("shop/live"), None, &by()).unwrap_err().to_string();
    assert!(refused.contains("a channel is called"), "{refused}");
    assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
}

#[test]
fn a_package_that_is_lost_or_torn_is_not_published() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 3);
    let refused = || repository.publish(&request(SuiteSettings::default())).unwrap_err().to_string();
    let file = repository.debs().join("pkg1-1.0-all.deb");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..10]).unwrap();
    assert!(refused().contains("pkg1-1.0-all.deb is 10 bytes long, and was"), "{}", refused());
    fs::remove_file(&file).unwrap();
    assert!(refused().contains("pkg1-1.0-all.deb"), "{}", refused());
    fs::write(&file, &bytes).unwrap();
    publish(&repository);
}

/// The folder of a process that another test started.
const TASK: &str = "GACHETTE_TEST_PUBLISHER";

/// Publishes what changes, for as long as it lives.
#[test]
fn a_publisher_publishes_what_changes() {
    let alone = tempfile::tempdir().unwrap();
    let task = std::env::var_os(TASK);
    let folder = task.as_ref().map_or(alone.path(), Path::new);
    let repository = if task.is_some() { repository(folder) } else { stocked(folder, 20) };
    let rounds = if task.is_some() { 100_000 } else { 3 };
    for round in 0..rounds {
        add(&repository, &format!("new-{}-{round}", std::process::id()));
        publish(&repository);
        if task.is_none() {
            is_whole(&suite(&repository));
        }
    }
}

#[test]
fn a_publisher_may_be_killed_at_any_moment() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 20);
    publish(&repository);
    for round in 0..40_u64 {
        let mut child = publisher(folder.path());
        // The moment of death is what this test is about; nothing is waited for.
        std::thread::park_timeout(Duration::from_micros(5_000 + round * 2_300));
        child.kill().unwrap();
        child.wait().unwrap();
        // What the Release file names is there, whatever became of the plain names.
        let suite = suite(&repository);
        let release = fs::read_to_string(suite.join("Release")).unwrap();
        for (path, entry) in Release::indices_of(&release).unwrap() {
            let hashed = Path::new(&path).parent().unwrap().join(format!("by-hash/SHA256/{}", entry.sha256));
            let bytes = fs::read(suite.join(hashed)).unwrap();
            assert_eq!(gachette_core::Sha256Digest::of(&bytes), entry.sha256);
        }
    }
    publish(&repository);
    is_whole(&suite(&repository));
    let left = files(&suite(&repository));
    assert!(left.keys().all(|path| !path.display().to_string().contains(".new")), "{:?}", left.keys());
    let packages = repository.show_stack(&reference(NAME)).unwrap().revision.packages.len();
    assert!(packages > 30, "too little was done before the kills: {packages}");
}

fn publisher(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "repository::publish::a_publisher_publishes_what_changes", "--nocapture"]);
    command.env(TASK, folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command.spawn().unwrap()
}
