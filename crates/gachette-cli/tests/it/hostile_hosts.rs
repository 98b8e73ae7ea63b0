//! Hosts that are hostile: a real sshd, and behind it a program that says what gachette never says. This side ends in a clear
//! error, in time and in bounded memory, and prints nothing that a terminal obeys.

use std::process::Command;
use std::time::{Duration, Instant};

use gachette_testkit::{PackageFolder, Sshd};

use crate::playground::{Playground, Said};

/// What such a host answers with; `MODE` says which of it.
const ANSWERS: &str = include_str!("hostile_hosts.py");
/// Runs its words, and writes how much memory the largest of the programs took, in KiB.
const MEASURE: &str = "import resource, subprocess, sys\n\
    code = subprocess.run(sys.argv[2:]).returncode\n\
    open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n\
    sys.exit(code)\n";

/// What a command said to a host that answers in this mode. It took no more than so many MiB of memory, and a minute.
fn told(mode: &str, line: &str, mebibytes: u64) -> Said {
    let sshd = Sshd::start();
    let version = env!("CARGO_PKG_VERSION");
    sshd.answer_with(&format!("MODE, VERSION = {mode:?}, {version:?}\n{ANSWERS}"));
    let playground = Playground::with_configuration(&format!(
        "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: repository\n",
        sshd.ssh_config().display()
    ));
    let peak = playground.path("peak");
    let mut measured = Command::new("python3");
    measured.args(["-c", MEASURE]).arg(&peak).arg(env!("CARGO_BIN_EXE_gachette"));
    let words: Vec<&str> = line.split_whitespace().collect();
    let before = names_in(&playground);
    let begun = Instant::now();
    let output = playground.as_user(measured, &words).output().unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(60), "{mode}: {took:?}");
    let peak = std::fs::read_to_string(peak).unwrap().parse::<u64>().unwrap() >> 10;
    assert!(peak < mebibytes, "{mode}: {peak} MiB");
    let said = playground.said(&words, output);
    let obeyed = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    for text in [&said.stdout, &said.stderr] {
        assert!(!text.contains(obeyed), "{mode}: {text:?}");
    }
    let written: Vec<String> =
        names_in(&playground).into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(written, ["peak"], "{mode}: nothing else is written here");
    said
}

fn names_in(playground: &Playground) -> Vec<String> {
    let entries = std::fs::read_dir(playground.path("")).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The command fails as one does whose host failed, and says this.
fn fails(mode: &str, line: &str, mebibytes: u64, part: &str) {
    let said = told(mode, line, mebibytes);
    assert_eq!(said.code, 6, "{mode}: {}", said.stderr);
    assert!(said.stderr.contains("error: build1: ") && said.stderr.contains(part), "{mode}: {}", said.stderr);
}

#[test]
fn talk_before_the_hello_comes_to_an_end() {
    fails("garbage", "-H build1 stack list", 100, "it talks, but not as gachette does");
    fails("ready for ever", "-H build1 stack list", 100, "it talks, but not as gachette does");
    fails("another machine", "-H build1 stack list", 100, "pdp11");
    let hint = "install gachette for it there, and run `gachette serve`";
    fails("another machine", "-H build1 stack list", 100, hint);
}

#[test]
fn a_wrong_hello_is_refused() {
    fails("another protocol", "-H build1 stack list", 100, "it speaks protocol 99, not 1");
    fails("no json", "-H build1 stack list", 100, "it greeted in words that cannot be read");
}

#[test]
fn garbage_after_the_hello_is_told_from_a_lost_connection() {
    for mode in ["garbage after hello", "wrong length", "more than the window", "endless headers"] {
        fails(mode, "-H build1 stack list", 100, "what it sends is not what gachette says");
    }
}

#[test]
fn endless_answers_and_events_are_cut_short() {
    fails("endless answer", "-H build1 stack list", 300, "an answer is longer than any may be");
    fails("endless line of events", "-H build1 quick 124 web", 100, "its events have no end");
}

#[test]
fn an_answer_that_does_not_go_on_is_given_up() {
    fails("an answer that stops", "-H build1 stack list", 100, "it stopped in the middle of an answer");
}

#[test]
fn a_package_that_does_not_go_on_is_given_up() {
    let sshd = Sshd::start();
    sshd.answer_with(&format!("MODE, NAME = \"a package that stops\", \"dh-web-1-all.deb\"\n{ANSWERS}"));
    let playground = Playground::with_configuration(&format!(
        "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: repository\nrepository: here\n",
        sshd.ssh_config().display()
    ));
    playground.ok("stack create 124");
    let begun = Instant::now();
    let said = playground.run("-H build1 quick 124 web --url https://git.example.org/web.git");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(said.code != 0 && said.stderr.contains("dh-web-1-all.deb broke off"), "{}", said.stderr);
    assert!(playground.ok("stack show 124").contains("0 packages"));
    playground.ok("repository fsck");
}

#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    for line in ["-H build1 stack show 124", "-H build1 --format json stack show 124"] {
        let said = told("escapes in a problem", line, 100);
        assert_eq!(said.code, 5, "{}", said.stderr);
        for part in ["title\\u{1b}", "line\\u{1b}", "hint\\u{1b}", "log\\u{1b}"] {
            assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
        }
    }
    let said = told("escapes in a build", "-H build1 quick 124 web", 100);
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(said.stderr.contains("warned\\u{1b}"), "{}", said.stderr);
    assert_ne!(told("escapes in a list", "-H build1 stack list", 100).code, 0);
}

