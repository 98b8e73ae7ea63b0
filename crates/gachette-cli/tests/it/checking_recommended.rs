//! What packages recommend: apt with its own defaults installs it, and keeps back or removes what is in its way.

use std::collections::BTreeSet;
use std::process::Command;

use gachette_testkit::AptRoot;
use serde_json::Value;

use crate::assert_transcript;
use crate::checking::removed;
use crate::documents::document;
use crate::shop::{Packages, Shop, named, package, package_name, packages};

/// A distribution and two stacks on it, and whether hosts with apt's own defaults go from the first to the second, and back.
struct Ways {
    base: Packages,
    old: Packages,
    new: Packages,
    forth: bool,
    back: bool,
    /// What has to be removed before hosts go where they cannot.
    remove: &'static [&'static str],
    /// Whether `upgrade` keeps something back though nothing is in the way.
    unmet: bool,
}

const OPEN: Ways = Ways { base: &[], old: &[], new: &[], forth: true, back: true, remove: &[], unmet: false };

const WAYS: &[Ways] = &[
    // What comes with the old stack recommends what the new one cannot have.
    Ways {
        base: &[("lib", "1", "Recommends: helper"), ("helper", "1", "")],
        old: &[("dh-web", "1", "Depends: lib")],
        new: &[("dh-web", "2", "Depends: lib\nConflicts: helper")],
        forth: false,
        remove: &["helper"],
        ..OPEN
    },
    // The stack recommends it itself.
    Ways {
        base: &[("helper", "1", "")],
        old: &[("dh-web", "1", "Recommends: helper")],
        new: &[("dh-web", "2", "Breaks: helper")],
        forth: false,
        remove: &["helper"],
        ..OPEN
    },
    // What is recommended needs what is in the way.
    Ways {
        base: &[("tool", "1", "Depends: part"), ("part", "1", "")],
        old: &[("dh-web", "1", "Recommends: tool")],
        new: &[("dh-web", "2", "Recommends: tool\nConflicts: part")],
        forth: false,
        remove: &["part", "tool"],
        ..OPEN
    },
    // Hosts never had it, and what stays does not bring it later.
    Ways {
        base: &[("lib", "1", "Recommends: helper"), ("helper", "1", "")],
        old: &[("dh-web", "1", "Depends: lib\nConflicts: helper"), ("dh-tool", "1", "Recommends: helper")],
        new: &[("dh-web", "2", "Depends: lib"), ("dh-tool", "1", "Recommends: helper")],
        ..OPEN
    },
    // What comes with the new stack brings what the old one cannot have.
    Ways {
        base: &[("lib", "1", "Recommends: helper"), ("helper", "1", "")],
        old: &[("dh-web", "1", "Conflicts: helper")],
        new: &[("dh-web", "2", "Depends: lib")],
        back: false,
        remove: &["helper"],
        ..OPEN
    },
    // Of alternatives the first that can be is taken.
    Ways {
        base: &[
            ("helper", "1", "Depends: nothing | part"),
            ("part", "1", "Conflicts: dh-web"),
            ("other", "1", ""),
        ],
        old: &[("dh-web", "1", "Recommends: helper | other")],
        new: &[("dh-web", "2", "Recommends: helper | other\nConflicts: other")],
        forth: false,
        remove: &["other"],
        ..OPEN
    },
    // Nothing is in the way, but what is newly recommended cannot be.
    Ways {
        base: &[("helper", "1", "")],
        old: &[("dh-web", "1", "Recommends: helper")],
        new: &[("dh-web", "2", "Recommends: helper (>= 2)")],
        unmet: true,
        ..OPEN
    },
    Ways {
        base: &[("lib", "1", "Recommends: nothing")],
        old: &[("dh-web", "1", "")],
        new: &[("dh-web", "2", "Depends: lib")],
        unmet: true,
        ..OPEN
    },
    // It was missing before.
    Ways {
        old: &[("dh-web", "1", "Recommends: nothing")],
        new: &[("dh-web", "2", "Recommends: nothing")],
        ..OPEN
    },
    // A package without which the host would be none has brought all it brings.
    Ways {
        base: &[
            ("base-files", "1", "Essential: yes\nRecommends: helper"),
            ("helper", "1", "Depends: other"),
            ("other", "1", ""),
        ],
        old: &[("dh-web", "1", "Depends: base-files\nRecommends: other")],
        new: &[("dh-web", "2", "Depends: base-files, helper")],
        ..OPEN
    },
];

