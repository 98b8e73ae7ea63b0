//! Statements of where packages and stacks come from, judged by programs that are not ours: Python encodes what is signed, by
//! DSSE's definition, and gpgv checks the signatures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette::Cancel;
use gachette::config::{Config, Signing};
use gachette::signing::{Holders, Signers, SigningConfig};
use gachette_core::Sha256Digest;
use gachette_core::statement::{Envelope, signed_bytes};
use gachette_testkit::GnupgHome;
use serde_json::Value;

use crate::chain::Chain;
use crate::playground::Playground;

/// Takes an envelope apart: what is signed, and each signature, into files; prints the statement and the keys.
const OPEN: &str = "
import base64, json, sys
folder = sys.argv[1]
envelope = json.load(open(folder + '/envelope.json'))
kind, payload = envelope['payloadType'].encode(), base64.b64decode(envelope['payload'], validate=True)
signed = b'DSSEv1 %d %s %d %s' % (len(kind), kind, len(payload), payload)
open(folder + '/signed', 'wb').write(signed)
for number, signature in enumerate(envelope['signatures']):
    open(f'{folder}/{number}.sig', 'wb').write(base64.b64decode(signature['sig'], validate=True))
json.dump({'statement': json.loads(payload), 'keys': [it['keyid'] for it in envelope['signatures']]}, sys.stdout)
";

/// An envelope that was taken apart.
pub(crate) struct Opened {
    folder: tempfile::TempDir,
    pub(crate) statement: Value,
    pub(crate) keys: Vec<String>,
}

impl Opened {
    pub(crate) fn of(envelope: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("envelope.json"), envelope).unwrap();
        let output = Command::new("python3").args(["-c", OPEN]).arg(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut opened: Value = serde_json::from_slice(&output.stdout).unwrap();
        let keys = serde_json::from_value(opened["keys"].take()).unwrap();
        Self { folder, statement: opened["statement"].take(), keys }
    }

    /// What gpgv says of a signature, by these certificates.
    fn gpgv(&self, number: usize, certificates: &str) -> Result<String, String> {
        let path = |name: &str| self.folder.path().join(name);
        fs::write(path("certificates.asc"), certificates).unwrap();
        let [text, keyring] = ["certificates.asc", "keyring.gpg"].map(|it| path(it).display().to_string());
        GnupgHome::new().gpg(&["--output", &keyring, "--dearmor", &text]);
        let mut gpgv = Command::new("gpgv");
        gpgv.args(["--status-fd", "1", "--keyring", &keyring])
            .arg(path(&format!("{number}.sig")))
            .arg(path("signed"));
        let output = gpgv.env("LC_ALL", "C.UTF-8").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    fn digests(&self) -> Vec<String> {
        let subjects = self.statement["subject"].as_array().unwrap().iter();
        subjects.map(|it| it["digest"]["sha256"].as_str().unwrap().to_owned()).collect()
    }

    fn dependencies(&self) -> &Vec<Value> {
        self.statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap()
    }
}

const KEYS: &str = "--set signing.folder=keys,signing.keys";

/// A sealed stack with the packages of a project.
pub(crate) fn sealed() -> Chain {
    let chain = Chain::new();
    chain.playground.ok("quick 124 shop");
    chain.playground.ok("stack seal 124");
    chain
}

fn sha256(path: &Path) -> String {
    Sha256Digest::of(&fs::read(path).unwrap()).to_string()
}

fn packages(playground: &Playground) -> Vec<PathBuf> {
    let files = fs::read_dir(playground.path("repository/debs")).unwrap().map(|it| it.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|it| it == "deb")).collect()
}

