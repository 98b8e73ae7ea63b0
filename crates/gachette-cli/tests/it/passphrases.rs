//! Where the passphrase of keys is taken from.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use gachette_testkit::GnupgHome;

use crate::playground::{Playground, Said};

fn playground() -> Playground {
    Playground::with_configuration("meta_path: repository\nsigning.keys: [archive]\n")
}

/// A private file with this text.
fn private(playground: &Playground, name: &str, text: &str) {
    playground.write(name, text);
    fs::set_permissions(playground.path(name), fs::Permissions::from_mode(0o600)).unwrap();
}

fn with_variable(playground: &Playground, passphrase: &str, line: &str) -> Said {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = playground.command(&words);
    playground.said(&words, command.env("GACHETTE_PASSPHRASE", passphrase).output().unwrap())
}

#[test]
fn a_line_end_in_the_variable_is_no_part_of_the_passphrase_as_it_is_none_in_the_file() {
    let playground = playground();
    private(&playground, "passphrase", "open-sesame\n");
    let by_file = "--set signing.passphrase_file=passphrase";
    assert_eq!(with_variable(&playground, "open-sesame\n", "key generate archive").code, 0);
    playground.ok(&format!("{by_file} key extend archive --expires 4y"));
    for passphrase in ["open-sesame", "open-sesame\n", "open-sesame\r\n"] {
        let said = with_variable(&playground, passphrase, "key extend archive --expires 5y");
        assert_eq!(said.code, 0, "{passphrase:?}: {}", said.stderr);
    }
    let said = with_variable(&playground, "wrong\n", "key extend archive --expires 5y");
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(said.stderr.contains("the passphrase does not open key"), "{}", said.stderr);
    let said = with_variable(&playground, "\n", "key generate other");
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(said.stderr.contains("GACHETTE_PASSPHRASE holds no passphrase"), "{}", said.stderr);
}

#[test]
fn a_key_whose_passphrase_has_a_line_end_is_opened_by_the_variable_as_it_is() {
    let playground = playground();
    let home = GnupgHome::new();
    let passphrase = "open-sesame\n";
    let key = home.generate("archive", "ed25519", "sign", passphrase);
    let unlock = ["--pinentry-mode", "loopback", "--passphrase", passphrase];
    let secret = home.gpg(&[&unlock[..], &["--armor", "--export-secret-keys", &key]].concat());
    fs::write(playground.path("archive.asc"), secret).unwrap();
    playground.ok("key import archive.asc");
    let said = with_variable(&playground, passphrase, "key extend archive --expires 5y");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(with_variable(&playground, "open-sesame", "key extend archive --expires 6y").code, 3);
}

#[test]
fn a_passphrase_file_that_is_not_there_or_where_others_read_is_a_fault_of_the_configuration() {
    let playground = playground();
    playground.ok("key generate archive");
    playground.ok("stack create 124");
    private(&playground, "repository/passphrase", "open-sesame\n");
    std::os::unix::fs::symlink(playground.path("repository/passphrase"), playground.path("link")).unwrap();
    private(&playground, "open", "open-sesame\n");
    fs::set_permissions(playground.path("open"), fs::Permissions::from_mode(0o644)).unwrap();
    let in_repository = "is in the repository's folder [folder]/repository, where others read";
    for (file, words) in [
        ("nope", "[folder]/nope: No such file or directory".to_owned()),
        ("open", "[folder]/open is open to others (mode 0644)".to_owned()),
        ("repository/passphrase", format!("[folder]/repository/passphrase {in_repository}")),
        ("link", format!("[folder]/link {in_repository}")),
    ] {
        for line in ["publish 124", "key generate other", "key extend archive --expires 5y"] {
            let said = playground.run(&format!("--set signing.passphrase_file={file} {line}"));
            assert_eq!(said.code, 3, "{line}: {}", said.stderr);
            let expected = format!("error: `signing.passphrase_file`: {words}\nhint: ");
            assert!(said.stderr.contains(&expected), "{line}: {}", said.stderr);
        }
    }
    assert_eq!(playground.json("key list").as_array().unwrap().len(), 1);
    assert!(!playground.path("repository/dists").exists());
}
