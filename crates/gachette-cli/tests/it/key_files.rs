//! Files of keys that are damaged, lie elsewhere, or hold more than one.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use crate::importing::deb;
use crate::playground::Playground;

const KEYS: &str = "home/.local/share/gachette/keys";

fn playground() -> Playground {
    let playground = Playground::with_configuration("meta_path: repository\nsigning.keys: [archive]\n");
    playground.ok("key generate archive");
    playground
}

/// The fingerprint of a key that gachette lists.
fn fingerprint(playground: &Playground, name: &str) -> String {
    let listed = playground.json("key list");
    let found = listed.as_array().unwrap().iter().find(|key| key["key"] == name).unwrap();
    found["certificate"]["fingerprint"].as_str().unwrap().to_owned()
}

/// Writes what the program prints for this line to a file.
fn kept(playground: &Playground, line: &str, file: &str) -> String {
    let text = playground.ok(line);
    playground.write(file, &text);
    text
}

fn file(playground: &Playground) -> PathBuf {
    playground.path(KEYS).join("archive.asc")
}

/// Refused with this exit code, and with each of these words.
fn refused(playground: &Playground, line: &str, code: i32, words: &[&str]) {
    let said = playground.run(line);
    assert_eq!(said.code, code, "{line}: {}{}", said.stdout, said.stderr);
    words.iter().for_each(|words| assert!(said.stderr.contains(words), "{line}: {}", said.stderr));
}

