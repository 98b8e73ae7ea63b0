//! What a host did not finish is told: by which host, what was being done, and in which state that left things.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::hosts::{Hosts, far_gachette, kill, project, wait_until};
use crate::playground::Said;

/// What is whose turn: a stack's, the repository's, a channel's, that of the keys.
const STACK: &str = "repository/domain/default/stacks/124";
const REPOSITORY: &str = "repository/gachette.json";
const CHANNEL: &str = "repository/domain/default/channels/live";
const KEYS: &str = "keys/.lock";

/// Each with the turn that it waits for, what was being done, and how that is left.
const ERRANDS: [[&str; 4]; 12] = [
    [
        "stack seal 124",
        STACK,
        "seal stack default/124",
        "`gachette -H build1 stack log default/124` shows which",
    ],
    ["stack remove 124 dh-web", STACK, "remove packages from stack default/124", "nothing in between"],
    ["stack rollback 124 --to 1", STACK, "roll back stack default/124", "it is done or it is not"],
    [
        "stack delete 124 --yes",
        STACK,
        "delete stack default/124",
        "`gachette -H build1 stack list` shows which",
    ],
    [
        "stack add 124 dh-web-1-all.deb",
        REPOSITORY,
        "add packages to stack default/124",
        "it is done or it is not",
    ],
    [
        "stack create 125",
        REPOSITORY,
        "create stack default/125",
        "`gachette -H build1 stack list` shows which",
    ],
    [
        "stack create 126 --from 123",
        REPOSITORY,
        "create stack default/126 from default/123",
        "nothing in between",
    ],
    ["publish 123 --unsigned", REPOSITORY, "publish stack default/123", "as it was or as it is to be"],
    [
        "promote 123 --to live --unsigned",
        CHANNEL,
        "move channel default/live to default/123",
        "as `gachette -H build1 channel log default/live` shows; the same command again finishes it",
    ],
    [
        "repository gc --apply --keep-for 1ms",
        REPOSITORY,
        "remove what nothing names",
        "what is named is all there",
    ],
    ["repository fsck --repair", STACK, "mend the repository", "the same command again mends the rest"],
    ["key extend first --expires 9y", KEYS, "extend key first", "`gachette -H build1 key list` shows which"],
];

