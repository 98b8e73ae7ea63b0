//! Folders whose names have to be written otherwise in a URI.

use std::fs;
use std::process::Command;

use gachette_testkit::AptRoot;

use crate::importing::{deb, run};
use crate::playground::Playground;

/// A repository, and packages, in folders that no URI can name as they are.
fn playground() -> Playground {
    let playground =
        Playground::with_configuration("meta_path: \"sp ace/100%41 \u{e4}+#b\"\nsigning.keys: [archive]\n");
    playground.ok("key generate archive");
    deb(&playground.path("d 5%"), "dh-web", "1", "x");
    playground.ok("stack create 124");
    let said = playground.run_words(&["repository", "import", "d 5%", "--to", "124"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    playground
}

#[test]
fn apt_reads_a_repository_in_a_folder_with_a_space_in_its_name() {
    let playground = playground();
    let source = playground.json("publish 124")["source"].as_str().unwrap().to_owned();
    assert!(source.contains("/sp%20ace/100%2541%20%C3%A4+%23b\n"), "{source}");
    let apt = AptRoot::new();
    // It has a root of its own, in which the repository lies at the same path.
    let folder = playground.path("sp ace").display().to_string();
    let there = apt.path(folder.trim_start_matches('/'));
    fs::create_dir_all(there.parent().unwrap()).unwrap();
    run(Command::new("cp").arg("-a").arg(&folder).arg(&there));
    apt.source(&source);
    apt.check(&["update", "--error-on=any"]);
    apt.check(&["install", "dh-web"]);
    assert_eq!(apt.installed("dh-web").as_deref(), Some("1"));
}

#[test]
fn where_packages_were_taken_from_is_a_uri_in_a_bill_of_materials() {
    let playground = playground();
    let sbom = playground.json("stack sbom 124");
    let url = sbom["components"][0]["externalReferences"][0]["url"].as_str().unwrap();
    let folder = playground.path("d 5%").canonicalize().unwrap();
    assert_eq!(url, format!("file:{}", folder.display()).replace("d 5%", "d%205%25"));
}
