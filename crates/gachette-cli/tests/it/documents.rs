//! What the documents show is true.

use std::path::Path;

use crate::hosts::{Hosts, project};
use crate::playground::{Playground, filters};

pub(crate) fn document(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap()
}

/// Text without commits, times, sizes, columns' widths and folders.
pub(crate) fn normal(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    let own = [
        (r"\b[0-9a-f]{7}\b", "[commit]"),
        (r"\b[0-9a-f]{40}\b", "[commit]"),
        (r"\b[0-9a-f]{12}\b", "[commit]"),
        (r"\.\d{14}\.g[0-9a-f]{7}", "[time.commit]"),
        (r"ada@\S+", "ada@[host]"),
    ];
    for (pattern, replacement) in own.into_iter().chain(filters()) {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, replacement).into_owned();
    }
    // On a busy machine milliseconds become seconds.
    text = text.replace("[n] ms", "[n] s");
    let squeezed = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    squeezed.filter(|line| !line.is_empty() && !line.starts_with("alias")).collect()
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let readme = document("README.md");
    let shown = readme.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let playground = Playground::with_configuration("");
    let printed = playground.ok("demo").replace("[folder]/", "");
    assert_eq!(normal(shown), normal(&printed));
}

#[test]
fn the_readme_shows_what_hosts_print() {
    let readme = document("README.md");
    let shown = readme.split("```console\n").nth(2).unwrap().split("```").next().unwrap();
    let (command, shown) = shown.split_once('\n').unwrap();
    let source = project("true");
    source.tag("v2.1");
    let hosts = Hosts::new(&format!("projects.shop.url: {}\n", source.path().display()));
    let said = hosts.run(&format!("--quiet {}", command.strip_prefix("$ gachette ").unwrap()));
    let summary = hosts.run(command.strip_prefix("$ gachette ").unwrap()).stderr;
    let table = summary.split_once("HOST").unwrap().1;
    // Who is done first is not said.
    let sorted = |text: &str| {
        let mut lines = normal(text);
        lines.sort();
        lines
    };
    assert_eq!(sorted(shown), sorted(&format!("{}HOST{table}", said.stdout)));
}

#[test]
fn the_readme_shows_how_failures_are_answered() {
    let readme = document("README.md");
    let shown = readme.split("```console\n").nth(3).unwrap().split("```").next().unwrap();
    let (command, shown) = shown.split_once('\n').unwrap();
    let playground = Playground::new();
    playground.ok("repository init");
    assert_eq!(playground.run(command.strip_prefix("$ gachette ").unwrap()).stdout, shown);
}

#[test]
fn every_command_in_the_readme_is_understood() {
    let readme = document("README.md");
    let commands: Vec<&str> =
        readme.split('`').filter(|text| text.starts_with("gachette ") && !text.contains('\n')).collect();
    assert!(commands.len() > 15, "{commands:?}");
    let playground = Playground::with_configuration("meta_path: repository\nprojects.shop.url: /nowhere\n");
    for command in commands {
        // The paths in it are of some other machine.
        let here = command.replace("/srv/", &format!("{}/", playground.path("srv").display()));
        let words: Vec<&str> = here.split_whitespace().skip(1).collect();
        let said = playground.run_words(&words);
        // With nothing built most of them find nothing; what counts is that the command line is right.
        let wrong = [
            "unexpected argument",
            "unrecognized",
            "required arguments",
            "there is no task",
            "it is called as",
        ];
        assert!(!wrong.iter().any(|words| said.stderr.contains(words)), "{command}: {}", said.stderr);
    }
}

#[test]
fn every_command_in_the_documents_of_builds_hosts_and_servers_is_understood() {
    let documents = [
        "docs/server.md",
        "docs/builds.md",
        "docs/checking.md",
        "docs/configuration.md",
        "docs/provenance.md",
    ];
    let documents = documents.map(document).concat();
    let commands: Vec<&str> = documents.lines().filter(|line| line.starts_with("gachette ")).collect();
    assert!(commands.len() > 13, "{commands:?}");
    let playground = Playground::with_configuration("");
    for command in commands {
        // What cannot be understood is told before help is given.
        let words = command.split_whitespace().skip(1).take_while(|word| *word != ">");
        let words: Vec<&str> = words.chain(["--help"]).collect();
        let said = playground.run_words(&words);
        assert_eq!(said.code, 0, "{command}: {}", said.stderr);
    }
}

#[test]
fn systemd_takes_the_unit_as_it_is() {
    let unit = document("packaging/gachette.service");
    let playground = Playground::with_configuration("");
    let start = unit.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
    let words: Vec<&str> = start.split_whitespace().skip(1).chain(["--help"]).collect();
    assert_eq!(playground.run_words(&words).code, 0, "{start}");
    playground.write("gachette.service", &unit.replace("/usr/bin/gachette", env!("CARGO_BIN_EXE_gachette")));
    let file = playground.path("gachette.service");
    let output =
        std::process::Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(file).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("gachette.service")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in ["CHANGELOG.md", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md"] {
        for link in document(name).split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned())
        {
            let file = link.split('#').next().unwrap();
            assert!(link.starts_with("http") || root.join(file).exists(), "{name}: {link}");
        }
    }
}
