//! The folder of keys: who may read it, where it lies, and what is taken into it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use gachette::signing::{Import, KeyFolder, KeyRef, NewEnd, SigningError};
use gachette_testkit::GnupgHome;

use super::{Desk, certificate, key_name};

#[test]
fn a_key_is_for_its_user_alone_and_one_that_is_not_is_refused() {
    let mut desk = Desk::new();
    desk.generate("archive", 365);
    let mode = |name: &str| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("keys"), mode("keys/archive.asc")), (0o700, 0o600));
    fs::set_permissions(desk.path("keys/archive.asc"), fs::Permissions::from_mode(0o640)).unwrap();
    let (said, path) = (desk.refusal(), desk.path("keys/archive.asc"));
    assert_eq!(said.to_string(), format!("{} is open to others (mode 0640)", path.display()));
    assert_eq!(said.hint().unwrap(), format!("`chmod 600 {}`", path.display()));
}

#[test]
fn no_key_lies_in_the_repository_by_whichever_name() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("meta/debs")).unwrap();
    symlink(desk.path("meta"), desk.path("link")).unwrap();
    for place in ["meta", "meta/keys", "link/keys", "link/not/yet/there", "meta/../meta/x"] {
        let folder = KeyFolder::new(desk.path(place), vec![desk.path("meta"), desk.path("meta/debs")]);
        let made =
            folder.generate(&key_name("a"), None, None, &desk.passphrase, desk.now).map(|_| ()).unwrap_err();
        assert!(matches!(made, SigningError::InRepository { .. }), "{place}: {made}");
        assert!(matches!(folder.names(), Err(SigningError::InRepository { .. })), "{place}");
    }
    let elsewhere = KeyFolder::new(desk.path("metadata"), vec![desk.path("meta")]);
    elsewhere.generate(&key_name("a"), None, None, &desk.passphrase, desk.now).unwrap();
    // A file that is named by its path is judged by where it lies.
    fs::copy(desk.path("metadata/a.asc"), desk.path("meta/a.asc")).unwrap();
    let read = elsewhere.read(&KeyRef::File(desk.path("link/a.asc"))).unwrap_err();
    assert!(matches!(read, SigningError::InRepository { .. }), "{read}");
}

#[test]
fn a_name_is_given_once_and_a_key_is_found_by_name_fingerprint_and_file() {
    let mut desk = Desk::new();
    let key = desk.generate("archive", 365);
    let fingerprint = key.certificate().fingerprint();
    let again = desk.keys().generate(&key_name("archive"), None, None, &desk.passphrase, desk.now);
    assert_eq!(again.unwrap_err().to_string(), format!("there is a key `archive` already, {fingerprint}"));
    for reference in
        ["archive", &fingerprint.to_string(), &desk.path("keys/archive.asc").display().to_string()]
    {
        let found = desk.keys().read(&reference.parse().unwrap()).unwrap();
        assert_eq!(found.certificate().fingerprint(), fingerprint, "{reference}");
    }
    for missing in ["nothing", "0123456789ABCDEF0123456789ABCDEF01234567"] {
        let said = desk.keys().read(&missing.parse().unwrap()).unwrap_err().to_string();
        let folder = desk.path("keys");
        assert_eq!(said, format!("there is no key `{missing}` in {}", folder.display()));
    }
    assert_eq!(desk.keys().names().unwrap(), [key_name("archive")]);
}

#[test]
fn an_import_takes_the_place_of_the_same_key_alone_and_only_when_told_so() {
    let mut desk = Desk::new();
    desk.generate("archive", 10);
    let early = fs::read(desk.path("keys/archive.asc")).unwrap();
    let reference: KeyRef = "archive".parse().unwrap();
    let extended = desk
        .keys()
        .extend(&reference, NewEnd::NotBefore(Some(desk.in_days(500))), &desk.passphrase, desk.now)
        .unwrap();
    assert_eq!(extended.certificate().expires().unwrap().as_second(), desk.in_days(500).as_second());
    let name = key_name("archive");
    assert!(matches!(desk.keys().import(&name, &early, Import::New), Err(SigningError::Taken { .. })));
    desk.keys().import(&name, &early, Import::Replace).unwrap();
    let found = desk.keys().read(&reference).unwrap();
    assert_eq!(found.certificate().expires().unwrap().as_second(), desk.in_days(10).as_second());
    desk.generate("other", 10);
    let other = fs::read(desk.path("keys/other.asc")).unwrap();
    assert!(matches!(desk.keys().import(&name, &other, Import::Replace), Err(SigningError::Taken { .. })));
}

#[test]
fn what_is_no_secret_key_is_refused_with_what_it_is() {
    let mut desk = Desk::new();
    desk.generate("archive", 10);
    let secret = fs::read(desk.path("keys/archive.asc")).unwrap();
    let home = GnupgHome::new();
    home.generate("certifies", "ed25519", "cert", "");
    let certificate = certificate(&desk, "archive");
    let cut = &secret[..secret.len() / 2];
    for (bytes, expected) in [
        (certificate.as_slice(), "it holds a certificate, and no secret key"),
        (&home.gpg(&["--export"]), "it holds a certificate, and no secret key"),
        (b"", "it holds no secret key"),
        (b"hello", "it holds no secret key"),
        (b"\x95\x00", "it holds no secret key"),
        (cut, "it holds no secret key"),
        (&home.gpg(&["--export-secret-keys"]), "it holds no secret key, and no secret subkey, that may sign"),
    ] {
        let said = desk.keys().import(&key_name("x"), bytes, Import::New).unwrap_err().to_string();
        assert!(said.starts_with(&format!("the key that is imported: {expected}")), "{said}");
    }
    assert_eq!(desk.keys().names().unwrap(), [key_name("archive")]);
}

#[test]
fn a_key_is_not_signed_with_after_its_end_and_warned_about_before() {
    let mut desk = Desk::new();
    desk.generate("archive", 20);
    let ending = desk.signers().ending(desk.now);
    let fingerprint = desk.signers().fingerprints()[0];
    let day = desk.in_days(20).strftime("%Y-%m-%d").to_string();
    let said = format!("signing key archive ({fingerprint}) ends on {day}, in 19 days; extend it with ");
    assert!(ending[0].to_string().starts_with(&said), "{}", ending[0]);
    assert_eq!(desk.signers().earliest_expiry().unwrap().as_second(), desk.in_days(20).as_second());
    assert!(desk.signers().ending(desk.in_days(-11)).is_empty());
    desk.now = desk.in_days(20);
    let refusal = desk.refusal();
    assert_eq!(refusal.to_string(), format!("signing key archive ({fingerprint}) ended on {day}"));
    assert!(refusal.hint().unwrap().contains("`gachette key extend archive --expires 2y`"));
    desk.now = desk.in_days(-22);
    assert!(desk.refusal().to_string().contains("still to come by this machine's clock"));
}

#[test]
fn a_mail_address_cannot_smuggle_anything_into_a_user_id() {
    let desk = Desk::new();
    for wrong in ["", "a", "@", "a@", "@b", "a@b>", "a b@c", "a@b\n", "<a@b"] {
        let made = desk.keys().generate(&key_name("a"), Some(wrong), None, &desk.passphrase, desk.now);
        assert!(matches!(made, Err(SigningError::WrongEmail(_))), "{wrong:?}");
    }
}
