//! What is said of packages that cannot be installed.

use super::*;

const BASE: &str = "\
Package: libfoo\nVersion: 1.4\nArchitecture: amd64\n
Package: libx\nVersion: 1\nArchitecture: amd64\n
Package: liby\nVersion: 1\nArchitecture: amd64\nDepends: libx\n
Package: mta-a\nVersion: 1\nArchitecture: all\nProvides: mta\nConflicts: mta\n
Package: mta-b\nVersion: 2\nArchitecture: all\nProvides: mta\nConflicts: mta\n
Package: python3\nVersion: 3.11\nArchitecture: amd64\nMulti-Arch: allowed\n
Package: shell\nVersion: 5\nArchitecture: amd64\nEssential: yes\n
Package: odd\nVersion: 1\nArchitecture: amd64\nDepends: a thing\n
Package: many\nVersion: 1\nArchitecture: all\nDepends: mta-a | mta-b | libx | liby | libfoo\nConflicts: libx, libfoo, mta
";

/// Asks for packages of a stack, each as `NAME VERSION` and lines of fields, on top of [`BASE`].
fn told(stack: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (package, fields) in stack {
        let (name, version) = package.split_once(' ').unwrap();
        text.push_str(&format!("Package: {name}\nVersion: {version}\nArchitecture: all\n{fields}\n\n"));
    }
    let mut builder = UniverseBuilder::new(Architectures::only("amd64".parse().unwrap()));
    let base = builder.origin("bookworm", 500).unwrap();
    builder.packages(base, BASE).unwrap();
    let own = builder.origin("default/124", 1001).unwrap();
    builder.packages(own, &text).unwrap();
    let universe = builder.build(Versions::Candidate);
    let install: Vec<PackageIndex> =
        universe.packages().filter(|index| universe.origin(*index).name == "default/124").collect();
    let mut checker = Checker::new(&universe, &|| false);
    match checker.check(&Query { install: &install, recommending: &install, ..Query::default() }).unwrap() {
        Answer::Installable(found) => {
            let brings = &found.packages[found.essential..];
            let brings = brings.iter().filter(|index| !install.contains(index));
            brings.map(|index| format!("brings {}\n", universe.package(*index).name())).collect()
        }
        Answer::Refused(reasons) => {
            let one = |reason: &Explanation| {
                let concerns: Vec<_> = reason.concerns.iter().map(ToString::to_string).collect();
                format!("{reason}\n    concerns {}\n", concerns.join(", "))
            };
            reasons.iter().map(one).collect()
        }
    }
}

#[test]
fn what_is_missing_is_said_with_what_is_there_instead() {
    insta::assert_snapshot!(told(&[
        ("dh-a 1", "Depends: libfoo (>= 2)"),
        ("dh-b 1", "Pre-Depends: nothing | nowhere (= 7)"),
        ("dh-c 1", "Depends: python3:i386"),
        ("dh-d 1", "Depends: dh-a"),
        ("dh-e 1", "Recommends: libfoo (<< 1)"),
        ("dh-f 1", "Depends: odd"),
    ]));
}

#[test]
fn another_version_that_would_do_is_named() {
    insta::assert_snapshot!(told(&[("libfoo 0.9", ""), ("dh-a 1", "Depends: libfoo (>= 1)")]));
}

#[test]
fn what_stands_against_each_other_is_said_with_how_it_came_there() {
    insta::assert_snapshot!(told(&[
        ("dh-a 1", "Depends: liby"),
        ("dh-b 1", "Breaks: libx (<< 2)"),
        ("dh-c 1", "Depends: mta-a"),
        ("dh-d 1", "Depends: mta-b"),
        ("dh-e 1", "Conflicts: shell"),
        ("dh-f 1", "Depends: many"),
        ("dh-g 1", "Depends: dh-g (<< 1)"),
    ]));
}

#[test]
fn what_can_be_installed_brings_the_first_alternative_and_nothing_besides() {
    assert_eq!(
        told(&[("dh-a 1", "Depends: mta, liby | libfoo"), ("dh-b 1", "Depends: nothing | shell")]),
        "brings mta-a\nbrings liby\nbrings libx\n"
    );
    assert_eq!(told(&[("dh-a 1", "Depends: mta"), ("dh-b 1", "Conflicts: mta-a")]), "brings mta-b\n");
}

#[test]
fn explanations_are_data_too() {
    let explanation = Explanation {
        facts: vec![Fact::Unreadable {
            package: NamedPackage {
                name: "odd".to_owned(),
                version: "1".to_owned(),
                architecture: "all".to_owned(),
                origin: None,
                foreign: false,
            },
            field: "Depends".to_owned(),
            reason: "it is odd".to_owned(),
        }],
        concerns: Vec::new(),
    };
    let json = serde_json::to_string(&explanation).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
    insta::assert_snapshot!(json);
}
