//! `gachette key …`: on this machine and on others, and what gpg makes of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use gachette_testkit::GnupgHome;

use crate::assert_transcript;
use crate::chain::Chain;
use crate::documents::document;
use crate::hosts::{Hosts, project};
use crate::importing::deb;
use crate::playground::Playground;

const SECRET: &str = "-----BEGIN PGP PRIVATE KEY BLOCK-----";
const CERTIFICATE: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

fn playground(keys: &str) -> Playground {
    Playground::with_configuration(&format!("meta_path: repository\nsigning.keys: [{keys}]\n"))
}

/// The fingerprint of a key that gachette lists.
fn fingerprint(playground: &Playground, name: &str) -> String {
    let listed = playground.json("key list");
    let found = listed.as_array().unwrap().iter().find(|key| key["key"] == name).unwrap();
    found["certificate"]["fingerprint"].as_str().unwrap().to_owned()
}

/// What gpg says of a file with keys, without using them.
fn shown(home: &GnupgHome, playground: &Playground, text: &str) -> String {
    playground.write("shown.asc", text);
    let path = playground.path("shown.asc").display().to_string();
    String::from_utf8(home.gpg(&["--with-colons", "--show-keys", &path])).unwrap()
}

#[test]
fn a_key_is_made_listed_and_extended() {
    let playground = playground("archive");
    assert_transcript!(playground.run("key list"));
    assert_transcript!(playground.run("key generate archive --email archive@example.org --expires 10d"));
    assert_transcript!(playground.run("key generate spare --expires never"));
    let listed = playground.run("key list");
    assert!(listed.stderr.contains("warning: signing key archive ("), "{}", listed.stderr);
    assert!(
        listed.stderr.contains(", in 9 days; extend it with `gachette key extend archive"),
        "{}",
        listed.stderr
    );
    assert_transcript!(playground.run("--quiet key extend archive --expires 2y"));
    assert_transcript!(playground.run("key list"));
    assert_transcript!(playground.run("key generate archive"));
    assert_transcript!(playground.run("key extend archive --expires 0d"));
}

#[test]
fn gpg_knows_what_is_exported_and_a_backup_brings_the_same_key_back() {
    let (here, there, third) = (playground("archive"), playground("back"), playground("again"));
    let home = GnupgHome::new();
    here.ok("key generate archive");
    let key = fingerprint(&here, "archive");
    let certificate = here.ok("key export archive");
    assert!(certificate.starts_with(CERTIFICATE) && !certificate.contains(SECRET), "{certificate}");
    assert_eq!(here.ok("key export"), certificate);
    let listed = shown(&home, &here, &certificate);
    assert!(listed.contains(&format!("\nfpr:::::::::{key}:")) && listed.starts_with("pub:"), "{listed}");

    let backup = here.run("key export archive --secret");
    assert!(backup.stderr.contains("nothing protects it"), "{}", backup.stderr);
    assert!(shown(&home, &here, &backup.stdout).starts_with("sec:"));
    there.write("back.asc", &backup.stdout);
    assert_eq!(
        there.ok("key import back.asc"),
        format!("key back {key}, ends on {}\n", ends(&there, "back"))
    );
    let mut import = third.command(&["key", "import", "-", "--name", "again"]);
    let file = fs::File::open(there.path("back.asc")).unwrap();
    let said = third.said(&["key", "import"], import.stdin(Stdio::from(file)).output().unwrap());
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(third.ok("key export again"), certificate);
    let said = there.run("key import -");
    assert_eq!((said.code, said.stderr.contains("say `--name NAME`")), (2, true), "{}", said.stderr);
}