#[test]
fn a_backup_is_brought_back_over_a_damaged_file_when_that_is_said() {
    let playground = playground();
    let backup = kept(&playground, "key export archive --secret", "backup.asc");
    let certificate = playground.ok("key export");
    let half = &backup[..backup.len() / 2];
    let import = "key import backup.asc --name archive";
    for (damage, kept) in
        [("", None), ("garbage", Some("archive.asc.damaged")), (half, Some("archive.asc.damaged-2"))]
    {
        fs::write(file(&playground), damage).unwrap();
        let replace = "`gachette key import BACKUP --name archive --replace`";
        refused(&playground, import, 5, &["the file of key `archive` is damaged: [folder]/home", replace]);
        refused(&playground, "key generate archive", 5, &["the file of key `archive` is damaged", replace]);
        assert_eq!(fs::read_to_string(file(&playground)).unwrap(), damage);
        playground.ok(&format!("{import} --replace"));
        assert_eq!(playground.ok("key export"), certificate);
        if let Some(kept) = kept {
            let kept = playground.path(KEYS).join(kept);
            assert_eq!(fs::read_to_string(&kept).unwrap(), damage);
            assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    assert_eq!(playground.json("key list").as_array().unwrap().len(), 1);
    // Another key is no damage.
    playground.ok("key generate other");
    kept(&playground, "key export other --secret", "other.asc");
    fs::remove_file(playground.path(KEYS).join("other.asc")).unwrap();
    refused(
        &playground,
        "key import other.asc --name archive --replace",
        5,
        &["there is a key `archive` already"],
    );
}

#[test]
fn a_key_behind_a_link_is_read_there_and_written_nowhere_else() {
    let playground = playground();
    kept(&playground, "key export archive --secret", "backup.asc");
    fs::create_dir(playground.path("disk")).unwrap();
    fs::rename(file(&playground), playground.path("disk/archive.asc")).unwrap();
    symlink(playground.path("disk/archive.asc"), file(&playground)).unwrap();
    let certificate = playground.ok("key export");
    let extend = "key extend archive --expires 5y";
    let words =
        ["key `archive` is a link to [folder]/disk/archive.asc", "`--set signing.folder=[folder]/disk`"];
    refused(&playground, extend, 5, &words);
    refused(&playground, "key import backup.asc --name archive --replace", 5, &words);
    assert!(file(&playground).is_symlink());
    assert_eq!(playground.ok("key export"), certificate);
    // As the hint says.
    let there = format!("--set signing.folder={}", playground.path("disk").display());
    playground.ok(&format!("{there} {extend}"));
    assert!(file(&playground).is_symlink());
    assert_ne!(playground.ok("key export"), certificate);
    // The disk was taken out.
    fs::rename(playground.path("disk"), playground.path("out")).unwrap();
    refused(&playground, "key generate archive", 5, &words);
    refused(&playground, "key import backup.asc --name archive", 5, &words);
    assert!(file(&playground).is_symlink());
}

#[test]
fn a_damaged_file_keeps_nobody_from_a_key_that_is_named_by_its_fingerprint() {
    let playground = playground();
    let name = fingerprint(&playground, "archive");
    let certificate = playground.ok("key export archive");
    playground.write(&format!("{KEYS}/aaa.asc"), "garbage");
    fs::set_permissions(playground.path(KEYS).join("aaa.asc"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(playground.ok(&format!("--set signing.keys={name} key export")), certificate);
    // It could be the one that is asked for.
    let other = "0".repeat(40);
    refused(&playground, &format!("--set signing.keys={other} key export"), 3, &["aaa.asc: "]);
}

#[test]
fn several_keys_behind_each_other_are_refused_as_those_of_one_block_are() {
    let playground = playground();
    playground.ok("key generate other");
    let mut secrets = kept(&playground, "key export archive --secret", "a.asc");
    playground.write("beside.asc", &(playground.ok("key export archive") + &secrets));
    playground.write("cut.asc", &format!("{secrets}{}", &secrets[..secrets.len() / 2]));
    secrets.push_str(&playground.ok("key export other --secret"));
    playground.write("two.asc", &secrets);
    let refused = |line: &str, words: &str| {
        refused(&playground, line, 3, &[words]);
        assert_eq!(playground.json("key list").as_array().unwrap().len(), 2, "{line}");
    };
    fs::set_permissions(playground.path("two.asc"), fs::Permissions::from_mode(0o600)).unwrap();
    let several = "two.asc: it holds several keys; give each a file of its own";
    refused(
        "key import two.asc",
        "the key that is imported: it holds several keys; give each a file of its own",
    );
    let line = format!("--set signing.keys={} key export", playground.path("two.asc").display());
    refused(&line, several);
    refused("key import cut.asc", "the key that is imported: one of its blocks holds no secret key: ");
    // A certificate beside the key is none.
    playground.ok("key import beside.asc --name archive --replace");
}

#[test]
fn all_certificates_of_a_file_are_known_in_however_many_blocks() {
    let playground = playground();
    playground.ok("key generate other");
    deb(&playground.path("source"), "dh-web", "1", "x");
    playground.ok("stack create 124");
    playground.ok("repository import source --to 124");
    playground.ok("--set signing.keys=other publish 124");
    let signed = |file: &str| {
        let said = playground.run(&format!("verify 124 --certificates {file}"));
        said.stdout.lines().next().unwrap().to_owned()
    };
    let archive = kept(&playground, "key export archive", "archive.asc");
    let other = playground.ok("key export other");
    playground.write("both.asc", &format!("{archive}{other}"));
    playground.write("joined.asc", &format!("{}{other}", archive.trim_end()));
    playground.write("damaged.asc", &format!("{archive}{}", &other[..other.len() / 2]));
    assert!(signed("archive.asc").starts_with("✗ signature"), "{}", signed("archive.asc"));
    // As bytes, and text behind them.
    let bytes = Command::new("gpg")
        .args(["--dearmor", "--output", "-", "archive.asc"])
        .env("GNUPGHOME", playground.path(""))
        .current_dir(playground.path(""))
        .output();
    let mut mixed = bytes.unwrap().stdout;
    assert!(!mixed.is_empty());
    mixed.extend(other.as_bytes());
    fs::write(playground.path("mixed.asc"), mixed).unwrap();
    let said = playground.run("verify 124 --certificates mixed.asc");
    assert!(said.code == 2 && said.stderr.lines().count() <= 2, "{}", said.stderr);
    for file in ["both.asc", "joined.asc"] {
        let line = signed(file);
        assert!(
            line.starts_with("✓ signature") && line.contains(&fingerprint(&playground, "other")),
            "{line}"
        );
    }
    refused(
        &playground,
        "verify 124 --certificates damaged.asc",
        2,
        &["damaged.asc: it holds no certificate: "],
    );
}
