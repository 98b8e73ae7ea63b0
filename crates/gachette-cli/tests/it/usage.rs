//! Help, versions, lists of tasks, and command lines that cannot be understood.

use std::process::Stdio;

use crate::assert_transcript;
use crate::playground::Playground;

#[test]
fn tasks_are_listed_with_their_first_line() {
    assert_transcript!(Playground::new().run("-l"));
}

#[test]
fn a_task_is_explained() {
    assert_transcript!(Playground::new().run("-d stack_create"));
}

#[test]
fn an_unknown_task_anywhere_runs_nothing() {
    let playground = Playground::new();
    assert_transcript!(playground.run("stack_create:1 stack_creat:2"));
    assert!(!playground.path("repository").exists());
}

#[test]
fn wrong_arguments_show_the_signature_of_the_task() {
    let playground = Playground::new();
    for line in
        ["prepare:", "stack_create", "add_to_stack:a,b", "quick:1", "version:1", "build:web,color=red"]
    {
        let said = playground.run(line);
        assert_eq!(said.code, 2, "{line}");
        assert!(said.stderr.contains("it is called as `"), "{line}: {}", said.stderr);
    }
}

#[test]
fn version_and_show_config_need_nothing() {
    let playground = Playground::with_configuration("");
    let version = concat!("gachette ", env!("CARGO_PKG_VERSION"), "\n");
    for line in ["version", "-V", "--version"] {
        assert_eq!(playground.ok(line), version);
    }
    playground.ok("show_config");
}

#[test]
fn an_unknown_first_word_shows_subcommands_and_tasks() {
    let playground = Playground::new();
    assert_transcript!(playground.run("stac list"));
    let said = playground.run("stack lits");
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("`lits` of `gachette stack`"), "{}", said.stderr);
    assert!(said.stderr.contains("did you mean `list`? the subcommands are create,"), "{}", said.stderr);
    assert!(!said.stderr.contains("quick"), "{}", said.stderr);
}

#[test]
fn nothing_that_a_terminal_obeys_comes_back_from_a_wrong_command_line() {
    let playground = Playground::new();
    let trick = "x\u{9b}2J\u{202e}\u{1b}]0;title\u{7}";
    for words in [
        ["stack", "show", &format!("--{trick}")],
        ["stack", "list", trick],
        ["stack", trick, "x"],
        [trick, "x", "x"],
        ["--format", trick, "version"],
        ["key", "import", trick],
    ] {
        let said = playground.command(&words).output().unwrap();
        let shown = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(2), "{words:?}: {shown}");
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{shown:?}");
        assert!(shown.contains("\\u{9b}"), "{shown:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    for line in
        ["completions bash", "man", "--help", "-l", "stack list", "--format json stack log 1", "stack show 1"]
    {
        let mut command = playground.command(&line.split(' ').collect::<Vec<_>>());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Gone before a word was said.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.as_ref()), (Some(0), ""), "{line}");
    }
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    let playground = Playground::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(playground.ok(&format!("completions {shell}")).contains("gachette"));
    }
    assert!(playground.ok("man").contains(".TH gachette 1"));
    assert!(playground.ok("man stack create").contains("gachette\\-stack\\-create"));
    playground.ok("man --output pages");
    assert!(playground.path("pages/gachette-stack-create.1").is_file());
}

#[test]
fn what_is_missing_in_the_configuration_is_said_without_a_server_or_another_name() {
    let playground = Playground::with_configuration("projects.shop.ref: main\n");
    let said = playground.run("stack create 1");
    assert!(said.code == 3 && said.stderr.contains("gachette.yml"), "{}", said.stderr);
    assert!(!said.stderr.contains("systemctl"), "{}", said.stderr);
    let said = playground.run("prepare shop");
    assert!(said.code == 3 && said.stderr.contains("put `projects.shop.url: …`"), "{}", said.stderr);
    let said = playground.run("prepare shpo");
    assert!(said.code == 3 && said.stderr.contains("did you mean `shop`?"), "{}", said.stderr);
}

#[test]
fn a_promotion_that_names_no_channel_is_answered_with_the_whole_command() {
    let playground = Playground::new();
    for (line, hint) in [
        ("promote 124", "hint: `gachette promote 124 --to CHANNEL`; `gachette channel list` shows"),
        ("promote", "hint: `gachette promote STACK --to CHANNEL`;"),
        ("promote 124 live", "hint: `gachette promote 124 --to live`;"),
        ("--yes promote 124 --approve", "hint: `gachette --yes promote 124 --approve --to CHANNEL`;"),
    ] {
        let said = playground.run(line);
        assert!(said.code == 2 && said.stderr.contains(hint), "{line}: {}", said.stderr);
    }
    let said = playground.run("--format json promote 124");
    let answer: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(
        answer["hint"].as_str().unwrap().starts_with("`gachette --format json promote 124 --to"),
        "{answer}"
    );
    let said = playground.run_words(&["promote", "$(id)"]);
    assert!(said.code == 2 && !said.stderr.contains("hint: "), "{}", said.stderr);
}

#[test]
fn a_revision_in_place_of_a_stack_is_told_in_plain_words() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    for line in ["verify 1@2", "stack seal 1@2", "stack delete 1@2 --yes", "promote 1 --to live@2"] {
        let said = playground.run(line);
        let words = "it names one revision, where all of the stack is meant; leave out `@2`";
        assert!(said.code == 2 && said.stderr.contains(words), "{line}: {}", said.stderr);
    }
}

#[test]
fn help_explains_a_command_in_more_than_its_line_in_the_list() {
    let playground = Playground::new();
    for (command, explained) in [
        ("verify", "The exit code is 5 when one does not hold."),
        ("stack check", "The exit code is 5 when the answer is no."),
        ("repository log", "what can be read is shown."),
        ("quick", "and not built again."),
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&playground.ok(&format!("{command} --help"))).contains(explained), "{command}");
        assert!(!words(&playground.ok(&format!("{command} -h"))).contains(explained), "{command}");
        assert!(words(&playground.ok(&format!("man {command}"))).contains(explained), "{command}");
    }
}