fn ends(playground: &Playground, name: &str) -> String {
    let listed = playground.json("key list");
    let found = listed.as_array().unwrap().iter().find(|key| key["key"] == name).unwrap();
    let expires: jiff::Timestamp = found["certificate"]["expires"].as_str().unwrap().parse().unwrap();
    expires.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[test]
fn a_key_has_one_name_and_ends_earlier_only_when_that_is_said() {
    let playground = playground("archive");
    let refused = |line: &str, words: &[&str]| {
        let said = playground.run(line);
        assert_eq!(said.code, 5, "{line}: {}", said.stderr);
        words.iter().for_each(|words| assert!(said.stderr.contains(words), "{line}: {}", said.stderr));
    };
    playground.ok("key generate archive --expires 10d");
    let backup = playground.json("key export archive --secret");
    assert!(backup.as_str().unwrap().starts_with(SECRET), "JSON is asked for");
    playground.write("copy.asc", backup.as_str().unwrap());
    playground.ok("key extend archive --expires 2y");
    let lasts = ends(&playground, "archive");
    refused("key import copy.asc", &["is there already as `archive`", "`--name archive --replace`"]);
    assert_eq!(playground.json("key list").as_array().unwrap().len(), 1);
    refused("key extend archive --expires 10d", &["and now ends on ", "`--shorten`"]);
    assert_eq!(ends(&playground, "archive"), lasts);
    playground.ok("key extend archive --expires 10d --shorten");
    assert_ne!(ends(&playground, "archive"), lasts);
    playground.ok("key extend archive --expires never");
    refused("key extend archive --expires 2y", &["and now never ends"]);
    playground.ok("key import copy.asc --name archive --replace");
}

#[test]
fn what_is_handed_over_as_a_key_may_be_anything_and_costs_little() {
    let playground = playground("archive");
    let refused = |line: &str, code: i32, words: &str| {
        let words_of_line: Vec<&str> = line.split_whitespace().collect();
        let mut command = playground.command(&words_of_line);
        // What it says does not depend on whether somebody looks for a fault in a program.
        let said = playground.said(&words_of_line, command.env("RUST_BACKTRACE", "1").output().unwrap());
        assert_eq!(said.code, code, "{line}: {}", said.stderr);
        assert!(said.stderr.contains(words), "{line}: {}", said.stderr);
        assert!(said.stderr.lines().count() <= 2 && said.stderr.len() < 400, "{line}: {}", said.stderr);
    };
    // A packet of a kind that nobody knows and that must be known (RFC 9580, 4.3).
    fs::write(playground.path("critical.asc"), [0xe5, 1, 0]).unwrap();
    playground.write("garbage.asc", "garbage");
    assert!(std::process::Command::new("mkfifo").arg(playground.path("pipe")).status().unwrap().success());
    refused("key import critical.asc", 3, "it holds no secret key");
    refused("key import garbage.asc", 3, "it holds no secret key");
    refused("key import pipe", 2, "pipe: it is a named pipe");
    refused("key import /dev/zero", 2, "/dev/zero is larger than 1 MiB");
    refused("key import nothing.asc", 2, "nothing.asc: No such file");
    refused("verify 124 --certificates critical.asc", 2, "critical.asc: it holds no certificate");
    refused("verify 124 --certificates garbage.asc", 2, "garbage.asc: it holds no certificate");
    refused("verify 124 --certificates pipe", 2, "pipe: it is a named pipe");
    refused("verify 124 --certificates /dev/zero", 2, "/dev/zero: it is larger than 1 MiB");
    refused("repository import pipe.sources", 2, "pipe.sources: No such file");
    // What a shell hands over is a pipe too.
    playground.ok("key generate archive");
    let script = "gachette key import <(gachette -q key export archive --secret) --name archive --replace";
    let mut shell = playground.as_user(std::process::Command::new("bash"), &["-c", script]);
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_gachette")).parent().unwrap();
    shell.env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()));
    let said = playground.said(&[script], shell.output().unwrap());
    assert_eq!(said.code, 0, "{}", said.stderr);
}

