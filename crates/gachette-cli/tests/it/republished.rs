//! Publishing what was published already: what somebody damaged comes back, and what cannot keeps no other from it.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;

use gachette_core::Sha256Digest;

use crate::chain::Chain;
use crate::importing::deb;
use crate::playground::Playground;

pub(crate) const KEY: &str = "--set signing.folder=keys,signing.keys=archive";

/// Two sealed stacks, of which the first is what `live` shows, signed by the key `archive`.
pub(crate) fn archive() -> Chain {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("--set signing.folder=keys key generate archive --email archive@example.org");
    playground.ok("quick 124 shop");
    for stack in ["124", "125"] {
        if stack == "125" {
            playground.ok("stack create 125 --from 124");
        }
        playground.ok(&format!("{KEY} stack seal {stack}"));
        playground.ok(&format!("{KEY} publish {stack}"));
    }
    playground.ok(&format!("{KEY} promote 124 --to live"));
    chain
}

#[test]
fn one_that_cannot_be_published_keeps_no_other_from_it() {
    let chain = archive();
    let playground = &chain.playground;
    playground.ok("stack create 100 --from 124");
    playground.ok(&format!("{KEY} publish 100"));
    playground.ok("stack delete 100 --yes");
    playground.write("repository/domain/default/suites/125.json", "{}");
    playground.ok("--set signing.folder=keys key generate other --email other@example.org");
    let other = "--set signing.folder=keys,signing.keys=other";
    let said = playground.run(&format!("{other} publish --all"));
    assert_ne!(said.code, 0, "{}", said.stderr);
    for wanted in [
        "warning: suite default/100 is left as it is, with the signature that it has: there is no stack default/100; `gachette repository gc` takes it away",
        "suite default/125 is left as it is: suite default/125 cannot be published: nothing can be read",
        "suite default/live shows default/124",
    ] {
        assert!(said.stderr.contains(wanted), "{}", said.stderr);
    }
    playground.ok(&format!("{other} verify live"));
    // By its name it can.
    playground.ok(&format!("{other} publish 125"));
    playground.ok(&format!("{other} publish --all"));
    playground.ok("repository fsck");
}

#[test]
fn every_file_of_a_suite_comes_back_as_it_was() {
    let chain = archive();
    let playground = &chain.playground;
    let suite = playground.path("repository/dists/default/live");
    let file = |name: &str| suite.join(name);
    let again = || playground.json(&format!("{KEY} publish live"))["changed"].clone();
    assert_eq!(again(), false);
    for name in ["InRelease", "Release", "Release.gpg"] {
        for damage in [None, Some("x")] {
            match damage {
                None => fs::remove_file(file(name)).unwrap(),
                Some(text) => fs::write(file(name), text).unwrap(),
            }
            assert_eq!(playground.run("repository fsck").code, 5, "{name}");
            assert_eq!(again(), true, "{name}");
            playground.ok("repository fsck");
        }
    }
    // A pipe that nobody writes into.
    fs::remove_file(file("Release")).unwrap();
    assert!(Command::new("mkfifo").arg(file("Release")).status().unwrap().success());
    assert_eq!(again(), true);
    playground.ok("repository fsck");
    // In place and as long, under both of its names.
    let mut index = fs::File::options().write(true).open(file("main/binary-all/Packages.gz")).unwrap();
    index.seek(SeekFrom::Start(30)).unwrap();
    index.write_all(b"X").unwrap();
    assert_eq!(again(), true);
    playground.ok(&format!("{KEY} verify live"));
}

#[test]
fn an_older_release_file_beside_a_newer_one_is_told() {
    let chain = archive();
    let playground = &chain.playground;
    let suite = playground.path("repository/dists/default/live");
    let old = ["Release", "Release.gpg"].map(|name| (name, fs::read(suite.join(name)).unwrap()));
    playground.ok(&format!("{KEY} promote 125 --to live"));
    playground.ok(&format!("{KEY} verify live"));
    old.iter().for_each(|(name, bytes)| fs::write(suite.join(name), bytes).unwrap());
    let said = playground.run(&format!("{KEY} verify live"));
    assert!(
        said.code != 0 && said.stdout.contains("Release: it is not what InRelease says"),
        "{}",
        said.stdout
    );
    assert_eq!(playground.json(&format!("{KEY} publish live"))["changed"], true);
    playground.ok(&format!("{KEY} verify live"));
}

