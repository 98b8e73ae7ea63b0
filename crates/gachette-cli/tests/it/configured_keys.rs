//! Keys that `signing.keys` names and that cannot be used: nothing is signed, and what is published stays.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::importing::deb;
use crate::playground::{Playground, Said};

/// What protects the key `closed`.
const PASSPHRASE: &str = "open-sesame";

/// Two suites that the key `archive` signed, and another key `closed`, which a passphrase protects.
fn two_suites() -> Playground {
    let playground = Playground::with_configuration("meta_path: repository\nsigning.keys: [archive]\n");
    playground.ok("key generate archive");
    assert_eq!(with_passphrase(&playground, PASSPHRASE, "key generate closed").code, 0);
    deb(&playground.path("source"), "dh-web", "1", "x");
    for stack in ["124", "125"] {
        playground.ok(&format!("stack create {stack}"));
        playground.ok(&format!("repository import source --to {stack}"));
        playground.ok(&format!("publish {stack}"));
    }
    playground
}

fn with_passphrase(playground: &Playground, passphrase: &str, line: &str) -> Said {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = playground.command(&words);
    playground.said(&words, command.env("GACHETTE_PASSPHRASE", passphrase).output().unwrap())
}

/// Every file of the published suites with its bytes.
fn published(playground: &Playground) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.insert(path.display().to_string(), fs::read(path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&playground.path("repository/dists"), &mut found);
    assert!(!found.is_empty());
    found
}

#[test]
fn a_configured_key_that_is_not_there_is_a_fault_of_the_configuration() {
    let playground = two_suites();
    let before = published(&playground);
    let missing = playground.path("no.asc").display().to_string();
    let nobody = "0123456789ABCDEF0123456789ABCDEF01234567";
    let said_of = |key: &str| match key {
        key if key.starts_with('/') => {
            "there is no key file [folder]/no.asc, which `signing.keys` names".into()
        }
        key => format!(
            "there is no key `{key}` in [folder]/home/.local/share/gachette/keys, which `signing.keys` names"
        ),
    };
    for key in ["archve", nobody, &missing] {
        for line in ["publish --all", "publish 124", "promote 124 --to live", "verify 124", "key export"] {
            let said = playground.run(&format!("--set signing.keys={key} {line}"));
            assert_eq!((said.code, said.stdout.as_str()), (3, ""), "{line}: {}", said.stderr);
            let expected = format!("error: {}", said_of(key));
            assert!(said.stderr.contains(&expected), "{line}: {}", said.stderr);
            assert!(
                said.stderr.contains("hint: put the key right in `signing.keys`"),
                "{line}: {}",
                said.stderr
            );
            assert!(said.stderr.contains("`gachette key list`"), "{line}: {}", said.stderr);
        }
    }
    let said = playground.run("--set signing.keys=archve publish --all");
    assert!(
        said.stderr.contains("warning: suite default/124 is left as it is: there is no key"),
        "{}",
        said.stderr
    );
    assert!(
        !said.stderr.contains("default/125") && !said.stderr.contains("repository gc"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("no suite is published yet"), "{}", said.stderr);
    assert!(published(&playground) == before, "nothing was written");
    // One that is named on the command line is looked for, and not found.
    assert_eq!(playground.run("key export archve").code, 2);
    assert_eq!(playground.run("key export archve --secret").code, 2);
    assert_eq!(playground.run("key extend archve --expires 5y").code, 2);
}

#[test]
fn publishing_all_ends_at_the_first_suite_when_a_key_does_not_open() {
    let playground = two_suites();
    let before = published(&playground);
    let line = "--set signing.keys=closed publish --all";
    for (said, reason) in [
        (
            playground.run(line),
            "key [folder]/home/.local/share/gachette/keys/closed.asc is protected by a passphrase",
        ),
        (with_passphrase(&playground, "wrong", line), "the passphrase does not open key [folder]/home/"),
    ] {
        assert_eq!((said.code, said.stdout.as_str()), (3, ""), "{}", said.stderr);
        let warned = format!("warning: suite default/124 is left as it is: {reason}");
        assert!(said.stderr.contains(&warned), "{}", said.stderr);
        assert!(said.stderr.contains("suites that would come after it are not tried"), "{}", said.stderr);
        assert!(!said.stderr.contains("default/125"), "{}", said.stderr);
    }
    assert!(published(&playground) == before, "nothing was written");
    assert_eq!(with_passphrase(&playground, PASSPHRASE, line).stdout, "default/124\ndefault/125\n");
}

#[test]
fn suites_of_deleted_stacks_that_are_left_are_not_called_unpublished() {
    let playground = two_suites();
    playground.ok("stack create 126");
    for stack in ["124", "125"] {
        playground.ok(&format!("stack delete {stack} --yes"));
    }
    let said = playground.run("publish --all");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("suite default/124 is left as it is, with the signature that it has"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("no suite is published yet"), "{}", said.stderr);
}
