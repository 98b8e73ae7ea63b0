//! Hostile values: a clear error or a faithful result, never a shell, a path outside, a panic or a hang.

use std::path::Path;

use crate::chain::Chain;

/// Values that mean something to a shell, a path, git, ssh, dpkg or a terminal.
const VALUES: &[&str] = &[
    "; touch canary",
    "$(touch canary)",
    "`touch canary`",
    "| touch canary",
    "& touch canary &",
    "> canary",
    "a\ntouch canary",
    "' ; touch canary ; '",
    "\" ; touch canary ; \"",
    "${IFS}touch${IFS}canary",
    "../../canary",
    "/../canary",
    "..",
    ".",
    "-",
    "--",
    "--upload-pack=touch canary",
    "-oProxyCommand=touch canary",
    "ssh://-oProxyCommand=touch canary/x",
    "ext::sh -c 'touch canary'",
    "file:///../../canary",
    "*",
    "~",
    "\u{1b}[31mred",
    "\u{202e}gnp.exe",
    "\u{0}",
    "%2e%2e%2fcanary",
    "%00",
    "a@{1}",
    "HEAD^{/x}",
    "x y",
    "{{ 7*7 }}",
    "C:\\canary",
    "é",
    "",
];

/// Everything in a folder, by path.
fn listing(folder: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            paths.push(entry.path().display().to_string());
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    paths
}

/// Runs the words; what comes of it must be an exit code of ours, said without control characters.
fn harmless(chain: &Chain, words: &[&str]) {
    let output = chain.playground.command(words).output().unwrap();
    let code = output.status.code();
    assert!(
        matches!(code, Some(0 | 2..=6)),
        "{words:?}: {code:?} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = [output.stdout, output.stderr].concat();
    let raw = said.iter().find(|byte| byte.is_ascii_control() && **byte != b'\n');
    assert_eq!(raw, None, "{words:?}: {}", String::from_utf8_lossy(&said).escape_debug());
}

fn each_value(run: impl Fn(&Chain, &str)) {
    let chain = Chain::new();
    chain.playground.ok("prepare config");
    for value in VALUES.iter().filter(|value| !value.contains('\0')) {
        run(&chain, value);
    }
    // Names may hold the word, as `config_-touch-canary` does; a file of that name may not be.
    let canaries = listing(&chain.playground.path("")).into_iter().filter(|path| path.ends_with("/canary"));
    assert_eq!(canaries.collect::<Vec<_>>(), Vec::<String>::new());
    for place in [chain.playground.path("..").join("canary"), chain.playground.path("canary")] {
        assert!(!place.exists(), "{}", place.display());
    }
    chain.playground.ok("repository fsck");
}

#[test]
fn in_names_of_stacks() {
    each_value(|chain, value| {
        harmless(chain, &["stack", "create", "--", value]);
        harmless(chain, &["stack", "show", "--", value]);
        harmless(chain, &["stack", "create", "x", "--from", &format!("{value}@1")]);
        harmless(chain, &[&format!("stack_create:domain={},name=x", value.replace(',', "\\,"))]);
    });
}

#[test]
fn in_refs_and_urls() {
    each_value(|chain, value| {
        harmless(chain, &["prepare", "shop", &format!("--ref={value}")]);
        harmless(chain, &["prepare", "shop", &format!("--url={value}")]);
        harmless(chain, &["quick", "124", "config", &format!("--ref={value}")]);
    });
}

#[test]
fn in_names_of_working_copies_and_projects() {
    each_value(|chain, value| {
        harmless(chain, &["prepare", "--url=/nowhere", "--", value]);
        harmless(chain, &["build", "--", value]);
        harmless(chain, &["quick", "--url=/nowhere", "--", "124", value]);
    });
}

#[test]
fn in_versions_and_paths_of_missiles() {
    each_value(|chain, value| {
        harmless(chain, &["build", "config", &format!("--app-version={value}")]);
        harmless(chain, &["build", "config", &format!("--missile={value}")]);
        harmless(chain, &["build", "config", &format!("--web-callback={value}")]);
    });
}

#[test]
fn in_files_and_names_of_packages() {
    each_value(|chain, value| {
        harmless(chain, &["stack", "add", "124", "--", value]);
        harmless(chain, &["stack", "remove", "124", "--", value]);
        harmless(chain, &["package", "show", "--", value]);
        harmless(
            chain,
            &[&format!(
                "add_to_stack:name={value},version={value},file_name={value},meta_path=/nowhere,stack_version=1"
            )],
        );
    });
}

#[test]
fn in_settings_and_reasons() {
    each_value(|chain, value| {
        harmless(chain, &["--set", &format!("domain={value}"), "stack", "list"]);
        harmless(chain, &["--set", value, "config", "show"]);
        harmless(chain, &["stack", "create", "124", &format!("--reason={value}")]);
        harmless(chain, &["-c", &format!("./{value}"), "version"]);
    });
}