#[test]
fn a_revision_that_somebody_edited_is_published_and_promoted_by_nobody() {
    let chain = archive();
    let playground = &chain.playground;
    let revisions = playground.path("repository/domain/default/stacks/125/revisions");
    let newest = fs::read_dir(revisions).unwrap().map(|file| file.unwrap().path()).max().unwrap();
    let text = fs::read_to_string(&newest).unwrap();
    fs::write(&newest, text.replace("\"reason\": \"\"", "\"reason\": \"mallory was here\"")).unwrap();
    assert_ne!(fs::read_to_string(&newest).unwrap(), text);
    for line in ["publish 125", "promote 125 --to live", "publish --all"] {
        let said = playground.run(&format!("{KEY} {line}"));
        let told = "it is not the revision that derived files were written from";
        assert!(said.code != 0 && said.stderr.contains(told), "{line}: {}", said.stderr);
    }
    fs::write(&newest, text).unwrap();
    playground.ok(&format!("{KEY} promote 125 --to live"));
    playground.ok("repository fsck");
}

/// A sealed stack `1` of three packages that were imported, signed where there is the key `archive`.
fn sealed(playground: &Playground, key: &str) {
    for number in 1..=3 {
        deb(&playground.path("source"), &format!("dh-p{number}"), "1", "x");
    }
    playground.ok("stack create 1");
    playground.ok("repository import source --to 1");
    playground.ok(&format!("{key} stack seal 1"));
}

/// The revision without its first package; `sound` in itself, or as somebody leaves it who knows of no sums.
fn edited(text: &str, sound: bool) -> String {
    let revision: serde_json::Value = serde_json::from_str(text).unwrap();
    let first = text.lines().find(|line| line.contains("\"name\":\"dh-p1\"")).unwrap();
    let text = text.replace(&format!("{first}\n"), "");
    if !sound {
        return text;
    }
    let packages = revision["packages"].as_array().unwrap()[1..].iter();
    let line = |it: &serde_json::Value| {
        let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        format!("{} {} all {}\n", word(&it["name"]), word(&it["version"]), word(&it["files"]["all"]))
    };
    let content = Sha256Digest::of(packages.map(line).collect::<String>().as_bytes()).to_string();
    text.replace(revision["content"].as_str().unwrap(), &content)
}

#[test]
fn a_sealed_revision_that_was_edited_with_the_mark_of_derived_files_is_promoted_by_nobody() {
    for published in [false, true] {
        let playground = Playground::new();
        playground.ok("--set signing.folder=keys key generate archive --email archive@example.org");
        sealed(&playground, KEY);
        if published {
            playground.ok(&format!("{KEY} publish 1"));
        }
        let stack = playground.path("repository/domain/default/stacks/1");
        let (newest, mark) = (stack.join("revisions/0000000003.json"), stack.join("derived.json"));
        let before = [&newest, &mark].map(|path| fs::read_to_string(path).unwrap());
        for (sound, marked) in [(false, true), (true, true), (false, false), (true, false)] {
            let text = edited(&before[0], sound);
            fs::write(&newest, &text).unwrap();
            let hash = Sha256Digest::of(text.as_bytes());
            match marked {
                true => fs::write(&mark, format!("{{\"format\":1,\"revision\":3,\"hash\":\"{hash}\"}}\n")),
                false => fs::remove_file(&mark),
            }
            .unwrap();
            let lines = [
                "promote 1 --to live",
                "promote 1 --to live --unsigned",
                "publish 1",
                "publish 1 --unsigned",
                "stack seal 1",
            ];
            for line in lines.into_iter().chain(published.then_some("publish --all")) {
                let said = playground.run(&format!("{KEY} {line}"));
                let told = match (published, line) {
                    (true, "publish 1 --unsigned") => "suite default/1 is signed",
                    _ => "revisions/0000000003.json is damaged: it",
                };
                assert!(said.code != 0 && said.stderr.contains(told), "{line}: {}", said.stderr);
            }
            assert!(!playground.path("repository/domain/default/channels/live/0000000001.json").exists());
            let said = playground.run("repository fsck");
            let told = "revisions/0000000003.json: changed: it is not the revision that";
            assert!(said.code == 5 && (!sound || said.stdout.contains(told)), "{}", said.stdout);
            assert_ne!(playground.run(&format!("{KEY} verify 1")).code, 0);
            [&newest, &mark].iter().zip(&before).for_each(|(path, text)| fs::write(path, text).unwrap());
        }
        playground.ok(&format!("{KEY} promote 1 --to live"));
        playground.ok(&format!("{KEY} verify live"));
        playground.ok("repository fsck");
    }
}

