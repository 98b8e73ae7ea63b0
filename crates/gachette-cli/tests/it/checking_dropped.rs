//! What hosts have of a stack and the next one has not: whether it stays, goes or is in the way, as apt has it with the pin of a channel.

use gachette_testkit::{AptRoot, PackageFolder};
use serde_json::Value;

use crate::shop::{Packages, Shop, package, package_name, packages};

/// How hosts go from one stack to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By `apt-get dist-upgrade`.
    Open,
    /// Surely only where these are named for removal: otherwise apt weighs it against what it is in the way of, or goes by the order of
    /// its cache.
    Without(&'static [&'static str]),
    /// Not at all.
    Barred,
}

/// A distribution and two stacks on it, of which the first has what the second has not.
struct Dropped {
    base: Packages,
    old: Packages,
    new: Packages,
    forth: Way,
    /// Back again, from where hosts come.
    back: Way,
}

const DROPPED: Dropped = Dropped { base: &[], old: &[], new: &[], forth: Way::Open, back: Way::Open };

/// Those of which the distribution has some version too.
const SHARED: &[Dropped] = &[
    // The distribution has it too, but apt goes down to nothing that the channel's pin is not about.
    Dropped {
        base: &[("libfoo", "1", "")],
        old: &[("dh-web", "1", "Depends: libfoo (<< 2)")],
        new: &[("dh-web", "2", "Depends: libfoo (>= 2)"), ("libfoo", "2", "")],
        back: Way::Barred,
        ..DROPPED
    },
    Dropped {
        base: &[("libfoo", "1", "")],
        old: &[("dh-web", "1", "Depends: libfoo (>= 2)"), ("libfoo", "2", "")],
        new: &[("dh-web", "2", "Depends: libfoo (<< 2)")],
        forth: Way::Barred,
        ..DROPPED
    },
    // It goes up to that of the distribution.
    Dropped {
        base: &[("libfoo", "3", "")],
        old: &[("dh-web", "1", "Depends: libfoo (<< 3)"), ("libfoo", "2", "")],
        new: &[("dh-web", "2", "Depends: libfoo (>= 3)")],
        ..DROPPED
    },
];

/// Those that take the place of others, or depend on them.
const REPLACED: &[Dropped] = &[
    // Another has taken its place, which the old one does not say of that.
    Dropped {
        old: &[("dh-web", "1", "Depends: dh-old"), ("dh-old", "1", "")],
        new: &[
            ("dh-web", "2", "Depends: dh-new"),
            ("dh-new", "2", "Breaks: dh-old (<< 2)\nReplaces: dh-old (<< 2)"),
        ],
        back: Way::Without(&["dh-new"]),
        ..DROPPED
    },
    // It needs what the new stack has in another version.
    Dropped {
        old: &[("dh-web", "1", ""), ("dh-plugin", "1", "Depends: dh-web (= 1)")],
        new: &[("dh-web", "2", "")],
        ..DROPPED
    },
    // What stays needs it, or another in its place.
    Dropped {
        base: &[("tool", "1", "Depends: mta"), ("postfix", "1", "Provides: mta")],
        old: &[("dh-web", "1", "Depends: tool"), ("dh-mail", "1", "Provides: mta")],
        new: &[("dh-web", "2", "Depends: tool\nConflicts: dh-mail")],
        forth: Way::Without(&["dh-mail"]),
        ..DROPPED
    },
];

/// Those that are in the way.
const STUBBORN: &[Dropped] = &[
    // Others that the new stack has not need it, and apt weighs them.
    Dropped {
        old: &[
            ("dh-a", "1", ""),
            ("dh-b", "1", ""),
            ("dh-c", "1", "Depends: dh-b"),
            ("dh-d", "1", "Depends: dh-b"),
            ("dh-e", "1", "Depends: dh-b"),
            ("dh-f", "1", "Depends: dh-b"),
            ("dh-g", "1", "Depends: dh-b"),
            ("dh-h", "1", "Depends: dh-b"),
        ],
        new: &[("dh-a", "2", "Conflicts: dh-b")],
        forth: Way::Without(&["dh-b", "dh-c", "dh-d", "dh-e", "dh-f", "dh-g", "dh-h"]),
        ..DROPPED
    },
    // It is itself against what comes.
    Dropped {
        base: &[("libc", "1", "")],
        old: &[("dh-a", "1", ""), ("dh-b", "1", "Conflicts: libc")],
        new: &[("dh-a", "2", "Depends: libc")],
        forth: Way::Without(&["dh-b"]),
        back: Way::Barred,
    },
    // apt refuses to remove it.
    Dropped {
        old: &[("dh-a", "1", ""), ("dh-gone", "1", "Protected: yes")],
        new: &[("dh-a", "2", "Conflicts: dh-gone")],
        forth: Way::Barred,
        ..DROPPED
    },
];

