//! Whether stacks can be installed: gachette's answers beside those of apt and dose-debcheck, about real packages.

use std::collections::BTreeSet;

use gachette_testkit::AptRoot;
use serde_json::Value;

use crate::assert_transcript;
use crate::documents::document;
use crate::playground::Playground;
use crate::shop::{Packages, Shop, distribution, named, package, package_name, packages};

/// Stacks, of packages by name, version and relations.
const STACKS: &[Packages] = &[
    &[("dh-web", "1.0", "Depends: libfoo (>= 1)")],
    &[("dh-web", "1.0", "Depends: libfoo (>= 2)")],
    &[("dh-web", "1.0", "Depends: libbar, libfoo (<< 2)"), ("dh-tool", "2", "Pre-Depends: dh-web (= 1.0)")],
    &[("dh-a", "1", "Breaks: dh-b (<< 3)"), ("dh-b", "2", "")],
    &[("dh-a", "1", "Breaks: dh-b (<< 3)"), ("dh-b", "3", "")],
    &[("dh-a", "1", "Depends: mail-transport-agent (>= 7)")],
    &[("dh-a", "1", "Depends: mail-transport-agent (>= 8)")],
    &[("dh-a", "1", "Depends: postfix"), ("dh-b", "1", "Depends: exim4")],
    &[("dh-old", "2", "Depends: editor")],
    &[("dh-old", "3", "Depends: nothing | editor")],
    &[("libfoo", "0.9", ""), ("dh-web", "1", "Depends: libbar, libfoo (>= 1)")],
];

/// More of them, of which apt is the judge: dose takes `:any` for no qualifier, though only `Multi-Arch: allowed` allows it.
const QUALIFIED: &[Packages] =
    &[&[("dh-web", "1", "Depends: libbaz:any")], &[("dh-web", "1", "Depends: libbaz:amd64")]];

#[test]
fn the_answer_is_that_of_apt_and_of_dose() {
    let (apt, mut answers) = (AptRoot::new(), [0, 0]);
    for (number, stacked) in STACKS.iter().chain(QUALIFIED).enumerate() {
        let stacked = packages(stacked);
        let shop = Shop::new(&stacked);
        let (report, code) = shop.report("");
        let installable = report["installable"].as_bool().unwrap();
        assert_eq!(code, if installable { 0 } else { 5 }, "{report}");
        if number < STACKS.len() {
            assert_eq!(installable, shop.dose(&stacked), "dose on {stacked:?}: {report}");
        }
        let ours = installable.then(|| {
            let own: BTreeSet<String> = stacked.iter().map(|package| package_name(package)).collect();
            &own | &named(&report["results"][0]["brings"])
        });
        assert_eq!(ours, shop.apt(&apt, &stacked), "apt on {stacked:?}: {report}");
        answers[usize::from(installable)] += 1;
    }
    assert!(answers.iter().all(|count| *count > 4), "{answers:?}");
}

#[test]
fn a_stack_that_can_be_installed_is_told_with_what_comes_with_it() {
    let shop = Shop::new(&[package("dh-web", "1.0", "Depends: libbar, libfoo")]);
    assert_transcript!(shop.playground.run("stack check 124"));
    assert_transcript!(shop.playground.run("base list"));
    assert_transcript!(shop.playground.run("stack seal 124"));
    let (again, _) = shop.report("");
    assert_eq!(again["kept"], true, "asked again it is known");
}

#[test]
fn a_stack_that_cannot_be_installed_is_explained_and_not_sealed_unless_forced() {
    let shop = Shop::new(&[package("dh-web", "1.0", "Depends: libfoo (>= 2)"), package("dh-tool", "1", "")]);
    let said = shop.playground.run("stack check 124");
    assert!(document("docs/checking.md").contains(&format!("console\n{}```", said.stdout)));
    assert_transcript!(said);
    let (report, _) = shop.report("");
    let facts = report["results"][0]["reasons"][0]["facts"].as_array().unwrap();
    let needs = facts.iter().find(|fact| fact["fact"] == "needs").unwrap();
    assert_eq!((&needs["relation"], &needs["short"][0]["version"]), (&"libfoo (>= 2)".into(), &"1.4".into()));
    assert_transcript!(shop.playground.run("stack seal 124"));
    assert_eq!(shop.playground.json("stack show 124")["sealed"], false);
    assert_eq!(shop.playground.run_words(&["stack", "seal", "124", "--force", " "]).code, 2);
    let said = shop.playground.run_words(&["stack", "seal", "124", "--force", "libfoo 2 comes tomorrow"]);
    assert_transcript!(said);
    let log = shop.playground.json("stack log 124");
    let (author, reason) = (log[0]["author"].as_str().unwrap(), log[0]["reason"].as_str().unwrap());
    assert!(author.starts_with("ada@"), "{author}");
    assert_eq!(
        reason,
        "forced (stack default/124@2 cannot be installed on bookworm@1): libfoo 2 comes tomorrow"
    );
    assert!(shop.playground.ok("repository log").contains("sealed, forced"));
}

