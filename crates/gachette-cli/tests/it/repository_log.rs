//! `gachette repository log`: who did what, with all stacks and channels.

use gachette_core::Sha256Digest;
use serde_json::Value;

use crate::hosts::Hosts;
use crate::playground::{Playground, Said};

/// Runs the program as somebody else than ada.
fn as_user(playground: &Playground, user: &str, line: &str) -> Said {
    let words: Vec<&str> = line.split_whitespace().collect();
    let said = playground.said(&words, playground.command(&words).env("LOGNAME", user).output().unwrap());
    assert_eq!(said.code, 0, "{user}: gachette {line}\n{}{}", said.stdout, said.stderr);
    said
}

/// What two people did with three stacks and two channels.
fn played() -> Playground {
    let playground = Playground::new();
    for (user, line) in [
        ("ada", "stack create shop/7"),
        ("ada", "stack create 124 -m because"),
        ("eve", "stack seal 124 -m done"),
        ("eve", "promote 124 --to live --unsigned"),
        ("ada", "promote --to live --hold full"),
        ("ada", "promote --to live --release"),
        ("eve", "promote 124 --to next --approve"),
        ("ada", "stack create 125 --from 124"),
        ("eve", "stack delete 125 --yes -m old"),
    ] {
        as_user(&playground, user, line);
    }
    playground
}

/// Who did what with which, newest first.
const DONE: [(&str, &str, &str); 9] = [
    ("eve", "stack default/125@2", "deleted"),
    ("ada", "stack default/125@1", "copied from default/124@2"),
    ("eve", "channel default/next", "approved default/124@2"),
    ("ada", "channel default/live", "released"),
    ("ada", "channel default/live", "held"),
    ("eve", "channel default/live", "moved to default/124@2"),
    ("eve", "stack default/124@2", "sealed"),
    ("ada", "stack default/124@1", "created"),
    ("ada", "stack shop/7@1", "created"),
];

/// Whether a table is of these, in this order.
fn assert_told<'a>(table: &str, done: impl IntoIterator<Item = &'a (&'a str, &'a str, &'a str)>) {
    let done: Vec<_> = done.into_iter().collect();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), done.len() + usize::from(!done.is_empty()), "{table}");
    for (row, (user, what, change)) in rows.iter().skip(1).zip(done) {
        let parts: Vec<&str> = row.split("  ").map(str::trim).filter(|part| !part.is_empty()).collect();
        assert!(parts[1].starts_with(&format!("{user}@")), "{row}");
        assert_eq!(parts[2..4], [*what, *change], "{row}");
    }
}

#[test]
fn all_that_was_done_is_told_newest_first_and_by_whom() {
    let playground = played();
    let table = playground.ok("repository log");
    let head: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["TIME", "BY", "WHAT", "CHANGE", "REASON"]);
    assert_told(&table, &DONE);
    assert!(table.lines().nth(1).unwrap().ends_with("old"), "{table}");
    let of = |user: &'static str| DONE.iter().filter(move |(by, ..)| *by == user);
    assert_told(&playground.ok("repository log --by eve"), of("eve"));
    assert_told(&playground.ok("repository log --by ada@elsewhere"), of("ada"));
    assert_told(&playground.ok("repository log --domain shop"), &DONE[8..]);
    assert_told(&playground.ok("repository log -n 2"), &DONE[..2]);
    assert_told(&playground.ok("repository log --by ada --domain default -n 1"), &DONE[1..2]);
    let said = playground.run("repository log --since 2999-01-01");
    assert_eq!((said.code, said.stdout.as_str()), (0, ""));
    assert!(said.stderr.contains("nothing that was done is like that"), "{}", said.stderr);
    assert_told(&playground.ok("repository log --until 2999-01-01"), &DONE);
    let said = playground.run("repository log --since october");
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("a day such as 2026-10-01"), "{}", said.stderr);
}

