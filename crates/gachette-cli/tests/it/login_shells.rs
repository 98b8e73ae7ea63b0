//! By which shell gachette is started on a host: what its start files set counts for builds.

use std::fs;

use crate::hosts::{Hosts, project};

#[test]
fn a_build_sees_what_the_start_files_of_the_configured_shell_set() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    fs::write(hosts.home().join(".profile"), "export LOGIN=yes\n").unwrap();
    fs::write(hosts.home().join(".bashrc"), "case $- in *i*) export INTERACTIVE=yes;; esac\n").unwrap();
    hosts.ok("-H build1 stack create 124");
    for (shell, login, interactive) in [
        (None, "yes", "no"),
        (Some("/bin/bash -l -c"), "yes", "no"),
        (Some("bash --login -c"), "yes", "no"),
        (Some("/bin/sh -c"), "no", "no"),
        (Some("/bin/bash -i -c"), "no", "yes"),
    ] {
        let step = format!("test \"${{LOGIN:-no}} ${{INTERACTIVE:-no}}\" = \"{login} {interactive}\"");
        let recipe = format!("name: web\ntype: application\nbuild_assets: ['{step}']\n# {shell:?}\n");
        source.write(".missile.yml", recipe).commit("another shell");
        let set = shell.map(|shell| format!("shell={shell}"));
        let mut words: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
        words.extend(["-H", "build1", "quick", "124", "web"]);
        let output = hosts.command("").args(&words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{shell:?}: {said}");
    }
}

#[test]
fn a_title_that_a_start_file_sets_without_an_end_of_line_is_not_in_the_way() {
    let hosts = Hosts::visited("");
    for file in [".profile", ".bashrc"] {
        fs::write(hosts.home().join(file), "printf '\\033]0;%s\\007' build1\n").unwrap();
    }
    let shell = ["--set", "shell=/bin/bash -i -l -c"];
    // When it arrives, and when it is there.
    for words in [&shell[..], &[], &[]] {
        let words = [words, &["-H", "build1", "repository", "init"]].concat();
        let output = hosts.command("").args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_shell_that_is_not_there_or_none_is_told() {
    let hosts = Hosts::visited("");
    let run = |shell: &str| {
        let set = format!("shell={shell}");
        let words = ["--set", &set, "-H", "build1", "repository", "init"];
        let output = hosts.command("").args(words).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run("/nowhere/zsh -l -c");
    assert_eq!(
        (code, said.contains("there is no /nowhere/zsh, which is configured as shell")),
        (Some(6), true),
        "{said}"
    );
    let (code, said) = run("/bin/bash -c; touch evil;");
    assert_eq!((code, said.contains("write one like `/bin/bash -l -c`")), (Some(3), true), "{said}");
    assert!(!hosts.home().join("evil").exists() && !hosts.path("evil").exists());
}
