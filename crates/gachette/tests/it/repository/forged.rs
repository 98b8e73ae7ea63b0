//! What somebody else wrote into a repository: numbers to which no ledger comes, files without end, records of other packages.

use std::fs::{self, File};
use std::path::Path;

use gachette::repository::{
    ChannelWish, Fault, FsckMode, PublishRequest, PublishSubject, Repository, RepositoryError, SuiteSettings,
};
use gachette_core::Sha256Digest;
use gachette_core::channel::ChannelPolicy;
use gachette_core::stack::Head;

use super::fsck::list;
use super::gc::{add, collect, gone, package, publish};
use super::{by, record, repository, stack};

/// The highest number that the ten digits of a file's name can have.
const LAST: u64 = 9_999_999_999;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names.into_iter().map(|name| name.into_string().unwrap()).collect()
}

/// Copies the first entry of a ledger to where the last one there can be lies.
fn forge_the_last(ledger: &Path) {
    let text = fs::read_to_string(ledger.join("0000000001.json")).unwrap();
    let forged = text.replace("\"number\": 1,", &format!("\"number\": {LAST},"));
    assert_ne!(forged, text);
    fs::write(ledger.join(format!("{LAST}.json")), forged).unwrap();
}

#[test]
fn nothing_comes_after_the_last_number_of_a_channel() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    let sealed = Head::from(&repository.seal_stack(&stack("124"), &by()).unwrap().entry);
    let (live, policy) = (stack("live").into(), ChannelPolicy::default());
    repository.change_channel(&live, &ChannelWish::Promote(&sealed), &policy, &by()).unwrap();
    let ledger = folder.path().join("meta/domain/default/channels/live");
    forge_the_last(&ledger);
    let before = names(&ledger);
    for _ in 0..2 {
        let refused = repository.change_channel(&live, &ChannelWish::Hold, &policy, &by()).unwrap_err();
        let RepositoryError::Damaged { key, reason } = refused else { panic!("{refused}") };
        assert_eq!(key, format!("domain/default/channels/live/{LAST}.json"));
        assert!(reason.contains("the last there is"), "{reason}");
    }
    assert_eq!(names(&ledger), before, "nothing is written that is never read");
    let report = repository.fsck(FsckMode::Check).unwrap();
    let lost = |path: &str, fault: &Fault| {
        path.ends_with("live/0000000002.json") && matches!(fault, Fault::Lost { .. })
    };
    assert!(report.findings.iter().any(|found| lost(&found.path, &found.fault)), "{:?}", report.findings);
}

#[test]
fn nothing_comes_after_the_last_revision_of_a_stack_and_its_log_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    add(&repository, "124", &[record("dh-web", "1.0")]);
    let place = folder.path().join("meta/domain/default/stacks/124");
    let ledger = place.join("revisions");
    forge_the_last(&ledger);
    let hash = Sha256Digest::of(&fs::read(ledger.join(format!("{LAST}.json"))).unwrap());
    let mark = format!("{{\"format\":1,\"revision\":{LAST},\"hash\":\"{hash}\"}}\n");
    fs::write(place.join("derived.json"), mark).unwrap();
    let before = names(&ledger);
    for refused in [
        repository.seal_stack(&stack("124"), &by()).unwrap_err(),
        repository.add_to_stack(&stack("124"), &[record("dh-tool", "1")], &by()).unwrap_err(),
    ] {
        let RepositoryError::Damaged { key, reason } = refused else { panic!("{refused}") };
        assert_eq!(key, format!("domain/default/stacks/124/revisions/{LAST}.json"));
        assert!(reason.contains("the last there is"), "{reason}");
    }
    assert_eq!(names(&ledger), before);
    let log = repository.log_stack(&stack("124"), None).unwrap();
    assert_eq!(log.found.len(), 1);
    assert!(!log.damaged.is_empty() && log.damaged.len() <= 2000);
}

#[test]
fn a_check_of_a_base_ends_whatever_numbers_its_entries_have() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let base = "bookworm".parse().unwrap();
    repository.keep_base(&base, &[list("1")], &by()).unwrap();
    forge_the_last(&folder.path().join("meta/bases/bookworm"));
    let report = repository.fsck(FsckMode::Check).unwrap();
    let lost: Vec<_> = report.findings.iter().filter(|it| matches!(it.fault, Fault::Lost { .. })).collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(lost[0].path, "bases/bookworm/0000000002.json");
}