#[test]
fn without_a_base_a_stack_is_sealed_and_said_not_to_be_checked() {
    let playground = Playground::new();
    playground.ok("stack create 124");
    let said = playground.run("stack seal 124");
    assert!(said.code == 0 && said.stderr.contains("not checked: no base is configured"), "{}", said.stderr);
    let said = playground.run("stack check 124");
    assert!(said.code == 3 && said.stderr.contains("base: …"), "{}", said.stderr);
}

#[test]
fn an_answer_of_the_past_can_be_had_again() {
    let shop = Shop::new(&[package("dh-web", "1.0", "Depends: libfoo (= 1.4)")]);
    let (first, code) = shop.report("");
    assert_eq!((code, &first["base"]["number"]), (0, &1.into()));
    // The distribution goes on, and the file with it: that is noticed.
    shop.playground.write("bookworm/Packages", &(package("libfoo", "1.5", "") + "\n"));
    let (now, code) = shop.report("");
    assert_eq!((code, &now["base"]["number"]), (5, &2.into()));
    let (then, code) = shop.report("--base bookworm@1");
    assert_eq!((code, &then["results"]), (0, &first["results"]));
    let log = shop.playground.json("base log bookworm");
    assert_eq!(log.as_array().unwrap().len(), 2);
    let lists = &shop.playground.json("base show bookworm@1")["lists"];
    assert_eq!(lists[0]["sha256"], first["base"]["lists"][0]["sha256"]);
    let unchanged = shop.playground.json("base update");
    assert_eq!((&unchanged[0]["changed"], &unchanged[0]["entry"]["number"]), (&false.into(), &2.into()));
    // What is lost or not what it was is no answer.
    let said = shop.playground.run("stack check 124 --base bookworm@7");
    assert!(said.code == 2 && said.stderr.contains("base bookworm has no entry 7"), "{}", said.stderr);
}

#[test]
fn a_list_of_packages_that_is_none_is_named_with_its_line() {
    let shop = Shop::new(&[package("dh-web", "1.0", "")]);
    shop.playground.write("bookworm/Packages", "Package: libfoo\nArchitecture: amd64\n");
    let said = shop.playground.run("stack check 124");
    assert!(
        said.code == 3 && said.stderr.contains("bookworm/Packages: line 1: the field `Version` is missing"),
        "{}",
        said.stderr
    );
    assert_eq!(shop.playground.run("base update nowhere").code, 3);
}

#[test]
fn what_is_recommended_counts_on_request() {
    let shop = Shop::new(&[package("dh-web", "1", "Recommends: viewer, libfoo"), package("dh-old", "2", "")]);
    assert_eq!(shop.report("").1, 0);
    let (report, code) = shop.report("--recommends");
    // What comes with the stack recommends too: the viewer's editor would break dh-old.
    assert_eq!(code, 5, "{report}");
    let said = shop.playground.run("stack check 124 --recommends").stdout;
    assert!(said.contains("viewer 1 (bookworm) recommends editor: editor 1 (bookworm)"), "{said}");
    let (report, code) = shop.report("--recommends --only dh-web");
    assert_eq!((code, named(&report["results"][0]["brings"]).len()), (0, 3), "{report}");
    shop.stack("125", &[package("dh-web", "2", "Recommends: editor"), package("dh-old", "2", "")]);
    assert_eq!(shop.playground.run("stack check 125").code, 0);
    let said = shop.playground.run("stack check 125 --recommends");
    assert!(said.code == 5 && said.stdout.contains("dh-web 2 recommends editor"), "{}", said.stdout);
}

