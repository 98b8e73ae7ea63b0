//! Each package by itself, as dose-debcheck judges it.

use std::collections::BTreeSet;
use std::process::Command;

use gachette_core::installability::{Checker, Query, Versions};
use gachette_testkit::{SmallUniverses, UniverseTraits};

use super::universe;

/// The packages that dose-debcheck calls broken, as `NAME VERSION`.
fn broken(text: &str) -> BTreeSet<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mut command = Command::new("dose-debcheck");
    command.args(["--deb-native-arch=amd64", "--failures", "-tdeb"]).arg(file.path());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("broken-packages:"), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = BTreeSet::new();
    for entry in said.split("\n -\n") {
        let field = |name: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(&format!("  {name}: ")));
            line.map(|value| value.trim().trim_matches('"').to_owned())
        };
        if field("status").as_deref() == Some("broken") {
            found.insert(format!("{} {}", field("package").unwrap(), field("version").unwrap()));
        }
    }
    found
}

#[test]
fn packages_are_installable_when_dose_says_so() {
    let traits = UniverseTraits { packages: 9, foreign: false, versions: true, essential: true };
    let mut universes = SmallUniverses::new(1, traits);
    let mut outcomes = [0, 0];
    for _ in 0..100 {
        let text = universes.draw();
        let universe = universe(&text, Versions::Every);
        let mut checker = Checker::new(&universe, &|| false);
        let mut ours = BTreeSet::new();
        for index in universe.packages() {
            let installable = checker.is_installable(&Query { install: &[index], ..Query::default() });
            let package = universe.package(index);
            outcomes[usize::from(*installable.as_ref().unwrap())] += 1;
            if !installable.unwrap() {
                ours.insert(format!("{} {}", package.name(), package.version()));
            }
        }
        assert_eq!(ours, broken(&text), "{text}");
    }
    assert!(outcomes.iter().all(|count| *count > 100), "{outcomes:?}");
}