/// Has apt know the distribution and what a channel shows, which it is told to prefer.
fn follow(shop: &Shop, apt: &AptRoot, base: &[String], stacked: &[String]) {
    for (folder, packages) in [("distribution", base), ("channel", stacked)] {
        let (made, known) = (shop.playground.path(&format!("made/{folder}")), apt.path(folder));
        let _ = (std::fs::remove_dir_all(&made), std::fs::remove_dir_all(&known));
        let made = PackageFolder::at(made);
        packages.iter().for_each(|package| drop(made.add(package)));
        made.index();
        made.copy_to(&known);
    }
    let source = |folder: &str| format!("Types: deb\nURIs: file:/{folder}\nSuites: ./\nTrusted: yes\n");
    apt.source(&format!("{}\n{}", source("distribution"), source("channel")));
    let pin = |package: &String| {
        let (name, version) = name_and_version(package);
        format!("Package: {name}\nPin: version {version}\nPin-Priority: 1001\n")
    };
    apt.preferences(&stacked.iter().map(pin).collect::<Vec<_>>().join("\n"));
    apt.check(&["update"]);
}

fn name_and_version(package: &str) -> (String, String) {
    let named = package_name(package);
    let (name, version) = named.split_once(' ').unwrap();
    (name.to_owned(), version.to_owned())
}

