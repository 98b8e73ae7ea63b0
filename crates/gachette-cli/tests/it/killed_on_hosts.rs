//! Changes on a host, either end of which is killed at random points (`kill -9`): the same command, given again, completes them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::hosts::{Hosts, far_gachette_by_now, wait_until};
use crate::importing::deb;
use crate::kills::Random;

/// How many kills are enough.
const KILLS: u32 = 6;
/// The rounds after which it would be in vain to go on.
const ROUNDS: u32 = 4 * KILLS;

/// A host, and who kills what is done there.
struct Disturbed {
    hosts: Hosts,
    random: Random,
    killed: u32,
    rounds: u32,
}

/// How long after the program there has begun a kill may come, in microseconds; less when kills come too late.
struct Span(u32);

impl Disturbed {
    fn new(seed: u32) -> Self {
        let hosts = Hosts::visited("");
        hosts.ok("-H build1 stack create 124");
        Self { hosts, random: Random(seed), killed: 0, rounds: 0 }
    }

    /// Runs the command undisturbed: most of that is the login.
    fn span_of(&self, line: &str) -> Span {
        let began = Instant::now();
        self.hosts.ok(&format!("-H build1 {line}"));
        Span(began.elapsed().as_micros() as u32 / 2)
    }

    /// The number of the next round, until there were kills enough.
    fn next_round(&mut self) -> Option<u32> {
        self.rounds += 1;
        assert!(self.rounds < ROUNDS, "only {} were killed in {ROUNDS} rounds", self.killed);
        (self.killed < KILLS).then_some(self.rounds)
    }

    /// Runs the command and kills either end, at some moment after it has begun there; whether it was acknowledged before.
    fn acknowledged(&mut self, line: &str, span: &mut Span) -> bool {
        let mut client = self.hosts.command(&format!("-H build1 {line}"));
        let mut client = client.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let far = std::cell::OnceCell::new();
        let has_begun =
            || far_gachette_by_now(&self.hosts).is_some_and(|[far_end, _]| far.set(far_end).is_ok());
        while !has_begun() && client.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let either = self.random.below(2);
        std::thread::sleep(Duration::from_micros(self.random.below(span.0).into()));
        match far.get().filter(|_| either == 1) {
            // It may have come to its end by now.
            Some(far) => drop(Command::new("kill").args(["-9", far]).stderr(Stdio::null()).status().unwrap()),
            // Its number cannot be another one's before it is waited for.
            None => client.kill().unwrap(),
        }
        let acknowledged = client.wait().unwrap().success();
        wait_until("it ends there", || far_gachette_by_now(&self.hosts).is_none());
        self.killed += u32::from(!acknowledged);
        span.0 -= if acknowledged { span.0 / 4 } else { 0 };
        acknowledged
    }

    /// Of the repository nothing is wrong but that files are left which nobody names, and these go when they are told to.
    fn assert_clean(&self, round: u32) {
        let fsck =
            |more: &str| self.hosts.playground.json(&format!("repository fsck{more}"))["findings"].clone();
        let found = fsck(" --repair");
        let is_left = |finding: &Value| finding["fault"] == "leftover" && finding["mended"] == true;
        assert!(found.as_array().unwrap().iter().all(is_left), "round {round}: {found}");
        assert_eq!(fsck(""), serde_json::json!([]), "round {round}");
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.hosts.ok(&format!("--format json -H build1 {line}"))).unwrap()
    }
}

/// A folder with packages of a new version.
fn packages(hosts: &Hosts, round: u32) -> String {
    let folder = hosts.path(&format!("round{round}"));
    for name in ["dh-a", "dh-b", "dh-c"] {
        deb(&folder, name, &format!("1.{round}"), "body");
    }
    folder.display().to_string()
}

/// The SHA-256 of the file of a suite's packages, as coreutils says it.
fn sha256sum(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

#[test]
fn what_an_import_or_publishing_was_killed_in_is_completed_by_the_same_command() {
    let mut disturbed = Disturbed::new(5);
    let import = |folder: &str| format!("repository import {folder} --to 124");
    let publish = "publish 124 --unsigned";
    let mut span_of_import = disturbed.span_of(&import(&packages(&disturbed.hosts, 0)));
    let mut span_of_publishing = disturbed.span_of(publish);
    let suite = disturbed.hosts.path("repository/dists/default/124");
    while let Some(round) = disturbed.next_round() {
        let line = import(&packages(&disturbed.hosts, round));
        disturbed.acknowledged(&line, &mut span_of_import);
        disturbed.hosts.ok(&format!("-H build1 {line}"));
        let shown = disturbed.json("stack show 124");
        let versions: Vec<_> =
            shown["packages"].as_array().unwrap().iter().map(|it| &it["version"]).collect();
        assert_eq!(versions, [&format!("1.{round}"); 3], "round {round}");
        disturbed.acknowledged(publish, &mut span_of_publishing);
        disturbed.hosts.ok(&format!("-H build1 {publish}"));
        let index = suite.join("main/binary-amd64/Packages");
        let release = std::fs::read_to_string(suite.join("Release")).unwrap();
        assert!(release.contains(&sha256sum(&index)), "round {round}: {release}");
        let listed = std::fs::read_to_string(&index).unwrap();
        assert_eq!(listed.matches(&format!("Version: 1.{round}\n")).count(), 3, "round {round}: {listed}");
        disturbed.assert_clean(round);
    }
}

#[test]
fn a_token_whose_making_or_end_was_killed_is_there_or_not() {
    let mut disturbed = Disturbed::new(6);
    let mut span = disturbed.span_of("token create first --role read");
    let is_there = |disturbed: &Disturbed, name: &str| {
        let tokens = disturbed.json("token list");
        tokens.as_array().unwrap().iter().any(|token| token["name"] == name)
    };
    while let Some(round) = disturbed.next_round() {
        let name = format!("token{round}");
        let [create, revoke] = [format!("token create {name} --role build"), format!("token revoke {name}")];
        let made = disturbed.acknowledged(&create, &mut span);
        if is_there(&disturbed, &name) {
            let again = disturbed.hosts.run(&format!("-H build1 {create}"));
            let refused = format!("there is a token `{name}` already");
            assert!(again.code == 5 && again.stderr.contains(&refused), "{}", again.stderr);
        } else {
            assert!(!made, "round {round}: what was acknowledged is lost");
            disturbed.hosts.ok(&format!("-H build1 {create}"));
        }
        let ended = disturbed.acknowledged(&revoke, &mut span);
        if is_there(&disturbed, &name) {
            assert!(!ended, "round {round}: what was acknowledged is lost");
            disturbed.hosts.ok(&format!("-H build1 {revoke}"));
        }
        // The name is free again, and no file is in the way.
        disturbed.hosts.ok(&format!("-H build1 {create}"));
        assert!(is_there(&disturbed, "first"), "round {round}");
    }
}
