//! Changes on a host, either end of which is killed at random points (`kill -9`): the same command, given again, completes them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::hosts::{Hosts, far_gachette_by_now, wait_until};
use crate::importing::deb;
use crate::kills::Random;
use crate::playground::Said;

/// How often each command is disturbed: the two ends take turns.
const ROUNDS: u32 = 4;

/// A host, and who kills what is done there.
struct Disturbed {
    hosts: Hosts,
    random: Random,
    killed: u32,
}

impl Disturbed {
    fn new(seed: u32) -> Self {
        let hosts = Hosts::visited("");
        hosts.ok("-H build1 stack create 124");
        Self { hosts, random: Random(seed), killed: 0 }
    }

    /// What a whole run takes; the program was there before.
    fn usual(&self, line: &str) -> Duration {
        let began = Instant::now();
        self.hosts.ok(&format!("-H build1 {line}"));
        began.elapsed()
    }

    /// Runs the command and kills the end whose turn it is, somewhere on its way after the login; how it ended.
    fn run(&mut self, round: u32, line: &str, usual: Duration) -> Said {
        let mut client = self.hosts.command(&format!("-H build1 {line}"));
        let mut client = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (whole, login) = (usual.as_micros() as u32, usual.as_micros() as u32 / 3);
        std::thread::sleep(Duration::from_micros((login + self.random.below(whole - login)).into()));
        if round.is_multiple_of(2) {
            // It cannot be another one's before it is waited for.
            client.kill().unwrap();
        } else if let Some([far, _]) = far_gachette_by_now(&self.hosts) {
            // It may have come to its end by now.
            Command::new("kill").args(["-9", &far]).stderr(Stdio::null()).status().unwrap();
        }
        let output = client.wait_with_output().unwrap();
        self.killed += u32::from(!output.status.success());
        wait_until("it ends there", || far_gachette_by_now(&self.hosts).is_none());
        Said {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
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

    /// Kills that came too late are in vain.
    fn assert_disturbed(&self, commands: u32) {
        assert!(self.killed * 2 >= commands * ROUNDS, "only {} were killed", self.killed);
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
    let usual_import = disturbed.usual(&import(&packages(&disturbed.hosts, 0)));
    let usual_publish = disturbed.usual(publish);
    let suite = disturbed.hosts.path("repository/dists/default/124");
    for round in 1..=ROUNDS {
        let line = import(&packages(&disturbed.hosts, round));
        disturbed.run(round, &line, usual_import);
        disturbed.hosts.ok(&format!("-H build1 {line}"));
        let shown = disturbed.json("stack show 124");
        let versions: Vec<_> =
            shown["packages"].as_array().unwrap().iter().map(|it| &it["version"]).collect();
        assert_eq!(versions, [&format!("1.{round}"); 3], "round {round}");
        disturbed.assert_clean(round);
        disturbed.run(round, publish, usual_publish);
        disturbed.hosts.ok(&format!("-H build1 {publish}"));
        let index = suite.join("main/binary-amd64/Packages");
        let release = std::fs::read_to_string(suite.join("Release")).unwrap();
        assert!(release.contains(&sha256sum(&index)), "round {round}: {release}");
        let listed = std::fs::read_to_string(&index).unwrap();
        assert_eq!(listed.matches(&format!("Version: 1.{round}\n")).count(), 3, "round {round}: {listed}");
        disturbed.assert_clean(round);
    }
    disturbed.assert_disturbed(2);
}

#[test]
fn a_token_whose_making_or_end_was_killed_is_there_or_not() {
    let mut disturbed = Disturbed::new(6);
    let usual = disturbed.usual("token create first --role read");
    let is_there = |disturbed: &Disturbed, name: &str| {
        let tokens = disturbed.json("token list");
        tokens.as_array().unwrap().iter().any(|token| token["name"] == name)
    };
    for round in 1..=ROUNDS {
        let name = format!("token{round}");
        let [create, revoke] = [format!("token create {name} --role build"), format!("token revoke {name}")];
        let made = disturbed.run(round, &create, usual);
        if is_there(&disturbed, &name) {
            let again = disturbed.hosts.run(&format!("-H build1 {create}"));
            let refused = format!("there is a token `{name}` already");
            assert!(again.code == 5 && again.stderr.contains(&refused), "{}", again.stderr);
        } else {
            assert_ne!(made.code, 0, "round {round}: what was acknowledged is lost");
            disturbed.hosts.ok(&format!("-H build1 {create}"));
        }
        let ended = disturbed.run(round, &revoke, usual);
        if is_there(&disturbed, &name) {
            assert_ne!(ended.code, 0, "round {round}: what was acknowledged is lost");
            disturbed.hosts.ok(&format!("-H build1 {revoke}"));
        }
        assert!(!is_there(&disturbed, &name) && is_there(&disturbed, "first"), "round {round}");
        // The name is free again, and no file is in the way.
        disturbed.hosts.ok(&format!("-H build1 {create}"));
    }
    disturbed.assert_disturbed(2);
}