fn names(of: &Value) -> BTreeSet<&str> {
    of.as_array().into_iter().flatten().map(|package| package["name"].as_str().unwrap()).collect()
}

/// Whether apt brings a host to the newest of everything it has, with nothing removed.
fn goes(apt: &AptRoot, command: &[&str]) -> bool {
    let output = apt.run(&[&["-s"], command].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    !said.contains("kept back") && !said.contains("\nRemv ")
}

fn install(apt: &AptRoot, packages: &[String]) {
    let set: Vec<String> = packages.iter().map(|package| package_name(package).replace(' ', "=")).collect();
    let words = ["--allow-downgrades", "install"].into_iter();
    apt.check(&words.chain(set.iter().map(String::as_str)).collect::<Vec<_>>());
}

/// A machine that has its essential packages, and apt as it comes.
fn machine(shop: &Shop, base: &[String]) -> AptRoot {
    let apt = AptRoot::stock();
    shop.know(&apt);
    for essential in base.iter().filter(|package| package.contains("Essential")) {
        apt.check(&[
            "--no-install-recommends",
            "install",
            package_name(essential).split(' ').next().unwrap(),
        ]);
    }
    apt
}

#[test]
fn hosts_that_have_what_is_recommended_go_where_apt_as_it_comes_takes_them() {
    for Ways { base, old, new, forth, back, remove, unmet } in WAYS {
        let [base, old, new] = [base, old, new].map(|of| packages(of));
        let known = [&base[..], &[package("unrelated", "1", "")]].concat();
        let (shop, result, code, told) = Shop::between([&known, &old, &new]);
        assert_eq!(code, if *forth && *back { 0 } else { 5 }, "{told}");
        assert_eq!([&result["forth"]["possible"], &result["back"]["possible"]], [forth, back], "{told}");
        assert_eq!(result["forth"].get("unmet").is_some(), *unmet, "{told}");
        let advice: Vec<&str> =
            ["forth", "back"].into_iter().flat_map(|way| names(&result[way]["remove"])).collect();
        assert_eq!(advice, *remove, "{told}");
        let apt = machine(&shop, &base);
        install(&apt, &old);
        assert_eq!(goes(&apt, &["dist-upgrade"]), *forth, "{told}");
        assert_eq!(goes(&apt, &["upgrade", "--with-new-pkgs"]), *forth && !unmet, "{told}");
        assert_eq!(removed(&apt, &new).is_empty(), *forth, "{told}");
        if !*forth {
            apt.check(&[&["remove"], *remove].concat());
            assert!(goes(&apt, &["dist-upgrade"]), "{told}");
        }
        apt.check(&["dist-upgrade"]);
        assert_eq!(apt.installed("dh-web").as_deref(), Some("2"), "{told}");
        if *forth {
            assert_eq!(removed(&apt, &old).is_empty(), *back, "{told}");
            if !*back {
                apt.check(&[&["remove"], *remove].concat());
                assert_eq!(removed(&apt, &old), [""; 0], "{told}");
            }
        }
    }
}

#[test]
fn what_comes_is_what_apt_as_it_comes_brings() {
    for Ways { base, old, new, .. } in WAYS {
        let base = packages(base);
        for stacked in [packages(old), packages(new)] {
            let shop = Shop::on(&[&base[..], &[package("unrelated", "1", "")]].concat(), &stacked);
            let (report, code) = shop.report("");
            let result = &report["results"][0];
            let own: BTreeSet<String> = stacked.iter().map(|package| package_name(package)).collect();
            let ours = &(&own | &named(&result["brings"])) | &named(&result["recommended"]);
            assert_eq!(
                (code, Some(ours)),
                (0, shop.apt(&machine(&shop, &base), &stacked)),
                "{stacked:?}: {report}"
            );
            assert_eq!(report["takes_recommended"], true);
        }
    }
}

#[test]
fn what_is_recommended_and_in_the_way_is_told_with_what_hosts_have_to_do() {
    let first = &WAYS[0];
    let shop = Shop::on(&packages(first.base), &packages(first.new));
    shop.stack("123", &packages(first.old));
    let playground = &shop.playground;
    assert_transcript!(playground.run("stack check 123"));
    let said = playground.run("stack check 124 --from 123");
    assert!(document("docs/checking.md").contains(&format!("console\n{}```", said.stdout)));
    assert_transcript!(said);
    for stack in ["123", "124"] {
        playground.ok(&format!("stack seal {stack}"));
    }
    let promote = |stack: &str| {
        playground.run(&format!("--set channels.live.checked=yes promote {stack} --to live --unsigned"))
    };
    assert_eq!(promote("123").code, 0);
    assert_transcript!(promote("124"));
    // Hosts that are told to install nothing that is only recommended have nothing in the way.
    let settings = std::fs::read_to_string(playground.path("gachette.yml")).unwrap();
    let settings = settings + "bases.bookworm.recommends: false\nchannels.live.checked: true\n";
    playground.write("bare.yml", &settings);
    let said = playground.run("-c bare.yml stack check 123");
    assert!(
        said.stdout.contains("apt brings 1 more, and nothing that is only recommended:"),
        "{}{}",
        said.stdout,
        said.stderr
    );
    let apt = AptRoot::new();
    shop.know(&apt);
    install(&apt, &packages(first.old));
    assert!(goes(&apt, &["dist-upgrade"]));
    assert_eq!(playground.run("-c bare.yml promote 124 --to live --unsigned").code, 0);
    let last = &WAYS[6];
    let shop = Shop::on(&packages(last.base), &packages(last.new));
    shop.stack("123", &packages(last.old));
    assert_transcript!(shop.playground.run("stack check 124 --from 123"));
}

#[test]
fn what_is_listed_of_a_yes_is_all_that_is_installed_and_dose_finds_nothing_missing_in_it() {
    let base = [
        package("base-files", "1", "Essential: yes\nPre-Depends: libc\nDepends: awk\nRecommends: doc"),
        package("libc", "1", ""),
        package("mawk", "1", "Provides: awk\nDepends: libc"),
        package("doc", "1", "Depends: viewer"),
        package("viewer", "1", "Depends: libc"),
        package("libfoo", "1", "Depends: libc, awk\nRecommends: doc"),
        package("unrelated", "1", ""),
    ];
    let stacked =
        [package("dh-web", "1", "Depends: libfoo, libc"), package("dh-tool", "1", "Depends: dh-web")];
    let shop = Shop::on(&base, &stacked);
    let (report, code) = shop.report("");
    let result = &report["results"][0];
    assert_eq!((code, result["packages"].as_u64()), (0, Some(2)), "{report}");
    let all = [&base[..], &stacked].concat();
    let broken = |lists: &[&str]| {
        let listed: BTreeSet<String> = lists.iter().flat_map(|list| named(&result[*list])).collect();
        let chosen: Vec<&str> =
            all.iter().filter(|it| listed.contains(&package_name(it))).map(String::as_str).collect();
        assert_eq!(chosen.len(), listed.len(), "{report}");
        shop.playground.write("listed/Packages", &(chosen.join("\n\n") + "\n"));
        let list = shop.playground.path("listed/Packages");
        let output = Command::new("dose-debcheck")
            .args(["--deb-native-arch=amd64", "-tdeb", "--failures"])
            .arg(list)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(&format!("total-packages: {}\n", listed.len())), "{said}");
        !said.contains("broken-packages: 0")
    };
    assert!(!broken(&["own", "essential", "brings"]), "{report}");
    assert!(!broken(&["own", "essential", "brings", "recommended"]), "{report}");
    assert!(broken(&["own", "brings"]), "what every system has is a part of it");
    assert_eq!(names(&result["essential"]), ["base-files", "libc", "mawk"].into());
    assert_eq!(names(&result["recommended"]), ["doc", "viewer"].into());
}
