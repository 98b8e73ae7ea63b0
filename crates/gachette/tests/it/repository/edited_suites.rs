//! Who can write into a repository and has no key edits what is known of a suite, or its files: nobody believes it, or pays for it.

use std::fs::{self, File};
use std::path::Path;

use gachette::Cancel;
use gachette::operation::{LinkKind, Trusted, verify};
use gachette::repository::{
    FsckMode, PublishRequest, PublishSubject, PublishedSuite, Repository, SuiteSettings,
};
use gachette::signing::Signers;
use gachette_core::apt::{Release, Suite};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::edited_indices::{STATE, config, signers};
use super::publish::{NAME, add, files, is_whole, stocked, suite};
use super::{by, memory_folder, reference, stack};

fn publish_for(repository: &Repository, signers: &Signers, days: i64) -> PublishedSuite {
    let valid_for = Some(SignedDuration::from_hours(24 * days));
    let request = PublishRequest {
        subject: PublishSubject::Stack(reference(NAME)),
        settings: SuiteSettings { valid_for, ..SuiteSettings::default() },
        signers: Some(signers),
        looked_for: None,
    };
    repository.publish(&request).unwrap()
}

#[test]
fn a_suite_is_left_as_it_is_only_when_what_is_known_of_it_is_what_its_release_file_says() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    drop(stocked(folder.path(), 3));
    let repository = config(folder.path()).repository().unwrap();
    let file = repository.meta().unwrap().join(STATE);
    let state = || -> Value {
        let kept = fs::read_to_string(&file).unwrap();
        serde_json::from_str(kept.split("\nmark ").next().unwrap()).unwrap()
    };
    assert!(publish_for(&repository, &signers, 20).changed);
    // A newer revision of the same, so that the state is written again without the suite.
    let revise = |number: usize| {
        add(&repository, &format!("more-{number}"));
        repository.rollback_stack(&stack(NAME), 2, &by()).unwrap();
    };
    for (number, (field, value)) in [
        ("valid_until", Value::Null),
        ("valid_until", json!("2040-01-01T00:00:00Z")),
        ("date", json!("2020-01-01T00:00:00Z")),
        ("signed", json!(false)),
    ]
    .into_iter()
    .enumerate()
    {
        revise(number);
        let mut edited = state();
        assert_ne!(edited[field], value);
        edited[field] = value;
        fs::write(&file, edited.to_string()).unwrap();
        assert!(publish_for(&repository, &signers, 20).changed, "{field}");
        let (state, text) = (state(), fs::read_to_string(suite(&repository).join("Release")).unwrap());
        let until = Release::valid_until_of(&text).unwrap();
        let known: Timestamp = state["valid_until"].as_str().unwrap().parse().unwrap();
        assert_eq!(known.as_second(), until.as_second(), "{field}");
        assert_eq!(state["signed"], true);
    }
    // What the Release file does not say is dropped.
    revise(9);
    let mut edited = state();
    edited["retired"] = json!({"main/binary-all/by-hash/SHA256/x": "2040-01-01T00:00:00Z"});
    fs::write(&file, edited.to_string()).unwrap();
    assert!(!publish_for(&repository, &signers, 20).changed);
    assert_eq!(state()["retired"], json!({}));
    is_whole(&suite(&repository));
}

/// A suite's Release file with a date of so many hours from now.
fn dated(release: &Path, hours: i64) -> (String, Timestamp) {
    let text = fs::read_to_string(release).unwrap();
    let date = Timestamp::now() + SignedDuration::from_hours(hours);
    let line = |line: &str| match line.starts_with("Date: ") {
        true => date.strftime("Date: %a, %d %b %Y %H:%M:%S UTC\n").to_string(),
        false => format!("{line}\n"),
    };
    (text.lines().map(line).collect(), date)
}

