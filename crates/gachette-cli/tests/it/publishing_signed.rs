//! Signed suites, and what apt makes of a repository that somebody meddled with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use gachette::signing::{KeyFolder, PassphraseSource};
use gachette_testkit::AptRoot;
use jiff::{SignedDuration, Timestamp};

use crate::chain::Chain;
use crate::importing::run;
use crate::publishing::version;
use crate::serving::Serving;

/// Two stacks, the keys to sign them with, and a machine that installs from them.
struct Archive {
    chain: Chain,
    serving: Serving,
    apt: AptRoot,
}

impl Archive {
    fn new() -> Self {
        let chain = Chain::new();
        chain.playground.ok("quick 124 shop");
        chain.playground.ok("stack seal 124");
        chain.source.commit_file("shop.py", "print('open all day')\n");
        chain.playground.ok("stack create 125 --from 124");
        chain.playground.ok("quick 125 shop");
        chain.playground.ok("stack seal 125");
        let serving = Serving::start(&chain.playground, &["--no-auth"]);
        let archive = Self { chain, serving, apt: AptRoot::new() };
        archive.generate("archive");
        archive
    }

    fn generate(&self, name: &str) {
        let folder = KeyFolder::new(self.chain.playground.path("keys"), Vec::new());
        let (passphrase, made) =
            (PassphraseSource::default(), Timestamp::now() - SignedDuration::from_hours(1));
        folder
            .generate(&name.parse().unwrap(), Some("archive@example.org"), None, &passphrase, made)
            .unwrap();
    }

    /// Runs the program with this key to sign with; the JSON that it prints.
    fn signed(&self, key: &str, line: &str) -> serde_json::Value {
        let settings = format!(
            "signing.keys={key},signing.folder=keys,publish.url=http://127.0.0.1:{}",
            self.serving.port
        );
        serde_json::from_str(&self.chain.playground.ok(&format!("--set {settings} --format json {line}")))
            .unwrap()
    }

    /// Publishes a stack; what goes into a `.sources` file.
    fn publish(&self, key: &str, stack: &str) -> String {
        self.signed(key, &format!("publish {stack}"))["source"].as_str().unwrap().to_owned()
    }

    /// Moves `live`; what goes into a `.sources` file.
    fn promote(&self, stack: &str) -> String {
        let changed = self.signed("archive", &format!("promote {stack} --to live"));
        changed["published"]["source"].as_str().unwrap().to_owned()
    }

    /// The version of dh-shop in a stack.
    fn version(&self, stack: &str) -> String {
        version(&self.chain, stack, "dh-shop")
    }

    fn suite(&self, name: &str) -> PathBuf {
        self.chain.playground.path("repository/dists/default").join(name)
    }

    /// What apt says when it does not do it.
    fn refused(&self, words: &[&str]) -> String {
        let output = self.apt.run(words);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let wrong = said.lines().any(|line| line.starts_with("E:") || line.starts_with("W:"));
        assert!(wrong || !output.status.success(), "{words:?} was done: {said}");
        said
    }
}

/// A time by which apt takes a file for another one than this: HTTP knows times of files to the second.
fn later(file: &Path) -> SystemTime {
    file.metadata().unwrap().modified().unwrap() + Duration::from_secs(2)
}

fn modify(file: &Path, time: SystemTime) {
    fs::File::options().append(true).open(file).unwrap().set_modified(time).unwrap();
}

#[test]
fn apt_knows_a_suite_by_its_key_alone() {
    let archive = Archive::new();
    archive.apt.source(&archive.publish("archive", "124"));
    archive.apt.check(&["update"]);
    archive.apt.check(&["install", "dh-shop"]);
    // The same suite by another key.
    archive.generate("other");
    archive.publish("other", "124");
    let said = archive.refused(&["update"]);
    assert!(said.contains("NO_PUBKEY") || said.contains("not signed"), "{said}");
    // By both, so that keys can be changed one after the other.
    let both = archive.signed("other", "publish 124");
    assert_eq!((both["changed"].as_bool(), both["signed_by"].as_array().unwrap().len()), (Some(false), 1));
    archive
        .chain
        .playground
        .write("both.yml", "meta_path: repository\nsigning: {keys: [archive, other], folder: keys}\n");
    archive.chain.playground.ok("-c both.yml publish 124");
    archive.apt.check(&["update"]);
}

