//! Debian's gpgv judges what was signed.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use gachette::signing::{Import, NewEnd, PassphraseSource};
use gachette_testkit::GnupgHome;
use jiff::Timestamp;

use super::{Desk, RELEASE, accepted, certificate, gpgv, key_name};

#[test]
fn gpgv_accepts_what_one_key_signed_and_knows_which() {
    let mut desk = Desk::new();
    let key = desk.generate("archive", 365);
    let said = accepted(&desk, &desk.sign(), &desk.signers().certificates()).unwrap();
    let fingerprint = key.certificate().fingerprint();
    assert_eq!(said.matches(&format!("[GNUPG:] VALIDSIG {fingerprint}")).count(), 2, "{said}");
    assert!(said.contains("Good signature from \"archive <archive@example.org>\""), "{said}");
}

#[test]
fn gpgv_refuses_one_changed_byte_in_either_form() {
    let mut desk = Desk::new();
    desk.generate("archive", 365);
    let signed = desk.sign();
    let certificates = desk.signers().certificates();
    let changed = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace("0123", "0124");
    let in_release = desk.write("InRelease", changed(&signed.in_release).as_bytes());
    let (release, release_gpg) =
        (desk.write("Release", changed(RELEASE).as_bytes()), desk.write("Release.gpg", &signed.release_gpg));
    let keyring = desk.keyring(&certificates);
    for files in [&[in_release.as_path()][..], &[&release_gpg, &release]] {
        let said = gpgv(&keyring, files).unwrap_err();
        assert!(said.contains("[GNUPG:] BADSIG"), "{said}");
    }
}

#[test]
fn who_knows_one_of_two_keys_finds_its_good_signature() {
    let mut desk = Desk::new();
    let keys = [desk.generate("old", 365), desk.generate("new", 730)];
    let signed = desk.sign();
    let said = accepted(&desk, &signed, &desk.signers().certificates()).unwrap();
    assert_eq!(said.matches("[GNUPG:] GOODSIG").count(), 4, "{said}");
    for (name, key) in ["old", "new"].into_iter().zip(&keys) {
        // gpgv itself fails on a signature by a key it does not know; apt looks at the good ones.
        let said = accepted(&desk, &signed, &certificate(&desk, name)).unwrap_err();
        assert!(said.contains(&format!("[GNUPG:] VALIDSIG {}", key.certificate().fingerprint())), "{said}");
        assert!(said.contains("[GNUPG:] NO_PUBKEY") && !said.contains("BADSIG"), "{said}");
    }
}

#[test]
fn an_extended_key_is_accepted_again_with_its_new_certificate_alone() {
    let mut desk = Desk::new();
    desk.generate("archive", 10);
    let before = certificate(&desk, "archive");
    let signed_before = desk.sign();
    desk.keys()
        .extend(
            &"archive".parse().unwrap(),
            NewEnd::NotBefore(Some(desk.in_days(800))),
            &desk.passphrase,
            desk.now,
        )
        .unwrap();
    let after = certificate(&desk, "archive");
    let signed = desk.sign();
    for signed in [&signed_before, &signed] {
        accepted(&desk, signed, &before).unwrap();
        accepted(&desk, signed, &after).unwrap();
    }
    // A clock that stands after the old end shows which end gpg believes.
    let home = GnupgHome::new();
    for (certificate, expected) in [(&before, "e"), (&after, "-")] {
        home.gpg(&["--import", desk.write("c.asc", certificate).to_str().unwrap()]);
        let time = desk.in_days(20).as_second().to_string();
        let listed = home.gpg(&["--with-colons", "--faked-system-time", &format!("{time}!"), "--list-keys"]);
        let listed = String::from_utf8(listed).unwrap();
        assert!(listed.contains(&format!("\npub:{expected}:")), "{listed}");
    }
}

