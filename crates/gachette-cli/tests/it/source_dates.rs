//! `SOURCE_DATE_EPOCH`: the same stack is the same bytes, whenever and wherever it came to be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::chain::Chain;
use crate::playground::{Playground, Said};
use crate::publishing::two_stacks;

/// Runs a line with this time.
fn at(playground: &Playground, epoch: &str, line: &str) -> Said {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = playground.command(&words).env("SOURCE_DATE_EPOCH", epoch).output().unwrap();
    playground.said(&words, output)
}

/// The files of a folder and below it, by their paths from there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(
                files(&entry.path()).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)),
            );
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

fn field(playground: &Playground, suite: &str, name: &str) -> Option<String> {
    let text = playground.path(&format!("repository/dists/default/{suite}/Release"));
    let text = fs::read_to_string(text).unwrap();
    text.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
}

#[test]
fn two_repositories_with_the_same_packages_have_the_same_suite() {
    let chain = Chain::new();
    let first = &chain.playground;
    first.ok("quick 124 shop");
    let second = Playground::new();
    fs::create_dir_all(second.path("repository/debs")).unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(first.path("repository/debs")).unwrap().map(|file| file.unwrap()) {
        let name = file.file_name().into_string().unwrap();
        if name.ends_with(".deb") {
            fs::copy(file.path(), second.path("repository/debs").join(&name)).unwrap();
            names.push(name);
        }
    }
    second.ok("stack create 124");
    for name in &names {
        second.ok(&format!("stack add 124 {name}"));
    }
    let line = "--set publish.valid_for=9999d publish 124 --unsigned";
    for playground in [first, &second] {
        let said = at(playground, "1700000000", line);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let said = at(playground, "1700000000", line);
        assert!(said.stderr.contains("already"), "{}", said.stderr);
    }
    assert_eq!(field(first, "124", "Date").as_deref(), Some("Tue, 14 Nov 2023 22:13:20 UTC"));
    assert_eq!(field(first, "124", "Valid-Until").as_deref(), Some("Fri, 31 Mar 2051 22:13:20 UTC"));
    let of = |playground: &Playground| files(&playground.path("repository/dists/default/124"));
    assert_eq!(of(first), of(&second));
    first.ok("repository fsck");
}

#[test]
fn what_a_suite_says_of_itself_can_be_configured() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 config");
    let release = || fs::read(playground.path("repository/dists/default/124/Release")).unwrap();
    let described = || field(playground, "124", "Description");
    playground.ok("publish 124 --unsigned");
    let usual = release();
    assert_eq!(described().as_deref(), Some("Stack default/124"));
    let told = |text: &str| {
        let setting = format!("publish.description={text}");
        let said = playground.run_words(&["--set", &setting, "publish", "124", "--unsigned"]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stderr
    };
    told("Shops of {{ all }} kinds: Größe 1");
    assert_eq!(described().as_deref(), Some("Shops of {{ all }} kinds: Größe 1"));
    let configured = release();
    assert!(told("Shops of {{ all }} kinds: Größe 1").contains("already"));
    playground.ok("publish 124 --unsigned");
    assert_eq!(release(), usual);
    told("Shops of {{ all }} kinds: Größe 1");
    assert_eq!(release(), configured, "the same stack is the same bytes");
    for wrong in ["[a\\, b]", "\"a\\nSuite: b\""] {
        let setting = format!("publish.description={wrong}");
        let said = playground.run_words(&["--set", &setting, "publish", "124", "--unsigned"]);
        assert!(said.code == 3 && said.stderr.contains("publish.description"), "{wrong}: {}", said.stderr);
    }
    assert_eq!(release(), configured);
}

#[test]
fn a_date_goes_on_and_never_back() {
    let chain = two_stacks();
    let playground = &chain.playground;
    for (epoch, date) in [
        ("1700000000", "Tue, 14 Nov 2023 22:13:20 UTC"),
        ("1700000001", "Tue, 14 Nov 2023 22:13:21 UTC"),
        ("1600000000", "Tue, 14 Nov 2023 22:13:21 UTC"),
    ] {
        let said = at(playground, epoch, "publish 124 --unsigned");
        assert_eq!(
            (said.code, said.stderr.contains("already")),
            (0, epoch == "1600000000"),
            "{}",
            said.stderr
        );
        assert_eq!(field(playground, "124", "Date").as_deref(), Some(date), "{epoch}");
    }
    // A channel has the date of its promotion, so that what it showed before is older.
    let promote = |stack: &str| {
        let url = "--set publish.url=file:/srv/repository --format json";
        let said = at(playground, "1700000000", &format!("{url} promote {stack} --to live --unsigned"));
        assert_eq!(said.code, 0, "{}", said.stderr);
        let changed: Value = serde_json::from_str(&said.stdout).unwrap();
        changed["published"]["date"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    let (before, then) = (promote("124"), promote("125"));
    assert_eq!(at(playground, "soon", "promote 124 --to live --unsigned").code, 0);
    assert!(before > "2026-01-01T00:00:00Z".parse().unwrap() && then > before, "{before} {then}");
}

#[test]
fn a_wrong_date_keeps_no_channel_from_being_published_again() {
    let chain = two_stacks();
    let playground = &chain.playground;
    playground.ok("publish 124 --unsigned");
    playground.ok("promote 125 --to live --unsigned");
    let said = at(playground, "soon", "--set publish.label=Shops publish --all");
    assert_eq!(said.code, 2, "{}", said.stderr);
    let left = "suite default/124 is left as it is: SOURCE_DATE_EPOCH is `soon`";
    assert!(said.stderr.contains(left) && !said.stderr.contains("default/live is left"), "{}", said.stderr);
    let label = |suite: &str| field(playground, suite, "Label").unwrap();
    assert_eq!((label("124").as_str(), label("live").as_str()), ("default", "Shops"));
}

#[test]
fn a_date_that_is_none_or_that_apt_would_not_believe_is_refused() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 config");
    let refused = |epoch: &str, line: &str, code: i32, words: &str| {
        let said = at(playground, epoch, line);
        assert!(said.code == code && said.stderr.contains(words), "{line}: {} {}", said.code, said.stderr);
        assert!(said.stderr.contains("SOURCE_DATE_EPOCH"), "{}", said.stderr);
        assert!(!playground.path("repository/dists/default/124/Release").exists());
    };
    for epoch in ["soon", "", "-1"] {
        refused(epoch, "publish 124 --unsigned", 2, &format!("SOURCE_DATE_EPOCH is `{epoch}`"));
    }
    refused("99999999999", "publish 124 --unsigned", 5, "apt takes no date to come");
    refused(
        "1700000000",
        "--set publish.valid_for=14d publish 124 --unsigned",
        5,
        "no client would believe it since 2023-11-28",
    );
    refused("soon", "quick 124 shop", 2, "SOURCE_DATE_EPOCH is `soon`");
    for epoch in ["soon", "", "-1", "1.5"] {
        refused(epoch, "build config", 2, &format!("SOURCE_DATE_EPOCH is `{epoch}`"));
    }
}
