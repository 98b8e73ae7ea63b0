//! What our own check says of signed files is what gpgv says.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use gachette::Cancel;
use gachette::signing::{Certificate, OwnKey, Signed, SigningConfig, VerifyError, verify, verify_detached};
use gachette_testkit::{GnupgHome, Mutations};
use jiff::Timestamp;

use super::{Desk, RELEASE, gpgv};

fn certificates(desk: &Desk) -> Vec<Certificate> {
    Certificate::parse_all(&desk.signers().certificates(), "a test").unwrap()
}

#[test]
fn it_is_told_which_keys_signed_and_when() {
    let mut desk = Desk::new();
    let keys = [desk.generate("old", 365), desk.generate("new", 730)];
    let (signed, known) = (desk.sign(), certificates(&desk));
    let verified = verify(&signed.in_release, &known, desk.now).unwrap();
    assert_eq!(verified.release, RELEASE);
    let detached = verify_detached(RELEASE, &signed.release_gpg, &known, desk.now).unwrap();
    assert_eq!(detached, verified.signatures);
    for (good, key) in detached.iter().zip(&keys) {
        assert_eq!(
            (good.key, good.made.as_second()),
            (key.certificate().fingerprint(), desk.now.as_second())
        );
    }
    // One that is not known changes nothing for the other.
    let one = verify(&signed.in_release, &known[1..], desk.now).unwrap();
    assert_eq!(one.signatures, detached[1..]);
    assert_eq!(verify(&signed.in_release, &[], desk.now), Err(VerifyError::NoneHolds(Vec::new())));
}

#[test]
fn gpgv_and_we_agree_on_what_is_signed_by_others_too() {
    let home = GnupgHome::new();
    let mut desk = Desk::new();
    let release = desk.write("Release", RELEASE);
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    for (algorithm, digest) in
        [("rsa2048", "SHA256"), ("rsa2048", "SHA1"), ("dsa2048", "SHA256"), ("ed25519", "SHA512")]
    {
        let user = format!("{algorithm} {digest}");
        let key = home.generate(&user, algorithm, "sign", "");
        let certificate = home.gpg(&["--export", &key]);
        let keyring = desk.write("keyring.gpg", &certificate);
        let known = Certificate::parse_all(&certificate, "a test").unwrap();
        let (clear, detached) = (desk.path("clear"), desk.path("detached"));
        let options = ["--local-user", &key, "--digest-algo", digest, "--output"];
        home.gpg(&[&options[..], &[&path(&clear), "--clear-sign", &path(&release)]].concat());
        home.gpg(&[&options[..], &[&path(&detached), "--detach-sign", &path(&release)]].concat());
        gpgv(&keyring, &[&clear]).unwrap();
        gpgv(&keyring, &[&detached, &release]).unwrap();
        desk.now = Timestamp::now();
        let ours = verify(&fs::read(&clear).unwrap(), &known, desk.now);
        let apart = verify_detached(RELEASE, &fs::read(&detached).unwrap(), &known, desk.now);
        if digest == "SHA1" {
            // Here apt is stricter than gpgv, and so are we.
            let reason = format!("key {key}: its signature is made by way of a weak hash");
            let refused = VerifyError::NoneHolds(vec![reason]);
            assert_eq!((ours.unwrap_err(), apart.unwrap_err()), (refused.clone(), refused));
        } else {
            let verified = ours.unwrap();
            assert_eq!((verified.release.as_slice(), verified.signatures[0].key.to_string()), (RELEASE, key));
            assert_eq!(apart.unwrap().len(), 1);
        }
    }
}

#[test]
fn a_key_that_ended_and_a_time_to_come_are_refused_as_gpgv_does() {
    let mut desk = Desk::new();
    let now = desk.now;
    desk.now = desk.in_days(-10);
    desk.generate("archive", 5);
    let (signed, known) = (desk.sign(), certificates(&desk));
    let keyring = desk.keyring(&desk.signers().certificates());
    let said = gpgv(&keyring, &[&desk.write("InRelease", &signed.in_release)]).unwrap();
    assert!(said.contains("EXPKEYSIG"), "{said}");
    verify(&signed.in_release, &known, desk.now).unwrap();
    let refusal = verify(&signed.in_release, &known, now).unwrap_err().to_string();
    let key = known[0].fingerprint();
    let ended = desk.in_days(5).strftime("%Y-%m-%d");
    assert_eq!(refusal, format!("no signature of a known key holds: key {key}: it ended on {ended}"));
    let early = verify(&signed.in_release, &known, desk.in_days(-1)).unwrap_err().to_string();
    assert!(early.contains("which is still to come"), "{early}");
}