#[test]
fn hosts_with_different_roles_need_not_have_everything() {
    let stacked = [
        package("dh-mail", "1", "Depends: postfix"),
        package("dh-relay", "1", "Depends: exim4"),
        package("dh-tool", "1", "Depends: libfoo"),
    ];
    let shop = Shop::new(&stacked);
    assert_eq!(shop.report("").1, 5);
    let roles = "--set roles.mail=[dh-mail\\,dh-absent],roles.relay=dh-relay,roles.empty=dh-absent";
    let check = |options: &str| shop.playground.run(&format!("{roles} stack check 124 {options}"));
    assert_transcript!(check(""));
    let report = shop.playground.json(&format!("{roles} stack check 124"));
    let apt = AptRoot::new();
    for (number, own) in [(0, [0, 2]), (1, [1, 2])] {
        let own = own.map(|at| stacked[at].clone());
        let result = &report["results"][number];
        let names: BTreeSet<String> = own.iter().map(|package| package_name(package)).collect();
        assert_eq!(Some(&names | &named(&result["brings"])), shop.apt(&apt, &own), "{result}");
    }
    assert_eq!(check("--role mail").code, 0);
    let absent = |role: &str| serde_json::json!({"role": role, "packages": ["dh-absent"]});
    assert_eq!(report["absent"], serde_json::json!([absent("mail"), absent("empty")]));
    let said = check("--role mail");
    assert!(
        said.stderr.contains("role mail names what is not in stack default/124@2: dh-absent"),
        "{}",
        said.stderr
    );
    let of_none = "--set roles.all=[dh-mail\\,dh-relay\\,dh-tool],roles.db=dh-nope stack check 124 --role db";
    let said = shop.playground.run(of_none);
    assert!(
        said.code == 3 && said.stderr.contains("no package of stack default/124@2 is for role `db`"),
        "{}",
        said.stderr
    );
    let said = check("--role mails");
    assert!(said.code == 3 && said.stderr.contains("did you mean `mail`?"), "{}", said.stderr);
    assert_eq!(check("--role mail --only dh-mail").code, 2);
    assert_eq!(check("--only dh-mail --only dh-relay").code, 5);
}

/// Two stacks, and whether hosts can go from the first to the second, and back.
struct Ways {
    old: Packages,
    new: Packages,
    forth: bool,
    back: bool,
}

const WAYS: &[Ways] = &[
    Ways {
        old: &[("dh-web", "1", "Depends: libfoo"), ("dh-gone", "1", "")],
        new: &[("dh-web", "2", "Depends: libfoo, libbaz"), ("libfoo", "2", "")],
        forth: true,
        back: true,
    },
    Ways {
        old: &[("dh-mail", "1", "Depends: postfix")],
        new: &[("dh-mail", "2", "Depends: exim4")],
        forth: false,
        back: true,
    },
    // The editor that comes with the new stack breaks what was in the old one.
    Ways {
        old: &[("dh-old", "2", "Depends: libfoo")],
        new: &[("dh-old", "3", "Depends: editor")],
        forth: true,
        back: false,
    },
];

/// What apt would remove from a machine to bring it to these packages.
pub(crate) fn removed(apt: &AptRoot, stacked: &[String]) -> Vec<String> {
    let set: Vec<String> = stacked.iter().map(|package| package_name(package).replace(' ', "=")).collect();
    let words = ["-s", "--allow-downgrades", "install"].into_iter();
    let output = apt.run(&words.chain(set.iter().map(String::as_str)).collect::<Vec<_>>());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said.lines().filter(|line| line.starts_with("Remv ")).map(str::to_owned).collect()
}

#[test]
fn hosts_can_go_where_apt_removes_nothing() {
    for Ways { old, new, forth, back } in WAYS {
        let (old, new) = (packages(old), packages(new));
        let (shop, result, code, told) = Shop::between([&distribution(), &old, &new]);
        assert_eq!(code, if *forth && *back { 0 } else { 5 }, "{told}");
        assert_eq!(result["forth"]["possible"], *forth, "{told}");
        let apt = AptRoot::new();
        shop.know(&apt);
        let install = |stacked: &[String]| {
            let set: Vec<String> =
                stacked.iter().map(|package| package_name(package).replace(' ', "=")).collect();
            let words = ["--allow-downgrades", "install"].into_iter();
            apt.check(&words.chain(set.iter().map(String::as_str)).collect::<Vec<_>>());
        };
        install(&old);
        assert_eq!(removed(&apt, &new).is_empty(), *forth);
        if *forth {
            assert_eq!(result["back"]["possible"], *back, "{told}");
            install(&new);
            assert_eq!(removed(&apt, &old).is_empty(), *back);
        }
    }
}