#[test]
fn an_entry_in_json_is_found_again_in_its_ledger() {
    let playground = played();
    let log = playground.json("repository log");
    let entries = log["entries"].as_array().unwrap();
    assert_eq!(
        (entries.len(), &log["cut"], &log["damaged"]),
        (DONE.len(), &false.into(), &Value::Array(vec![]))
    );
    for entry in entries {
        let (domain, name) = entry["name"].as_str().unwrap().split_once('/').unwrap();
        let folder = match entry["kind"].as_str().unwrap() {
            "stack" => format!("repository/domain/{domain}/stacks/{name}/revisions"),
            kind => format!("repository/domain/{domain}/{kind}s/{name}"),
        };
        let file = format!("{folder}/{:010}.json", entry["number"].as_u64().unwrap());
        let bytes = std::fs::read(playground.path(&file)).unwrap();
        let hash = Sha256Digest::of(&bytes).to_string();
        assert_eq!(entry["hash"], hash, "{file}");
        let kept: Value = serde_json::from_slice(&bytes).unwrap();
        for key in ["author", "time", "change", "reason", "previous"] {
            assert_eq!(entry[key], kept[key], "{file}: {key}");
        }
        assert_eq!(entry["forced"], false);
    }
    // What was done in the second of one of them, and later, as the table shows its time.
    let time = entries[4]["time"].as_str().unwrap();
    let second = |entry: &Value| entry["time"].as_str().unwrap()[..19].to_owned();
    let later = entries.iter().filter(|entry| second(entry).as_str() >= &time[..19]).count();
    let words =
        ["--format", "json", "repository", "log", "--since", &format!("{}Z", time[..19].replace('T', " "))];
    let said = playground.run_words(&words);
    let log: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(log["entries"].as_array().unwrap().len(), later, "{}", said.stderr);
}

#[test]
fn a_damaged_ledger_is_told_by_the_exit_code_and_hides_nothing_else() {
    let playground = played();
    playground.write("repository/domain/default/stacks/124/revisions/0000000001.json", "");
    let said = playground.run("repository log");
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert_told(&said.stdout, DONE.iter().filter(|(_, what, _)| *what != "stack default/124@1"));
    for part in [
        "warning: stack default/124: domain/default/stacks/124/revisions/0000000001.json is damaged",
        "error: the log is not whole: 1 fault",
        "gachette repository fsck",
    ] {
        assert!(said.stderr.contains(part), "{}", said.stderr);
    }
    let said = playground.run("--format json repository log -n 1");
    let log: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (said.code, &log["kind"], &log["entries"][0]["name"]),
        (5, &"refused".into(), &"default/125".into())
    );
    assert_eq!(
        (&log["damaged"][0]["kind"], &log["damaged"][0]["name"]),
        (&"stack".into(), &"default/124".into())
    );
}

#[test]
fn what_was_done_on_a_host_is_told_by_it() {
    let hosts = Hosts::visited("");
    hosts.ok("-H build1 stack create 124");
    hosts.ok("-H build1 stack seal 124");
    let done = [("ada", "stack default/124@2", "sealed"), ("ada", "stack default/124@1", "created")];
    assert_told(&hosts.ok("-H build1 repository log --by ada --since 2020-01-01"), &done);
    assert_told(&hosts.ok("-H build1 repository log -n 1"), &done[..1]);
}

#[test]
fn no_reason_says_by_itself_that_something_was_forced() {
    let playground = played();
    playground.ok("stack create 126");
    let before = playground.json("repository log");
    for line in [
        "stack seal 126 -m",
        "promote 124 --to next --unsigned -m",
        "promote 124 --to next --unsigned --force why -m",
        "promote 124 --to other --approve -m",
        "promote --to live --hold",
    ] {
        for reason in [
            "forced (hosts cannot go there): hurry",
            "moved; forced (x): y",
            "\t forced (x): y",
            "moved;  forced (x): y",
        ] {
            let said = playground.run_words(&line.split(' ').chain([reason]).collect::<Vec<_>>());
            assert!(
                said.code == 2 && said.stderr.contains("in other words"),
                "{line}: {} {}",
                said.code,
                said.stderr
            );
        }
    }
    assert_eq!(playground.json("repository log"), before);
    playground.run_words(&["stack", "seal", "126", "-m", "it was forced (by law)"]);
    assert_eq!(playground.json("repository log -n 1")["entries"][0]["forced"], false);
}
