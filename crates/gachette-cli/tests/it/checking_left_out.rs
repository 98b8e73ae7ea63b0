//! What is recommended and cannot be there: where apt removes something else for it, or gives up, and the command by which it does not.

use gachette_testkit::AptRoot;
use serde_json::Value;

use crate::assert_transcript;
use crate::documents::document;
use crate::shop::{Packages, Shop, package, package_name, packages};

/// A distribution, and two stacks on it of which the second recommends what the first does not.
struct Newly {
    base: Packages,
    old: Packages,
    new: Packages,
    /// What is to be left out by name; nothing when it is gone without.
    leave_out: &'static [&'static str],
    /// Whether something is in the way that has to be there, so that apt would remove it, or keep back what needs it.
    barred: bool,
}

const NEWLY: &[Newly] = &[
    // A package of the stack is in the way of what another one recommends.
    Newly {
        base: &[("helper", "1", "Conflicts: dh-tool")],
        old: &[("dh-web", "1", ""), ("dh-tool", "1", "")],
        new: &[("dh-web", "2", "Recommends: helper"), ("dh-tool", "1", "")],
        leave_out: &["helper"],
        barred: true,
    },
    Newly {
        base: &[("helper", "1", "Breaks: dh-tool")],
        old: &[("dh-web", "1", ""), ("dh-tool", "1", "")],
        new: &[("dh-web", "2", "Recommends: helper"), ("dh-tool", "2", "")],
        leave_out: &["helper"],
        barred: true,
    },
    // What is in the way has only been recommended itself.
    Newly {
        base: &[("other", "1", ""), ("helper", "1", "Conflicts: other")],
        old: &[("dh-web", "1", "Recommends: other")],
        new: &[("dh-web", "2", "Recommends: helper")],
        leave_out: &["helper"],
        barred: true,
    },
    // Of alternatives each is in the way, one by what it needs.
    Newly {
        base: &[
            ("lib", "1", ""),
            ("helper", "1", "Depends: part"),
            ("part", "1", "Conflicts: lib"),
            ("other", "1", "Conflicts: lib"),
        ],
        old: &[("dh-web", "1", "Recommends: lib")],
        new: &[("dh-web", "2", "Recommends: helper | other")],
        leave_out: &["helper", "other"],
        barred: true,
    },
    // Two provide what is needed, and which one apt takes is not said.
    Newly {
        base: &[
            ("tool", "1", ""),
            ("exim", "1", "Provides: mta"),
            ("postfix", "1", "Provides: mta\nConflicts: tool"),
        ],
        old: &[("dh-web", "1", "Depends: tool")],
        new: &[("dh-web", "2", "Depends: tool, mta")],
        leave_out: &["postfix"],
        barred: true,
    },
    // What comes with the new stack recommends it.
    Newly {
        base: &[("lib", "1", "Recommends: helper"), ("helper", "1", "Conflicts: dh-tool")],
        old: &[("dh-web", "1", ""), ("dh-tool", "1", "")],
        new: &[("dh-web", "2", "Depends: lib"), ("dh-tool", "1", "")],
        leave_out: &["helper"],
        barred: true,
    },
    // It cannot be there in any case, so apt does not try.
    Newly {
        base: &[("helper", "1", "Conflicts: dh-tool\nDepends: nothing")],
        old: &[("dh-web", "1", ""), ("dh-tool", "1", "")],
        new: &[("dh-web", "2", "Recommends: helper"), ("dh-tool", "1", "")],
        leave_out: &[],
        barred: false,
    },
    // What is in the way is new itself, and needed.
    Newly {
        base: &[
            ("sound", "1", ""),
            ("lib", "1", "Recommends: helper"),
            ("helper", "1", "Depends: part"),
            ("part", "1", "Conflicts: sound"),
        ],
        old: &[("dh-web", "1", "")],
        new: &[("dh-web", "2", "Depends: sound, lib")],
        leave_out: &["helper"],
        barred: true,
    },
    // The new version of another package of the stack is in the way, or what that needs.
    Newly {
        base: &[("helper", "1", "Conflicts: dh-tool (>= 2)")],
        old: &[("dh-web", "1", ""), ("dh-tool", "1", "")],
        new: &[("dh-web", "2", "Recommends: helper"), ("dh-tool", "2", "")],
        leave_out: &["helper"],
        barred: true,
    },
    Newly {
        base: &[("helper", "1", "Conflicts: part"), ("part", "1", "")],
        old: &[("dh-web", "1", ""), ("dh-tool", "1", "")],
        new: &[("dh-web", "2", "Recommends: helper"), ("dh-tool", "2", "Depends: part")],
        leave_out: &["helper"],
        barred: true,
    },
    // It could not be there by itself, and apt removes what it needs.
    Newly {
        base: &[("libc", "1", "Depends: libf"), ("libf", "1", "Breaks: libc (<< 2)")],
        old: &[("dh-a", "1", "Recommends: libf"), ("dh-b", "1", "")],
        new: &[("dh-a", "2", "Recommends: libc"), ("dh-b", "2", "Recommends: libc")],
        leave_out: &["libc"],
        barred: true,
    },
    // Of alternatives that are needed, apt would take the first, for which something has to go, or is kept back.
    Newly {
        base: &[("tool", "1", ""), ("libf", "1", "Conflicts: tool"), ("libd", "1", "")],
        old: &[("dh-web", "1", "Depends: tool")],
        new: &[("dh-web", "2", "Depends: libf | libd")],
        leave_out: &["libf"],
        barred: true,
    },
    Newly {
        base: &[("libf", "1", "Conflicts: dh-tool"), ("libd", "1", "")],
        old: &[("dh-web", "1", ""), ("dh-tool", "1", "")],
        new: &[("dh-web", "2", "Depends: libf | libd"), ("dh-tool", "1", "")],
        leave_out: &["libf"],
        barred: true,
    },
    Newly {
        base: &[("tool", "1", ""), ("libf", "1", "Conflicts: tool"), ("libd", "1", "")],
        old: &[("dh-web", "1", "Depends: tool"), ("dh-c", "1", "")],
        new: &[("dh-web", "2", "Depends: tool"), ("dh-c", "2", "Depends: libf | libd")],
        leave_out: &["libf"],
        barred: true,
    },
    // Both are new, and only one can be there.
    Newly {
        base: &[("helper", "1", ""), ("other", "1", "Conflicts: helper")],
        old: &[("dh-web", "1", "")],
        new: &[("dh-web", "2", "Recommends: helper, other")],
        leave_out: &["other"],
        barred: false,
    },
];