/// Takes a key back, as its owner does: by the certificate that gpg writes for that when it makes a key.
fn revoke(home: &GnupgHome, key: &str) {
    let file = home.path().join(format!("openpgp-revocs.d/{key}.rev"));
    // The colon is to keep it from being used by mistake.
    let text = fs::read_to_string(&file).unwrap().replace(":-----BEGIN", "-----BEGIN");
    fs::write(&file, text).unwrap();
    home.gpg(&["--import", file.to_str().unwrap()]);
}

#[test]
fn a_key_that_was_revoked_is_called_so_and_another_that_signed_counts_as_for_gpgv() {
    let home = GnupgHome::new();
    let mut desk = Desk::new();
    let keys = ["a", "b"].map(|user| home.generate(user, "ed25519", "sign", ""));
    let subkeys = home.generate("c", "ed25519", "cert", "");
    home.gpg(&["--passphrase", "", "--quick-add-key", &subkeys, "ed25519", "sign", "1y"]);
    let release = desk.write("Release", RELEASE);
    let (one, both, part) = (desk.path("one"), desk.path("both"), desk.path("part"));
    for (file, users) in [(&one, &keys[..1]), (&both, &keys[..]), (&part, std::slice::from_ref(&subkeys))] {
        let users: Vec<&str> = users.iter().flat_map(|user| ["--local-user", user]).collect();
        let words = ["--output", file.to_str().unwrap(), "--clear-sign", release.to_str().unwrap()];
        home.gpg(&[&users[..], &words[..]].concat());
    }
    desk.now = Timestamp::now();
    let judged = |file: &Path| {
        let certificates = home.gpg(&["--export"]);
        let known = Certificate::parse_all(&certificates, "a test").unwrap();
        let said = gpgv(&desk.write("keyring.gpg", &certificates), &[file]).unwrap_or_else(|said| said);
        (verify(&fs::read(file).unwrap(), &known, desk.now), said)
    };
    for file in [&one, &both, &part] {
        judged(file).0.unwrap();
    }
    let older = home.gpg(&["--armor", "--export"]);
    revoke(&home, &keys[0]);
    // Also where an older copy of its certificate stands before or behind the newer one.
    let newer = home.gpg(&["--armor", "--export"]);
    for copies in [[&older[..], &newer[..]].concat(), [&newer[..], &older[..]].concat()] {
        let known = Certificate::parse_all(&copies, "a test").unwrap();
        let ours = verify(&fs::read(&one).unwrap(), &known, desk.now);
        assert!(ours.unwrap_err().to_string().ends_with("the key was revoked"));
    }
    let (ours, said) = judged(&one);
    assert!(said.contains("[GNUPG:] REVKEYSIG") && !said.contains("GOODSIG"), "{said}");
    let reason = format!("no signature of a known key holds: key {}: the key was revoked", keys[0]);
    assert_eq!(ours.unwrap_err().to_string(), reason);
    let (ours, said) = judged(&both);
    assert_eq!(said.matches("[GNUPG:] GOODSIG").count(), 1, "{said}");
    let good: Vec<String> = ours.unwrap().signatures.iter().map(|good| good.key.to_string()).collect();
    assert_eq!(good, keys[1..]);
    // A subkey alone.
    let edit = ["--command-fd", "0", "--edit-key", &subkeys, "key 1", "revkey", "save"];
    let mut gpg = home.command("gpg");
    gpg.args(["--batch", "--yes"]).args(edit).stdin(std::process::Stdio::piped());
    let mut gpg =
        gpg.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut gpg.stdin.take().unwrap(), b"y\n0\n\ny\n").unwrap();
    assert!(gpg.wait().unwrap().success());
    let (ours, said) = judged(&part);
    assert!(said.contains("[GNUPG:] REVKEYSIG") && !said.contains("GOODSIG"), "{said}");
    assert!(ours.unwrap_err().to_string().ends_with("the part of it that signed was revoked"));
    // What somebody changed is false all the same.
    let changed = fs::read_to_string(&both).unwrap().replace("0123", "0124");
    let (ours, said) = judged(&desk.write("changed", changed.as_bytes()));
    assert!(said.contains("[GNUPG:] BADSIG"), "{said}");
    assert!(matches!(ours, Err(VerifyError::False { .. })));
}

