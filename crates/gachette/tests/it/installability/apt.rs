//! Sets of packages of two architectures, as apt judges them.

use std::collections::BTreeSet;

use gachette_core::installability::{Answer, Checker, PackageIndex, Query, Universe, Versions};
use gachette_testkit::{AptRoot, SmallUniverses, UniverseTraits};

use super::universe;

/// What apt would install for these words, when it would.
fn installs(apt: &AptRoot, words: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    let mut arguments = vec!["-o", "APT::Architectures::=i386", "install", "--print-uris"];
    arguments.extend(words.iter().map(String::as_str));
    let output = apt.run(&arguments);
    let said = String::from_utf8(output.stdout).unwrap();
    let files = said.lines().filter(|line| line.starts_with('\'')).filter_map(|line| line.split(' ').nth(1));
    let word = |file: &str| {
        let parts: Vec<&str> = file.trim_end_matches(".deb").split('_').collect();
        format!("{}:{}={}", parts[0], parts[2], parts[1])
    };
    output.status.success().then(|| files.map(word).collect())
}

/// Packages as apt's words: `NAME:ARCHITECTURE=VERSION`.
fn words(universe: &Universe<'_>, packages: &[PackageIndex]) -> BTreeSet<String> {
    let word = |index: &PackageIndex| {
        let package = universe.package(*index);
        format!("{}:{}={}", package.name(), package.architecture(), package.version())
    };
    packages.iter().map(word).collect()
}

/// Has apt know the packages of this text and no others.
fn know(apt: &AptRoot, text: &str) {
    let _ = std::fs::create_dir(apt.path("distribution"));
    apt.write("distribution/Packages", text);
    apt.source("Types: deb\nURIs: file:/distribution\nSuites: ./\nTrusted: yes\nArchitectures: amd64 i386\n");
    apt.check(&["-o", "APT::Architectures::=i386", "update"]);
}

/// apt may give up too early, so where we say yes it is asked for exactly what we chose; where we say no it must refuse.
#[test]
fn sets_of_packages_are_installable_when_apt_can_install_them() {
    let traits = UniverseTraits { packages: 9, foreign: true, versions: true, essential: false };
    let (apt, mut universes, mut outcomes) = (AptRoot::new(), SmallUniverses::new(2, traits), [0, 0]);
    for _ in 0..25 {
        let text = universes.draw();
        know(&apt, &text);
        let universe = universe(&text, Versions::Candidate);
        let mut checker = Checker::new(&universe, &|| false);
        let all: Vec<PackageIndex> =
            universe.packages().filter(|index| universe.is_candidate(*index)).collect();
        for pair in all.windows(2) {
            let set = words(&universe, pair);
            match checker.check(&Query { install: pair, ..Query::default() }).unwrap() {
                Answer::Installable(found) => {
                    let chosen = words(&universe, &found.packages);
                    assert_eq!(installs(&apt, &chosen), Some(chosen), "for {set:?} of\n{text}");
                    outcomes[1] += 1;
                }
                Answer::Refused(reasons) => {
                    let said: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                    assert_eq!(installs(&apt, &set), None, "{said:?} for {set:?} of\n{text}");
                    outcomes[0] += 1;
                }
            }
        }
    }
    assert!(outcomes.iter().all(|count| *count > 10), "{outcomes:?}");
}
