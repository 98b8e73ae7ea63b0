//! What `gachette verify` makes of a repository that is whole, that is old, and that somebody meddled with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette_core::Sha256Digest;
use gachette_core::statement::Envelope;
use serde_json::Value;

use crate::chain::Chain;
use crate::playground::Said;

/// A stack that was published, sealed, and published again, with a key to sign with.
struct Published {
    chain: Chain,
}

impl Published {
    fn new() -> Self {
        let chain = Chain::new();
        let configuration = fs::read_to_string(chain.playground.path("gachette.yml")).unwrap();
        let keys = "signing: {keys: [archive], folder: keys}\n";
        chain.playground.write("gachette.yml", &format!("{configuration}{keys}"));
        chain.playground.ok("key generate archive");
        chain.playground.ok("quick 124 shop");
        chain.playground.ok("stack seal 124");
        chain.playground.ok("publish 124");
        Self { chain }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.chain.playground.path("repository").join(name)
    }

    fn suite(&self, file: &str) -> PathBuf {
        self.path("dists/default/124").join(file)
    }

    fn run(&self, line: &str) -> Said {
        self.chain.playground.run(line)
    }

    /// The links that do not hold, each with what is wrong.
    fn faults(&self, line: &str) -> Vec<(String, String)> {
        let said = self.run(&format!("--format json {line}"));
        let answer: Value = serde_json::from_str(&said.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", said.stdout, said.stderr));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let links = answer["links"].as_array().unwrap().iter();
        let faults = links.flat_map(|it| {
            it["faults"].as_array().unwrap().iter().map(|fault| (text(&it["link"]), text(fault)))
        });
        let faults: Vec<_> = faults.collect();
        assert_eq!(said.code, if faults.is_empty() { 0 } else { 5 }, "{}", said.stderr);
        faults
    }

    /// That this link is told of in these words.
    fn expect(&self, link: &str, words: &str) {
        let faults = self.faults("verify 124");
        assert!(
            faults.iter().any(|(of, fault)| of == link && fault.contains(words)),
            "{link}: {words}: {faults:?}"
        );
    }

    /// Changes a file, looks, and puts it back.
    fn meddled(&self, path: &Path, change: impl FnOnce(Vec<u8>) -> Vec<u8>, link: &str, words: &str) {
        let before = fs::read(path).unwrap();
        let put = |bytes: &[u8]| {
            // Not through a second name of the same file.
            fs::remove_file(path).unwrap();
            fs::write(path, bytes).unwrap();
        };
        put(&change(before.clone()));
        self.expect(link, words);
        put(&before);
        assert_eq!(self.faults("verify 124"), []);
    }
}

fn in_text(from: &str, to: &str) -> impl FnOnce(Vec<u8>) -> Vec<u8> {
    move |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(from), "{text}");
        text.replacen(from, to, 1).into_bytes()
    }
}

fn only_file(folder: &Path) -> PathBuf {
    let mut path = folder.to_owned();
    while path.is_dir() {
        path = fs::read_dir(&path).unwrap().next().unwrap().unwrap().path();
    }
    path
}

/// Edits a record as somebody would who knows the format: with the SHA-256 of the record without its last field.
pub(crate) fn forge(record: &Path, old: &str, new: &str) {
    let edit = "
import hashlib, re, sys
path, old, new = sys.argv[1:]
text = open(path).read().replace(old, new)
bare = re.sub(r',\\n  \"record\": \"[0-9a-f]{64}\"', '', text)
sum = hashlib.sha256(bare.encode()).hexdigest()
open(path, 'w').write(re.sub(r'(\"record\": \")[0-9a-f]{64}', lambda it: it[1] + sum, text))
";
    let ran = Command::new("python3").args(["-c", edit]).arg(record).args([old, new]).status().unwrap();
    assert!(ran.success());
}

