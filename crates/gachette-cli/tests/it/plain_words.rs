//! What is damaged, or no number, or not there, is told by the file and by what is wrong with it, in no library's words.

use std::fs;

use crate::playground::Playground;

/// What only libraries say.
const THEIRS: [&str; 11] = [
    "at line",
    "EOF",
    "missing field",
    "invalid type",
    "expected struct",
    "os error",
    "Error(",
    "backtrace",
    "utf-8 sequence",
    "found in string",
    "LocalFileSystem",
];

/// Runs a command that must fail, and say this.
fn fails(playground: &Playground, line: &str, told: &[&str]) {
    let said = playground.run(line);
    assert!(said.code != 0, "{line}: {}", said.stdout);
    let text = [said.stdout, said.stderr].concat();
    for words in told {
        assert!(text.contains(words), "{line}: `{words}` is not in {text}");
    }
    for words in THEIRS {
        assert!(!text.contains(words), "{line}: `{words}` is in {text}");
    }
}

#[test]
fn a_damaged_file_of_the_repository_is_named_with_what_is_wrong_with_it() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    playground.ok("stack seal 1");
    playground.ok("promote 1 --to live --unsigned");
    for (file, line) in [
        ("domain/default/stacks/1/revisions/0000000002.json", "stack show 1"),
        ("domain/default/channels/live/0000000001.json", "channel log live"),
        ("gachette.json", "stack list"),
    ] {
        let path = playground.path("repository").join(file);
        let whole = fs::read_to_string(&path).unwrap();
        let wrong_kind = whole.replacen("1", "[]", 1);
        let cut_off = &whole[..whole.len() - 4];
        for (text, reason) in [
            ("", "it is empty"),
            (cut_off, "it is cut off"),
            ("x", "it is no JSON in line 1, column 1"),
            ("{}", "it has no `format`"),
            (&wrong_kind, "it has a value of another kind than must be in line 2, column "),
        ] {
            fs::write(&path, text).unwrap();
            fails(&playground, line, &[file, reason, "hint: "]);
        }
        fs::write(&path, whole).unwrap();
    }
    playground.ok("repository fsck");
}

#[test]
fn what_is_wrong_with_a_file_that_is_handed_over_is_said() {
    let playground = Playground::new();
    playground.ok("repository init");
    fs::write(playground.path("bad.sources"), b"URIs: \xff").unwrap();
    fails(&playground, "repository import bad.sources", &["bad.sources: it is not UTF-8"]);
    fails(&playground, "repository import no.sources", &["no.sources: No such file or directory"]);
    let block = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nabc\n-----END PGP PRIVATE KEY BLOCK-----\n";
    for (text, reason) in [
        ("x", "damaged or cut off"),
        (block, "damaged or cut off"),
        (&block[..40], "damaged or cut off"),
        ("", "holds no secret key"),
    ] {
        playground.write("key.asc", text);
        fails(&playground, "key import key.asc", &[reason, "gpg --armor --export-secret-keys"]);
    }
    playground.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let line = "--set ca_file=ca.pem -H https://127.0.0.1:1 stack list";
    fails(&playground, line, &["ca.pem: it holds a certificate that is damaged or cut off"]);
    playground.ok("token create ada --role read");
    playground.write("home/.local/state/gachette/tokens.json", "{");
    fails(
        &playground,
        "token list",
        &["tokens.json is no file of tokens: it is cut off", "hint: bring the file back"],
    );
}

#[test]
fn what_is_no_number_or_not_there_is_said() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    fails(&playground, "stack log 1 --limit x", &["'--limit <LIMIT>': a whole number is expected"]);
    fails(&playground, "serve --listen unix:///nowhere/socket", &["there is no folder /nowhere"]);
    fails(&playground, "-H unix:///nowhere stack list", &["unix:///nowhere: No such file or directory"]);
    fails(&playground, "-H https://127.0.0.1:1 stack list", &["https://127.0.0.1:1: Connection refused"]);
    fails(&playground, "-H http://no.invalid stack list", &["its address cannot be looked up"]);
}
