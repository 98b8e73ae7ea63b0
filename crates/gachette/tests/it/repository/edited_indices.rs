//! Who can write into a repository and has no key: what he edits of indices comes under nobody's signature.

use std::fs;
use std::path::Path;
use std::process::Command;

use gachette::config::Config;
use gachette::operation::{LinkKind, Trusted, verify};
use gachette::repository::{
    ChannelWish, Fault, Finding, FsckMode, PublishRequest, PublishSubject, Repository, SuiteSettings,
};
use gachette::signing::{Gpg, KeyFolder, PassphraseSource, Signers, SigningConfig};
use gachette_core::Sha256Digest;
use gachette_core::apt::Suite;
use gachette_core::channel::ChannelPolicy;
use gachette_core::stack::Head;
use jiff::Timestamp;
use serde_json::Value;

use super::publish::{NAME, add, files, is_whole, publish, stocked, suite};
use super::{by, memory_folder, reference, stack};

/// What a suite is known to show.
pub(super) const STATE: &str = "domain/shop/suites/124.json";

/// Replaces bytes in the kept parts by as many others, as somebody does who knows their form.
fn edit_parts(repository: &Repository, from: &str, to: &str) -> Vec<String> {
    assert_eq!(from.len(), to.len());
    let parts = repository.meta().unwrap().join("index-parts");
    let mut edited = Vec::new();
    for (path, mut bytes) in files(&parts) {
        let Some(at) = bytes.windows(from.len()).position(|found| found == from.as_bytes()) else { continue };
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        let sum = crc32fast::hash(&bytes[12..]).to_le_bytes();
        bytes[8..12].copy_from_slice(&sum);
        fs::write(parts.join(&path), bytes).unwrap();
        edited.push(format!("index-parts/{}", path.display()));
    }
    edited.sort();
    edited
}

#[test]
fn a_kept_part_that_somebody_edited_brings_no_other_file_under_our_signature() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 20);
    publish(&repository);
    let good = fs::read(suite(&repository).join("Release")).unwrap();
    let index = fs::read_to_string(suite(&repository).join("main/binary-all/Packages")).unwrap();
    let sha256 = index.lines().find_map(|line| line.strip_prefix("SHA256: ")).unwrap().to_owned();
    for (from, to) in [
        (sha256.as_str(), Sha256Digest::of(b"a hostile package").to_string().as_str()),
        ("Version: 1", "Version: 2"),
        ("\nArchitecture: ", "\n\nrchitecture: "),
    ] {
        assert!(!edit_parts(&repository, from, to).is_empty());
        fs::remove_dir_all(suite(&repository)).unwrap();
        publish(&repository);
        assert_eq!(fs::read(suite(&repository).join("Release")).unwrap(), good);
    }
}

#[test]
fn fsck_names_and_mends_kept_parts_that_are_not_what_the_records_say() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 20);
    publish(&repository);
    assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
    let edited = edit_parts(&repository, "\nMaintainer: ", "\nMaintained: ");
    let found = repository.fsck(FsckMode::Repair).unwrap();
    let mended = |finding: &Finding| finding.fault == Fault::Stale && finding.mended;
    assert!(found.findings.iter().all(mended), "{found:?}");
    let mut paths: Vec<&str> = found.findings.iter().map(|finding| finding.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, edited);
    assert_eq!(repository.fsck(FsckMode::Check).unwrap().findings, []);
    fs::remove_dir_all(suite(&repository)).unwrap();
    publish(&repository);
    is_whole(&suite(&repository));
}

#[test]
fn a_kept_part_that_is_too_long_is_in_nobodys_way() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 20);
    publish(&repository);
    let parts = repository.meta().unwrap().join("index-parts");
    let lengthen = || {
        for path in files(&parts).into_keys() {
            fs::File::options().write(true).open(parts.join(path)).unwrap().set_len(1 << 27).unwrap();
        }
    };
    lengthen();
    let findings = repository.fsck(FsckMode::Repair).unwrap().findings;
    assert!(!findings.is_empty() && findings.iter().all(|finding| finding.mended), "{findings:?}");
    assert!(repository.fsck(FsckMode::Check).unwrap().is_clean());
    for _ in 0..2 {
        fs::remove_dir_all(suite(&repository)).unwrap();
        assert!(publish(&repository).parts_made > 0);
        is_whole(&suite(&repository));
        lengthen();
    }
}

/// Somebody who signs with a key of his own.
pub(super) fn signers(folder: &Path) -> Signers {
    let (folder, passphrase) = (KeyFolder::new(folder.join("keys"), Vec::new()), PassphraseSource::default());
    let email = Some("archive@example.org");
    folder.generate(&"archive".parse().unwrap(), email, None, &passphrase, Timestamp::now()).unwrap();
    let keys = vec!["archive".parse().unwrap()];
    Signers::open(&SigningConfig { keys, folder, passphrase, gpg: Gpg::new() }).unwrap()
}

