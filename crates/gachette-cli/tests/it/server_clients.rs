//! Programs that speak HTTP to a server: clients of the original tool, and those that rely on tags and keys.

use std::sync::Barrier;

use serde_json::json;

use crate::chain::Chain;
use crate::playground::Playground;
use crate::serving::Serving;

#[test]
fn clients_of_the_original_tool_read_their_tree() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 shop");
    playground.ok("stack seal 124");
    playground.ok("stack create 125");
    // What is derived may be lost: the ledger is the truth.
    for folder in ["repository/domain/default/stacks/124/packages", "repository/packages/dh-shop/version"] {
        let mut files = walk(&playground.path(folder));
        files.retain(|file| file.ends_with("version") || file.ends_with("file"));
        assert!(!files.is_empty(), "{folder}");
        files.iter().for_each(|file| std::fs::remove_file(file).unwrap());
    }
    let serving = Serving::start(playground, &["--public-read"]);
    let get = |path: &str| serving.ask(&format!("GET {path}"), &[], "");
    let version = playground.json("stack show 124")["packages"][0]["version"].as_str().unwrap().to_owned();
    for domain in ["domain", "domains"] {
        for stack in ["124", "latest"] {
            let answer = get(&format!("/{domain}/default/stacks/{stack}/packages/dh-shop/version"));
            assert_eq!((answer.status, answer.text()), (200, format!("{version}\n")), "{domain} {stack}");
        }
    }
    let file = get(&format!("/packages/dh-shop/version/{version}/file")).text();
    let path = format!("/debs/{}", file.trim_end());
    let bytes = std::fs::read(playground.path(&format!("repository{path}"))).unwrap();
    assert_eq!(get(&path).body, bytes);
    let head = serving.ask(&format!("HEAD {path}"), &[], "");
    assert_eq!((head.status, head.header("content-length")), (200, Some(&*bytes.len().to_string())));
    assert!(head.body.is_empty());
    a_part_of_it_is_given_and_nothing_to_who_has_it(&serving, &path, &bytes);
    for (path, status) in [
        ("/domains/default/stacks/125/packages/dh-shop/version", 404),
        ("/domains/default/stacks/126/packages/dh-shop/version", 404),
        ("/domains/nowhere/stacks/latest/packages/dh-shop/version", 404),
        ("/packages/dh-shop/version/0/file", 404),
        ("/debs/none.deb", 404),
        // Everything else needs a token.
        ("/api/v1/domains", 401),
        ("/api/v1/debs/none.deb", 401),
    ] {
        assert_eq!(get(path).status, status, "{path}");
    }
    for path in [
        "/debs/..%2fgachette.json",
        "/debs/%2e%2e%2fgachette.json",
        "/debs/../gachette.json",
        "/debs/%2fetc%2fpasswd",
        "/debs/..",
        "/debs/a%00b",
        "/domains/..%2f..%2f/stacks/124/packages/dh-shop/version",
        "/domains/default/stacks/..%2f124/packages/dh-shop/version",
        "/domains/default/stacks/124/packages/..%2fdh-shop/version",
        "/packages/dh-shop/version/..%2f..%2f/file",
        "/packages/dh-shop/version/%ff/file",
    ] {
        let answer = get(path);
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    drop(serving);
    let closed = Serving::start(playground, &[]);
    assert_eq!(closed.ask(&format!("GET {path}"), &[], "").status, 401);
}

/// As apt asks for a package file.
fn a_part_of_it_is_given_and_nothing_to_who_has_it(serving: &Serving, path: &str, bytes: &[u8]) {
    let whole = serving.ask(&format!("GET {path}"), &[], "");
    assert_eq!(whole.header("content-type"), Some("application/vnd.debian.binary-package"));
    let part = serving.ask(&format!("GET {path}"), &["Range: bytes=8-"], "");
    assert_eq!((part.status, &*part.body), (206, &bytes[8..]));
    let since = format!("If-Modified-Since: {}", whole.header("last-modified").unwrap());
    assert_eq!(serving.ask(&format!("GET {path}"), &[&since], "").status, 304);
}