#[test]
fn a_channel_that_asks_for_it_moves_only_to_what_can_be_installed_and_left_again() {
    let shop = Shop::new(&[package("dh-mail", "2", "Depends: exim4")]);
    shop.stack("123", &[package("dh-mail", "1", "Depends: postfix")]);
    shop.stack("125", &[package("dh-mail", "3", "Depends: postfix, libfoo (>= 2)")]);
    let playground = &shop.playground;
    for stack in ["123", "124"] {
        playground.ok(&format!("stack seal {stack}"));
    }
    playground.run_words(&["stack", "seal", "125", "--force", "for a test"]);
    let promote = |stack: &str| {
        playground.run(&format!("--set channels.live.checked=yes promote {stack} --to live --unsigned"))
    };
    assert_transcript!(promote("123"));
    assert_transcript!(promote("124"));
    let said = promote("125");
    assert!(said.code == 5 && said.stderr.contains("libfoo (>= 2)"), "{}", said.stderr);
    assert!(playground.ok("channel list").contains("default/123@"));
    assert!(promote("123").stdout.contains("already"), "it is there");
    let words =
        "--set channels.live.checked=yes promote 124 --to live --unsigned -m moved --force".split(' ');
    let said = playground.run_words(&words.chain(["all mail was read"]).collect::<Vec<_>>());
    assert_eq!(said.code, 0, "{}", said.stderr);
    let log = &playground.json("channel log live")["entries"];
    let reason = log[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("moved; forced (hosts that have stack default/123@"), "{reason}");
    assert!(reason.ends_with("): all mail was read"), "{reason}");
    let log = &playground.json("repository log")["entries"];
    assert_eq!([&log[0]["forced"], &log[1]["forced"]], [true, false]);
    let forced = |stack: &str| {
        let line =
            format!("--set channels.live.checked=yes promote {stack} --to live --unsigned --force why");
        playground.run(&line)
    };
    // Hosts were not asked when they left, and cannot go back.
    let said = promote("123");
    assert!(said.code == 5 && said.stderr.contains("--force REASON"), "{}", said.stderr);
    assert_eq!(forced("123").code, 0);
    assert_eq!(promote("124").code, 5, "forced there and forced back is no way there");
    assert!(!forced("125").stderr.contains("nothing had to be forced"));
    assert_eq!(promote("124").code, 5, "that is no return");
    assert_eq!(forced("123").code, 0);
    let said = forced("123");
    assert!(said.code == 0 && said.stderr.contains("nothing had to be forced"), "{}", said.stderr);
    let said = playground.run("--format json stack check 123 --from 124");
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(report["lower"], serde_json::json!([{"name": "dh-mail", "from": "2", "to": "1"}]));
    let said = playground.run("stack check 123 --from 124");
    assert!(
        said.stderr.contains("1 package is lower than what hosts that have stack default/124@"),
        "{}",
        said.stderr
    );
    // A check that cannot be made is not passed.
    let said = playground
        .run("--set channels.live.checked=yes,base=,domains.default.base= promote 124 --to live --unsigned");
    assert!(said.code == 3 && said.stderr.contains("base"), "{} {}", said.code, said.stderr);
}

#[test]
fn a_channel_stands_for_the_stack_that_it_shows_where_no_stack_has_its_name() {
    let shop = Shop::new(&[package("dh-web", "2", "Depends: libfoo")]);
    shop.stack("123", &[package("dh-web", "1", "Depends: libfoo")]);
    let playground = &shop.playground;
    playground.ok("stack seal 123");
    let said = playground.run("stack check 124 --from live");
    assert!(said.code == 2 && said.stderr.contains("no stack or channel is called"), "{}", said.stderr);
    playground.ok("promote 123 --to live --unsigned");
    let said = playground.run("stack check 124 --from live");
    assert!(said.stdout.contains("and hosts go there from default/123@3, and back"), "{}", said.stdout);
    assert!(said.stderr.contains("channel default/live shows stack default/123@3"), "{}", said.stderr);
    let diff = |names: &str| playground.json(&format!("stack diff {names}"));
    assert_eq!(diff("live 124"), diff("123 124"));
    assert_eq!(diff("124 live"), diff("124 123"));
    let said = playground.run("stack diff live@1 124");
    assert!(said.code == 2 && said.stderr.contains("there is no stack default/live"), "{}", said.stderr);
    assert_eq!(diff("default/live 124"), diff("123 124"));
    playground.ok("--set signing.folder=keys key generate archive");
    // A channel that is mistyped is no stack that should be made: no channel could have its name then.
    for line in [
        "stack check 124 --from lve",
        "stack diff lve 124",
        "stack diff 124 lve",
        "publish lve --unsigned",
        "--set signing.folder=keys,signing.keys=archive verify lve",
    ] {
        let said = playground.run(line);
        assert_eq!(said.code, 2, "{line}: {}", said.stderr);
        let wanted = "error: no stack or channel is called default/lve\nhint: did you mean `default/live`? see `gachette stack list`";
        assert!(said.stderr.contains(wanted), "{line}: {}", said.stderr);
        assert!(!said.stderr.contains("stack create"), "{line}: {}", said.stderr);
    }
    let said = playground.run("stack diff 124 anything");
    assert!(
        said.stderr.contains("hint: see `gachette stack list` and `gachette channel list`"),
        "{}",
        said.stderr
    );
}
