//! Keys that a real gpg holds, with an agent of its own.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::time::{Duration, Instant};

use gachette::Cancel;
use gachette::signing::{Gpg, Signers, SigningError};
use gachette_testkit::GnupgHome;
use jiff::Timestamp;

use super::{Desk, RELEASE, accepted};

/// A desk that signs with a key which this home holds.
fn desk_of(home: &GnupgHome, key: &str) -> Desk {
    let mut desk = Desk::new();
    desk.gpg = Gpg::new().env("GNUPGHOME", home.path());
    desk.keys.push(format!("gpg:{key}").parse().unwrap());
    desk.now = Timestamp::now();
    desk
}

#[test]
fn keys_of_every_kind_sign_that_gpg_holds() {
    let home = GnupgHome::new();
    for algorithm in ["rsa2048", "dsa2048", "ed25519", "nistp256"] {
        let key = home.generate(algorithm, algorithm, "sign", "");
        let desk = desk_of(&home, &key);
        let said = accepted(&desk, &desk.sign(), &desk.signers().certificates()).unwrap();
        assert_eq!(said.matches(&format!("[GNUPG:] VALIDSIG {key}")).count(), 2, "{algorithm}: {said}");
        assert_eq!(desk.signers().fingerprints()[0].to_string(), key);
    }
}

#[test]
fn a_key_of_gpg_and_one_of_our_own_sign_side_by_side() {
    let home = GnupgHome::new();
    let key = home.generate("held <held@example.org>", "rsa2048", "cert", "");
    home.gpg(&["--passphrase", "", "--quick-add-key", &key, "rsa2048", "sign", "1y"]);
    let subkey = home.fingerprints(&key).remove(1);
    let mut desk = desk_of(&home, &key);
    let own = desk.generate("archive", 365).certificate().fingerprint().to_string();
    let said = accepted(&desk, &desk.sign(), &desk.signers().certificates()).unwrap();
    assert!(said.matches(&format!("VALIDSIG {subkey}")).count() == 2, "{said}");
    assert!(said.matches(&format!("VALIDSIG {own}")).count() == 2, "{said}");
    assert_eq!(said.matches("[GNUPG:] GOODSIG").count(), 4, "{said}");
    // In one block of text, of which apt reads no second one.
    let certificates = String::from_utf8(desk.signers().certificates()).unwrap();
    assert_eq!(certificates.matches("-----BEGIN").count(), 1);
}

#[test]
fn a_key_that_gpg_has_not_got_or_that_ended_is_told_from_one_that_is_closed() {
    let home = GnupgHome::new();
    let missing = "0123456789ABCDEF0123456789ABCDEF01234567";
    let said = desk_of(&home, missing).refusal().to_string();
    assert_eq!(said, format!("gpg cannot use key {missing}: it has no such secret key"));

    let key = home.generate("public", "ed25519", "sign", "");
    let certificate = home.gpg(&["--export", &key]);
    let other = GnupgHome::new();
    let desk = desk_of(&other, &key);
    other.gpg(&["--import", desk.write("c", &certificate).to_str().unwrap()]);
    let said = desk.refusal().to_string();
    assert_eq!(said, format!("gpg cannot use key {key}: it has no such secret key"));

    let mut desk = desk_of(&home, &key);
    desk.now = desk.in_days(400);
    assert!(matches!(desk.refusal(), SigningError::Expired { .. }));
    let hint = desk.refusal().hint().unwrap();
    assert!(hint.contains(&format!("`gpg --quick-set-expire {key} 2y`")), "{hint}");
}