#[test]
fn a_sealed_stack_is_stated_when_it_is_published_and_gpgv_knows_by_whom() {
    let chain = sealed();
    let playground = &chain.playground;
    let before = playground.run("stack statement 124");
    assert!(before.stderr.contains("nobody signed this") && Opened::of(&before.stdout).keys.is_empty());
    playground.ok(&format!("{KEYS}=archive key generate archive"));
    playground.ok(&format!("{KEYS}=archive publish 124"));
    let envelope = playground.ok("stack statement 124");
    let opened = Opened::of(&envelope);
    let certificates = playground.ok(&format!("{KEYS}=archive key export"));
    let said = opened.gpgv(0, &certificates).unwrap();
    assert!(said.contains(&format!("VALIDSIG {}", opened.keys[0])), "{said}");
    assert_eq!(opened.statement, Opened::of(&before.stdout).statement, "the same, signed or not");
    assert_eq!(opened.statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(opened.statement["predicateType"], "https://slsa.dev/provenance/v1");
    // What sha256sum says of the files.
    let mut expected: Vec<String> = packages(playground).iter().map(|path| sha256(path)).collect();
    let revision = playground.json("stack show 124")["revision"].as_u64().unwrap();
    let ledger = playground.path("repository/domain/default/stacks/124/revisions");
    expected.push(sha256(&ledger.join(format!("{revision:010}.json"))));
    let mut digests = opened.digests();
    expected.sort();
    digests.sort();
    assert_eq!(digests, expected);
    let record = sha256(
        &fs::read_dir(playground.path("repository/packages/dh-shop/version"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path()
            .join("all.json"),
    );
    assert!(opened.dependencies().iter().any(|it| it["digest"]["sha256"] == record), "{envelope}");
    assert!(opened.dependencies().iter().any(|it| it["digest"]["gitCommit"] == chain.source.head()));
    // One byte more or less is noticed.
    let signed = opened.folder.path().join("signed");
    fs::write(&signed, [fs::read(&signed).unwrap(), b" ".to_vec()].concat()).unwrap();
    assert!(opened.gpgv(0, &certificates).unwrap_err().contains("BADSIG"));
}

#[test]
fn each_package_is_stated_too_and_another_key_adds_its_signature() {
    let chain = sealed();
    let playground = &chain.playground;
    for key in ["archive", "other"] {
        playground.ok(&format!("{KEYS}={key} key generate {key}"));
        playground.ok(&format!("{KEYS}={key} publish 124"));
    }
    let opened = Opened::of(&playground.ok("package statement dh-shop"));
    assert_eq!(opened.keys.len(), 2);
    let certificates = playground.ok("--set signing.folder=keys,signing.keys=other key export other");
    opened.gpgv(1, &certificates).unwrap();
    assert!(opened.gpgv(0, &certificates).unwrap_err().contains("NO_PUBKEY"));
    let deb =
        packages(playground).into_iter().find(|it| it.display().to_string().contains("/dh-shop-0")).unwrap();
    assert_eq!(opened.digests(), [sha256(&deb)]);
    let predicate = &opened.statement["predicate"];
    assert_eq!(predicate["buildDefinition"]["externalParameters"]["missile"], ".missile.yml");
    let recipe = sha256(&chain.source.path().join(".missile.yml"));
    let commit = chain.source.head();
    for expected in [serde_json::json!({"gitCommit": commit}), serde_json::json!({"sha256": recipe})] {
        assert!(opened.dependencies().iter().any(|it| it["digest"] == expected), "{predicate}");
    }
    let buildinfo = Sha256Digest::of(playground.ok("package buildinfo dh-shop").as_bytes()).to_string();
    assert_eq!(predicate["runDetails"]["byproducts"][0]["digest"]["sha256"], buildinfo);
    // Published again there is nothing to sign.
    let before = playground.ok("stack statement 124");
    playground.ok(&format!("{KEYS}=other publish 124"));
    assert_eq!(playground.ok("stack statement 124"), before);
}

#[test]
fn statements_of_before_that_named_a_run_stay_valid_and_are_signed_on() {
    let chain = sealed();
    let playground = &chain.playground;
    playground.ok(&format!("{KEYS}=archive key generate archive"));
    playground.ok(&format!("{KEYS}=archive publish 124"));
    let opened = Opened::of(&playground.ok("package statement dh-shop"));
    assert_eq!(opened.statement["predicate"]["runDetails"]["metadata"].get("invocationId"), None);
    let inputs = &opened.statement["predicate"]["buildDefinition"]["internalParameters"]["inputs"];
    let about = opened.digests().remove(0);
    let kept = playground.path(&format!("repository/statements/{}/{about}.json", &about[..2]));
    let envelope: Envelope = serde_json::from_slice(&fs::read(&kept).unwrap()).unwrap();
    let text = String::from_utf8(envelope.statement().unwrap()).unwrap();
    let keys = SigningConfig::of(&Config {
        signing: Signing {
            keys: vec!["archive".parse().unwrap()],
            folder: Some(playground.path("keys")),
            ..Signing::default()
        },
        ..Config::default()
    });
    let keys = Signers::open(&keys).unwrap();
    let keep = |named: &str| {
        let text = text.replace("\"metadata\":{", &format!("\"metadata\":{{\"invocationId\":{named},"));
        let mut envelope = Envelope::of(text.as_bytes());
        let now = jiff::Timestamp::now();
        let signed = keys.sign_detached(&signed_bytes(text.as_bytes()), Holders::All, now, &Cancel::new());
        for (key, signature) in signed.unwrap() {
            envelope.sign(key.to_string(), &signature);
        }
        fs::write(&kept, serde_json::to_string(&envelope).unwrap()).unwrap();
    };
    keep(&inputs.to_string());
    playground.ok(&format!("{KEYS}=archive verify 124"));
    playground.ok(&format!("{KEYS}=other key generate other"));
    playground.ok(&format!("{KEYS}=other publish 124"));
    let opened = Opened::of(&playground.ok("package statement dh-shop"));
    assert_eq!(
        (opened.keys.len(), &opened.statement["predicate"]["runDetails"]["metadata"]["invocationId"]),
        (2, inputs)
    );
    playground.ok(&format!("{KEYS}=other verify 124"));
    keep("\"another\"");
    let said = playground.run(&format!("{KEYS}=archive verify 124"));
    assert!(said.code == 5 && said.stdout.contains("says otherwise than its record"), "{}", said.stdout);
}

#[test]
fn a_key_that_gpg_holds_signs_a_stack_once_and_no_package() {
    let (chain, home) = (sealed(), GnupgHome::new());
    let fingerprint = home.generate("token <token@example.org>", "ed25519", "sign", "");
    let setting = format!("signing.keys=gpg:{fingerprint}");
    let words = ["--set", &setting, "publish", "124"];
    let output = chain.playground.command(&words).env("GNUPGHOME", home.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let opened = Opened::of(&chain.playground.ok("stack statement 124"));
    assert_eq!(opened.keys, std::slice::from_ref(&fingerprint));
    let certificate = String::from_utf8(home.gpg(&["--armor", "--export", &fingerprint])).unwrap();
    opened.gpgv(0, &certificate).unwrap();
    assert!(Opened::of(&chain.playground.ok("package statement dh-shop")).keys.is_empty());
}

#[test]
fn a_statement_about_a_stack_in_the_place_of_one_about_its_package_is_told_and_made_anew() {
    let chain = sealed();
    let playground = &chain.playground;
    playground.ok(&format!("{KEYS}=archive key generate archive"));
    playground.ok(&format!("{KEYS}=archive publish 124"));
    let place =
        |digest: &str| playground.path(&format!("repository/statements/{}/{digest}.json", &digest[..2]));
    // The first subject of a statement is what it is about.
    let of_stack = place(&Opened::of(&playground.ok("stack statement 124")).digests()[0]);
    let of_package = place(&Opened::of(&playground.ok("package statement dh-shop")).digests()[0]);
    let right = fs::read(&of_package).unwrap();
    fs::copy(of_stack, &of_package).unwrap();
    let said = playground.run(&format!("{KEYS}=archive verify 124"));
    let wanted = "is about something else: `gachette stack seal default/124` signs the right one";
    assert!(said.code == 5 && said.stdout.contains(wanted), "{}", said.stdout);
    let said = playground.run(&format!("{KEYS}=archive stack seal 124"));
    assert!(said.code == 0 && !said.stderr.contains("edited"), "{}", said.stderr);
    playground.ok(&format!("{KEYS}=archive verify 124"));
    let payload = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap()["payload"].clone();
    assert_eq!(payload(&fs::read(&of_package).unwrap()), payload(&right));
}

#[test]
fn what_may_change_is_not_signed() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 shop");
    chain.playground.ok(&format!("{KEYS}=archive key generate archive"));
    chain.playground.ok(&format!("{KEYS}=archive publish 124"));
    assert!(Opened::of(&chain.playground.ok("stack statement 124")).keys.is_empty());
    assert!(!chain.playground.path("repository/statements").exists());
}

#[test]
fn what_the_page_says_of_checking_a_statement_without_gachette_is_so() {
    let chain = sealed();
    let playground = &chain.playground;
    let configuration = fs::read_to_string(playground.path("gachette.yml")).unwrap();
    playground.write("gachette.yml", &format!("{configuration}signing: {{keys: [archive], folder: keys}}\n"));
    playground.ok("key generate archive");
    playground.ok("publish 124");
    let certificates = playground.path("archive.asc");
    fs::write(&certificates, playground.ok("key export")).unwrap();
    let keyring = playground.path("archive.gpg").display().to_string();
    GnupgHome::new().gpg(&["--output", &keyring, "--dearmor", certificates.to_str().unwrap()]);
    let page = crate::documents::document("docs/provenance.md");
    let shell = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_gachette")).parent().unwrap().display();
    let shell = format!("set -e\nPATH={folder}:$PATH\n{shell}");
    let output = playground.as_user(Command::new("sh"), &["-c", &shell]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("Good signature"), "{said}");
}
