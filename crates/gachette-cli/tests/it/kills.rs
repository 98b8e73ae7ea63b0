//! Killed at random points (`kill -9`): nothing that was acknowledged is lost, no file is torn, the next run succeeds.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::chain::Chain;

/// Kills of each of the three commands; together they make more than two hundred.
const KILLS: u32 = 67;
/// Rounds for each of them after which it would be in vain to go on.
const ROUNDS_FOR_A_KILL: u32 = 4;

/// A reproducible sequence of numbers (Numerical Recipes' linear congruential generator).
pub(crate) struct Random(pub(crate) u32);

impl Random {
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(self.0) * u64::from(limit)) >> 32) as u32
    }
}

/// Runs a command for a random part of the time it usually takes and kills it, round after round.
struct Killer<'a> {
    chain: &'a Chain,
    random: Random,
    /// What a whole run takes, in microseconds.
    usual: u32,
    /// How many kills are enough.
    kills: u32,
    killed: u32,
    rounds: u32,
}

impl<'a> Killer<'a> {
    /// For a command that takes as long as this one.
    fn new(chain: &'a Chain, seed: u32, line: &str) -> Self {
        let began = Instant::now();
        chain.playground.json(line);
        let usual = began.elapsed().as_micros() as u32;
        Self { chain, random: Random(seed), usual, kills: KILLS, killed: 0, rounds: 0 }
    }

    /// The number of the next round, until there were kills enough.
    fn next_round(&mut self) -> Option<u32> {
        self.rounds += 1;
        let rounds = ROUNDS_FOR_A_KILL * self.kills;
        assert!(self.rounds < rounds, "only {} of {} rounds were killed", self.killed, self.rounds);
        (self.killed < self.kills).then_some(self.rounds)
    }

    /// Runs the command and kills it somewhere on its way; its result, when it was quicker than that.
    fn disturbed(&mut self, line: &str) -> Option<Value> {
        let words: Vec<&str> = ["--format", "json"].into_iter().chain(line.split(' ')).collect();
        let mut command = self.chain.playground.command(&words);
        let mut child: Child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(self.random.below(self.usual).into()));
        // Only this child, by its id; it cannot be reused before it is waited for.
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if !output.status.success() {
            self.killed += 1;
            return None;
        }
        // The machine has become quicker; kills must not all come too late.
        self.usual -= self.usual / 20;
        Some(serde_json::from_slice(&output.stdout).unwrap())
    }

    /// Runs the command undisturbed.
    fn again(&self, line: &str) -> Value {
        self.chain.playground.json(line)
    }

    /// Nothing is lost or torn.
    fn settle(&self) {
        self.chain.playground.ok("repository fsck --repair");
        let report = self.chain.playground.json("repository fsck");
        let damage = report["findings"].as_array().unwrap().iter();
        let damage = damage.filter(|finding| finding["fault"] != "unregistered");
        assert_eq!(damage.collect::<Vec<_>>(), Vec::<&Value>::new());
    }
}

/// The numbers and kinds of a stack's revisions, oldest first.
fn revisions(chain: &Chain, stack: &str) -> Vec<u64> {
    let log = chain.playground.json(&format!("stack log {stack}"));
    log.as_array().unwrap().iter().rev().map(|revision| revision["number"].as_u64().unwrap()).collect()
}

#[test]
fn quick_killed_at_random_points_loses_nothing_acknowledged() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 config");
    chain.source.commit_file("round", "0");
    let mut killer = Killer::new(&chain, 1, "quick 124 config");
    let mut rounds = 0;
    while let Some(round) = killer.next_round() {
        rounds = round;
        chain.source.commit_file("round", round.to_string());
        let acknowledged = killer.disturbed("quick 124 config");
        let done = killer.again("quick 124 config");
        let packages = done["outcome"]["packages"].as_array().unwrap();
        assert_eq!(packages.len(), 2);
        if let Some(first) = acknowledged {
            assert_eq!(done["outcome"]["stack"]["changed"], false, "round {round} was acknowledged: {first}");
        }
        let held = chain.playground.json("stack show 124")["packages"].clone();
        for (package, held) in packages.iter().zip(held.as_array().unwrap()) {
            assert_eq!(package["version"], held["version"], "round {round}");
        }
    }
    // Each round added one revision, whether its first run was killed or not, and never half of its packages.
    assert_eq!(revisions(&chain, "124"), (1..=u64::from(rounds) + 3).collect::<Vec<_>>());
    killer.settle();
}