#[test]
fn a_whole_repository_has_a_line_for_each_link() {
    let published = Published::new();
    let said = published.run("verify 124");
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{}", said.stdout);
    let lines: Vec<&str> = said.stdout.lines().collect();
    let links = ["signature", "indices", "state", "packages", "records", "ledger", "statements", "commits"];
    assert_eq!(lines.len(), links.len(), "{}", said.stdout);
    for (line, link) in lines.iter().zip(links) {
        assert!(line.starts_with(&format!("✓ {link} ")), "{line}");
    }
    assert!(lines[7].contains("1 commit found with its recipe"), "{}", lines[7]);
    published.chain.playground.ok("promote 124 --to live");
    assert_eq!(published.faults("verify live"), []);
    // With a key more than there is, by the others.
    let said = published.run("--set signing.keys=[gone\\,archive] verify live");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert!(
        said.stderr.contains("warning: signatures of key gone are not known: there is no key"),
        "{}",
        said.stderr
    );
    assert_eq!(published.run("--set signing.keys=gone verify live").code, 3);
    // A machine that has the certificate alone.
    fs::write(published.chain.playground.path("archive.asc"), published.chain.playground.ok("key export"))
        .unwrap();
    fs::remove_dir_all(published.chain.playground.path("keys")).unwrap();
    assert_eq!(published.faults("verify 124 --certificates archive.asc"), []);
    // The same as bytes, which is how gpg keeps it, and through a pipe.
    let playground = &published.chain.playground;
    let script = format!(
        "'{}' verify 124 --certificates <(gpg --dearmor < archive.asc)",
        env!("CARGO_BIN_EXE_gachette")
    );
    let mut shell = playground.as_user(Command::new("bash"), &["-c", &script]);
    let said = playground.said(&[&script], shell.output().unwrap());
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
}

#[test]
fn another_key_and_one_changed_byte_are_told() {
    let published = Published::new();
    published.chain.playground.ok("--set signing.keys=other key generate other");
    let faults = published.faults("--set signing.keys=other verify 124");
    let of: Vec<&str> = faults.iter().map(|(link, _)| link.as_str()).collect();
    assert!(of.contains(&"signature") && of.contains(&"statements"), "{faults:?}");
    assert!(faults[0].1.contains("no signature of a known key holds"), "{faults:?}");
    let release = published.suite("InRelease");
    published.meddled(
        &release,
        in_text("Origin: gachette", "Origin: elsewhere"),
        "signature",
        "does not agree with the file",
    );
    let statement = only_file(&published.path("statements"));
    published.meddled(
        &statement,
        in_text("\"payload\": \"e", "\"payload\": \"f"),
        "statements",
        "the statement about",
    );
}

#[test]
fn an_index_that_was_cut_short_and_a_package_in_place_of_another_are_told() {
    let published = Published::new();
    let index = published.suite("main/binary-amd64/Packages.gz");
    published.meddled(
        &index,
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        "indices",
        "Packages.gz: it is cut short",
    );
    let hashed = only_file(&published.suite("main/binary-amd64/by-hash"));
    published.meddled(&hashed, |_| b"other".to_vec(), "indices", "/by-hash/SHA256/");
    let kept = fs::read(&hashed).unwrap();
    fs::remove_file(&hashed).unwrap();
    published.expect("indices", "/by-hash/SHA256/");
    fs::write(&hashed, kept).unwrap();
    let signatures = published.suite("Release.gpg");
    published.meddled(&signatures, in_text("-----BEGIN", "-----begin"), "signature", "Release.gpg: ");
    let index = published.suite("main/binary-all/Packages");
    published.meddled(
        &index,
        in_text("dh-shop", "dh-evil"),
        "indices",
        "Packages: it is not the one that the signed file names",
    );
    let debs = published.path("debs");
    let [one, other] = ["dh-shop-0", "dh-shop-till"].map(|name| {
        let mut files = fs::read_dir(&debs).unwrap().map(|it| it.unwrap().path());
        files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(name)).unwrap()
    });
    let bytes = fs::read(&other).unwrap();
    published.meddled(&one, |_| bytes, "packages", "dh-shop-0");
    let bytes = fs::read(&one).unwrap();
    fs::remove_file(&one).unwrap();
    published.expect("packages", "lost");
    fs::write(&one, bytes).unwrap();
    assert_eq!(published.faults("verify 124"), []);
}

