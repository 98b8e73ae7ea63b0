//! What was done with all stacks and channels, read together.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use gachette::repository::{ChannelWish, Repository, RepositoryLog};
use gachette_core::channel::ChannelPolicy;
use gachette_core::log::LogRequest;
use gachette_core::stack::{Attribution, By, Entry, Head, Next};

use super::{record, repository, stack};

/// By whom and when, as the ledger's writer would have it at that time.
fn at(author: &str, time: &str) -> Attribution {
    By::new(author).at(time.parse().unwrap(), "w".to_owned())
}

/// Writes the next revision of a stack as it was written at another time.
fn write(folder: &Path, next: Next) -> Entry {
    let Next::Revision(revision) = next else { panic!("nothing came") };
    let bytes = revision.to_bytes().unwrap();
    let ledger =
        folder.join(format!("meta/domain/{}/stacks/{}", revision.stack.domain(), revision.stack.name()));
    fs::create_dir_all(ledger.join("revisions")).unwrap();
    fs::write(ledger.join(format!("revisions/{:010}.json", revision.number)), &bytes).unwrap();
    Entry::of(*revision, &bytes)
}

/// Two stacks and a channel, of three authors, in four months.
fn autumn(folder: &Path) -> Repository {
    let repository = repository(folder);
    let create = |name: &str, by| write(folder, Next::create(None, &stack(name), None, by).unwrap());
    let old = create("shop/1", at("ada@one", "2026-08-31T23:59:59.9Z"));
    let new = create("2", at("ada@two", "2026-10-01T00:00:00Z"));
    let old = write(folder, old.seal(at("bob", "2026-10-31T23:59:59.9Z")).unwrap());
    write(folder, old.delete(at("ada@one", "2026-11-01T00:00:00Z")).unwrap());
    write(folder, new.seal(at("eve", "2026-10-07T12:00:00Z")).unwrap());
    repository
}

/// The ledgers and numbers of the entries.
fn told(log: &RepositoryLog) -> Vec<String> {
    log.entries.iter().map(|entry| format!("{}@{}", entry.ledger, entry.number)).collect()
}

fn reasons(log: &RepositoryLog) -> Vec<String> {
    log.damaged.iter().map(|damaged| format!("{}: {}", damaged.ledger, damaged.reason)).collect()
}

#[test]
fn entries_are_told_by_domain_author_and_time_and_so_many() {
    let folder = tempfile::tempdir().unwrap();
    let repository = autumn(folder.path());
    let all = LogRequest::default;
    let all_told =
        ["stack shop/1@3", "stack shop/1@2", "stack default/2@2", "stack default/2@1", "stack shop/1@1"];
    let domain = |domain: &str| Some(domain.parse().unwrap());
    let when = |when: &str| Some(when.parse().unwrap());
    let october = LogRequest { since: when("2026-10-01"), until: when("2026-10-31"), ..all() };
    for (request, expected, cut) in [
        (all(), &all_told[..], false),
        (LogRequest { limit: Some(5), ..all() }, &all_told, false),
        (LogRequest { limit: Some(2), ..all() }, &all_told[..2], true),
        (LogRequest { limit: Some(0), ..all() }, &[], true),
        (LogRequest { domain: domain("default"), ..all() }, &all_told[2..4], false),
        (LogRequest { domain: domain("nowhere"), ..all() }, &[], false),
        (LogRequest { by: Some("bob@anywhere".to_owned()), ..all() }, &all_told[1..2], false),
        (
            LogRequest { by: Some("ada".to_owned()), ..all() },
            &["stack shop/1@3", "stack default/2@1", "stack shop/1@1"],
            false,
        ),
        (october.clone(), &all_told[1..4], false),
        (LogRequest { by: Some("ada".to_owned()), ..october.clone() }, &all_told[3..4], false),
        (LogRequest { limit: Some(1), ..october }, &all_told[1..2], true),
        (LogRequest { since: when("2026-10-07T12:00:00Z"), ..all() }, &all_told[..3], false),
        (LogRequest { until: when("2026-10-07T12:00:00Z"), ..all() }, &all_told[2..], false),
    ] {
        let log = repository.log(&request).unwrap();
        assert_eq!(
            (told(&log), log.cut),
            (expected.iter().map(ToString::to_string).collect(), cut),
            "{request:?}"
        );
        assert!(log.damaged.is_empty(), "{:?}", log.damaged);
    }
}

#[test]
fn a_channel_is_told_with_the_stacks_and_an_entry_names_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let (by, live, policy) = (By::new("ada"), stack("live").into(), ChannelPolicy::default());
    repository.create_stack(&stack("1"), None, &by).unwrap();
    let sealed = Head::from(&repository.seal_stack(&stack("1"), &by).unwrap().entry);
    repository.change_channel(&live, &ChannelWish::Promote(&sealed), &policy, &by).unwrap();
    let hold = by.clone().because("full");
    repository.change_channel(&live, &ChannelWish::Hold, &policy, &hold).unwrap();
    let log = repository.log(&LogRequest::default()).unwrap();
    let expected =
        ["channel default/live@2", "channel default/live@1", "stack default/1@2", "stack default/1@1"];
    assert_eq!(told(&log), expected);
    for pair in [[0, 1], [2, 3]] {
        let [after, before] = pair.map(|at| &log.entries[at]);
        assert_eq!((after.previous, before.previous), (Some(before.hash), None));
    }
    assert_eq!((log.entries[0].reason.as_str(), log.entries[2].hash), ("full", sealed.hash));
}