#[test]
fn a_subkey_signs_without_its_primary_key() {
    let home = GnupgHome::new();
    let primary = home.generate("offline <offline@example.org>", "ed25519", "cert", "");
    home.gpg(&["--passphrase", "", "--quick-add-key", &primary, "ed25519", "sign", "1y"]);
    let subkeys = home.gpg(&["--armor", "--export-secret-subkeys", &primary]);
    let mut desk = Desk::new();
    desk.now = Timestamp::now();
    desk.keys().import(&key_name("offline"), &subkeys, Import::New).unwrap();
    desk.keys.push(primary.parse().unwrap());
    let said = accepted(&desk, &desk.sign(), &desk.signers().certificates()).unwrap();
    let subkey = &home.fingerprints(&primary)[1];
    assert!(said.contains(&format!("[GNUPG:] VALIDSIG {subkey}")) && said.contains(&primary), "{said}");
    // And the certificate that gpg itself gives out does for it.
    accepted(&desk, &desk.sign(), &home.gpg(&["--armor", "--export", &primary])).unwrap();
    let error =
        desk.keys().extend(&desk.keys[0], NewEnd::NotBefore(None), &desk.passphrase, desk.now).unwrap_err();
    assert!(error.to_string().contains("subkey only"), "{error}");
}

#[test]
fn keys_that_gpg_made_sign_here_and_those_left_to_gpg_are_refused_with_what_to_do() {
    let home = GnupgHome::new();
    let mut desk = Desk::new();
    for algorithm in ["ed25519", "nistp256", "nistp384", "nistp521"] {
        let key = home.generate(algorithm, algorithm, "sign", "");
        let secret = home.gpg(&["--export-secret-keys", &key]);
        desk.keys().import(&key_name(algorithm), &secret, Import::New).unwrap();
        (desk.keys, desk.now) = (vec![algorithm.parse().unwrap()], Timestamp::now());
        let said = accepted(&desk, &desk.sign(), &desk.signers().certificates()).unwrap();
        assert!(said.contains(&format!("[GNUPG:] VALIDSIG {key}")), "{algorithm}: {said}");
    }
    for algorithm in ["rsa2048", "dsa2048"] {
        let key = home.generate(algorithm, algorithm, "sign", "");
        let secret = home.gpg(&["--armor", "--export-secret-keys", &key]);
        let error = desk.keys().import(&key_name("x"), &secret, Import::New).unwrap_err();
        assert!(error.to_string().ends_with("are left to gpg"), "{error}");
        let hint = format!("`gpg --import` it, and put `signing.keys: [gpg:{key}]` into gachette.yml");
        assert_eq!(error.hint().unwrap(), hint);
    }
}

#[test]
fn a_passphrase_opens_a_key_and_another_does_not() {
    let mut desk = Desk::new();
    let file = desk.write("passphrase", b"correct horse\nnot this line\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    desk.passphrase = PassphraseSource::file(file.clone());
    assert!(desk.generate("archive", 365).is_protected());
    accepted(&desk, &desk.sign(), &certificate(&desk, "archive")).unwrap();
    // gpg opens it with the same words, and so what protects it is what it should be.
    let secret = fs::read(desk.path("keys/archive.asc")).unwrap();
    let home = GnupgHome::new();
    let imported = desk.write("secret.asc", &secret);
    let unlock = |words: &'static str| ["--pinentry-mode", "loopback", "--passphrase", words];
    home.gpg(&[&unlock("correct horse")[..], &["--import", imported.to_str().unwrap()]].concat());
    let release = desk.write("Release", RELEASE);
    let sign = |words| {
        let arguments = [&["--batch", "--yes"], &unlock(words)[..], &["--detach-sign"]].concat();
        home.command("gpg").args(arguments).arg(&release).output().unwrap().status.success()
    };
    assert!(!sign("wrong horse") && sign("correct horse"));

    fs::write(&file, "wrong horse\n").unwrap();
    let said = desk.refusal().to_string();
    assert!(
        said.starts_with("the passphrase does not open key /") && said.ends_with("archive.asc"),
        "{said}"
    );
    desk.passphrase = PassphraseSource::default();
    let error = desk.refusal();
    assert!(error.to_string().ends_with("is protected by a passphrase"), "{error}");
    assert!(error.hint().unwrap().contains("GACHETTE_PASSPHRASE"));
}
