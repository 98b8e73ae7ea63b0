//! What somebody put into a repository who has no key: nobody signs it for him, and it is told.

use std::fs;
use std::path::PathBuf;

use gachette_core::Sha256Digest;

use crate::chain::Chain;
use crate::importing::deb;
use crate::republished::{KEY, archive};

fn domain(chain: &Chain, path: &str) -> PathBuf {
    chain.playground.path("repository/domain/default").join(path)
}

/// That the order is refused, in these words.
fn refused(chain: &Chain, line: &str, told: &str) {
    let said = chain.playground.run(&format!("{KEY} {line}"));
    assert!(said.code != 0 && said.stderr.contains(told), "{line}: {}{}", said.stdout, said.stderr);
}

/// That `verify` names it.
fn named(chain: &Chain, suite: &str, told: &str) {
    let said = chain.playground.run(&format!("{KEY} verify {suite}"));
    assert!(said.code == 5 && said.stdout.contains(told), "{suite}: {}{}", said.stdout, said.stderr);
}

/// The newest of the files of a ledger.
fn newest(chain: &Chain, folder: &str) -> PathBuf {
    fs::read_dir(domain(chain, folder)).unwrap().map(|file| file.unwrap().path()).max().unwrap()
}

#[test]
fn a_sealed_stack_that_was_opened_again_is_signed_by_nobody() {
    let chain = archive();
    let playground = &chain.playground;
    for (stack, witness) in [
        ("124", "before it was sealed, as its suite says"),
        ("125", "before it was sealed, as its suite says"),
    ] {
        let seal = newest(&chain, &format!("stacks/{stack}/revisions"));
        let text = fs::read_to_string(&seal).unwrap();
        let text = text.replace("\"sealed\": true", "\"sealed\": false");
        let text = text.replace("\"kind\": \"seal\"", "\"kind\": \"remove\",\n    \"packages\": []");
        fs::write(&seal, &text).unwrap();
        let mark = domain(&chain, &format!("stacks/{stack}/derived.json"));
        let mut derived: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&mark).unwrap()).unwrap();
        derived["hash"] = Sha256Digest::of(text.as_bytes()).to_string().into();
        fs::write(&mark, format!("{derived}\n")).unwrap();
        let folder = format!("evil-{stack}");
        deb(&playground.path(&folder), &format!("dh-evil-{stack}"), "6.6", "x");
        playground.ok(&format!("repository import {folder} --to {stack}"));
        refused(&chain, &format!("publish {stack}"), witness);
        named(&chain, stack, witness);
    }
    // Where no suite tells, a channel does, or else a statement.
    fs::remove_file(domain(&chain, "suites/124.json")).unwrap();
    refused(&chain, "publish 124", "before it was sealed, as channel default/live says");
    fs::remove_file(domain(&chain, "suites/125.json")).unwrap();
    named(&chain, "125", "it is not the revision that was sealed and signed, by statements/");
}

#[test]
fn a_channel_under_the_name_of_a_stack_takes_nothing_over() {
    let chain = archive();
    let entry = fs::read_to_string(domain(&chain, "channels/live/0000000001.json")).unwrap();
    let folder = domain(&chain, "channels/125");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("0000000001.json"), entry.replace("default/live", "default/125")).unwrap();
    let told = "default/125 is a stack, and no channel can have its name; delete this folder";
    refused(&chain, "publish 125", told);
    refused(&chain, "promote 124 --to 125", told);
    chain.playground.ok(&format!("{KEY} publish --all"));
    let index = chain.playground.path("repository/dists/default/125/Release");
    assert!(fs::read_to_string(index).unwrap().contains("Description: Stack default/125"));
    named(&chain, "125", told);
    let said = chain.playground.run("repository fsck");
    assert!(said.code == 5 && said.stdout.contains(told), "{}", said.stdout);
    fs::remove_dir_all(folder).unwrap();
    chain.playground.ok(&format!("{KEY} publish 125"));
    chain.playground.ok(&format!("{KEY} verify 125"));
}