#[test]
fn with_a_limit_ledgers_that_are_older_are_not_read_to_their_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let repository = autumn(folder.path());
    // Whether this was read is seen by whether it is told.
    let first = folder.path().join("meta/domain/default/stacks/2/revisions/0000000001.json");
    fs::write(first, "").unwrap();
    let log = |limit| repository.log(&LogRequest { limit, ..LogRequest::default() }).unwrap();
    assert_eq!((told(&log(Some(1))), reasons(&log(Some(1)))), (vec!["stack shop/1@3".to_owned()], vec![]));
    assert_eq!((log(None).entries.len(), log(None).damaged.len()), (4, 1));
}

#[test]
fn what_a_wrong_clock_wrote_hides_nothing_of_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let first = Next::create(None, &stack("1"), None, at("ada", "2026-10-05T00:00:00Z")).unwrap();
    let first = write(folder.path(), first);
    let second = write(
        folder.path(),
        first.add([record("dh-web", "1").stacked()], at("ada", "1970-01-01T00:00:00Z")).unwrap(),
    );
    write(folder.path(), second.seal(at("ada", "2026-10-06T00:00:00Z")).unwrap());
    let october = LogRequest { since: Some("2026-10-01".parse().unwrap()), ..LogRequest::default() };
    let log = repository.log(&october).unwrap();
    assert_eq!(told(&log), ["stack default/1@3", "stack default/1@1"]);
}

/// A held channel and stacks of three revisions each, most of them damaged in the way that their names say.
fn damaged(folder: &Path) -> Repository {
    let repository = repository(folder);
    let (by, live, policy) = (By::new("ada"), stack("live").into(), ChannelPolicy::default());
    for name in ["edited", "ended", "forged", "linked", "lost", "sound", "torn"] {
        repository.create_stack(&stack(name), None, &by).unwrap();
        repository.add_to_stack(&stack(name), &[record("dh-web", "1.0")], &by).unwrap();
        repository.seal_stack(&stack(name), &by).unwrap();
    }
    repository.change_channel(&live, &ChannelWish::Hold, &policy, &by.because("full")).unwrap();
    let place = |name: &str| folder.join(format!("meta/domain/default/stacks/{name}/revisions"));
    let revision = |name: &str, number: u64| place(name).join(format!("{number:010}.json"));
    let text = fs::read_to_string(revision("edited", 2)).unwrap();
    fs::write(revision("edited", 2), text.replace("\"author\": \"ada\"", "\"author\": \"eve\"")).unwrap();
    fs::remove_file(revision("ended", 3)).unwrap();
    fs::copy(revision("sound", 1), revision("forged", 9_999_999_999)).unwrap();
    fs::rename(place("linked"), folder.join("elsewhere")).unwrap();
    symlink(folder.join("elsewhere"), place("linked")).unwrap();
    fs::remove_file(revision("lost", 1)).unwrap();
    fs::remove_file(revision("lost", 2)).unwrap();
    fs::write(revision("torn", 3), "{").unwrap();
    fs::write(folder.join("meta/domain/default/channels/live/0000000001.json"), "").unwrap();
    repository
}

#[test]
fn a_damaged_ledger_is_named_and_hides_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let log = damaged(folder.path()).log(&LogRequest::default()).unwrap();
    let mut all = told(&log);
    all.sort();
    let of = |name: &str, numbers: &[u64]| -> Vec<String> {
        numbers.iter().map(|number| format!("stack default/{name}@{number}")).collect()
    };
    let expected = [
        of("edited", &[1, 2, 3]),
        of("ended", &[1, 2]),
        of("forged", &[1, 2, 3]),
        of("lost", &[3]),
        of("sound", &[1, 2, 3]),
        of("torn", &[1, 2]),
    ];
    assert_eq!(all, expected.concat());
    let mut reasons = reasons(&log);
    reasons.sort();
    let expected = [
        ("channel default/live: ", "channels/live/0000000001.json is damaged: "),
        (
            "stack default/edited: ",
            "edited/revisions/0000000003.json is damaged: it names another entry before it",
        ),
        ("stack default/ended: ", "ended/revisions/0000000003.json is damaged: the file is lost"),
        (
            "stack default/forged: ",
            "0000000004.json is damaged: the file is lost, and 9999999994 more after it",
        ),
        ("stack default/forged: ", "9999999999.json is damaged: it is of another place"),
        ("stack default/linked: ", "symbolic link"),
        ("stack default/lost: ", "0000000001.json is damaged: the file is lost, and 1 more after it"),
        ("stack default/torn: ", "torn/revisions/0000000003.json is damaged: "),
    ];
    assert_eq!(reasons.len(), expected.len(), "{reasons:#?}");
    for (reason, (ledger, what)) in reasons.iter().zip(expected) {
        assert!(reason.starts_with(ledger) && reason.contains(what), "{reason}");
    }
}

#[test]
fn of_one_ledger_no_more_faults_are_told_than_somebody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let repository = autumn(folder.path());
    for number in 3..153 {
        let name = format!("meta/domain/default/stacks/2/revisions/{number:010}.json");
        fs::write(folder.path().join(name), "").unwrap();
    }
    let log = repository.log(&LogRequest::default()).unwrap();
    assert_eq!((log.entries.len(), log.damaged.len()), (5, 100));
}
