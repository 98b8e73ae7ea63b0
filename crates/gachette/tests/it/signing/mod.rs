//! Signing suites, as the tools judge it that clients have.

mod apt;
mod folder;
mod gpg;
mod gpgv;
mod sqv;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette::Cancel;
use gachette::signing::{
    Gpg, KeyFolder, KeyName, KeyRef, OwnKey, PassphraseSource, Signed, Signers, SigningConfig, SigningError,
};
use gachette_testkit::GnupgHome;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

/// A Release file in which nothing is left out that makes trouble: a line with a dash first, and one that looks armored.
const RELEASE: &[u8] =
    b"Origin: here\nSuite: stable\nDescription: one\n -----BEGIN\nSHA256:\n 0123 4 main/Packages\n- x\n";

/// A folder of keys, and what is signed with.
struct Desk {
    folder: TempDir,
    keys: Vec<KeyRef>,
    passphrase: PassphraseSource,
    gpg: Gpg,
    now: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (passphrase, gpg) = (PassphraseSource::default(), Gpg::new().env("GNUPGHOME", "/nowhere"));
        Self { folder, keys: Vec::new(), passphrase, gpg, now: Timestamp::now() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn keys(&self) -> KeyFolder {
        KeyFolder::new(self.path("keys"), Vec::new())
    }

    /// Makes a key a day ago that ends in so many days, and signs with it from now on.
    fn generate(&mut self, name: &str, days: i64) -> OwnKey {
        let (made, ends) = (self.in_days(-1), self.in_days(days));
        let email = Some("archive@example.org");
        let key = self.keys().generate(&key_name(name), email, Some(ends), &self.passphrase, made).unwrap();
        self.keys.push(name.parse().unwrap());
        key
    }

    fn in_days(&self, days: i64) -> Timestamp {
        self.now + SignedDuration::from_hours(days * 24)
    }

    fn config(&self) -> SigningConfig {
        let (keys, folder) = (self.keys.clone(), self.keys());
        SigningConfig { keys, folder, passphrase: self.passphrase.clone(), gpg: self.gpg.clone() }
    }

    fn signers(&self) -> Signers {
        Signers::open(&self.config()).unwrap()
    }

    fn sign(&self) -> Signed {
        self.signers().sign(RELEASE, self.now, &Cancel::new()).unwrap()
    }

    fn refusal(&self) -> SigningError {
        Signers::open(&self.config())
            .and_then(|signers| signers.sign(RELEASE, self.now, &Cancel::new()))
            .unwrap_err()
    }

    /// Writes a file, and returns its path.
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// A keyring for gpgv, which gpg itself makes of certificates in text.
    fn keyring(&self, certificates: &[u8]) -> PathBuf {
        let (text, keyring) = (self.write("certificates.asc", certificates), self.path("keyring.gpg"));
        let paths = [keyring.to_str().unwrap(), text.to_str().unwrap()];
        GnupgHome::new().gpg(&["--output", paths[0], "--dearmor", paths[1]]);
        keyring
    }
}

fn key_name(name: &str) -> KeyName {
    name.parse().unwrap()
}

/// What gpgv says of a signed file, or of a file and its detached signatures: `Ok` when it accepts it.
fn gpgv(keyring: &Path, files: &[&Path]) -> Result<String, String> {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("gpgv")
        .env("GNUPGHOME", home.path())
        .args(["--status-fd", "1", "--keyring"])
        .arg(keyring)
        .args(files)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// Whether gpgv accepts both forms with these certificates.
fn accepted(desk: &Desk, signed: &Signed, certificates: &[u8]) -> Result<String, String> {
    let keyring = desk.keyring(certificates);
    let (in_release, release) = (desk.write("InRelease", &signed.in_release), desk.write("Release", RELEASE));
    let release_gpg = desk.write("Release.gpg", &signed.release_gpg);
    Ok(gpgv(&keyring, &[&in_release])? + &gpgv(&keyring, &[&release_gpg, &release])?)
}

/// The certificate of a key, in text.
fn certificate(desk: &Desk, name: &str) -> Vec<u8> {
    Signers::open(&SigningConfig { keys: vec![name.parse().unwrap()], ..desk.config() })
        .unwrap()
        .certificates()
}
