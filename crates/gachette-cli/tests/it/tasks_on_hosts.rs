//! Every task on a host, in the form of the original tool and as a subcommand: the same is said, and the same is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette_testkit::{GitRepository, Network, NetworkHost};

use crate::documents::normal;
use crate::hosts::project;
use crate::playground::Playground;

/// Each task, and the subcommand that does the same, in an order in which they follow from one another. `META` is the repository,
/// `URL` where the project is cloned from.
const TASKS: [[&str; 2]; 16] = [
    ["stack_create:124", "stack create 124"],
    ["stack_create:124", "stack create 124"],
    ["stack_create:prod,7", "stack create prod/7"],
    ["stack_create:125,META,124", "stack create 125 --from 124"],
    ["stack_create:126,from_stack=nowhere", "stack create 126 --from nowhere"],
    ["prepare:web", "prepare web"],
    ["prepare:web_side,URL,side", "prepare web_side --url URL --ref side"],
    ["build:web,app_version=2.0", "build web --app-version 2.0"],
    ["build:nothing,app_version=2.0", "build nothing --app-version 2.0"],
    ["add_to_stack:dh-web,2.0,dh-web-2.0-all.deb,META,124", "stack add 124 dh-web-2.0-all.deb"],
    ["add_to_stack:prod,dh-web,2.0,dh-web-2.0-all.deb,META,7", "stack add prod/7 dh-web-2.0-all.deb"],
    ["quick:125,web", "quick 125 web"],
    ["quick:prod,7,web,side", "quick prod/7 web --ref side"],
    ["quick:999,web", "quick 999 web"],
    ["show_config", "config show"],
    ["version", "--version"],
];

/// A host with a home, a repository and working copies of its own, under the same names as those of the other.
struct Side {
    host: NetworkHost,
    /// Of whoever gives the commands.
    playground: Playground,
}

/// Two sides that differ in the form in which they are told what to do.
struct Sides {
    network: Network,
    source: GitRepository,
    sides: [Side; 2],
}

impl Sides {
    fn new() -> Self {
        let (network, source) = (Network::start(), project("true"));
        source.branch("side").commit_file("side.txt", "side");
        source.checkout("main");
        let sides = ["old", "new"].map(|name| {
            let host = network.host(name);
            let configuration = format!(
                "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: {own}/repository\nworking_copies: {own}/copies\n\
                 projects.web.url: {}\n",
                network.ssh_config().display(),
                source.path().display(),
                own = network.own().display()
            );
            Side { host, playground: Playground::with_configuration(&configuration) }
        });
        Self { network, source, sides }
    }

    /// What is to be said, with the paths that are meant.
    fn words(&self, line: &str) -> String {
        let meta = self.network.own().join("repository");
        line.replace("META", &meta.display().to_string())
            .replace("URL", &self.source.path().display().to_string())
    }

    /// The exit code, and what was said on standard output and standard error; without what differs in every run.
    fn run(&self, side: &Side, host: &str, line: &str) -> (i32, Vec<String>, Vec<String>) {
        let line = format!("-H {host} {}", self.words(line));
        let words: Vec<&str> = line.split(' ').collect();
        let program: Command = self.network.command(env!("CARGO_BIN_EXE_gachette"));
        let said = side.playground.said(&words, side.playground.as_user(program, &words).output().unwrap());
        let text = |text: &str| {
            let text = text.replace(&side.host.home_there().display().to_string(), "[home]");
            normal(&text.replace(&format!("{host}:"), "[host]:").replace(&format!("[{host}]"), "[host]"))
        };
        (said.code, text(&said.stdout), text(&said.stderr))
    }
}

/// The files of a repository that are the same whenever they are made: packages, and the tree of the original tool.
fn lasting(repository: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![repository.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let is_lasting = path.ends_with("version")
                || path.ends_with("file")
                || path.extension().is_some_and(|end| end == "deb");
            if path.is_dir() {
                folders.push(path);
            } else if is_lasting {
                found.insert(path.strip_prefix(repository).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn every_task_happens_on_the_host_and_is_the_same_in_both_forms() {
    let sides = Sides::new();
    for forms in TASKS {
        let [old, new] = [0, 1].map(|at| {
            let side = &sides.sides[at];
            sides.run(side, side.host.name(), forms[at])
        });
        assert_eq!(old, new, "{forms:?}");
        let fails = ["nowhere", "nothing", "999"].iter().any(|word| forms[1].contains(word));
        assert_eq!(old.0 != 0, fails, "{forms:?}: {old:?}");
        assert!(!old.1.is_empty() || fails, "{forms:?} says what came of it: {old:?}");
    }
    let [old, new] = sides.sides.each_ref().map(|side| lasting(&side.host.own().join("repository")));
    assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>());
    assert!(old == new, "the same bytes");
    assert_eq!(old.keys().filter(|path| path.starts_with("debs")).count(), 3, "{:?}", old.keys());
    // Nothing of it is on this machine.
    assert!(!sides.network.own().join("repository").exists() && !sides.network.own().join("copies").exists());
    for side in &sides.sides {
        assert!(!side.playground.path("home/.local").exists());
        assert!(side.host.home().join(".local/state/gachette/builds").is_dir());
    }
}

#[test]
fn what_is_about_no_host_connects_to_none() {
    let playground = Playground::new();
    for hosts in ["nowhere.invalid", "nowhere.invalid,elsewhere.invalid"] {
        for (old, new) in [("version", "--version"), ("show_config", "config show")] {
            let [old, new] = [old, new].map(|line| playground.ok(&format!("-H {hosts} {line}")));
            assert_eq!(old, new);
        }
        // Among tasks that are about hosts too.
        let said = playground.run(&format!("-H {hosts} version show_config stack_create:1"));
        assert_eq!(said.code, 6, "{}", said.stderr);
        assert!(said.stdout.starts_with("gachette ") && said.stdout.contains("meta_path"), "{}", said.stdout);
    }
}