#[test]
fn a_date_to_come_is_signed_again_only_when_we_gave_it() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    drop(stocked(folder.path(), 3));
    let repository = config(folder.path()).repository().unwrap();
    let release = suite(&repository).join("Release");
    let state = repository.meta().unwrap().join(STATE);
    let publish = || {
        let published = publish_for(&repository, &signers, 20);
        let text = fs::read_to_string(&release).unwrap();
        assert_eq!(
            Release::date_of(&text).map(Timestamp::as_second),
            published.date.map(Timestamp::as_second)
        );
        published
    };
    let first = publish().date.unwrap();
    for number in 0..3 {
        // What is shown is new, so the date of before decides.
        add(&repository, &format!("more-{number}"));
        let (text, _) = dated(&release, 20);
        fs::write(&release, text).unwrap();
        if number > 0 {
            let kept = fs::read_to_string(&state).unwrap();
            let mut edited: Value = serde_json::from_str(kept.split("\nmark ").next().unwrap()).unwrap();
            edited["date"] = json!(Timestamp::now() + SignedDuration::from_hours(20));
            fs::write(&state, edited.to_string()).unwrap();
        }
        let published = publish();
        let date = published.date.unwrap();
        assert!(published.changed && date >= first && date <= Timestamp::now(), "{published:?}");
    }
    // One that our clock gave stays, since machines have it: by the signature, and by the mark.
    let (text, date) = dated(&release, 20);
    let signed = signers.sign(text.as_bytes(), Timestamp::now(), &Cancel::new()).unwrap();
    fs::write(&release, text).unwrap();
    fs::write(release.with_file_name("InRelease"), signed.in_release).unwrap();
    fs::write(release.with_file_name("Release.gpg"), signed.release_gpg).unwrap();
    add(&repository, "last");
    assert_eq!(publish().date.unwrap().as_second(), date.as_second());
    add(&repository, "very-last");
    for name in ["Release", "InRelease", "Release.gpg"] {
        fs::remove_file(release.with_file_name(name)).unwrap();
    }
    assert_eq!(publish().date.unwrap().as_second(), date.as_second());
}

#[test]
fn files_of_nothing_but_a_length_cost_who_looks_at_a_suite_nothing() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    let (repository, config) = (stocked(folder.path(), 3), config(folder.path()));
    publish_for(&repository, &signers, 20);
    let (suite, length, digest) = (suite(&repository), 1_u64 << 40, "0".repeat(64));
    File::create(suite.join("main/x")).unwrap().set_len(length).unwrap();
    let release = fs::read_to_string(suite.join("Release")).unwrap();
    fs::write(suite.join("Release"), format!("{release} {digest} {length} main/x\n")).unwrap();
    fs::remove_file(suite.join("InRelease")).unwrap();
    let verified = verify(&config, &Suite::from(stack(NAME)), &Trusted::Configured).unwrap();
    let indices = verified.links.iter().find(|link| link.link == LinkKind::Indices).unwrap();
    assert!(indices.faults.iter().any(|fault| fault.starts_with("main/x: it is longer than")), "{indices:?}");
    let file = repository.meta().unwrap().join(STATE);
    let mut state: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    state["indices"]["main/x"] = json!({"size": length, "sha256": digest});
    fs::write(&file, state.to_string()).unwrap();
    let report = repository.fsck(FsckMode::Check).unwrap();
    assert!(report.findings.iter().any(|found| found.path.ends_with("main/x")), "{:?}", report.findings);
}

#[test]
fn what_somebody_else_compressed_is_not_signed_although_it_unpacks_to_the_same() {
    let folder = memory_folder();
    let signers = signers(folder.path());
    drop(stocked(folder.path(), 20));
    let repository = config(folder.path()).repository().unwrap();
    publish_for(&repository, &signers, 20);
    let gzip = || fs::read(suite(&repository).join("main/binary-all/Packages.gz")).unwrap();
    let good = gzip();
    let parts = repository.meta().unwrap().join("index-parts");
    for (path, bytes) in files(&parts) {
        fs::write(parts.join(path), compressed_otherwise(&bytes)).unwrap();
    }
    fs::remove_dir_all(suite(&repository)).unwrap();
    assert!(publish_for(&repository, &signers, 20).parts_made > 0);
    assert_eq!(gzip(), good);
    is_whole(&suite(&repository));
}

/// A kept part without its mark, whose gzip form is not compressed at all.
fn compressed_otherwise(kept: &[u8]) -> Vec<u8> {
    let number = |at: usize| u32::from_le_bytes(kept[at..at + 4].try_into().unwrap()) as usize;
    // After a word, a sum and four lengths come two numbers, and then the forms.
    let lengths: Vec<usize> = (0..4).map(|form| number(12 + 4 * form)).collect();
    let mut forms = Vec::new();
    let mut at = 12 + 16 + 16;
    for length in &lengths {
        forms.push(kept[at..at + length].to_vec());
        at += length;
    }
    let mut encoder = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut encoder, &forms[0]).unwrap();
    forms[1] = encoder.finish().unwrap();
    let mut rest: Vec<u8> = forms.iter().flat_map(|form| (form.len() as u32).to_le_bytes()).collect();
    rest.extend_from_slice(&kept[28..44]);
    rest.extend(forms.concat());
    [&kept[..8], &crc32fast::hash(&rest).to_le_bytes(), &rest].concat()
}