#[test]
fn the_certificates_of_all_keys_that_sign_are_exported_with_those_that_gpg_holds() {
    let home = GnupgHome::new();
    let held = home.generate("held", "rsa2048", "sign", "");
    let playground = playground(&format!("archive, gpg:{held}"));
    let run = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = playground.command(&words);
        playground.said(&words, command.env("GNUPGHOME", home.path()).output().unwrap())
    };
    run("key generate archive");
    run("key generate other");
    let both = run("key export").stdout;
    let listed = shown(&home, &playground, &both);
    assert_eq!(listed.matches("\npub:").count() + 1, 2, "{listed}");
    assert!(listed.contains(&held) && listed.contains(&fingerprint(&playground, "archive")), "{listed}");
    let said = run("key list");
    assert!(said.stdout.contains(&format!("gpg:{held}  yes")), "{}", said.stdout);
    let refusal = run(&format!("key extend gpg:{held} --expires 2y"));
    assert!(refusal.stderr.contains("`gpg --quick-set-expire"), "{}", refusal.stderr);
    // A key that is not to be had is listed as such, and the others are.
    let said = playground.run("key list");
    assert!(said.stderr.contains("cannot be used: gpg cannot use key"), "{}", said.stderr);
    assert!(said.stdout.contains("archive"), "{}", said.stdout);
}

#[test]
fn keys_do_not_lie_where_others_read() {
    let playground =
        Playground::with_configuration("meta_path: repository\nsigning.folder: repository/keys\n");
    assert_transcript!(playground.run("key generate archive"));
    let playground = self::playground("archive");
    playground.ok("key generate archive");
    let file = playground.path("home/.local/share/gachette/keys/archive.asc");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_transcript!(playground.run("key export archive"));
}

#[test]
fn no_secret_lies_in_the_repository_where_gpg_holds_the_keys() {
    let home = GnupgHome::new();
    let held = home.generate("held", "ed25519", "sign", "");
    let playground = playground(&format!("\"gpg:{held}\""));
    let run = |line: &str| {
        let words: Vec<&str> =
            ["--set", "signing.folder=repository/keys"].into_iter().chain(line.split_whitespace()).collect();
        let mut command = playground.command(&words);
        playground.said(&words, command.env("GNUPGHOME", home.path()).output().unwrap())
    };
    deb(&playground.path("source"), "dh-web", "1", "x");
    assert_eq!(run("stack create 1").code, 0);
    assert_eq!(run("repository import source --to 1").code, 0);
    assert_eq!(run("stack seal 1").code, 0);
    let keys = playground.path("repository/keys");
    for line in ["publish 1", "promote 1 --to live"] {
        let said = run(line);
        assert_eq!(said.code, 3, "{line}: {}", said.stderr);
        assert!(said.stderr.contains("secret keys do not belong there"), "{line}: {}", said.stderr);
        assert!(said.stderr.contains("`signing.folder`"), "{line}: {}", said.stderr);
        assert!(!keys.exists() && !playground.path("repository/dists").exists(), "{line}");
    }
    assert_eq!(run("--set signing.folder=keys publish 1").code, 0);
    assert!(playground.path("keys/marks.secret").exists() && !keys.exists());
}

#[test]
fn a_passphrase_protects_a_key_and_is_shown_to_no_step_of_a_recipe() {
    let source = project("env > seen.txt; cat seen.txt");
    let playground = Playground::with_configuration(&format!(
        "meta_path: repository\nworking_copies: working_copies\nprojects.web.url: {}\n",
        source.path().display()
    ));
    let run = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = playground.command(&words);
        let command = command.env("GACHETTE_PASSPHRASE", "open-sesame").env("GACHETTE_TOKEN", "open-sesame");
        playground.said(&words, command.output().unwrap())
    };
    let made = run("key generate archive");
    assert!(!made.stderr.contains("no passphrase protects it"), "{}", made.stderr);
    assert_eq!(playground.json("key list")[0]["protected"], true);
    let said = playground.run("key extend archive --expires 5y");
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(said.stderr.contains("is protected by a passphrase"), "{}", said.stderr);
    assert_eq!(run("key extend archive --expires 5y").code, 0);

    playground.ok("stack create 124");
    let built = run("quick 124 web");
    assert_eq!(built.code, 0, "{}", built.stderr);
    let mut files = vec![playground.path("working_copies"), playground.path("home")];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() && !path.is_symlink() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if let Ok(text) = fs::read_to_string(&path) {
            seen += usize::from(text.contains("PATH="));
            assert!(!text.contains("open-sesame"), "{}", path.display());
        }
    }
    assert!(seen > 0, "the step has written its environment");
}

