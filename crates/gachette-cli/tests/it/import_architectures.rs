//! `gachette repository import SOURCES --architecture`: what apt offers for other machines than this one.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::importing::{deb, deb_for};
use crate::playground::Playground;
use crate::serving::Serving;

/// A suite with packages for this machine, for another, for a third and for `all`, served over HTTP.
struct Archive {
    _playground: Playground,
    _serving: Serving,
    sources: String,
    machine: String,
    other: &'static str,
}

fn archive() -> Archive {
    let playground = Playground::new();
    let machine = Command::new("dpkg").arg("--print-architecture").output().unwrap();
    let machine = String::from_utf8(machine.stdout).unwrap().trim().to_owned();
    let other = if machine == "arm64" { "amd64" } else { "arm64" };
    let source = playground.path("source");
    for (name, architecture) in [
        ("dh-own", &*machine),
        ("dh-other", other),
        ("dh-third", "s390x"),
        ("dh-tool", &*machine),
        ("dh-tool", other),
    ] {
        deb_for(&source, name, "1:1.0", architecture, architecture);
    }
    deb(&source, "dh-both", "1", "x");
    playground.ok("stack create 1");
    playground.ok("repository import source --to 1");
    let serving = Serving::start(&playground, &["--no-auth"]);
    let url = format!("publish.url=http://127.0.0.1:{}", serving.port);
    let sources =
        playground.json(&format!("--set {url} publish 1 --unsigned"))["source"].as_str().unwrap().to_owned();
    Archive { _playground: playground, _serving: serving, sources, machine, other }
}

impl Archive {
    /// Another repository, beside a file of the sources.
    fn elsewhere(&self) -> Playground {
        let playground = Playground::new();
        playground.write("plain.sources", &self.sources);
        playground
    }
}

/// The packages of a repository, each with its architectures.
fn held(playground: &Playground) -> BTreeSet<(String, String)> {
    let names = playground.json("package list");
    let names = names.as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap().to_owned());
    names
        .flat_map(|name| {
            let files = playground.json(&format!("package show {name}"))["versions"][0]["files"].clone();
            let files: Vec<Value> = files.as_array().unwrap().clone();
            files
                .into_iter()
                .map(move |file| (name.clone(), file["architecture"].as_str().unwrap().to_owned()))
        })
        .collect()
}

fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeSet<(String, String)> {
    pairs.into_iter().map(|(name, architecture)| (name.to_owned(), architecture.to_owned())).collect()
}

#[test]
fn packages_come_for_the_architectures_that_are_named_or_else_for_the_machine() {
    let archive = archive();
    let (machine, other) = (&*archive.machine, archive.other);
    let own = [("dh-both", "all"), ("dh-own", machine), ("dh-tool", machine)];
    let others = [("dh-both", "all"), ("dh-other", other), ("dh-tool", other)];
    let import = "repository import plain.sources --unsigned";
    let playground = archive.elsewhere();
    assert_eq!(playground.json(import)["import"]["taken"], 3);
    assert_eq!(held(&playground), pairs(own));
    let both = format!("{import} --architecture {other} --architecture {machine} --architecture {other}");
    let report = playground.json(&both)["import"].clone();
    assert_eq!((&report["taken"], &report["already_there"]), (&2.into(), &3.into()));
    assert_eq!(held(&playground), pairs(own.into_iter().chain(others)));
    playground.ok("repository fsck");
    let playground = archive.elsewhere();
    playground.ok(&format!("{import} --architecture {other}"));
    assert_eq!(held(&playground), pairs(others));
    for (words, told) in [
        (format!("{import} --architecture all"), "packages for `all` come with those of any architecture"),
        (format!("{import} --architecture any"), "any"),
        ("repository import . --architecture arm64".to_owned(), "`--architecture` is for APT sources"),
    ] {
        let said = playground.run(&words);
        assert!(said.code == 2 && said.stderr.contains(told), "{words}: {} {}", said.code, said.stderr);
    }
    assert_eq!(held(&playground), pairs(others));
}

#[test]
fn the_api_takes_architectures_and_describes_them() {
    let archive = archive();
    let playground = archive.elsewhere();
    let serving = Serving::start(&playground, &["--no-auth"]);
    let description: Value = serde_json::from_str(&serving.ask("GET /openapi.json", &[], "").text()).unwrap();
    let forms = description["components"]["schemas"]["ImportFrom"]["oneOf"].as_array().unwrap().clone();
    let architectures = forms.iter().find_map(|form| form["properties"].get("architectures")).unwrap();
    assert_eq!(architectures["type"], "array", "{architectures}");
    let order = |architectures: Value| {
        let from = json!({"kind": "apt", "sources": archive.sources, "unsigned": true, "architectures": architectures});
        json!({"kind": "import", "from": from}).to_string()
    };
    let ask = |body: &str| serving.ask("POST /api/v1/builds", &["Idempotency-Key: k1"], body);
    let first = ask(&order(json!([archive.other])));
    let build: Value = serde_json::from_str(&first.text()).unwrap();
    let again = ask(&order(json!([archive.other])));
    assert_eq!((again.status, again.text()), (first.status, first.text()), "it is one wish");
    assert_eq!(ask(&order(json!([archive.machine]))).status, 422, "and this another");
    let id = build["id"].as_str().unwrap();
    let events = serving.ask(&format!("GET /api/v1/builds/{id}/events"), &[], "").text();
    let done = serving.ask(&format!("GET /api/v1/builds/{id}"), &[], "").text();
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["outcome"]["import"]["taken"], 3, "{done}\n{events}");
    for wrong in [json!(["any"]), json!("arm64"), json!([1])] {
        let answered = serving.ask("POST /api/v1/builds", &[], &order(wrong));
        assert!((400..500).contains(&answered.status), "{}", answered.text());
    }
}
