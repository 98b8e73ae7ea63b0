//! `gachette repository import SOURCES` of lists that name what cannot be taken, and of sources that name what there is not.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::import_fetching::import;
use crate::importing::{deb, deb_for};
use crate::mirror::{Mirror, honest};
use crate::playground::Playground;

/// Packages of one component, one for each architecture, one for all, and one for amd64 alone.
fn fill(folder: &Path) {
    for architecture in ["amd64", "arm64"] {
        deb_for(&folder.join("pool/main"), "dh-own", "1", architecture, "x");
    }
    deb(&folder.join("pool/main"), "dh-both", "1", "x");
    deb_for(&folder.join("pool/main"), "dh-tool", "1", "amd64", "x");
}

fn mirror() -> Mirror {
    Mirror::new(fill, "amd64 arm64", honest)
}

/// Changes what the list for amd64 says.
fn change(mirror: &Mirror, change: impl Fn(&str) -> String) {
    let path = mirror.list("main", "amd64");
    fs::write(&path, change(&fs::read_to_string(&path).unwrap())).unwrap();
    mirror.release("main", "amd64 arm64");
}

fn playground() -> Playground {
    let playground = Playground::new();
    playground.ok("repository init");
    playground
}

fn refused(report: &Value) -> Vec<(&str, &str)> {
    let refused = report["refused"].as_array().unwrap().iter();
    refused.map(|it| (it["file"].as_str().unwrap(), it["reason"].as_str().unwrap())).collect()
}

#[test]
fn what_a_list_names_and_cannot_be_taken_is_refused_by_name() {
    let import = |mirror: &Mirror| {
        let playground = playground();
        let line = mirror.line("", "main");
        import(&playground, &format!("{line} --architecture amd64"), 5)
    };
    for (from, to, name, told) in [
        ("SHA256: ", "X-SHA256: ", "dh-tool 1 (amd64)", "names no `SHA256` of it"),
        ("Package: dh-tool", "Package: Upper", "Upper 1 (amd64)", "Upper"),
        ("Version: 1", "Version: v2.0", "dh-tool v2.0 (amd64)", "v2.0"),
    ] {
        let mirror = mirror();
        change(&mirror, |list| {
            let paragraphs = list.split("\n\n").map(|paragraph| match paragraph.contains("dh-tool") {
                true => paragraph.replace(from, to),
                false => paragraph.to_owned(),
            });
            paragraphs.collect::<Vec<_>>().join("\n\n")
        });
        let report = import(&mirror);
        let refused = refused(&report);
        assert_eq!((&report["taken"], refused.len()), (&json!(2), 1), "{report}");
        assert!(refused[0].0 == name && refused[0].1.contains(told), "{refused:?}");
    }
    // apt takes a list with another hash alone.
    let mirror = mirror();
    change(&mirror, |list| {
        let lines = list.lines().filter(|line| !line.starts_with("SHA256:"));
        lines.map(|line| format!("{line}\n")).collect()
    });
    let report = import(&mirror);
    assert_eq!((&report["taken"], refused(&report).len()), (&json!(0), 3), "{report}");
}

#[test]
fn a_list_with_lines_as_on_windows_is_read_as_apt_does() {
    let mirror = mirror();
    change(&mirror, |list| list.lines().map(|line| format!("{line}\r\n")).collect());
    let line = mirror.line("", "main");
    let report = import(&playground(), &format!("{line} --architecture amd64"), 0);
    assert_eq!((&report["taken"], refused(&report)), (&json!(3), vec![]), "{report}");
}

