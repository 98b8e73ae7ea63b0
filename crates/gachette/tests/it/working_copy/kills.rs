//! `kill -9` at any moment of a preparation: the next one succeeds, and is exact.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use gachette::working_copy::WorkingCopy;
use gachette_testkit::GitRepository;
use trebuchet::process::Cancel;

use super::desk::{Desk, Tree, assert_exact, expected, quiet_git};

const ROUNDS: u64 = 30;

/// Not a promise of its own: the process that the other test kills. It prepares one state after the other.
#[test]
fn prepares_one_state_after_the_other() {
    let Some(base) = std::env::var_os("KILLS_BASE") else { return };
    let base = Path::new(&base);
    let web = WorkingCopy::new("web".parse().unwrap(), base).with_git(quiet_git(base));
    let states = std::env::var("KILLS_STATES").unwrap();
    println!("ready");
    for state in states.split(' ').cycle() {
        let (url, git_ref) = state.split_once('#').unwrap();
        let git_ref = git_ref.parse().unwrap();
        drop(web.prepare(&url.parse().unwrap(), Some(&git_ref), &Cancel::new(), &mut |_| {}).unwrap());
        // Half of the rounds clone, the others go on from what is there.
        if std::process::id().is_multiple_of(2) {
            web.remove(&Cancel::new(), &mut |_| {}).unwrap();
        }
    }
}

fn states() -> (Vec<GitRepository>, Vec<(String, String, Tree)>) {
    let [leaf, lib, app, other] = [0; 4].map(|_| GitRepository::new());
    leaf.commit_file("leaf", "1");
    lib.commit_many(200);
    lib.add_submodule("leaf", &leaf.url()).commit("leaf");
    let many = app.commit_many(300);
    for index in 0..200 {
        app.write(&format!("files/{}/{index}", index % 10), "x".repeat(index * 50));
    }
    app.add_submodule("lib", &lib.url());
    let newest = app.commit("files and a submodule");
    other.commit_file("other", "1");
    let wanted = [(&app, &newest), (&app, &many[150]), (&app, &many[3]), (&other, &other.head())];
    let states = wanted
        .map(|(repository, commit)| (repository.url(), commit.clone(), expected(&repository.url(), commit)));
    (vec![leaf, lib, app, other], states.into())
}

#[test]
fn after_a_kill_at_any_moment_the_next_preparation_is_exact() {
    let (_repositories, states) = states();
    let desk = Desk::new();
    let list: Vec<_> = states.iter().map(|(url, commit, _)| format!("{url}#{commit}")).collect();
    // A small linear congruential generator: the same moments in every run, as far as the machine allows.
    let mut random = 20_240_229_u64;
    let mut half_made = 0;
    for round in 0..ROUNDS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "working_copy::kills::prepares_one_state_after_the_other", "--nocapture"])
            .env("KILLS_BASE", desk.base())
            .env("KILLS_STATES", list.join(" "))
            // As a hook of git would call it: all of these point to another repository.
            .env("GIT_DIR", "/nowhere/.git")
            .env("GIT_WORK_TREE", "/nowhere")
            .env("GIT_INDEX_FILE", "/nowhere/index")
            .env("GIT_OBJECT_DIRECTORY", "/nowhere/objects")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(said.take_while(|line| !line.ends_with("ready")).count() < 10);
        // The moment of the kill is what this test is about.
        std::thread::park_timeout(Duration::from_micros((random >> 33) % 400_000));
        assert!(child.try_wait().unwrap().is_none(), "round {round}: it prepared until it was killed");
        child.kill().unwrap();
        child.wait().unwrap();
        half_made += usize::from(fs::exists(desk.base().join(".gachette/web/new")).unwrap());
        let (url, commit, tree) = &states[round as usize % states.len()];
        let prepared = desk.prepare(url, commit).unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_exact(&prepared, commit, tree, &format!("round {round}"));
    }
    assert!(half_made > 0, "some were killed in the middle of a clone");
}