#[test]
fn nothing_is_built_upon_a_revision_that_was_edited() {
    let playground = Playground::new();
    playground.ok("--set signing.folder=keys key generate archive --email archive@example.org");
    sealed(&playground, KEY);
    playground.ok("stack create 2 --from 1@2");
    let stack = playground.path("repository/domain/default/stacks/1");
    let [before, newest] =
        ["0000000002.json", "0000000003.json"].map(|name| stack.join("revisions").join(name));
    let texts = [&before, &newest].map(|path| fs::read_to_string(path).unwrap());
    let refuses = |line: &str, file: &str| {
        let said = playground.run(&format!("{KEY} {line}"));
        let told = format!("revisions/{file} is damaged: it is not the revision that");
        assert!(said.code != 0 && said.stderr.contains(&told), "{line}: {}", said.stderr);
    };
    // One that the next one names.
    fs::write(&before, edited(&texts[0], true)).unwrap();
    refuses("stack create 3 --from 1@2", "0000000002.json");
    refuses("publish 1@2", "0000000002.json");
    fs::write(&before, &texts[0]).unwrap();
    // The newest, of which derived files tell another hash; and then a statement alone.
    let text = edited(&texts[1], true);
    fs::write(&newest, &text).unwrap();
    refuses("stack create 3 --from 1", "0000000003.json");
    let hash = Sha256Digest::of(text.as_bytes());
    let mark = format!("{{\"format\":1,\"revision\":3,\"hash\":\"{hash}\"}}\n");
    fs::write(stack.join("derived.json"), mark).unwrap();
    refuses("stack create 3 --from 1", "0000000003.json");
    assert!(!playground.path("repository/domain/default/stacks/3").exists());
}

#[test]
fn what_was_written_behind_a_sealed_revision_is_promoted_by_nobody() {
    let playground = Playground::new();
    sealed(&playground, "");
    let revisions = playground.path("repository/domain/default/stacks/1/revisions");
    let text = fs::read_to_string(revisions.join("0000000003.json")).unwrap();
    let revision: serde_json::Value = serde_json::from_str(&text).unwrap();
    let hash = Sha256Digest::of(text.as_bytes()).to_string();
    let next = edited(&text, true).replace("\"number\": 3", "\"number\": 4");
    let next = next.replace(revision["previous"].as_str().unwrap(), &hash);
    fs::write(revisions.join("0000000004.json"), next).unwrap();
    for line in ["promote 1 --to live --unsigned", "publish 1 --unsigned"] {
        let said = playground.run(line);
        assert!(
            said.code != 0 && said.stderr.contains("it changes a sealed stack"),
            "{line}: {}",
            said.stderr
        );
    }
    assert!(!playground.path("repository/domain/default/channels/live/0000000001.json").exists());
    fs::remove_file(revisions.join("0000000004.json")).unwrap();
    playground.ok("promote 1 --to live --unsigned");
}

#[test]
fn statements_that_were_lost_or_damaged_are_signed_again_and_what_keeps_them_from_it_is_said() {
    let chain = archive();
    let playground = &chain.playground;
    let below = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = below(&playground.path("repository/statements")).flat_map(|folder| below(&folder));
    let before: Vec<_> = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    let signed = |path: &Path| {
        let envelope: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        (envelope["payload"].clone(), envelope["signatures"][0]["keyid"].clone())
    };
    let known: Vec<_> = before.iter().map(|(path, _)| signed(path)).collect();
    for (number, (path, bytes)) in before.iter().enumerate() {
        match number % 2 {
            0 => fs::remove_file(path).unwrap(),
            _ => {
                // Another byte of the signature.
                let text = String::from_utf8(bytes.clone()).unwrap();
                let (head, sig) = text.split_once("\"sig\":\"").unwrap();
                let flipped = if sig.as_bytes()[80] == b'A' { "B" } else { "A" };
                fs::write(path, format!("{head}\"sig\":\"{}{flipped}{}", &sig[..80], &sig[81..])).unwrap();
            }
        }
    }
    let said = playground.run("--set signing.folder=keys,signing.keys=nobody stack seal 124");
    assert!(said.code == 0 && said.stderr.contains("is signed when it is published: "), "{}", said.stderr);
    playground.ok(&format!("{KEY} stack seal 124"));
    playground.ok(&format!("{KEY} stack seal 125"));
    assert_eq!(before.iter().map(|(path, _)| signed(path)).collect::<Vec<_>>(), known);
    playground.ok(&format!("{KEY} verify 124"));
    playground.ok(&format!("{KEY} verify 125"));
}