/// Whether apt brings a host that has `old` to all of `new`, by `dist-upgrade` with these words and then what is missing by name, and
/// removes nothing but what the new stack has not; as far as that it does.
fn goes(apt: &AptRoot, words: &[String], old: &[String], new: &[String]) -> bool {
    let upgrade: Vec<&str> = ["dist-upgrade"].into_iter().chain(words.iter().map(String::as_str)).collect();
    let missing: Vec<String> = new.iter().map(|package| package_name(package).replace(' ', "=")).collect();
    let install: Vec<&str> = ["install"].into_iter().chain(missing.iter().map(String::as_str)).collect();
    let names = |of: &[String]| of.iter().map(|it| name_and_version(it).0).collect::<Vec<_>>();
    let may_go = |line: &str| {
        let name = line.split(' ').next().unwrap().to_owned();
        names(old).contains(&name) && !names(new).contains(&name)
    };
    for command in [upgrade, install] {
        let output = apt.run(&[&["-s", "--allow-downgrades"], &command[..]].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        let mut removed = said.lines().filter_map(|line| line.strip_prefix("Remv "));
        if !output.status.success() || said.contains("kept back") || !removed.all(may_go) {
            return false;
        }
        apt.check(&[&["--allow-downgrades"], &command[..]].concat());
        let is_there = |package: &String| {
            let (name, version) = name_and_version(package);
            let found = apt.installed(&name);
            found == Some(version) || (found.is_none() && command[0] == "dist-upgrade")
        };
        // Of what it cannot have it says nothing, and stays.
        if !new.iter().all(is_there) {
            return false;
        }
    }
    true
}

/// The way that a passage tells of.
fn told_way(passage: &Value) -> (bool, Vec<String>) {
    let packages = passage["leave_out"].as_array().into_iter().flatten();
    let words = packages.map(|package| format!("{}-", package["name"].as_str().unwrap()));
    (passage["possible"].as_bool().unwrap(), words.collect())
}

#[test]
fn what_the_distribution_has_too_goes_up_and_never_down() {
    go(SHARED);
}

#[test]
fn what_another_takes_the_place_of_goes_by_itself_where_apt_need_not_weigh_it() {
    go(REPLACED);
}

#[test]
fn what_is_in_the_way_and_needed_or_protected_is_told() {
    go(STUBBORN);
}

/// Asks whether hosts can go, and goes.
fn go(cases: &[Dropped]) {
    for Dropped { base, old, new, forth, back } in cases {
        let [base, old, new] = [base, old, new].map(|of| packages(of));
        let known = [&base[..], &[package("unrelated", "1", "")]].concat();
        let (shop, result, code, told) = Shop::between([&known, &old, &new]);
        assert_eq!(code, if [*forth, *back] == [Way::Open; 2] { 0 } else { 5 }, "{told}");
        let apt = AptRoot::stock();
        follow(&shop, &apt, &base, &old);
        let names: Vec<String> = old.iter().map(|package| name_and_version(package).0).collect();
        apt.check(&[&["install"][..], &names.iter().map(String::as_str).collect::<Vec<_>>()].concat());
        for (way, passage, [from, to]) in
            [(forth, &result["forth"], [&old, &new]), (back, &result["back"], [&new, &old])]
        {
            follow(&shop, &apt, &base, to);
            let (possible, words) = told_way(passage);
            match way {
                Way::Open => assert!(possible && words.is_empty() && goes(&apt, &[], from, to), "{told}"),
                Way::Without(names) => {
                    let named: Vec<String> = names.iter().map(|name| format!("{name}-")).collect();
                    assert_eq!((possible, &words), (false, &named), "{told}");
                    assert!(goes(&apt, &words, from, to), "{told}");
                }
                Way::Barred => {
                    assert!(!possible && words.is_empty() && !goes(&apt, &[], from, to), "{told}");
                    break;
                }
            }
        }
    }
}

#[test]
fn whatever_lists_are_called_their_packages_are_not_those_of_a_stack() {
    let base = [package("libfoo", "3", "")];
    let old = [package("dh-web", "1", ""), package("libfoo", "2", "")];
    let (shop, result, code, told) =
        Shop::between([&base, &old, &[package("dh-web", "2", "Conflicts: libfoo")]]);
    assert!(code == 5 && result["forth"]["possible"] == false, "{told}");
    let entry = shop.playground.path("repository/bases/bookworm/0000000001.json");
    let before = std::fs::read_to_string(&entry).unwrap();
    for name in ["the stack", "on hosts"] {
        let edited = before.replace(r#""origin":"bookworm""#, &format!(r#""origin":"{name}""#));
        assert!(edited.contains(name), "{edited}");
        std::fs::write(&entry, edited).unwrap();
        let (report, _) = shop.report("--from 123");
        let nameless =
            |result: &Value| result.to_string().replace("the stack", "bookworm").replace(name, "bookworm");
        assert_eq!(nameless(&report["results"][0]), nameless(&result), "{name}");
    }
}

#[test]
fn a_package_of_the_distribution_that_goes_down_is_told_by_check_and_by_promote() {
    let shop = Shop::on(
        &[package("libfoo", "2", "")],
        &[package("dh-web", "2", "Depends: libfoo"), package("libfoo", "1", "")],
    );
    shop.stack("123", &[package("dh-web", "1", "Depends: libfoo")]);
    let (report, code) = shop.report("--from 123");
    let lower = serde_json::json!([{"name": "libfoo", "from": "2", "to": "1"}]);
    assert_eq!((code, &report["lower"]), (0, &lower), "{report}");
    // Also where hosts cannot go there.
    let other = [package("libfoo", "2", ""), package("dh-old", "1", "")];
    let packages = [package("dh-web", "2", "Conflicts: dh-old"), package("libfoo", "1", "")];
    let barred = Shop::on(&other, &packages);
    barred.stack("123", &[package("dh-web", "1", "Depends: libfoo, dh-old")]);
    let (report, code) = barred.report("--from 123");
    assert_eq!((code, &report["lower"]), (5, &lower), "{report}");
    let playground = &shop.playground;
    for stack in ["123", "124"] {
        playground.ok(&format!("stack seal {stack}"));
    }
    let promote = |stack: &str| {
        playground.run(&format!("--set channels.live.checked=yes promote {stack} --to live --unsigned"))
    };
    assert_eq!(promote("123").code, 0);
    let said = promote("124");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("1 package is lower than what hosts of default/live have: libfoo 1 after 2")
    );
}

#[test]
fn a_promotion_tells_the_command_that_hosts_need() {
    let base = [package("helper", "1", ""), package("other", "1", "Conflicts: helper")];
    let shop = Shop::on(&base, &[package("dh-web", "2", "Recommends: helper, other")]);
    shop.stack("123", &[package("dh-web", "1", "")]);
    let playground = &shop.playground;
    for stack in ["123", "124"] {
        playground.ok(&format!("stack seal {stack}"));
        let said =
            playground.run(&format!("--set channels.live.checked=yes promote {stack} --to live --unsigned"));
        assert_eq!(said.code, 0, "{}", said.stderr);
        let told = "it can be installed on bookworm@1; hosts go there with `apt-get dist-upgrade other-`";
        assert_eq!(said.stderr.contains(told), stack == "124", "{}", said.stderr);
    }
}

#[test]
fn a_command_that_not_all_hosts_need_is_told_with_those_that_do() {
    let base = [package("helper", "1", ""), package("other", "1", "Conflicts: helper")];
    let shop =
        Shop::on(&base, &[package("dh-web", "2", "Recommends: helper, other"), package("dh-db", "2", "")]);
    shop.stack("123", &[package("dh-web", "1", ""), package("dh-db", "1", "")]);
    let playground = &shop.playground;
    let checked = "--set channels.live.checked=yes,roles.web=dh-web,roles.db=dh-db";
    for stack in ["123", "124"] {
        playground.ok(&format!("stack seal {stack}"));
    }
    playground.ok(&format!("{checked} promote 123 --to live --unsigned"));
    let said = playground.run(&format!("{checked} promote 124 --to live --unsigned --dry-run"));
    let told = "it can be installed on bookworm@1; hosts (amd64, role web) go there with `apt-get dist-upgrade other-`\n";
    assert!(said.code == 0 && said.stderr.contains(told), "{}", said.stderr);
    let changed = playground.json(&format!("{checked} promote 124 --to live --unsigned"));
    let web = serde_json::json!([{"architecture": "amd64", "role": "web"}]);
    assert_eq!(changed["check"]["commands"][0]["hosts"], web, "{changed}");
}