/// What is signed, by whom, and when, for functions that take nothing but bytes.
static SIGNED: OnceLock<(Signed, Vec<Certificate>, Timestamp)> = OnceLock::new();

fn signed() -> &'static (Signed, Vec<Certificate>, Timestamp) {
    SIGNED.get_or_init(|| {
        let mut desk = Desk::new();
        desk.generate("archive", 365);
        (desk.sign(), certificates(&desk), desk.now)
    })
}

#[test]
fn no_change_of_a_byte_leads_to_another_text() {
    let (signed, known, now) = signed();
    let mut accepted = 0;
    for at in 0..signed.in_release.len() {
        for change in [1, 0x20] {
            let mut changed = signed.in_release.clone();
            changed[at] ^= change;
            if let Ok(verified) = verify(&changed, known, *now) {
                assert_eq!(verified.release, RELEASE, "byte {at}");
                accepted += 1;
            }
        }
    }
    // Such as the checksum of the armor, which RFC 9580 has nobody check.
    assert!(accepted < 40, "{accepted}");
    for at in 0..RELEASE.len() {
        let mut changed = RELEASE.to_vec();
        changed[at] ^= 1;
        verify_detached(&changed, &signed.release_gpg, known, *now).unwrap_err();
    }
}

#[test]
fn nothing_that_is_read_breaks_the_reader() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::new();
    desk.generate("archive", 365);
    let home = GnupgHome::new();
    let key = home.generate("held", "rsa2048", "cert", "open sesame");
    let unlock = ["--pinentry-mode", "loopback", "--passphrase", "open sesame"];
    home.gpg(&[&unlock[..], &["--quick-add-key", &key, "ed25519", "sign", "1y"]].concat());
    for (name, bytes) in [
        ("in_release", signed().0.in_release.clone()),
        ("release_gpg", signed().0.release_gpg.clone()),
        ("certificate", home.gpg(&["--export"])),
        ("secret", home.gpg(&[&unlock[..], &["--export-secret-keys"]].concat())),
        ("subkeys", home.gpg(&[&unlock[..], &["--export-secret-subkeys"]].concat())),
        ("own", fs::read(desk.path("keys/archive.asc")).unwrap()),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    Mutations::of(folder.path()).feed(1500, |bytes| {
        let (_, known, now) = signed();
        if let Ok(verified) = verify(bytes, known, *now) {
            assert_eq!(verified.release, RELEASE);
        }
        let _ = verify_detached(RELEASE, bytes, known, *now);
        let _ =
            Certificate::parse_all(bytes, "a test").map(|all| all.iter().map(Certificate::user_id).count());
        let _ = OwnKey::parse(bytes, "a test").map(|key| key.armored().unwrap().len());
    });
}

#[test]
fn what_is_signed_can_be_signed() {
    let mut desk = Desk::new();
    desk.generate("archive", 365);
    let signers = desk.signers();
    for (release, expected) in [
        (&b"Suite: \xff\n"[..], "it is not UTF-8"),
        (b"Suite: a \n", "line 1 ends with white space"),
        (b"Suite: a\r\n", "line 1 ends with white space"),
        (b"Suite: a\n\nSuite: b\n", "line 2 is empty"),
        (b"", "line 1 is empty"),
    ] {
        let refusal = signers.sign(release, desk.now, &Cancel::new()).unwrap_err().to_string();
        assert_eq!(refusal, format!("the Release file cannot be signed: {expected}"));
    }
    let config = SigningConfig { keys: Vec::new(), ..desk.config() };
    let refusal = gachette::signing::Signers::open(&config).unwrap_err();
    assert_eq!(refusal.to_string(), "no signing key is configured");
}