#[test]
fn an_edited_record_is_told_also_when_its_own_sum_was_made_to_fit() {
    let published = Published::new();
    let version = only_file(&published.path("packages/dh-shop/version")).parent().unwrap().to_owned();
    let path = version.join("all.json");
    let head = published.chain.source.head();
    let forged = format!("{}{}", "0".repeat(12), &head[12..]);
    published.meddled(&path, in_text(&head, &forged), "records", "its bytes were edited");
    forge(&path, &head, &forged);
    let faults = published.faults("verify 124");
    let told = |link: &str, words: &str| faults.iter().any(|(of, fault)| of == link && fault.contains(words));
    assert!(!told("records", ""), "{faults:?}");
    assert!(told("statements", "is not the one that was signed"), "{faults:?}");
    assert!(told("statements", "says otherwise than its record"), "{faults:?}");
    // Whether there is a commit of that name somewhere, nobody here can know.
    let said = published.run("verify 124");
    let absent = format!("warning: commit {} of ", &forged[..12]);
    assert!(said.stderr.contains(&absent) && said.stderr.contains("cannot be looked at"), "{}", said.stderr);
}

#[test]
fn a_lost_statement_about_one_package_is_told_and_signed_again_by_sealing() {
    let published = Published::new();
    let about = statement_of(published.chain.playground.ok("package statement dh-shop").as_bytes());
    let about = about["subject"][0]["digest"]["sha256"].as_str().unwrap();
    let lost = published.path("statements").join(&about[..2]).join(format!("{about}.json"));
    let signed = fs::read(&lost).unwrap();
    fs::remove_file(&lost).unwrap();
    let said = published.run("verify 124");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("1 of 2 packages without a signed statement"), "{}", said.stderr);
    assert!(said.stderr.contains("such as dh-shop-0"), "{}", said.stderr);
    // What it says to do helps.
    let advice = said.stderr.split('`').nth(1).unwrap().strip_prefix("gachette ").unwrap().to_owned();
    published.chain.playground.ok(&advice);
    assert_eq!(published.run("verify 124").stderr, "");
    assert_eq!(statement_of(&fs::read(&lost).unwrap()), statement_of(&signed));
}

/// What an envelope says, without who signed it and when.
fn statement_of(envelope: &[u8]) -> Value {
    serde_json::from_slice(&serde_json::from_slice::<Envelope>(envelope).unwrap().statement().unwrap())
        .unwrap()
}

#[test]
fn a_commit_with_another_recipe_is_told() {
    let published = Published::new();
    let (source, built) = (&published.chain.source, published.chain.source.head());
    let version = only_file(&published.path("packages/dh-shop/version")).parent().unwrap().to_owned();
    let of_another = |commit: &str, words: &str| {
        forge(&version.join("all.json"), &built, commit);
        published.expect("commits", words);
        forge(&version.join("all.json"), commit, &built);
        assert_eq!(published.faults("verify 124"), []);
    };
    let recipe = fs::read_to_string(source.path().join(".missile.yml")).unwrap();
    let changed = source.commit_file(".missile.yml", recipe.replace("Sells things", "Buys things"));
    of_another(&changed, "is not the recipe that was built by");
    source.git(&["rm", "--quiet", ".missile.yml"]);
    let without = source.commit("Nothing is built any more");
    of_another(&without, "has no .missile.yml");
}