fn publish_signed(repository: &Repository, subject: PublishSubject, signers: &Signers) {
    let request = PublishRequest {
        subject,
        settings: SuiteSettings::default(),
        signers: Some(signers),
        looked_for: None,
    };
    assert!(repository.publish(&request).unwrap().changed);
}

/// Puts the suite of another repository in the place of one, as what the stack there holds now.
fn pass_off(theirs: &Path, ours: &Path) {
    let read =
        |meta: &Path| -> Value { serde_json::from_slice(&fs::read(meta.join(STATE)).unwrap()).unwrap() };
    let (mut state, right) = (read(theirs), read(ours));
    for field in ["revision", "hash", "sealed", "packages", "content", "settings"] {
        state[field] = right[field].clone();
    }
    fs::write(ours.join(STATE), state.to_string()).unwrap();
    fs::remove_dir_all(ours.join("dists").join(NAME)).unwrap();
    let copied = Command::new("cp").arg("-a").args([theirs.join("dists"), ours.to_owned()]).status().unwrap();
    assert!(copied.success());
}

#[test]
fn a_channel_takes_over_no_index_that_its_keys_did_not_sign_for_these_packages() {
    let (folder, other) = (memory_folder(), memory_folder());
    let signers = signers(folder.path());
    let repository = stocked(folder.path(), 20);
    let meta = repository.meta().unwrap();
    publish_signed(&repository, PublishSubject::Stack(reference(NAME)), &signers);
    // What the keys signed once.
    let before = other.path().join("before");
    let copied = Command::new("cp").arg("-a").args([meta.to_owned(), before.clone()]).status().unwrap();
    assert!(copied.success());
    add(&repository, "another");
    // What they never did.
    let hostile = stocked(other.path(), 3);
    publish(&hostile);

    let sealed = Head::from(&repository.seal_stack(&stack(NAME), &by()).unwrap().entry);
    publish_signed(&repository, PublishSubject::Stack(reference(NAME)), &signers);
    let index =
        |suite: &str| fs::read(meta.join("dists").join(suite).join("main/binary-all/Packages")).unwrap();
    let good = index(NAME);
    for (number, theirs) in [before.as_path(), hostile.meta().unwrap()].into_iter().enumerate() {
        pass_off(theirs, meta);
        assert_ne!(index(NAME), good);
        let name = format!("shop/live{number}");
        let channel = Suite::from(stack(&name));
        let promote = ChannelWish::Promote(&sealed);
        repository.change_channel(&channel, &promote, &ChannelPolicy::default(), &by()).unwrap();
        publish_signed(&repository, PublishSubject::Channel(channel), &signers);
        assert_eq!(index(&name), good);
        let in_release = fs::read(meta.join("dists").join(&name).join("InRelease")).unwrap();
        assert!(in_release.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----"));
        is_whole(&meta.join("dists").join(&name));
    }
}

/// A configuration that signs with that key, where the repository of [`stocked`] lies.
pub(super) fn config(folder: &Path) -> Config {
    let text = "meta_path: meta\nsigning: {keys: [archive], folder: keys}\n";
    Config::parse(text, &folder.join("gachette.yml")).unwrap().config
}

/// The links of the chain that do not hold.
fn faulty(config: &Config) -> Vec<LinkKind> {
    let verified = verify(config, &Suite::from(stack(NAME)), &Trusted::Configured).unwrap();
    verified.links.iter().filter(|link| !link.faults.is_empty()).map(|link| link.link).collect()
}

#[test]
fn verify_tells_when_keys_signed_other_fields_than_the_records_say() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    let (repository, config) = (stocked(folder.path(), 20), config(folder.path()));
    publish_signed(&repository, PublishSubject::Stack(reference(NAME)), &signers);
    assert_eq!(faulty(&config), []);
    // A record that has other fields than when the suite was signed.
    let packages = repository.meta().unwrap().join("packages");
    let record = files(&packages).into_keys().find(|path| path.ends_with("all.json")).unwrap();
    let record = packages.join(record);
    let good = fs::read(&record).unwrap();
    let mut edited: Value = serde_json::from_slice(&good).unwrap();
    edited["control"]["Depends"] = "other".into();
    edited.as_object_mut().unwrap().remove("record");
    fs::write(&record, edited.to_string()).unwrap();
    assert_eq!(faulty(&config), [LinkKind::Records]);
    fs::write(&record, good).unwrap();
    assert_eq!(faulty(&config), []);
}

