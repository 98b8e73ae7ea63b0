//! Tags of what can be changed: who saw something that is not so any more changes nothing.

use crate::playground::Playground;
use crate::serving::{Answered, Serving};

const CONFIGURATION: &str = "\
meta_path: repository
working_copies: working_copies
signing.folder: keys
bases.bookworm.packages: [Packages]
";

/// A server with a channel, a base and a key.
fn serving() -> (Playground, Serving) {
    let playground = Playground::with_configuration(CONFIGURATION);
    playground.write("Packages", &package("1"));
    for line in [
        "stack create 1",
        "stack seal 1 --force because",
        "promote 1 --to live --unsigned",
        "base update bookworm",
        "key generate archive",
    ] {
        playground.ok(line);
    }
    let serving = Serving::start(&playground, &["--no-auth"]);
    (playground, serving)
}

fn package(version: &str) -> String {
    format!("Package: libfoo\nVersion: {version}\nArchitecture: amd64\n")
}

/// What is there at a path, and its tag; it is not sent again to who has it.
fn tag(serving: &Serving, path: &str) -> String {
    let seen = serving.ask(&format!("GET /api/v1{path}"), &[], "");
    assert_eq!(seen.status, 200, "{path}: {seen:?}");
    let tag = seen.header("etag").unwrap().to_owned();
    let known = serving.ask(&format!("GET /api/v1{path}"), &[&format!("If-None-Match: \"x\", W/{tag}")], "");
    assert_eq!((known.status, known.header("etag"), known.body.len()), (304, Some(&*tag), 0), "{path}");
    tag
}

fn change(serving: &Serving, line: &str, tag: &str, body: &str) -> Answered {
    serving.ask(line, &[&format!("If-Match: {tag}")], body)
}

fn is_refused(answer: &Answered) -> bool {
    (answer.status, answer.header("content-type")) == (412, Some("application/problem+json"))
        && answer.json()["kind"] == "changed"
}

#[test]
fn a_channel_that_was_moved_meanwhile_stays_where_it_is() {
    let (playground, serving) = serving();
    let path = "/domains/default/channels/live";
    let line = format!("POST /api/v1{path}/entries");
    let first = tag(&serving, path);
    let hold = r#"{"order": {"kind": "hold"}, "reason": "freeze"}"#;
    let release = r#"{"order": {"kind": "release"}}"#;
    let promote = r#"{"order": {"kind": "promote", "stack": "1", "signature": "unsigned"}}"#;
    assert!(is_refused(&change(&serving, &line, "\"other\"", hold)));
    // Two who saw the same entry: one of them comes first, and the other is told.
    let approve = r#"{"order": {"kind": "approve", "stack": "1"}}"#;
    let mut both = std::thread::scope(|scope| {
        let other = scope.spawn(|| change(&serving, &line, &first, approve).status);
        [change(&serving, &line, &first, hold).status, other.join().unwrap()]
    });
    both.sort_unstable();
    assert_eq!(both, [200, 412]);
    for wish in [hold, release, promote] {
        assert!(is_refused(&change(&serving, &line, &first, wish)), "{wish}");
    }
    assert_eq!(playground.json("channel log live")["entries"].as_array().unwrap().len(), 2);
    // The tag of an answer is that of what is there since.
    let held = change(&serving, &line, "*", hold);
    assert_eq!((held.status, held.header("etag")), (200, Some(&*tag(&serving, path))));
    let released = change(&serving, &line, held.header("etag").unwrap(), release);
    assert_eq!((released.status, released.header("etag")), (200, Some(&*tag(&serving, path))));
    // There is nothing of which anybody could have seen the tag.
    let nowhere = "POST /api/v1/domains/default/channels/staging/entries";
    assert!(is_refused(&change(&serving, nowhere, &first, hold)));
    assert_eq!(serving.ask("GET /api/v1/domains/default/channels/staging", &[], "").status, 404);
}

#[test]
fn a_base_that_was_taken_meanwhile_is_not_taken_again() {
    let (playground, serving) = serving();
    let line = "POST /api/v1/bases/bookworm/entries";
    let first = tag(&serving, "/bases/bookworm");
    playground.write("Packages", &package("2"));
    assert!(is_refused(&change(&serving, line, "\"other\"", "")));
    let taken = change(&serving, line, &first, "");
    assert_eq!((taken.status, taken.header("etag")), (200, Some(&*tag(&serving, "/bases/bookworm"))));
    playground.write("Packages", &package("3"));
    assert!(is_refused(&change(&serving, line, &first, "")));
    assert_eq!(playground.json("base log bookworm").as_array().unwrap().len(), 2);
    assert_eq!(tag(&serving, "/bases/bookworm?number=1"), first);
}

#[test]
fn a_key_that_was_extended_meanwhile_keeps_its_end() {
    let (playground, serving) = serving();
    let (certificate, line) = ("/keys/archive/certificate", "PUT /api/v1/keys/archive/expiry");
    let first = tag(&serving, certificate);
    let extend = |tag: &str, year: u32| {
        change(&serving, line, tag, &format!(r#"{{"expires": "{year}-01-01T00:00:00Z"}}"#))
    };
    assert!(is_refused(&extend("\"other\"", 2090)));
    let extended = extend(&first, 2091);
    assert_eq!((extended.status, extended.header("etag")), (200, Some(&*tag(&serving, certificate))));
    assert!(is_refused(&extend(&first, 2092)));
    let listed = playground.json("key list");
    assert_eq!(listed[0]["certificate"]["expires"], "2091-01-01T00:00:00Z", "{listed}");
}