#[test]
fn add_killed_at_random_points_loses_nothing_acknowledged() {
    let chain = Chain::new();
    chain.playground.ok("prepare config");
    let build = |round: u32| {
        chain.playground.ok(&format!("build config --app-version 1.{round}"));
        format!("stack add 124 dh-shop-config-1.{round}-all.deb")
    };
    let mut killer = Killer::new(&chain, 2, &build(0));
    let mut rounds = 0;
    while let Some(round) = killer.next_round() {
        rounds = round;
        let line = build(round);
        let acknowledged = killer.disturbed(&line);
        let again = killer.again(&line);
        assert!(acknowledged.is_none() || again["changed"] == false, "round {round}");
    }
    assert_eq!(revisions(&chain, "124"), (1..=u64::from(rounds) + 2).collect::<Vec<_>>());
    killer.settle();
}

/// A recipe of so many packages.
fn many_variants(count: usize) -> String {
    let variant = |number| format!("v{number}:\n  name_suffix: _v{number}\n");
    let variants: String = (1..count).map(variant).collect();
    format!("default:\n  name: many\n  type: configuration\n  many: {{title: Many}}\n{variants}")
}

#[test]
fn adding_many_killed_at_random_points_loses_nothing_acknowledged() {
    let chain = Chain::new();
    chain.source.write("config.yml", many_variants(100));
    chain.source.commit("Many variants");
    chain.playground.ok("prepare config");
    chain.playground.ok("build config --app-version 1.0");
    let debs = std::fs::read_dir(chain.playground.path("repository/debs")).unwrap();
    let files = debs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: Vec<String> = files.filter(|name| name.ends_with(".deb")).collect();
    assert_eq!(files.len(), 100);
    // Each round has a repository of its own, with the same package files.
    let within = |round: u32| format!("--set meta_path=meta{round},debs_path=repository/debs");
    let fresh = |round: u32| {
        chain.playground.ok(&format!("{} stack create 124", within(round)));
        format!("{} stack add 124 {}", within(round), files.join(" "))
    };
    let mut killer = Killer::new(&chain, 4, &fresh(0));
    killer.kills = 12;
    while let Some(round) = killer.next_round() {
        let line = fresh(round);
        let acknowledged = killer.disturbed(&line);
        let report = chain.playground.run(&format!("{} --format json repository fsck", within(round)));
        let report: Value = serde_json::from_str(&report.stdout).unwrap();
        let faults = report["findings"].as_array().unwrap().iter().map(|finding| &finding["fault"]);
        let harmless = ["unregistered", "missing", "stale"];
        let faults: Vec<_> = faults.filter(|fault| !harmless.contains(&fault.as_str().unwrap())).collect();
        assert!(faults.is_empty(), "round {round}: {faults:?}");
        let again = killer.again(&line);
        assert_eq!((&again["revision"], &again["packages"]), (&2.into(), &100.into()), "round {round}");
        assert!(acknowledged.is_none() || again["changed"] == false, "round {round}");
        let report = chain.playground.json(&format!("{} repository fsck", within(round)));
        assert_eq!(report["findings"].as_array().unwrap().len(), 0, "round {round}: {report}");
        std::fs::remove_dir_all(chain.playground.path(&format!("meta{round}"))).unwrap();
    }
}

#[test]
fn create_from_killed_at_random_points_makes_a_whole_copy_or_none() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 config");
    chain.playground.ok("quick 124 shop");
    let mut killer = Killer::new(&chain, 3, "stack create first --from 124");
    while let Some(round) = killer.next_round() {
        let line = format!("stack create copy{round} --from 124");
        let acknowledged = killer.disturbed(&line);
        let again = killer.again(&line);
        assert_eq!((&again["revision"], &again["packages"]), (&1.into(), &4.into()), "round {round}");
        assert!(acknowledged.is_none() || again["changed"] == false, "round {round}");
    }
    killer.settle();
}