#[test]
fn a_file_that_is_longer_than_any_of_its_kind_is_named_and_not_read() {
    let files = [
        "gachette.json",
        "domain/default/stacks/124/revisions/0000000002.json",
        "packages/dh-web/version/1.0/all.json",
    ];
    for file in files {
        let folder = tempfile::tempdir().unwrap();
        let repository = repository(folder.path());
        let web = package(&repository, "dh-web", "1.0");
        add(&repository, "124", &[web]);
        let meta = folder.path().join("meta");
        // A terabyte, of which the disk holds nothing.
        File::options().write(true).open(meta.join(file)).unwrap().set_len(1 << 40).unwrap();
        let refused = match file {
            "gachette.json" => Repository::open(&meta, None).unwrap_err(),
            _ if file.starts_with("packages") => {
                repository.records(&"dh-web".parse().unwrap(), &"1.0".parse().unwrap()).unwrap_err()
            }
            _ => repository.seal_stack(&stack("124"), &by()).unwrap_err(),
        };
        assert!(
            refused.to_string().starts_with(&format!("{file} is damaged: it is longer than")),
            "{refused}"
        );
        let report = repository.fsck(FsckMode::Check).unwrap();
        assert!(file == "gachette.json" || !report.is_clean(), "{file}");
    }
}

#[test]
fn a_record_that_names_the_file_of_another_package_takes_it_not_along_when_it_is_collected() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let alpha = package(&repository, "alpha", "1.0");
    add(&repository, "124", std::slice::from_ref(&alpha));
    package(&repository, "old", "1.0");
    let packages = folder.path().join("meta/packages");
    // With the hash of that file, and with one of none.
    for (name, sha256) in [("zeta", alpha.sha256), ("eta", Sha256Digest::of(b"nothing"))] {
        let name = name.parse().unwrap();
        let forged = gachette_core::stack::PackageRecord { name, sha256, record: None, ..alpha.clone() };
        let place = packages.join(format!("{}/version/1.0", forged.name));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("all.json"), forged.to_bytes().unwrap()).unwrap();
    }
    let report = collect(&repository, 30);
    let mut collected = gone(&report);
    collected.sort();
    assert_eq!(collected, ["eta 1.0", "old 1.0", "zeta 1.0"]);
    let files: Vec<_> =
        report.packages.iter().flat_map(|package| &package.files).map(|it| &it.file).collect();
    assert_eq!(files, ["old-1.0-all.deb"], "only what is the package that its record is of");
    assert_eq!(names(repository.debs()), [alpha.file]);
}

/// What comes of an action that must not wait for anything.
fn soon<T: Send + 'static>(action: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, waited) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(action()));
    waited.recv_timeout(std::time::Duration::from_secs(60)).expect("it has no end")
}

#[test]
fn empty_revisions_at_high_numbers_keep_nobody_counting() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    add(&repository, "124", &[package(&repository, "dh-web", "1.0")]);
    publish(&repository, "124");
    let ledger = folder.path().join("meta/domain/default/stacks/124/revisions");
    for power in 1..=33 {
        drop(
            File::options()
                .append(true)
                .create(true)
                .open(ledger.join(format!("{:010}.json", (1_u64 << power) - 1))),
        );
    }
    let report = soon(move || repository.fsck(FsckMode::Check).unwrap());
    let told = |path: &str| report.findings.iter().any(|found| found.path.ends_with(path));
    assert!(told("revisions/8589934591.json"), "{:?}", report.findings);
    assert!(!report.findings.iter().any(|found| found.path.starts_with("index-parts")));
}

#[test]
fn a_pipe_in_place_of_the_package_files_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let web = package(&repository, "dh-web", "1.0");
    add(&repository, "124", std::slice::from_ref(&web));
    let debs = repository.debs().to_owned();
    fs::rename(&debs, folder.path().join("away")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&debs).status().unwrap().success());
    let again = repository.clone();
    let publish = move || {
        let (subject, settings) = (PublishSubject::Stack("124".parse().unwrap()), SuiteSettings::default());
        again.publish(&PublishRequest { subject, settings, signers: None, looked_for: None }).map(drop)
    };
    let refused = soon(publish).unwrap_err().to_string();
    assert!(refused.contains("debs") && refused.contains("Not a directory"), "{refused}");
    let many: Vec<_> = (0..9)
        .map(|_| gachette::repository::ToRegister {
            file: web.file.clone().into(),
            expected: None,
            provenance: Default::default(),
        })
        .collect();
    soon(move || repository.register_all(&many)).unwrap_err();
}