/// All files below a folder.
pub(crate) fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_stack_that_changed_meanwhile_is_left_as_it_is() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    let serving = Serving::start(&playground, &["--no-auth"]);
    let path = "/api/v1/domains/default/stacks/1";
    let tag = serving.ask(&format!("GET {path}"), &[], "").header("etag").unwrap().to_owned();
    let known = serving.ask(&format!("GET {path}"), &[&format!("If-None-Match: \"x\", W/{tag}")], "");
    assert_eq!((known.status, known.body.len()), (304, 0));
    let change = |tag: &str, change: &str| {
        let line = format!("POST {path}/revisions");
        serving.ask(&line, &[&format!("If-Match: {tag}")], &format!(r#"{{"change": {change}}}"#))
    };
    assert_eq!(change("\"other\"", "\"seal\"").status, 412);
    // Two who saw the same revision: one of them comes first, and the other is told.
    let seal = || change(&tag, "\"seal\"").status;
    let mut both = std::thread::scope(|scope| {
        let other = scope.spawn(seal);
        [seal(), other.join().unwrap()]
    });
    both.sort_unstable();
    assert_eq!(both, [200, 412]);
    let new = serving.ask(&format!("GET {path}"), &[&format!("If-None-Match: {tag}")], "");
    assert_eq!((new.status, &new.json()["revision"]), (200, &2.into()));
    assert_eq!(change("*", "\"seal\"").status, 200, "sealing twice changes nothing");
    assert_eq!(playground.json("stack log 1").as_array().unwrap().len(), 2);
}

#[test]
fn who_comes_second_looks_again_and_no_change_is_lost() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 config");
    let serving = Serving::start(playground, &["--no-auth"]);
    let path = "/api/v1/domains/default/stacks/124";
    let both_saw = Barrier::new(2);
    // Takes the package out of the stack, or brings it back, as a client who looks first.
    let turn = |package: &str, first: bool| {
        let seen = serving.ask(&format!("GET {path}"), &[], "");
        if first {
            both_saw.wait();
        }
        let stack = seen.json();
        let is_in = stack["packages"].as_array().unwrap().iter().any(|it| it["name"] == package);
        let file = walk(&playground.path("repository/debs"))
            .into_iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .find(|name| name.starts_with(&format!("{package}-0")))
            .unwrap();
        let change = if is_in { json!({"remove": [package]}) } else { json!({"add": [{"file_name": file}]}) };
        let tag = format!("If-Match: {}", seen.header("etag").unwrap());
        serving.ask(&format!("POST {path}/revisions"), &[&tag], &json!({"change": change}).to_string()).status
    };
    for round in 1..=4 {
        let mut statuses = std::thread::scope(|scope| {
            let clients = ["dh-shop-config", "dh-shop-config-live"].map(|package| {
                scope.spawn(move || {
                    let first = turn(package, true);
                    let last = if first == 412 { turn(package, false) } else { first };
                    (first, last)
                })
            });
            clients.map(|client| client.join().unwrap())
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [(200, 200), (412, 200)], "both saw the same revision: round {round}");
        let stack = playground.json("stack show 124");
        let there = stack["packages"].as_array().unwrap().len();
        assert_eq!(
            (&stack["revision"], there),
            (&(2 + 2 * round).into(), if round % 2 == 0 { 2 } else { 0 })
        );
    }
    assert!(playground.ok("repository fsck").contains("clean: "));
}

#[test]
fn a_wish_that_is_sent_again_with_its_key_is_carried_out_once() {
    let playground = Playground::new();
    let serving = Serving::start(&playground, &["--no-auth"]);
    let ask = |path: &str, key: &str, body: &str| {
        serving.ask(&format!("POST {path}"), &[&format!("Idempotency-Key: {key}")], body)
    };
    let stacks = "/api/v1/domains/default/stacks";
    let first = ask(stacks, "k1", r#"{"name": "1"}"#);
    let again = ask(stacks, "k1", r#"{"name": "1"}"#);
    assert_eq!((first.status, &first.body, first.header("etag")), (200, &again.body, again.header("etag")));
    assert_eq!(again.json()["changed"], true);
    assert_eq!(ask(stacks, "k1", r#"{"name": "2"}"#).status, 422);
    for key in ["", "two words", &"k".repeat(256)] {
        assert_eq!(ask(stacks, key, r#"{"name": "2"}"#).status, 422, "{key}");
    }
    let order = r#"{"kind": "prepare", "name": "x"}"#;
    let start = || ask("/api/v1/builds", "k2", order).json()["id"].clone();
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(start);
        (start(), other.join().unwrap())
    });
    assert_eq!(one, two);
    assert_eq!(serving.ask("GET /api/v1/builds", &[], "").json().as_array().unwrap().len(), 1);
}