#[test]
fn keys_are_those_of_the_machine_that_has_the_repository_and_secrets_stay_there() {
    let hosts = Hosts::visited("signing.keys: [archive]\n");
    let made = hosts.run("-H build1 key generate archive");
    assert_eq!(made.code, 0, "{}", made.stderr);
    let there = hosts.home().join(".local/share/gachette/keys/archive.asc");
    assert!(fs::read_to_string(there).unwrap().starts_with(SECRET));
    assert!(!hosts.path("home/.local/share/gachette/keys").exists());
    assert!(hosts.ok("-H build1 key list").contains("archive  yes"));
    assert!(hosts.ok("-H build1 key export").starts_with(CERTIFICATE));
    hosts.ok("-H build1 key extend archive --expires 5y");
    fs::write(hosts.path("x.asc"), "").unwrap();
    for line in ["key export archive --secret", "key import x.asc"] {
        let said = hosts.run(&format!("-H build1 {line}"));
        assert_eq!((said.code, said.stdout.as_str()), (5, ""), "{line}: {}", said.stderr);
        assert!(said.stderr.contains("a secret key is not sent to build1"), "{}", said.stderr);
    }
}

#[test]
fn the_page_about_signing_can_be_followed_line_by_line() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let configuration = fs::read_to_string(playground.path("gachette.yml")).unwrap();
    playground.write("gachette.yml", &format!("{configuration}signing:\n  keys: [archive]\n"));
    playground.ok("quick 124 shop");
    let page = document("docs/signing.md");
    let lines: Vec<&str> =
        page.lines().filter(|line| line.starts_with("gachette ") || line.starts_with("gpgv ")).collect();
    assert!(lines.len() > 8, "{lines:?}");
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_gachette")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    for line in lines {
        let here = line.replace("/srv/gachette", &playground.path("repository").display().to_string());
        let mut command = playground.as_user(std::process::Command::new("sh"), &["-c", &here]);
        command.env("PATH", &path);
        if line.contains("import") {
            // It is brought back on another machine.
            command.env("XDG_DATA_HOME", playground.path("elsewhere"));
        }
        let said = playground.said(&[line], command.output().unwrap());
        assert_eq!(said.code, 0, "{line}: {}{}", said.stdout, said.stderr);
        if line.contains("generate") {
            playground.ok("publish 124");
        }
    }
    let lasts = ends(playground, "archive");
    let elsewhere = fs::read_to_string(playground.path("elsewhere/gachette/keys/archive.asc")).unwrap();
    assert!(elsewhere.starts_with(SECRET) && !lasts.is_empty());
}

#[test]
fn a_key_outlives_whoever_changes_it() {
    let playground = playground("archive");
    playground.ok("key generate archive");
    let key = fingerprint(&playground, "archive");
    for years in 1..16 {
        let mut command =
            playground.command(&["key", "extend", "archive", "--expires", &format!("{years}y")]);
        let mut extending = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(4 * years));
        extending.kill().unwrap();
        extending.wait().unwrap();
        assert_eq!(fingerprint(&playground, "archive"), key);
    }
    playground.ok("key extend archive --expires 20y");
    let left = fs::read_dir(playground.path("home/.local/share/gachette/keys")).unwrap();
    let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, [".lock", "archive.asc"]);
}