#[test]
fn a_repository_that_somebody_meddled_with_is_refused() {
    let archive = Archive::new();
    let source = archive.publish("archive", "124");
    archive.apt.source(&source);
    let suite = archive.suite("124");
    let restore = |file: &str, bytes: &[u8]| fs::write(suite.join(file), bytes).unwrap();
    // The file that names everything: one byte.
    let good = fs::read(suite.join("InRelease")).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    restore("InRelease", text.replacen("Origin: gachette", "Origin: elsewhere", 1).as_bytes());
    archive.refused(&["update"]);
    restore("InRelease", &good);
    // An index cut short, and another's.
    for file in fs::read_dir(suite.join("main/binary-amd64/by-hash/SHA256")).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    archive.refused(&["update"]);
    // Publishing again finds and mends it.
    fs::remove_dir_all(&suite).unwrap();
    archive.apt.source(&archive.publish("archive", "124"));
    archive.apt.check(&["update"]);
    // A package in place of another: good ones, each under the other's name, then one that is damaged.
    let debs = archive.chain.playground.path("repository/debs");
    let old = debs.join(format!("dh-shop-{}-all.deb", archive.version("124")));
    let (new, aside) = (debs.join(format!("dh-shop-{}-all.deb", archive.version("125"))), debs.join("aside"));
    let change_places = || {
        for (from, to) in [(&old, &aside), (&new, &old), (&aside, &new)] {
            fs::rename(from, to).unwrap();
        }
    };
    change_places();
    archive.refused(&["install", "dh-shop"]);
    change_places();
    for file in fs::read_dir(&debs).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let mut bytes = fs::read(&path).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs::remove_file(&path).unwrap();
            fs::write(&path, bytes).unwrap();
        }
    }
    archive.refused(&["install", "dh-shop"]);
    assert_eq!(archive.apt.installed("dh-shop"), None);
    assert_eq!(archive.chain.playground.run("repository fsck").code, 5, "and fsck names it");
}

