//! Channels that are checked: which moves are known to have a way back.

use serde_json::Value;

use crate::checking::{Shop, package};

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