/// The program on the host that waits for this turn, and sshd's process before it.
fn waiting_for(turn: &Path) -> Option<[PathBuf; 2]> {
    let holds = |process: &PathBuf| {
        let serves = fs::read_to_string(process.join("cmdline")).is_ok_and(|it| it.contains("\0dial-stdio"));
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        serves && files.flat_map(|file| fs::read_link(file.path())).any(|path| path == turn)
    };
    let process = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path()).find(holds)?;
    let status = fs::read_to_string(process.join("status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().to_owned();
    Some([process, Path::new("/proc").join(parent)])
}

fn begin(hosts: &Hosts, line: &str) -> Child {
    let mut client = hosts.command(&format!("-H build1 {line}"));
    client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(hosts: &Hosts, client: Child) -> Said {
    hosts.playground.said(&[], client.wait_with_output().unwrap())
}

/// That is told, in one line.
fn tells(said: &Said, begin: &str, doing: &str, left: &str) {
    assert_eq!(said.code, 6, "{doing}: {}", said.stderr);
    says(said, begin, doing, left);
}

fn says(said: &Said, begin: &str, doing: &str, left: &str) {
    let line = said.stderr.lines().find(|line| line.trim_start().starts_with(begin)).unwrap_or_default();
    assert!(line.contains(&format!("{begin}: {doing}; ")) && line.contains(left), "{doing}: {}", said.stderr);
}

/// A host with the stack 124, which has a package, the sealed stack 123, and a key.
fn prepared() -> Hosts {
    let source = project("true");
    let hosts =
        Hosts::visited(&format!("projects.web.url: {}\nsigning.folder: keys\n", source.path().display()));
    for line in
        ["stack create 123", "stack seal 123", "stack create 124", "quick 124 web", "key generate first"]
    {
        hosts.ok(&format!("-H build1 {line}"));
    }
    fs::create_dir_all(hosts.path(CHANNEL)).unwrap();
    // Something to remove.
    fs::write(hosts.path("repository/debs/dh-stray-1-all.deb"), "").unwrap();
    hosts
}

#[test]
fn each_change_tells_what_became_of_it_when_the_program_there_is_killed() {
    let hosts = prepared();
    let log = hosts.ok("-H build1 stack log 124");
    for (number, [line, turn, doing, left]) in ERRANDS.into_iter().enumerate() {
        let turn = hosts.path(turn).canonicalize().unwrap();
        let held = fs::File::open(&turn).unwrap();
        held.lock().unwrap();
        let client = begin(&hosts, line);
        wait_until(line, || waiting_for(&turn).is_some());
        // Every other time it is the session that ends.
        let which = number % 2;
        kill(waiting_for(&turn).unwrap()[which].clone());
        let said = end(&hosts, client);
        let lost = ["build1: gachette was ended there", "build1: the connection was lost"][which];
        assert!(said.stderr.contains(lost), "{line}: {}", said.stderr);
        tells(&said, "in the middle of", doing, left);
        wait_until("it ends there", || waiting_for(&turn).is_none());
        drop(held);
    }
    assert_eq!(hosts.ok("-H build1 stack log 124"), log, "nothing of it was done");
    hosts.ok("-H build1 repository fsck");
    for [line, ..] in [ERRANDS[0], ERRANDS[5], ERRANDS[8], ERRANDS[11]] {
        hosts.ok(&format!("-H build1 {line}"));
    }
}

/// Sends the client a signal by which others want it to end.
fn interrupt(client: &Child, signal: &str) {
    let sent = Command::new("kill").args(["-s", signal, &client.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn each_change_tells_what_was_being_done_when_it_is_interrupted() {
    let hosts = prepared();
    let log = hosts.ok("-H build1 stack log 124");
    for ([line, turn, doing, left], signal) in ERRANDS.into_iter().zip(["INT", "TERM", "HUP"].iter().cycle())
    {
        let turn = hosts.path(turn).canonicalize().unwrap();
        let held = fs::File::open(&turn).unwrap();
        held.lock().unwrap();
        let client = begin(&hosts, line);
        wait_until(line, || waiting_for(&turn).is_some());
        interrupt(&client, signal);
        let said = end(&hosts, client);
        assert_eq!((said.code, said.stdout.as_str()), (130, ""), "{line}: {}", said.stderr);
        assert!(said.stderr.contains("error: build1: interrupted"), "{line}: {}", said.stderr);
        says(&said, "in the middle of", doing, left);
        wait_until("it ends there", || waiting_for(&turn).is_none());
        drop(held);
    }
    assert_eq!(hosts.ok("-H build1 stack log 124"), log, "nothing of it was done");
    hosts.ok("-H build1 repository fsck");
}

#[test]
fn an_interrupt_is_told_in_fields_and_before_a_host_answers() {
    let hosts = prepared();
    let turn = hosts.path(STACK).canonicalize().unwrap();
    let held = fs::File::open(&turn).unwrap();
    held.lock().unwrap();
    let client = begin(&hosts, "--format json stack seal 124");
    wait_until("it waits", || waiting_for(&turn).is_some());
    interrupt(&client, "INT");
    let said = end(&hosts, client);
    let told: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((said.code, &told["kind"]), (130, &"cancelled".into()), "{told}");
    assert_eq!(told["unfinished"]["doing"], "seal stack default/124", "{told}");
    // It takes connections and says nothing, for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = format!("-H 127.0.0.1:{} stack seal 124", silent.local_addr().unwrap().port());
    let mut client = hosts.command(&line);
    let client = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _open = silent.accept().unwrap();
    interrupt(&client, "TERM");
    let said = end(&hosts, client);
    assert_eq!(said.code, 130, "{}", said.stderr);
    says(&said, "not begun", "seal stack default/124", "nothing was changed there");
}

#[test]
fn a_base_that_is_being_taken_is_left_whole() {
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, stanza) = (slow.local_addr().unwrap(), "Suites: ./\n  Trusted: yes");
    let hosts = Hosts::visited(&format!(
        "bases.slow.sources: |\n  Types: deb\n  URIs: http://{address}/\n  {stanza}\n"
    ));
    hosts.ok("-H build1 repository init");
    let client = begin(&hosts, "base update slow");
    slow.set_nonblocking(true).unwrap();
    let asks = std::cell::OnceCell::new();
    // From then on it waits for the list.
    wait_until("apt asks", || slow.accept().is_ok_and(|(stream, _)| asks.set(stream).is_ok()));
    kill(PathBuf::from(&far_gachette(&hosts)[0]));
    let said = end(&hosts, client);
    tells(&said, "in the middle of", "update bases slow", "its new lists or those of before");
    assert!(hosts.ok("-H build1 base list").contains("never taken"));
}

#[test]
fn programs_are_told_in_fields() {
    let hosts = prepared();
    let turn = hosts.path(STACK).canonicalize().unwrap();
    let held = fs::File::open(&turn).unwrap();
    held.lock().unwrap();
    let client = begin(&hosts, "--format json stack seal 124");
    wait_until("it waits", || waiting_for(&turn).is_some());
    kill(waiting_for(&turn).unwrap()[0].clone());
    let said = end(&hosts, client);
    let told: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let unfinished = &told["unfinished"];
    assert_eq!(
        (&unfinished["host"], &unfinished["doing"], &unfinished["begun"]),
        (&"build1".into(), &"seal stack default/124".into(), &true.into()),
        "{told}"
    );
    assert!(unfinished["left"].as_str().unwrap().starts_with("it is done or it is not"), "{told}");
    let said = hosts.run("--format json -H nowhere.invalid stack seal 124");
    let told: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (&told["unfinished"]["host"], &told["unfinished"]["begun"], &told["unfinished"]["left"]),
        (&"nowhere.invalid".into(), &false.into(), &"nothing was changed there".into()),
        "{told}"
    );
}

#[test]
fn who_is_not_let_in_is_told_that_nothing_was_begun() {
    let mut hosts = Hosts::visited("");
    hosts.ok("-H build1 stack create 124");
    let not_begun = |hosts: &Hosts, line: &str, doing: &str| {
        tells(&hosts.run(line), "not begun", doing, "nothing was changed there");
    };
    hosts.sshd.forget_host_key();
    not_begun(&hosts, "-H build1 stack seal 124", "seal stack default/124");
    hosts.sshd.expect_another_host_key();
    not_begun(&hosts, "-H build1 quick 124 web", "quick web into default/124");
    hosts.sshd.trust_host_key();
    not_begun(&hosts, "--set gateway=nowhere.invalid -H build1 stack list", "list the stacks");
    hosts.sshd.refuse_everybody();
    not_begun(&hosts, "-H build1 repository gc --apply", "remove what nothing names");
    hosts.sshd.stop();
    not_begun(&hosts, "-H build1 publish 124", "publish stack default/124");
    not_begun(&hosts, "-H unix:///nowhere.sock stack delete 124 --yes", "delete stack default/124");
    not_begun(&hosts, "-H http://127.0.0.1:1 stack delete 124 --yes", "delete stack default/124");
}