#[test]
fn a_component_or_architecture_that_there_is_not_is_warned_about() {
    let mirror = mirror();
    let playground = playground();
    let run = |components: &str, architectures: &[&str]| {
        let line = mirror.line("", components);
        let named = architectures.iter().flat_map(|architecture| ["--architecture", architecture]);
        let words: Vec<&str> = ["repository", "import", &line].into_iter().chain(named).collect();
        playground.run_words(&words)
    };
    let said = run("main", &["amd64"]);
    assert!(said.code == 0 && !said.stderr.contains("warning"), "{}", said.stderr);
    let said = run("main contrb", &["amd64", "arm64"]);
    assert_eq!(said.stderr.matches("has no component `contrb`").count(), 1, "{}", said.stderr);
    let said = run("main", &["amd64", "riscv64"]);
    assert!(said.code == 0 && said.stderr.contains("no list of packages for riscv64"), "{}", said.stderr);

    // What is named counts, and not what the sources say besides.
    let other = self::playground();
    let words = ["repository", "import", &mirror.line(" arch=arm64", "main"), "--architecture", "amd64"];
    let said = other.run_words(&words);
    assert!(said.code == 0 && said.stderr.contains("no list of packages for amd64"), "{}", said.stderr);
    let packages = other.json("package list");
    assert_eq!((packages.as_array().unwrap().len(), &packages[0]["name"]), (1, &json!("dh-both")));
    let said = other.run_words(&words[..3]);
    assert!(said.code == 0 && !said.stderr.contains("warning"), "{}", said.stderr);
    let packages = other.json("package show dh-own");
    assert_eq!(packages["versions"][0]["files"][0]["architecture"], "arm64");
}

#[test]
fn a_base_is_told_with_what_its_sources_do_not_have() {
    let mirror = mirror();
    let paragraph = mirror.line("", "main contrb");
    let address = paragraph.split(' ').find(|word| word.starts_with("http")).unwrap();
    let configuration = format!(
        "meta_path: repository\nbases:\n  stable:\n    sources: |\n      Types: deb\n      URIs: {address}\n      Suites: stable\n      \
         Components: main contrb\n      Trusted: yes\n    architectures: [amd64, riscv64]\nbase: stable\n"
    );
    let playground = Playground::with_configuration(&configuration);
    let said = playground.run("base update");
    assert_eq!(said.code, 0, "{}", said.stderr);
    for told in ["warning: base stable: ", "has no component `contrb`", "no list of packages for riscv64"] {
        assert!(said.stderr.contains(told), "{told}: {}", said.stderr);
    }
}

#[test]
fn of_a_flat_repository_only_packages_for_the_machine_come_in_unless_others_are_named() {
    let folder = tempfile::Builder::new().prefix("gachette-flat-").tempdir().unwrap();
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for architecture in ["amd64", "arm64"] {
        deb_for(folder.path(), "dh-own", "1", architecture, "x");
    }
    let ftparchive = |words: [&str; 2]| {
        let output = std::process::Command::new("apt-ftparchive").args(words).current_dir(&folder).output();
        output.unwrap().stdout
    };
    fs::write(folder.path().join("Packages"), ftparchive(["packages", "."])).unwrap();
    fs::write(folder.path().join("Release"), ftparchive(["release", "."])).unwrap();
    let playground = playground();
    let line = format!("deb [trusted=yes] file:{} ./", folder.path().display());
    assert_eq!(import(&playground, &format!("{line} --architecture arm64"), 0)["taken"], 1);
    let said = playground.json("package show dh-own");
    assert_eq!(said["versions"][0]["files"][0]["architecture"], "arm64");
}

#[test]
fn of_lists_that_have_expired_it_is_said_how_they_are_taken_all_the_same() {
    let mirror = mirror();
    mirror.release_with("main", "amd64 arm64", &["Valid-Until: Mon, 05 Jan 2026 00:00:00 UTC"]);
    let playground = playground();
    let line = mirror.line("", "main");
    let said = playground.run_words(&["repository", "import", &line, "--architecture", "amd64"]);
    assert!(said.code == 3 && said.stderr.contains("[check-valid-until=no]"), "{}", said.stderr);
    let line = mirror.line(" check-valid-until=no", "main");
    assert_eq!(import(&playground, &format!("{line} --architecture amd64"), 0)["taken"], 3);
}
