//! Rules of this code base that the compiler's lints cannot hold.

use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every Rust file of the workspace, with its text.
fn rust_files() -> Vec<(PathBuf, String)> {
    let root = workspace();
    let skipped = ["target", ".git", "fuzz"];
    let files = walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_entry(|entry| {
            entry.depth() == 0 || !skipped.iter().any(|name| entry.file_name().to_str() == Some(name))
        })
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"));
    let files: Vec<_> = files
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.path().strip_prefix(&root).unwrap().to_owned(), text)
        })
        .collect();
    assert!(files.len() > 20, "only {} Rust files were found", files.len());
    files
}

fn none(faults: Vec<String>, rule: &str) {
    assert!(faults.is_empty(), "{rule}:\n{}", faults.join("\n"));
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long = rust_files().into_iter().map(|(path, text)| (path, text.lines().count()));
    let faults =
        long.filter(|(_, lines)| *lines > 500).map(|(path, lines)| format!("{}: {lines}", path.display()));
    none(faults.collect(), "files over 500 lines");
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent =
        rust_files().into_iter().filter(|(_, text)| !text.starts_with("//!") && !text.starts_with("#!["));
    none(silent.map(|(path, _)| path.display().to_string()).collect(), "files that do not begin with `//!`");
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let words = ["utils", "util", "common", "helpers", "helper", "types", "misc"];
    let faults = rust_files().into_iter().map(|(path, _)| path).filter(|path| {
        let names = path.iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned());
        names.into_iter().any(|name| words.contains(&name.as_str()))
    });
    none(faults.map(|path| path.display().to_string()).collect(), "names that say nothing");
}

#[test]
fn no_type_has_a_suffix_that_says_nothing() {
    let suffixes = ["Manager", "Handler", "Helper", "Util", "Utils", "Data", "Info"];
    let mut faults = Vec::new();
    for (path, text) in rust_files() {
        for line in text.lines() {
            let mut words =
                line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            let defined =
                words.by_ref().find(|word| matches!(*word, "struct" | "enum" | "trait")).and(words.next());
            let code = !line.trim_start().starts_with("//");
            if let Some(name) =
                defined.filter(|name| code && suffixes.iter().any(|suffix| name.ends_with(suffix)))
            {
                faults.push(format!("{}: {name}", path.display()));
            }
        }
    }
    none(faults, "suffixes that say nothing");
}

#[test]
fn no_test_is_switched_off() {
    let attribute = format!("#[{}", "ignore");
    let faults = rust_files().into_iter().filter(|(_, text)| text.contains(&attribute));
    none(faults.map(|(path, _)| path.display().to_string()).collect(), "ignored tests");
}

#[test]
fn dependencies_point_one_way() {
    let order = ["gachette-core", "trebuchet", "gachette", "gachette-http", "gachette-cli"];
    let mut faults = Vec::new();
    for (floor, name) in order.iter().enumerate() {
        let manifest =
            std::fs::read_to_string(workspace().join("crates").join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        for above in &order[floor + 1..] {
            let named =
                |line: &str| line.strip_prefix(above).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
            if dependencies.lines().any(named) {
                faults.push(format!("{name} depends on {above}"));
            }
        }
        assert!(!dependencies.contains("gachette-testkit"), "{name} ships the test kit");
    }
    none(faults, "dependencies that point up");
}