#[test]
fn kept_parts_are_believed_by_who_kept_them_and_looked_through_by_others() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    let (unmarked, config) = (stocked(folder.path(), 20), config(folder.path()));
    let repository = config.repository().unwrap();
    let again = |repository: &Repository| {
        fs::remove_dir_all(suite(repository)).unwrap();
        let request = PublishRequest {
            subject: PublishSubject::Stack(reference(NAME)),
            settings: SuiteSettings::default(),
            signers: Some(&signers),
            looked_for: None,
        };
        repository.publish(&request).unwrap()
    };
    publish(&unmarked);
    let release = fs::read(suite(&repository).join("Release")).unwrap();
    let parts = repository.meta().unwrap().join("index-parts");
    let without_mark = files(&parts);
    assert_eq!(again(&repository).parts_made, 0, "what others kept is right");
    let marked = files(&parts);
    assert!(
        marked.iter().all(|(path, bytes)| bytes.starts_with(&without_mark[path]) && bytes.ends_with(b"\n"))
    );
    assert_eq!(again(&repository).parts_made, 0);
    assert_eq!(files(&parts), marked);
    // Every form but the plain one, by somebody who has no secret: of a part that is packed otherwise.
    for path in marked.keys() {
        let (theirs, other) = (&without_mark[path], without_mark.keys().find(|other| *other != path));
        fs::write(parts.join(path), other.map_or(theirs, |other| &without_mark[other])).unwrap();
    }
    assert!(again(&repository).parts_made > 0);
    assert_eq!(fs::read(suite(&repository).join("Release")).unwrap(), release);
    assert_eq!(files(&parts), marked);
    assert_eq!(faulty(&config), []);
}

#[test]
fn a_suite_that_was_put_back_is_published_again_and_none_is_signed_for_its_state_alone() {
    let (folder, other) = (memory_folder(), memory_folder());
    let signers = signers(folder.path());
    let repository = stocked(folder.path(), 20);
    let meta = repository.meta().unwrap();
    let subject = || PublishSubject::Stack(reference(NAME));
    publish_signed(&repository, subject(), &signers);
    let before = other.path().join("before");
    let copied = Command::new("cp").arg("-a").args([meta.to_owned(), before.clone()]).status().unwrap();
    assert!(copied.success());
    add(&repository, "another");
    publish_signed(&repository, subject(), &signers);
    let index = || fs::read(suite(&repository).join("main/binary-all/Packages")).unwrap();
    let good = index();
    pass_off(&before, meta);
    assert_ne!(index(), good);
    let findings = repository.fsck(FsckMode::Check).unwrap().findings;
    assert!(findings.iter().any(|finding| finding.path == "dists/shop/124"), "{findings:?}");
    publish_signed(&repository, subject(), &signers);
    assert_eq!(index(), good);
    // An older revision, which the state says was published last.
    let as_it_is = |suite: &str| {
        let request = PublishRequest {
            subject: PublishSubject::AsItIs(Suite::from(stack(suite))),
            settings: SuiteSettings { origin: Some("another".to_owned()), ..SuiteSettings::default() },
            signers: Some(&signers),
            looked_for: None,
        };
        repository.publish(&request).map_err(|error| error.to_string())
    };
    let right = fs::read(meta.join(STATE)).unwrap();
    let mut state: Value = serde_json::from_slice(&right).unwrap();
    let old: Value = serde_json::from_slice(&fs::read(before.join(STATE)).unwrap()).unwrap();
    for field in ["revision", "hash"] {
        state[field] = old[field].clone();
    }
    fs::write(meta.join(STATE), state.to_string()).unwrap();
    assert!(as_it_is(NAME).unwrap_err().ends_with("publish it by its name"));
    fs::write(meta.join(STATE), right).unwrap();
    assert!(as_it_is(NAME).unwrap().changed);
}

#[test]
fn verify_tells_of_a_suite_that_lies_in_the_place_of_another() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    let (repository, config) = (stocked(folder.path(), 3), config(folder.path()));
    let sealed = Head::from(&repository.seal_stack(&stack(NAME), &by()).unwrap().entry);
    publish_signed(&repository, PublishSubject::Stack(reference(NAME)), &signers);
    let channel = Suite::from(stack("shop/live"));
    repository
        .change_channel(&channel, &ChannelWish::Promote(&sealed), &ChannelPolicy::default(), &by())
        .unwrap();
    publish_signed(&repository, PublishSubject::Channel(channel), &signers);
    let dists = repository.meta().unwrap().join("dists/shop");
    fs::remove_dir_all(dists.join("124")).unwrap();
    let copied = Command::new("cp").arg("-a").args([dists.join("live"), dists.join("124")]).status().unwrap();
    assert!(copied.success());
    assert!(faulty(&config).contains(&LinkKind::State), "{:?}", faulty(&config));
}