#[test]
fn a_commit_is_looked_for_wherever_it_may_be_and_its_absence_is_no_fault() {
    let published = Published::new();
    let source = &published.chain.source;
    let playground = &published.chain.playground;
    // As a push leaves one: it has what there was then.
    let url = source.path().to_str().unwrap();
    let mirrors = playground.path("home/.cache/gachette/mirrors");
    let mirror = mirrors.join(format!("{}.git", Sha256Digest::of(url.as_bytes())));
    fs::create_dir_all(&mirrors).unwrap();
    source.git(&["clone", "--quiet", "--bare", ".", mirror.to_str().unwrap()]);
    let first = source.git(&["symbolic-ref", "--short", "HEAD"]);
    source.branch("feature").checkout("feature").commit_file("shop.py", "print('open late')\n");
    playground.ok("stack create 125");
    playground.ok("quick 125 shop --ref feature");
    playground.ok("stack seal 125");
    playground.ok("publish 125");
    let commits = || {
        let said = published.run("verify 125");
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        (said.stdout.lines().last().unwrap().to_owned(), said.stderr)
    };
    fs::remove_dir_all(playground.path("working_copies")).unwrap();
    let (line, warnings) = commits();
    assert!(line.contains("1 commit found with its recipe") && warnings.is_empty(), "{line}{warnings}");
    // The branch ends; the working copy still has its commit.
    playground.ok("prepare shop --ref feature");
    let built = source.head();
    source.checkout(&first);
    for words in [
        &["branch", "--quiet", "-D", "feature"][..],
        &["reflog", "expire", "--expire=now", "--all"],
        &["gc", "--quiet", "--prune=now"],
    ] {
        source.git(words);
    }
    let (line, warnings) = commits();
    assert!(line.contains("1 commit found with its recipe") && warnings.is_empty(), "{line}{warnings}");
    fs::remove_dir_all(playground.path("working_copies")).unwrap();
    let (line, warnings) = commits();
    assert!(
        line.starts_with("✓ commits") && line.contains("1 in none of the repositories at hand"),
        "{line}"
    );
    assert!(
        warnings.contains(&format!("warning: commit {} of {url} cannot be looked at", &built[..12])),
        "{warnings}"
    );
}

#[test]
fn a_replayed_state_and_a_removed_revision_are_told() {
    let published = Published::new();
    let playground = &published.chain.playground;
    playground.ok("promote 124 --to live");
    let live = published.path("dists/default/live");
    let copy = playground.path("old");
    let copied = Command::new("cp").arg("-a").args([&live, &copy]).status().unwrap();
    assert!(copied.success());
    published.chain.source.commit_file("shop.py", "print('open all day')\n");
    playground.ok("stack create 125 --from 124");
    playground.ok("quick 125 shop");
    playground.ok("stack seal 125");
    playground.ok("promote 125 --to live");
    assert_eq!(published.faults("verify live"), []);
    let now = playground.path("now");
    fs::rename(&live, &now).unwrap();
    fs::rename(&copy, &live).unwrap();
    let faults = published.faults("verify live");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].0 == "state" && faults[0].1.contains("an old state was played again"), "{faults:?}");
    fs::rename(&live, &copy).unwrap();
    fs::rename(&now, &live).unwrap();
    // The end of a ledger is cut off: the stack is as it was before it was sealed.
    let revisions = published.path("domain/default/stacks/124/revisions");
    let last = fs::read_dir(&revisions).unwrap().map(|it| it.unwrap().path()).max().unwrap();
    let seal = fs::read(&last).unwrap();
    fs::remove_file(&last).unwrap();
    published.expect("ledger", "0000000003.json is damaged: the file is lost");
    // One in the middle.
    fs::write(&last, seal).unwrap();
    let first = revisions.join("0000000002.json");
    let bytes = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    published.expect("ledger", "lost: later revisions are there");
    fs::write(&first, &bytes).unwrap();
    published.meddled(
        &first,
        in_text("\"author\": \"ada", "\"author\": \"eve"),
        "ledger",
        "names another revision before it",
    );
}