#[test]
fn what_nobody_with_a_key_published_is_not_published_with_all_others() {
    let chain = archive();
    let playground = &chain.playground;
    deb(&playground.path("evil"), "dh-evil", "6.6", "x");
    playground.ok("stack create security");
    playground.ok("repository import evil --to security");
    playground.ok("stack seal security");
    playground.ok("promote security --to chan --unsigned");
    playground.ok("publish security --unsigned");
    for suite in ["security", "chan"] {
        let state = domain(&chain, &format!("suites/{suite}.json"));
        let text = fs::read_to_string(&state).unwrap();
        fs::write(&state, text.replace("\"signed\":false", "\"signed\":true")).unwrap();
    }
    let said = playground.run(&format!("{KEY} publish --all"));
    assert_ne!(said.code, 0, "{}", said.stderr);
    for suite in ["security", "chan"] {
        let told = format!(
            "suite default/{suite} is left as it is: suite default/{suite} cannot be published: neither this user nor a key"
        );
        assert!(said.stderr.contains(&told), "{}", said.stderr);
        assert!(!playground.path("repository/dists/default").join(suite).join("InRelease").exists());
    }
    // The others are.
    assert!(said.stderr.contains("suite default/live shows default/124"), "{}", said.stderr);
}

#[test]
fn an_older_state_is_not_published_where_the_end_of_a_ledger_is_lost() {
    let chain = archive();
    let playground = &chain.playground;
    playground.ok(&format!("{KEY} promote 125 --to live"));
    let entry = domain(&chain, "channels/live/0000000002.json");
    let text = fs::read(&entry).unwrap();
    fs::remove_file(&entry).unwrap();
    let told = "no entry says that it showed default/125@";
    refused(&chain, "publish live", told);
    refused(&chain, "publish --all", told);
    // Who looks at the ledger or at all files hears of it, and of no way that does not help.
    let first = domain(&chain, "channels/live/0000000001.json");
    let first_text = fs::read(&first).unwrap();
    for gone in [0, 1] {
        let said = playground.run("repository log");
        let warning = "warning: channel default/live: domain/default/channels/live is damaged: no entry says";
        assert!(said.code == 5 && said.stderr.contains(warning), "{gone}: {} {}", said.code, said.stderr);
        let said = playground.run("repository fsck");
        let lost = format!("domain/default/channels/live: lost: {told}");
        assert!(said.code == 5 && said.stdout.contains(&lost), "{gone}: {}", said.stdout);
        assert!(!said.stdout.contains("dists/default/live: out of date"), "{gone}: {}", said.stdout);
        assert!(!said.stderr.contains("publish default/live"), "{gone}: {}", said.stderr);
        fs::remove_file(&first).unwrap_or_default();
        fs::remove_dir(first.parent().unwrap()).unwrap_or_default();
    }
    fs::create_dir(first.parent().unwrap()).unwrap();
    fs::write(&first, first_text).unwrap();
    fs::write(&entry, text).unwrap();
    playground.ok("repository log");
    playground.ok(&format!("{KEY} publish --all"));
    // The same of a stack; and when it is gone for good, what it says to do helps.
    playground.ok("stack create 200 --from 124");
    playground.ok(&format!("{KEY} publish 200"));
    deb(&playground.path("more"), "dh-more", "1", "x");
    playground.ok("repository import more --to 200");
    playground.ok(&format!("{KEY} publish 200"));
    let revision = newest(&chain, "stacks/200/revisions");
    fs::remove_file(&revision).unwrap();
    let derived = domain(&chain, "stacks/200/derived.json");
    fs::remove_file(derived).unwrap();
    let told = "the file is lost, and suite default/200 was published from it";
    refused(&chain, "publish 200", told);
    refused(&chain, "publish --all", told);
    let said = playground.run(&format!("{KEY} publish 200"));
    let state = said.stderr.split('`').find(|word| word.ends_with("suites/200.json")).unwrap();
    fs::remove_file(playground.path("repository").join(state)).unwrap();
    playground.ok(&format!("{KEY} publish 200"));
    playground.ok(&format!("{KEY} verify 200"));
}
