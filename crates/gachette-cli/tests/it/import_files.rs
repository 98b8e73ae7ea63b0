//! `gachette repository import` of single package files, and of what is neither a file nor a folder.

use std::fs;

use serde_json::{Value, json};

use crate::importing::deb;
use crate::playground::Playground;
use crate::serving::Serving;

fn names(playground: &Playground) -> Vec<String> {
    let packages = playground.json("package list");
    packages.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn package_files_come_in_as_their_folders_would_and_nothing_beside_them() {
    let playground = Playground::new();
    let (one, other) = (playground.path("one"), playground.path("other"));
    let web = deb(&one, "dh-web", "1", "x");
    deb(&one, "dh-beside", "1", "x");
    let tool = deb(&other, "dh-tool", "2", "x");
    let said = playground.run("repository import one/dh-web_1_all.deb");
    assert!(
        said.code == 0 && said.stdout.starts_with("1 package taken in"),
        "{} {}",
        said.stdout,
        said.stderr
    );
    assert_eq!(names(&playground), ["dh-web"]);
    let package = playground.json("package show dh-web");
    let url = format!("file:{}", one.display());
    assert_eq!(package["versions"][0]["files"][0]["provenance"]["url"], url.as_str());

    playground.ok("stack create 1");
    let words = format!("repository import {} {} one/dh-web_1_all.deb --to 1", tool.display(), web.display());
    let outcome = playground.json(&words);
    let import = &outcome["import"];
    assert_eq!((&import["taken"], &import["already_there"]), (&1.into(), &1.into()), "each once: {import}");
    assert_eq!(import["source"], format!("{url} file:{}", other.display()));
    assert_eq!(playground.json("stack show 1")["packages"].as_array().unwrap().len(), 2);
    assert_eq!(names(&playground), ["dh-tool", "dh-web"]);

    // A folder may be called so, and what is no package is refused by its name.
    fs::rename(&one, playground.path("folder.deb")).unwrap();
    assert_eq!(playground.json("repository import folder.deb")["import"]["taken"], 1);
    playground.write("broken.deb", "no package");
    let said = playground.run("repository import broken.deb");
    assert!(said.code == 5 && said.stdout.contains("/broken.deb: "), "{} {}", said.stdout, said.stderr);
    playground.ok("repository fsck");
}

#[test]
fn a_server_takes_files_that_an_order_names_and_no_order_without_any() {
    let playground = Playground::new();
    playground.ok("repository init");
    let file = deb(&playground.path("one"), "dh-web", "1", "x");
    let serving = Serving::start(&playground, &["--no-auth"]);
    let ask = |paths: Value| {
        let order = json!({"kind": "import", "from": {"kind": "files", "paths": paths}});
        serving.ask("POST /api/v1/builds", &[], &order.to_string())
    };
    for wrong in [json!([]), json!(file), json!([1])] {
        let answered = ask(wrong);
        assert!((400..500).contains(&answered.status), "{}", answered.text());
    }
    let build: Value = serde_json::from_str(&ask(json!([file])).text()).unwrap();
    let id = build["id"].as_str().unwrap();
    // They end with the build.
    serving.ask(&format!("GET /api/v1/builds/{id}/events"), &[], "");
    let done = serving.ask(&format!("GET /api/v1/builds/{id}"), &[], "").text();
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["outcome"]["import"]["taken"], 1, "{done}");
}

#[test]
fn what_is_neither_a_file_nor_a_folder_is_answered_with_what_to_say() {
    let playground = Playground::new();
    for name in ["notes.txt", "y.list", "WEB.DEB"] {
        playground.write(name, "mine");
    }
    for (words, told) in [
        ("missing.deb", "there is no file `[folder]/missing.deb`"),
        (
            "missing.deb notes.txt",
            "`notes.txt` is no package file, and of anything else one is taken at a time",
        ),
        ("http://ada:geheim@h.invalid/debian", "import 'deb http://…@h.invalid/debian SUITE COMPONENT'`"),
        ("https://h.invalid/debian", "import 'deb https://h.invalid/debian SUITE COMPONENT'`"),
        ("https://h.invalid/dh-web.deb", "fetch the file, and import that"),
        ("file:/srv/debian", "say `gachette repository import /srv/debian`"),
        ("y.list", "`[folder]/y.list` is a file, and no folder: of sources in lines, one is said in quotes"),
        ("WEB.DEB", "is a file, and no folder: the name of a package file ends in `.deb`, in small letters"),
        ("notes.txt", "is a file, and no folder: the name of a package file ends in `.deb`, and that of APT"),
        ("missing.deb --unsigned", "`--unsigned` is for APT sources"),
        ("", "<SOURCE>"),
    ] {
        let said = playground.run(&format!("repository import {words}"));
        assert!(said.code == 2 && said.stderr.contains(told), "{words}: {} {}", said.code, said.stderr);
        assert!(!said.stderr.contains("geheim"), "{}", said.stderr);
    }
}

#[test]
fn a_name_in_which_a_server_wrote_signs_for_characters_is_that_of_its_package() {
    let playground = Playground::new();
    let source = playground.path("source");
    let file = deb(&source, "dh-c++", "1:1.0+b1~rc1", "x");
    for name in
        ["dh-c%2b%2b_1%3a1.0%2bb1%7erc1_all.deb", "dh-c++_1.0%2Bb1~rc1_all.deb", "dh-c++_1%%zz_all.deb"]
    {
        fs::copy(&file, source.join(name)).unwrap();
    }
    let said = playground.run("repository import source");
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(
        said.stdout.contains("1 package taken in") && said.stdout.contains("1 refused"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("%%zz_all.deb: it holds dh-c++ 1:1.0+b1~rc1 (all), not what its name says"));
}
