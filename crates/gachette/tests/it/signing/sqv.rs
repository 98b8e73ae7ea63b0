//! sqv judges what was signed: Debian 13's apt asks it in place of gpgv.

use std::path::Path;
use std::process::Command;

use gachette::signing::{Certificate, Import, NewEnd};
use gachette_testkit::GnupgHome;
use jiff::Timestamp;

use super::{Desk, RELEASE, certificate, key_name};

/// Whose detached signature sqv accepts, or what it says.
fn sqv(desk: &Desk, certificates: &[u8], signatures: &[u8], content: &[u8]) -> Result<String, String> {
    let keyring = desk.write("trusted.asc", certificates);
    let (signatures, content) = (desk.write("signatures", signatures), desk.write("content", content));
    let paths: [&Path; 2] = [&signatures, &content];
    let output = Command::new("sqv").arg("--keyring").arg(keyring).args(paths).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// The signatures of an InRelease file and what they sign, taken apart as apt does it for sqv: the text without its frame, and
/// without the line end before the signatures.
fn apart(in_release: &[u8]) -> (String, String) {
    let text = std::str::from_utf8(in_release).unwrap();
    let (text, signatures) = text.split_once("\n-----BEGIN PGP SIGNATURE-----\n").unwrap();
    let (_, text) = text.split_once("\n\n").unwrap();
    let lines: Vec<&str> = text.lines().map(|line| line.strip_prefix("- ").unwrap_or(line)).collect();
    (lines.join("\n"), format!("-----BEGIN PGP SIGNATURE-----\n{signatures}"))
}

#[test]
fn sqv_accepts_both_forms_by_either_of_two_keys_and_no_changed_byte() {
    let mut desk = Desk::new();
    let keys = [desk.generate("old", 365), desk.generate("new", 730)];
    let signed = desk.sign();
    let (text, signatures) = apart(&signed.in_release);
    for (name, key) in ["old", "new"].into_iter().zip(&keys) {
        let certificate = certificate(&desk, name);
        let said = sqv(&desk, &certificate, &signed.release_gpg, RELEASE).unwrap();
        assert!(said.contains(&key.certificate().fingerprint().to_string()), "{said}");
        sqv(&desk, &certificate, signatures.as_bytes(), text.as_bytes()).unwrap();
        let changed = text.replace("0123", "0124");
        sqv(&desk, &certificate, signatures.as_bytes(), changed.as_bytes()).unwrap_err();
        sqv(&desk, &certificate, &signed.release_gpg, changed.as_bytes()).unwrap_err();
    }
}

#[test]
fn sqv_accepts_an_extended_key_and_what_it_signed_before() {
    let mut desk = Desk::new();
    let now = desk.now;
    desk.now = desk.in_days(-10);
    desk.generate("archive", 5);
    let (before, ended) = (desk.sign(), certificate(&desk, "archive"));
    desk.now = now;
    let key = "archive".parse().unwrap();
    desk.keys().extend(&key, NewEnd::NotBefore(Some(desk.in_days(100))), &desk.passphrase, desk.now).unwrap();
    let (after, extended) = (desk.sign(), certificate(&desk, "archive"));
    sqv(&desk, &extended, &before.release_gpg, RELEASE).unwrap();
    sqv(&desk, &extended, &after.release_gpg, RELEASE).unwrap();
    sqv(&desk, &ended, &after.release_gpg, RELEASE).unwrap_err();
}

#[test]
fn sqv_accepts_subkeys_and_keys_that_were_made_by_gpg_and_extended_here() {
    let home = GnupgHome::new();
    let key = home.generate("made <made@example.org>", "ed25519", "cert", "");
    home.gpg(&["--passphrase", "", "--quick-add-key", &key, "ed25519", "sign", "10d"]);
    let subkey = home.fingerprints(&key).remove(1);
    let mut desk = Desk::new();
    let secret = home.gpg(&["--export-secret-keys", &key]);
    desk.keys().import(&key_name("made"), &secret, Import::New).unwrap();
    desk.keys.push("made".parse().unwrap());
    desk.now = Timestamp::now();
    let said = sqv(&desk, &certificate(&desk, "made"), &desk.sign().release_gpg, RELEASE).unwrap();
    assert!(said.contains(&key), "{said}");
    let until = desk.in_days(700);
    desk.keys()
        .extend(&"made".parse().unwrap(), NewEnd::NotBefore(Some(until)), &desk.passphrase, desk.now)
        .unwrap();
    sqv(&desk, &certificate(&desk, "made"), &desk.sign().release_gpg, RELEASE).unwrap();
    // gpg says of both, the key and its subkey, that they end when they were told to.
    let listing = GnupgHome::new();
    listing.gpg(&["--import", desk.write("c", &certificate(&desk, "made")).to_str().unwrap()]);
    let listed = String::from_utf8(listing.gpg(&["--with-colons", "--list-keys", &subkey])).unwrap();
    let ends = listed.lines().filter(|line| line.starts_with("pub:") || line.starts_with("sub:"));
    let ends: Vec<&str> = ends.filter_map(|line| line.split(':').nth(6)).collect();
    let expected = until.as_second().to_string();
    assert_eq!(ends, [&expected, &expected]);
}

#[test]
fn a_kind_of_key_that_sqv_does_not_know_is_refused_by_its_name() {
    let desk = Desk::new();
    let home = GnupgHome::new();
    let release = desk.write("Release", RELEASE);
    for curve in ["brainpoolP256r1", "secp256k1"] {
        let key = home.generate(curve, curve, "sign", "");
        let certificate = home.gpg(&["--armor", "--export", &key]);
        let sign = ["--local-user", &key, "--digest-algo", "SHA512", "--output", "-", "--detach-sign"];
        let signature = home.gpg(&[&sign[..], &[release.to_str().unwrap()]].concat());
        sqv(&desk, &certificate, &signature, RELEASE).unwrap_err();
        let reason = format!("keys of its kind, ECDSA on the curve {curve}, cannot be used here");
        let said = Certificate::parse_all(&certificate, "a test").unwrap_err().to_string();
        assert_eq!(said, format!("a test: {reason}, since not every apt knows them"));
        let secret = home.gpg(&["--armor", "--export-secret-keys", &key]);
        let said = desk.keys().import(&key_name("x"), &secret, Import::New).unwrap_err().to_string();
        assert!(said.starts_with(&format!("the key that is imported: {reason}")), "{said}");
    }
}
