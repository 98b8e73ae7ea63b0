//! Channels that are checked: which moves are known to have a way back.

use serde_json::Value;

use crate::shop::{Shop, package};

#[test]
fn only_a_move_that_was_found_to_have_a_way_back_is_undone_without_asking_for_one() {
    let shop = Shop::new(&[package("dh-web", "2", "Depends: libfoo")]);
    shop.stack("123", &[package("dh-web", "1", "Depends: libfoo")]);
    let playground = &shop.playground;
    for stack in ["123", "124"] {
        playground.ok(&format!("stack seal {stack}"));
    }
    let newest = || playground.json("channel log live -n 1")["entries"][0].clone();
    let promote = |stack: &str| {
        playground.ok(&format!("--set channels.live.checked=yes promote {stack} --to live --unsigned"));
        (newest()["format"].clone(), newest()["change"]["both_ways"].clone())
    };
    let (asked, unasked) = ((Value::from(3), Value::from(true)), (Value::from(1), Value::Null));
    assert_eq!(promote("123"), unasked, "no host was anywhere before");
    assert_eq!(promote("124"), asked);
    playground.ok("promote --to live --hold night");
    playground.ok("promote --to live --release");
    assert_eq!(promote("123"), unasked, "back to where hosts came from");
    assert_eq!(promote("124"), asked, "a return is no leave to go forth");
    // Who asked for no check knows of no way back.
    playground.ok("promote 123 --to live --unsigned");
    assert_eq!(promote("124"), asked);
    playground.ok("repository fsck");
}

#[test]
fn where_hosts_come_back_by_a_command_alone_they_can_go_and_the_way_back_is_asked_for() {
    let new = [
        package("dh-web", "2", "Depends: dh-new"),
        package("dh-new", "2", "Breaks: dh-old (<< 2)\nReplaces: dh-old (<< 2)"),
    ];
    let shop = Shop::new(&new);
    shop.stack("123", &[package("dh-web", "1", "Depends: dh-old"), package("dh-old", "1", "")]);
    let playground = &shop.playground;
    for stack in ["123", "124"] {
        playground.ok(&format!("stack seal {stack}"));
    }
    let checked = "--set channels.live.checked=yes";
    let promote = |line: &str| playground.run(&format!("{checked} promote {line} --to live --unsigned"));
    assert_eq!(promote("123").code, 0);
    let command = "`apt-get dist-upgrade dh-new-`";
    for line in ["124 --dry-run", "124"] {
        let said = promote(line);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(said.stderr.contains(&format!("hosts come back with {command} alone")), "{}", said.stderr);
    }
    let said = promote("123");
    assert!(said.code == 5 && said.stderr.contains(command), "{}", said.stderr);
    assert_eq!(promote("123 --force broken").code, 0);
}
