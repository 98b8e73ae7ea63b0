//! Machines of an architecture that nothing in a stack is for alone: the real apt, as it is on them.

use std::fs;

use gachette_testkit::AptRoot;

use crate::chain::Chain;
use crate::publishing::{promote, publish, version};
use crate::publishing_peers::package;
use crate::serving::Serving;

/// What the Release file of a suite says in a field.
fn release(chain: &Chain, suite: &str, field: &str) -> Option<String> {
    let text = chain.playground.path(&format!("repository/dists/default/{suite}/Release"));
    let text = fs::read_to_string(text).unwrap();
    text.lines().find_map(|line| Some(line.strip_prefix(field)?.strip_prefix(": ")?.to_owned()))
}

/// What of a suite apt reads its packages from.
fn indices(apt: &AptRoot) -> Vec<String> {
    let words = ["indextargets", "--format", "$(ARCHITECTURE)", "Created-By: Packages"];
    let output = apt.root().run("apt-get", &words);
    let mut indices: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    indices.sort();
    indices
}

#[test]
fn a_machine_of_an_architecture_without_an_index_installs_what_is_for_all() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &["--no-auth"]);
    playground.ok("quick 124 shop");
    let source = publish(&chain, &serving, "124");
    assert_eq!(release(&chain, "124", "Architectures").as_deref(), Some("all amd64"));
    for (architecture, read) in [("arm64", &["all"][..]), ("amd64", &["all", "amd64"])] {
        let apt = AptRoot::of(architecture);
        apt.source(&source);
        apt.check(&["update"]);
        assert_eq!(indices(&apt), read);
        apt.check(&["install", "dh-shop"]);
        assert_eq!(apt.installed("dh-shop"), Some(version(&chain, "124", "dh-shop")), "{architecture}");
        let stats = apt.root().run("apt-cache", &["policy", "dh-shop"]).stdout;
        let stats = String::from_utf8(stats).unwrap();
        let versions = stats.split("Version table:").nth(1).unwrap();
        assert_eq!(versions.matches(&version(&chain, "124", "dh-shop")).count(), 1, "{stats}");
    }
}

#[test]
fn a_channel_that_goes_from_a_mixed_stack_to_one_of_all_serves_the_same_machines() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &["--no-auth"]);
    let url = format!("http://127.0.0.1:{}", serving.port);
    playground.ok("quick 124 shop");
    playground.ok("stack create 125 --from 124");
    for (name, architecture) in [("for-intel", "amd64"), ("for-arm", "arm64"), ("for-all", "all")] {
        let file = package(playground, name, architecture);
        playground.ok(&format!("stack add 124 {file}"));
    }
    playground.ok("stack seal 124");
    playground.ok("stack seal 125");
    let apt = AptRoot::of("arm64");
    apt.source(&promote(&chain, &url, "124"));
    apt.check(&["update"]);
    apt.check(&["install", "for-all"]);
    // Whether or not there is another suite of the same packages to begin with.
    for round in 0..2 {
        apt.source(&promote(&chain, &url, "125"));
        assert_eq!(release(&chain, "live", "Architectures").as_deref(), Some("all amd64 arm64"), "{round}");
        apt.check(&["update"]);
        assert_eq!(indices(&apt), ["all", "arm64"]);
        apt.check(&["install", "dh-shop"]);
        assert_eq!(apt.installed("dh-shop"), Some(version(&chain, "125", "dh-shop")));
        let again = playground.run("promote 125 --to live --unsigned");
        assert_eq!(again.code, 0, "{}", again.stderr);
        playground.ok("publish 125 --unsigned");
        assert_eq!(release(&chain, "125", "Architectures").as_deref(), Some("all amd64"));
        playground.ok("repository fsck");
        promote(&chain, &url, "124");
    }
}

#[test]
fn a_suite_of_a_stack_says_which_architectures_it_has_no_more() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 shop");
    let file = package(playground, "for-arm", "arm64");
    playground.ok(&format!("stack add 124 {file}"));
    playground.ok("publish 124 --unsigned");
    assert_eq!(release(&chain, "124", "Architectures").as_deref(), Some("all amd64 arm64"));
    playground.ok("stack remove 124 for-arm");
    let said = playground.run("publish 124 --unsigned");
    assert!(said.stderr.contains("nothing in it is for arm64 any more"), "{}", said.stderr);
    assert_eq!(release(&chain, "124", "Architectures").as_deref(), Some("all amd64"));
    assert!(!playground.run("publish 124 --unsigned").stderr.contains("any more"));
    playground.ok("repository fsck");
}

#[test]
fn a_suite_has_the_architectures_of_the_hosts_that_it_is_meant_for() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 shop");
    playground.ok("publish 124 --unsigned");
    let configured = fs::read_to_string(playground.path("gachette.yml")).unwrap();
    let base = "base: bookworm\nbases:\n  bookworm: {packages: Packages, architectures: arm64}\n";
    playground.write("gachette.yml", &format!("{configured}{base}"));
    playground.ok("publish 124 --unsigned");
    assert_eq!(release(&chain, "124", "Architectures").as_deref(), Some("all amd64 arm64"));
    assert!(playground.run("publish 124 --unsigned").stderr.contains("already"));
    playground.ok("repository fsck");
}
