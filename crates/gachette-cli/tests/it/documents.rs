//! What the documents show is true.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use gachette_testkit::{GitRepository, Network};

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
    let blocks = readme.split("```console\n").skip(2).take(2);
    let shown: String = blocks.map(|block| block.split("```").next().unwrap()).collect();
    let source = GitRepository::new();
    source.write(".missile.yml", "name: shop\ntype: application\n");
    source.write("shop.py", "print('open')\n").commit("Open the shop");
    source.tag("v2.1");
    let network = Network::start();
    let _hosts = ["build1", "build2"].map(|name| network.host(name));
    let mut ssh_config = File::options().append(true).open(network.ssh_config()).unwrap();
    // Nobody listens there.
    ssh_config.write_all(b"Host build3\n  HostName 10.77.0.1\n  Port 1\n").unwrap();
    let configuration = |more: &str| {
        format!(
            "ssh_config_path: {}\nreuse_connection: 0\nworking_copies: {own}/copies\nprojects.shop.url: {}\n{more}",
            network.ssh_config().display(),
            source.path().display(),
            own = network.own().display()
        )
    };
    let on_hosts = Playground::with_configuration(&configuration(&format!(
        "meta_path: {}/repository\n",
        network.own().display()
    )));
    let kept_here = Playground::with_configuration(&configuration(
        "meta_path: repository\nhosts: build1\nrepository: here\n",
    ));
    let commands: Vec<(&str, Vec<&str>)> =
        shown.split("$ gachette ").skip(1).map(command_and_lines).collect();
    assert!(commands.len() >= 6, "{commands:?}");
    // What is said while it goes on is left out.
    let goes_on = regex::Regex::new(r"^(\[\w+\] )?  ").unwrap();
    for (command, shown) in commands {
        let playground = if command.starts_with("-H") { &on_hosts } else { &kept_here };
        let words: Vec<&str> = command.split(' ').collect();
        let program = network.command(env!("CARGO_BIN_EXE_gachette"));
        let said = playground.said(&words, playground.as_user(program, &words).output().unwrap());
        let stayed = said.stderr.lines().filter(|line| !goes_on.is_match(line));
        // Which host is done first is not said.
        let sorted = |lines: Vec<&str>| {
            let mut lines = normal(&lines.join("\n"));
            lines.sort();
            lines
        };
        assert_eq!(sorted(shown), sorted(said.stdout.lines().chain(stayed).collect()), "{command}");
    }
}

/// A command of a transcript, and the lines that are shown of it.
fn command_and_lines(text: &str) -> (&str, Vec<&str>) {
    let (command, lines) = text.split_once('\n').unwrap();
    (command, lines.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect())
}

#[test]
fn the_readme_shows_how_failures_are_answered() {
    let readme = document("README.md");
    let shown = readme.split("```console\n").nth(4).unwrap().split("```").next().unwrap();
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
