//! `gachette repository gc`, beside builds, servers and clients of theirs.

use std::process::{Child, Stdio};

use gachette_testkit::AptRoot;

use crate::assert_transcript;
use crate::chain::Chain;
use crate::playground::Playground;
use crate::serving::Serving;

/// Everything that nothing names goes, whatever its age.
const COLLECT: &str = "repository gc --apply --keep-for 1ms";

fn built(chain: &Chain) {
    chain.playground.ok("prepare config");
    for version in ["1.0", "2.0"] {
        chain.playground.ok(&format!("build config --app-version {version}"));
    }
    chain.playground.ok("stack add 124 dh-shop-config-1.0-all.deb");
    chain.playground.ok("stack add 124 dh-shop-config-2.0-all.deb");
}

#[test]
fn it_is_said_what_would_go_and_why_the_rest_stays_and_then_it_goes() {
    let chain = Chain::new();
    let playground = &chain.playground;
    assert_transcript!(playground.run("repository gc"));
    built(&chain);
    assert_transcript!(playground.run("repository gc --keep-for 1ms"));
    playground.ok("stack create 125 --from 124@2");
    playground.ok("stack delete 124 --yes");
    assert_transcript!(playground.run("repository gc --explain --keep-unregistered --keep-for 1ms"));
    assert_transcript!(playground.run("repository gc --apply --keep-for 1ms"));
    assert_transcript!(playground.run("stack create 126 --from 124@3"));
    let report = playground.json("repository gc --apply");
    assert_eq!((report["applied"].as_bool(), report["bytes"].as_u64()), (Some(true), Some(0)));
    playground.ok("repository fsck");
}

#[test]
fn a_time_that_is_none_is_refused() {
    let playground = Playground::new();
    for text in ["", "soon", "-1d", "0s"] {
        assert_eq!(playground.run_words(&["repository", "gc", "--keep-for", text]).code, 2, "{text}");
    }
}

/// The program, running with these words.
fn start(playground: &Playground, line: &str) -> Child {
    let mut command = playground.command(&line.split_whitespace().collect::<Vec<_>>());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn builds_that_go_on_meanwhile_find_their_packages_or_make_them_again() {
    let chain = Chain::new();
    let playground = &chain.playground;
    for round in 0..6 {
        // What was built before is unnamed by now: each build finds it or finds it gone.
        let stacks = [0, 1].map(|number| format!("{round}-{number}"));
        stacks.iter().for_each(|stack| drop(playground.ok(&format!("stack create {stack}"))));
        let quick = |(number, stack): (usize, &String)| {
            start(playground, &format!("--set working_copies=copies{number} quick {stack} config"))
        };
        let builds: Vec<Child> = stacks.iter().enumerate().map(quick).collect();
        let mut collectors = 0;
        for mut build in builds {
            while build.try_wait().unwrap().is_none() {
                playground.ok(COLLECT);
                collectors += 1;
            }
            let finished = build.wait_with_output().unwrap();
            assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
        }
        assert!(collectors > 0);
        playground.ok("repository fsck");
        for stack in &stacks {
            let shown = playground.json(&format!("stack show {stack}"));
            assert_eq!(shown["packages"].as_array().unwrap().len(), 2);
            playground.ok(&format!("stack delete {stack} --yes"));
        }
    }
    playground.ok(COLLECT);
    assert_eq!(playground.json("package list"), serde_json::json!([]));
    let mut find = std::process::Command::new("find");
    find.arg(playground.path("repository")).args(["(", "-name", "*.buildinfo", "-o", "-name", "*.deb", ")"]);
    assert_eq!(String::from_utf8(find.output().unwrap().stdout).unwrap(), "");
}

#[test]
fn apt_installs_from_what_it_fetched_before_while_it_is_collected() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &["--no-auth"]);
    built(&chain);
    let url = format!("http://127.0.0.1:{}", serving.port);
    let publish = |stack: &str| {
        let line = format!("--set publish.url={url} --format json publish {stack} --unsigned");
        let published: serde_json::Value = serde_json::from_str(&playground.ok(&line)).unwrap();
        published["source"].as_str().unwrap().to_owned()
    };
    let apt = AptRoot::new();
    apt.source(&publish("124@2"));
    apt.check(&["update"]);
    publish("124");
    assert_eq!(playground.json(COLLECT)["packages"], serde_json::json!([]));
    let mut collector = start(playground, COLLECT);
    apt.check(&["install", "dh-shop-config"]);
    assert!(collector.wait().unwrap().success());
    assert_eq!(apt.installed("dh-shop-config").as_deref(), Some("1.0"));
    apt.check(&["update"]);
    apt.check(&["install", "dh-shop-config"]);
    assert_eq!(apt.installed("dh-shop-config").as_deref(), Some("2.0"));
}