#[test]
fn a_suite_in_the_place_of_another_is_refused_by_who_knows_it_and_by_verify() {
    let archive = Archive::new();
    let source = archive.publish("archive", "124");
    archive.publish("archive", "125");
    let verify = || archive.chain.playground.run("--set signing.keys=archive,signing.folder=keys verify 124");
    assert_eq!(verify().code, 0);
    // As docs/provenance.md has it.
    let (wanted, nothing) = ("release n=default/124", "origin 127.0.0.1");
    let pin = |of: &str, priority: i32| format!("Package: *\nPin: {of}\nPin-Priority: {priority}\n\n");
    let pins = pin(wanted, 1001) + &pin(nothing, -1);
    archive.apt.preferences(&pins);
    archive.apt.source(&source);
    archive.apt.check(&["update"]);
    // All that the same key signed for the one is put where the other is.
    let (one, other) = (archive.suite("124"), archive.suite("125"));
    let modified = later(&one.join("InRelease"));
    fs::remove_dir_all(&one).unwrap();
    run(Command::new("cp").arg("-r").args([&other, &one]));
    modify(&one.join("InRelease"), modified);
    let said = archive.refused(&["update"]);
    assert!(said.contains("changed its 'Codename' value from 'default/124' to 'default/125'"), "{said}");
    archive.apt.check(&["install", "dh-shop"]);
    assert_eq!(archive.apt.installed("dh-shop"), Some(archive.version("124")));
    // Who has never seen it, takes it with a warning: docs/provenance.md says so.
    let stranger = AptRoot::new();
    stranger.source(&source);
    let output = stranger.run(&["update", "--error-on=any"]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let warning = "(expected default/124 but got default/125)";
    assert!(output.status.success() && said.contains("W: Conflicting distribution: "), "{said}");
    assert!(said.contains(warning), "{said}");
    let offered = |apt: &AptRoot| apt.run(&["-s", "install", "dh-shop"]).status.success();
    assert!(offered(&stranger), "it would install what lies there");
    stranger.preferences(&pins);
    assert!(!offered(&stranger));
    let said = verify();
    assert!(said.code == 5 && said.stdout.contains("another suite lies in its place"), "{}", said.stdout);
}

#[test]
fn an_older_state_that_is_played_again_is_not_believed() {
    let archive = Archive::new();
    archive.apt.source(&archive.promote("124"));
    let live = archive.suite("live");
    let old = fs::read(live.join("InRelease")).unwrap();
    let date = || {
        let text = fs::read_to_string(live.join("InRelease")).unwrap();
        text.lines().find(|line| line.starts_with("Date: ")).unwrap().to_owned()
    };
    let before = date();
    // Dates are to the second: it is moved forth and back until that is another one.
    archive.promote("125");
    while date() == before {
        archive.promote("124");
        archive.promote("125");
    }
    archive.apt.check(&["update"]);
    let modified = later(&live.join("InRelease"));
    fs::remove_file(live.join("InRelease")).unwrap();
    fs::write(live.join("InRelease"), old).unwrap();
    modify(&live.join("InRelease"), modified);
    archive.apt.run(&["update"]);
    archive.apt.check(&["install", "dh-shop"]);
    assert_eq!(archive.apt.installed("dh-shop"), Some(archive.version("125")));
    // The next promotion writes it again.
    archive.promote("125");
    assert!(fs::read_to_string(live.join("InRelease")).unwrap().contains("Stack default/125"));
}

#[test]
fn a_suite_that_is_not_published_again_expires() {
    let archive = Archive::new();
    let line = "--set publish.valid_for=1s publish 124";
    archive.signed("archive", line);
    let source = archive.signed("archive", line)["source"].as_str().unwrap().to_owned();
    archive.apt.source(&source);
    std::thread::park_timeout(Duration::from_millis(2100));
    let said = archive.refused(&["update"]);
    assert!(said.contains("expired"), "{said}");
    let line = "--set publish.valid_for=1d publish 124";
    assert_eq!(archive.signed("archive", line)["changed"], true);
    archive.apt.check(&["update"]);
    assert_eq!(archive.signed("archive", line)["changed"], false, "most of a day is left");
}

#[test]
fn a_suite_is_a_base_for_other_stacks_while_apt_believes_it() {
    let archive = Archive::new();
    let playground = &archive.chain.playground;
    playground.write("shop.sources", &archive.publish("archive", "124"));
    let base = "--set bases.shop.sources=shop.sources,base=shop";
    playground.ok(&format!("{base} base update"));
    let entry = playground.json(&format!("{base} base show shop"));
    let known = playground.json("stack show 124")["packages"].as_array().unwrap().len();
    assert_eq!(entry["lists"][0]["packages"], known);
    assert_eq!(playground.run(&format!("{base} stack check 125")).code, 0);
    // Somebody offers something else under the same signature.
    let release = archive.suite("124").join("InRelease");
    let text = fs::read_to_string(&release).unwrap();
    fs::write(&release, text.replacen("Suite: ", "Suite: x", 1)).unwrap();
    let said = playground.run(&format!("{base} base update"));
    assert!(said.code == 3 && said.stderr.contains("apt could not fetch"), "{} {}", said.code, said.stderr);
    assert_eq!(playground.json(&format!("{base} base log shop")).as_array().unwrap().len(), 1);
}

#[test]
fn a_channel_stays_where_it_is_when_its_key_has_ended() {
    let archive = Archive::new();
    archive.promote("124");
    let folder = KeyFolder::new(archive.chain.playground.path("keys"), Vec::new());
    let (lasts, made) = (SignedDuration::from_mins(30), Timestamp::now() - SignedDuration::from_hours(1));
    let (name, passphrase) = ("ended".parse().unwrap(), PassphraseSource::default());
    folder.generate(&name, None, Some(made + lasts), &passphrase, made).unwrap();
    let settings = "--set signing.keys=ended,signing.folder=keys";
    let said = archive.chain.playground.run(&format!("{settings} promote 125 --to live"));
    assert!(said.code != 0 && said.stderr.contains("ended"), "{} {}", said.code, said.stderr);
    assert!(archive.chain.playground.ok("channel list").contains("default/124@"));
}

#[test]
fn a_channel_is_published_again_by_its_name() {
    let archive = Archive::new();
    archive.promote("124");
    archive.generate("other");
    let again = archive.signed("other", "publish live");
    assert_eq!((&again["suite"], &again["changed"]), (&"default/live".into(), &true.into()));
    assert!(again["stack"] == "default/124", "{again}");
}

#[test]
fn all_that_is_published_is_signed_by_other_keys_and_shows_what_it_showed() {
    let archive = Archive::new();
    archive.promote("124");
    let playground = &archive.chain.playground;
    playground.ok("stack create 126 --from 125");
    archive.signed("archive", "publish 126");
    playground.ok("stack remove 126 dh-shop");
    playground.ok("stack create 127");
    archive.signed("archive", "publish 127 --unsigned");
    archive.generate("other");
    let again = archive.signed("other", "publish --all");
    let shown: Vec<_> =
        again.as_array().unwrap().iter().map(|it| (it["suite"].clone(), it["changed"].clone())).collect();
    let expected = [("default/126", true), ("default/127", false), ("default/live", true)];
    assert_eq!(shown, expected.map(|(suite, changed)| (suite.into(), changed.into())));
    assert_eq!(again[0]["revision"], 1, "what was changed since is not shown by that");
    assert_eq!(again[0]["signed_by"].as_array().unwrap().len(), 1);
    assert_eq!(again[1]["signed_by"], serde_json::json!([]));
}

#[test]
fn a_signed_suite_loses_its_signature_only_where_no_key_is_configured() {
    let archive = Archive::new();
    archive.publish("archive", "124");
    archive.promote("124");
    let run = |line: &str| archive.chain.playground.run(line);
    for line in ["publish 124", "publish live", "promote 125 --to live", "promote 124 --to live"] {
        let said = run(&format!("--set signing.keys=archive,signing.folder=keys {line} --unsigned"));
        assert!(said.code == 5 && said.stderr.contains("is signed, and hosts"), "{line}: {}", said.stderr);
        assert!(said.stderr.contains("`--set signing.keys=[]`"), "{line}: {}", said.stderr);
    }
    let is_signed = |suite: &str| archive.suite(suite).join("InRelease").exists();
    assert!(is_signed("124") && is_signed("live"));
    let shown = archive.chain.playground.ok("channel list");
    assert!(shown.contains("default/124@"), "{shown}");
    // As the hint says, and as where no key is configured.
    assert_eq!(run("--set signing.keys=[] publish live --unsigned").code, 0);
    assert_eq!(run("publish 124 --unsigned").code, 0);
    assert!(!is_signed("124") && !is_signed("live"));
    let again = run("--set signing.keys=archive,signing.folder=keys publish 124 --unsigned");
    assert_eq!(again.code, 0, "it has none to lose: {}", again.stderr);
}