/// What is to be left out, as apt-get is told of it.
fn left_out(passage: &Value) -> Vec<String> {
    let packages = passage["leave_out"].as_array().into_iter().flatten();
    packages.map(|package| format!("{}-", package["name"].as_str().unwrap())).collect()
}

/// What apt would do: what it says, and whether it goes through with nothing removed or kept back.
fn tried(apt: &AptRoot, command: &[&str]) -> (String, bool) {
    let output = apt.run(&[&["-s", "--allow-downgrades"], command].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    let goes = output.status.success() && !said.contains("kept back") && !said.contains("\nRemv ");
    (said, goes)
}

/// Has apt go to the newest of everything, without what it is told to leave out.
fn upgrade(apt: &AptRoot, left_out: &[String]) {
    let mut words = vec!["--allow-downgrades", "dist-upgrade"];
    words.extend(left_out.iter().map(String::as_str));
    let (said, goes) = tried(apt, &words[1..]);
    assert!(goes, "{said}");
    apt.check(&words);
}

fn is_installed(apt: &AptRoot, stacked: &[String]) -> bool {
    stacked.iter().all(|package| {
        let (name, version) =
            package_name(package).split_once(' ').map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap();
        apt.installed(&name) == Some(version)
    })
}

#[test]
fn where_apt_would_remove_or_keep_back_something_for_what_it_takes_first_hosts_go_without_it() {
    for Newly { base, old, new, leave_out, barred } in NEWLY {
        let [base, old, new] = [base, old, new].map(|of| packages(of));
        let (shop, result, code, told) = Shop::between([&base, &old, &new]);
        let forth = &result["forth"];
        assert_eq!(
            (code, &forth["possible"]),
            (if *barred { 5 } else { 0 }, &Value::from(!barred)),
            "{told}"
        );
        assert_eq!(
            left_out(forth),
            leave_out.iter().map(|name| format!("{name}-")).collect::<Vec<_>>(),
            "{told}"
        );
        let said = shop.playground.run("stack check 124 --from 123").stdout;
        let command = format!(
            "`apt-get dist-upgrade{}`",
            left_out(forth).iter().map(|word| format!(" {word}")).collect::<String>()
        );
        assert!(said.contains(&command), "{said}");
        let apt = AptRoot::stock();
        shop.know(&apt);
        let set: Vec<String> = old.iter().map(|package| package_name(package).replace(' ', "=")).collect();
        apt.check(&[&["install"][..], &set.iter().map(String::as_str).collect::<Vec<_>>()].concat());
        assert_eq!(tried(&apt, &["dist-upgrade"]).1, !barred, "{told}");
        assert!(!tried(&apt, &["upgrade", "--with-new-pkgs"]).1, "{told}");
        upgrade(&apt, &left_out(forth));
        assert!(is_installed(&apt, &new), "{told}");
        assert!(tried(&apt, &["dist-upgrade"]).1, "nothing is brought later: {told}");
    }
}

#[test]
fn the_way_back_to_what_recommends_more_is_asked_for_in_the_same_way() {
    let base = [package("helper", "1", "Conflicts: dh-tool")];
    let old = [package("dh-web", "1", "Recommends: helper"), package("dh-tool", "1", "")];
    let new = [package("dh-web", "2", ""), package("dh-tool", "2", "")];
    let (shop, result, code, told) = Shop::between([&base, &old, &new]);
    let possible = [&result["forth"]["possible"], &result["back"]["possible"]];
    assert_eq!((code, possible), (5, [&Value::from(true), &Value::from(false)]), "{told}");
    let apt = AptRoot::stock();
    shop.know(&apt);
    apt.check(&["install", "dh-web=1", "dh-tool=1"]);
    upgrade(&apt, &[]);
    apt.preferences("Package: dh-*\nPin: version 1\nPin-Priority: 1001\n");
    assert!(!tried(&apt, &["dist-upgrade"]).1);
    upgrade(&apt, &left_out(&result["back"]));
    assert!(is_installed(&apt, &old));
}

#[test]
fn where_apt_refuses_a_set_for_what_is_left_out_the_command_that_works_is_told() {
    let base = [
        package("lib", "1", "Recommends: helper"),
        package("part", "1", ""),
        package("helper", "1", "Breaks: part"),
    ];
    let new = [package("dh-web", "2", "Depends: lib, part")];
    let shop = Shop::on(&base, &new);
    let apt = AptRoot::stock();
    shop.know(&apt);
    assert!(!tried(&apt, &["install", "dh-web"]).1);
    let said = shop.playground.run("stack check 124");
    assert_eq!(said.code, 0, "{}", said.stdout);
    let (_, command) = said.stdout.split_once("`apt-get ").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    assert_eq!(command, "install dh-web helper-");
    apt.check(&command.split(' ').collect::<Vec<_>>());
    assert!(is_installed(&apt, &new));
}

#[test]
fn what_apt_would_remove_for_something_newly_recommended_is_told() {
    let first = &NEWLY[0];
    let shop = Shop::on(&packages(first.base), &packages(first.new));
    shop.stack("123", &packages(first.old));
    let said = shop.playground.run("stack check 124 --from 123");
    assert!(
        document("docs/checking.md").contains(&format!("console\n{}```", said.stdout)),
        "{}",
        said.stdout
    );
    assert_transcript!(said);
    let last = &NEWLY[NEWLY.len() - 1];
    let shop = Shop::on(&packages(last.base), &packages(last.new));
    shop.stack("123", &packages(last.old));
    assert_transcript!(shop.playground.run("stack check 124 --from 123"));
}

#[test]
fn what_apt_would_take_first_of_alternatives_is_told_with_what_it_brings_without() {
    let base =
        [package("tool", "1", ""), package("libold", "1", "Conflicts: tool"), package("libnew", "1", "")];
    let shop = Shop::on(&base, &[package("dh-web", "2", "Depends: libold | libnew")]);
    shop.stack("123", &[package("dh-web", "1", "Depends: tool")]);
    let said = shop.playground.run("stack check 124 --from 123");
    assert!(
        document("docs/checking.md").contains(&format!("console\n{}```", said.stdout)),
        "{}",
        said.stdout
    );
    assert_transcript!(said);
}

#[test]
fn what_leads_nowhere_by_very_many_ways_is_looked_at_once() {
    let steps = 40;
    let step = |name: &str, number: usize| {
        let next = number + 1;
        let depends = if next == steps { "nothing".to_owned() } else { format!("p{next} | q{next}") };
        package(&format!("{name}{number}"), "1", &format!("Depends: {depends}"))
    };
    let mut base: Vec<String> =
        (0..steps).flat_map(|number| [step("p", number), step("q", number)]).collect();
    base.push(package("libd", "1", ""));
    let shop = Shop::on(&base, &[package("dh-web", "2", "Depends: p0 | libd")]);
    shop.stack("123", &[package("dh-web", "1", "")]);
    assert_eq!(shop.playground.run("stack check 124 --from 123").code, 0);
}

#[test]
fn an_alternative_that_can_never_be_there_is_no_hindrance() {
    let base = [
        package("tool", "1", ""),
        package("exim", "1", "Provides: mta"),
        package("postfix", "1", "Provides: mta\nDepends: la | lb"),
        package("la", "1", "Conflicts: tool\nDepends: nothing"),
        package("lb", "1", ""),
    ];
    let shop = Shop::on(&base, &[package("dh-web", "2", "Depends: tool, mta")]);
    shop.stack("123", &[package("dh-web", "1", "Depends: tool")]);
    let said = shop.playground.run("stack check 124 --from 123");
    assert!(said.code == 0 && !said.stdout.contains('`'), "{}", said.stdout);
}