#[test]
fn a_host_s_report_of_itself_is_judged_here_and_shown_line_by_line() {
    let said = told("escapes in a report", "host check build1", 100);
    assert_eq!(said.code, 6, "{}", said.stderr);
    let begins = |word: &str| said.stdout.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((begins("ok"), begins("warning"), begins("failure")), (5, 1, 3), "{}", said.stdout);
    assert!(!said.stdout.contains("judged here, not there"), "{}", said.stdout);
    assert!(said.stdout.contains("2.39\\u{1b}]0;owned"), "{}", said.stdout);
    let json = told("escapes in a report", "--format json host check build1", 100);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(report["verdict"], "failure", "{report}");
}

#[test]
fn a_clock_that_is_wrong_is_told_from_a_slow_way() {
    let said = told("a clock that is ahead", "host check build1", 100);
    assert!(said.stdout.contains("7200.0 s ahead of the clock here"), "{}", said.stdout);
}

#[test]
fn a_builder_that_lies_about_the_name_of_a_file_gets_nothing_written() {
    for name in ["../evil.deb", "../../evil.deb", "..", "a/b.deb", "evil.deb\u{1b}[2J"] {
        let sshd = Sshd::start();
        sshd.answer_with(&format!(
            "MODE = \"a lie about a file's name\"\nNAME = {}\n{ANSWERS}",
            serde_json::json!(name)
        ));
        let playground = Playground::with_configuration(&format!(
            "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: repository\nrepository: here\n",
            sshd.ssh_config().display()
        ));
        playground.ok("stack create 124");
        let said = playground.run("-H build1 quick 124 web --url https://git.example.org/web.git");
        assert!(said.code != 0 && said.stderr.contains("error: "), "{name}: {}", said.stderr);
        assert!(!said.stderr.contains('\u{1b}'), "{name}: {:?}", said.stderr);
        let evil = Command::new("grep").args(["-rl", "^evil$"]).arg(playground.path("")).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&evil.stdout), "", "{name}: {}", said.stderr);
        assert!(playground.ok("stack show 124").contains("0 packages"), "{name}");
        playground.ok("repository fsck");
    }
}

/// What is said of a package that a builder announces with this, and hands over as `dh-web` 1 for all architectures. `SIZE` is put
/// for a size that is not its own.
fn announced(claim: &str) -> (Said, Playground) {
    let sshd = Sshd::start();
    let playground = Playground::with_configuration(&format!(
        "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: repository\nrepository: here\n",
        sshd.ssh_config().display()
    ));
    let folder = PackageFolder::at(playground.path("there"));
    let deb = folder.path().join(folder.add("Package: dh-web\nVersion: 1\nArchitecture: all"));
    let size = std::fs::metadata(&deb).unwrap().len();
    let claim = claim.replace("SIZE", &(size + 1).to_string());
    let deb = deb.display();
    sshd.answer_with(&format!(
        "MODE, NAME, DEB = \"a lie about a package\", \"dh-web-1-all.deb\", \"{deb}\"\nCLAIM = {claim}\n{ANSWERS}"
    ));
    playground.ok("stack create 124");
    (playground.run("-H build1 quick 124 web --url https://git.example.org/web.git"), playground)
}

#[test]
fn a_builder_that_lies_about_a_package_gets_nothing_registered() {
    for claim in [
        r#"{"version": "2", "file_name": "dh-web-2-all.deb"}"#,
        r#"{"version": "2"}"#,
        r#"{"name": "dh-other", "file_name": "dh-other-1-all.deb"}"#,
        r#"{"name": "dh-other"}"#,
        r#"{"architecture": "amd64", "file_name": "dh-web-1-amd64.deb"}"#,
        r#"{"architecture": "amd64"}"#,
        r#"{"size": SIZE}"#,
        r#"{"sha256": "0" * 64}"#,
    ] {
        let (said, playground) = announced(claim);
        assert!(said.code != 0 && said.stderr.contains("error: "), "{claim}: {}{}", said.stdout, said.stderr);
        assert!(playground.ok("stack show 124").contains("0 packages"), "{claim}");
        assert_eq!(playground.ok("--format json package list").trim(), "[]", "{claim}");
        playground.ok("repository fsck");
    }
    // The same package, announced as it is, is taken.
    let (said, playground) = announced("{}");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(playground.ok("stack show 124").contains("dh-web"));
}