#[test]
fn nobody_is_asked_on_the_terminal_and_what_the_agent_remembers_is_used() {
    let home = GnupgHome::new();
    let key = home.generate("closed", "ed25519", "sign", "open sesame");
    home.command("gpgconf").args(["--kill", "gpg-agent"]).output().unwrap();
    // Nobody answers at this one: it stands for a person who does not see the window.
    let pinentry = home.path().join("pinentry");
    fs::write(&pinentry, "#!/bin/sh\necho OK\nwhile read -r word rest; do\n  case $word in\n    GETPIN) echo 'ERR 83886179 cancelled' ;;\n    BYE) exit ;;\n    *) echo OK ;;\n  esac\ndone\n").unwrap();
    fs::set_permissions(&pinentry, fs::Permissions::from_mode(0o700)).unwrap();
    let agent = format!("pinentry-program {}\nallow-preset-passphrase\n", pinentry.display());
    fs::write(home.path().join("gpg-agent.conf"), agent).unwrap();
    let desk = desk_of(&home, &key);
    let refusal = desk.refusal();
    assert!(matches!(refusal, SigningError::Gpg { .. }), "{refusal}");
    assert!(refusal.hint().unwrap().contains("let gpg ask"), "{refusal}");
    // Once opened, the agent remembers.
    let file = desk.write("x", b"x");
    let unlock = ["--pinentry-mode", "loopback", "--passphrase", "open sesame", "--detach-sign"];
    home.gpg(&[&unlock[..], &[file.to_str().unwrap()]].concat());
    accepted(&desk, &desk.sign(), &desk.signers().certificates()).unwrap();
}

#[test]
fn a_wrong_passphrase_is_called_so_and_nothing_is_said_of_tokens() {
    let home = GnupgHome::new();
    let key = home.generate("closed", "ed25519", "sign", "open sesame");
    home.command("gpgconf").args(["--kill", "gpg-agent"]).output().unwrap();
    // Somebody types what it is not, as often as he is asked.
    let pinentry = home.path().join("pinentry");
    fs::write(&pinentry, "#!/bin/sh\necho OK\nwhile read -r word rest; do\n  case $word in\n    GETPIN) echo 'D wrong'; echo OK ;;\n    BYE) exit ;;\n    *) echo OK ;;\n  esac\ndone\n").unwrap();
    fs::set_permissions(&pinentry, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(home.path().join("gpg-agent.conf"), format!("pinentry-program {}\n", pinentry.display()))
        .unwrap();
    let refusal = desk_of(&home, &key).refusal();
    assert_eq!(refusal.to_string(), format!("gpg cannot use key {key}: the passphrase was wrong"));
    let hint = refusal.hint().unwrap();
    assert!(
        hint.contains(&format!("`gpg --local-user {key} --output - --sign /dev/null >/dev/null`")),
        "{hint}"
    );
    assert!(!hint.contains("token") && !hint.contains("PIN"), "{hint}");
}

#[test]
fn waiting_for_a_person_ends_when_it_is_cancelled() {
    let home = GnupgHome::new();
    let key = home.generate("closed", "ed25519", "sign", "open sesame");
    home.command("gpgconf").args(["--kill", "gpg-agent"]).output().unwrap();
    let (pinentry, asked) = (home.path().join("pinentry"), home.path().join("asked"));
    let script = format!(
        "#!/bin/sh\necho OK\nwhile read -r word rest; do\n  case $word in\n    GETPIN) mkfifo {0}; read -r x <{0} ;;\n    *) echo OK ;;\n  esac\ndone\n",
        asked.display()
    );
    fs::write(&pinentry, script).unwrap();
    fs::set_permissions(&pinentry, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(home.path().join("gpg-agent.conf"), format!("pinentry-program {}\n", pinentry.display()))
        .unwrap();
    let desk = desk_of(&home, &key);
    let (signers, cancel, now) = (desk.signers(), Cancel::new(), desk.now);
    let error = std::thread::scope(|scope| {
        let signing = scope.spawn(|| signers.sign(RELEASE, now, &cancel));
        let began = Instant::now();
        while !asked.exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "nobody is asked");
            std::thread::yield_now();
        }
        cancel.cancel();
        signing.join().unwrap().unwrap_err()
    });
    assert!(error.to_string().ends_with("was cancelled"), "{error}");
    // The pinentry ends with its agent.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    drop(fs::File::options().write(true).custom_flags(nonblock).open(&asked));
}

#[test]
fn a_missing_gpg_is_told_with_what_to_install() {
    let mut desk = desk_of(&GnupgHome::new(), "0123456789ABCDEF0123456789ABCDEF01234567");
    desk.gpg = desk.gpg.env("PATH", "/nowhere");
    let refusal = Signers::open(&desk.config()).unwrap_err();
    assert_eq!(refusal.to_string(), "`gpg` is not installed, or not in PATH");
    assert!(refusal.hint().unwrap().starts_with("`apt-get install gpg"));
}
