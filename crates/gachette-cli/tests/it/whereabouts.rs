//! `gachette package where`, from the command line.

use crate::assert_transcript;
use crate::chain::Chain;
use crate::playground::Playground;

#[test]
fn a_package_is_found_in_stacks_and_channels_now_and_before() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("prepare config");
    playground.ok("build config --app-version 1.0");
    playground.ok("build config --app-version 2.0");
    playground.ok("stack add 124 dh-shop-config-1.0-all.deb");
    playground.ok("stack add 124 dh-shop-config-2.0-all.deb");
    playground.ok("stack create 125 --from 124@2");
    playground.ok("stack create 126 --from 124@2");
    playground.ok("stack delete 126 --yes");
    playground.ok("stack seal 125");
    playground.ok("promote 125 --to live --unsigned");
    assert_transcript!(playground.run("package where dh-shop-config"));
    assert_transcript!(playground.run("package where dh-shop-config=1.0 --all"));
    assert_transcript!(playground.run("package where dh-shop-config=3.0"));
    assert_transcript!(playground.run("package where dh-nothing"));
    let found = playground.json("package where dh-shop-config=2.0");
    assert_eq!(found["stacks"][0]["stack"], "default/124");
    assert_eq!(found["channels"], serde_json::json!([]));
    assert_eq!(playground.json("package where dh-shop-config --version 2.0"), found);
    let said = playground.run("package where dh-shop-config=2.0 --version 1.0");
    assert!(said.code == 2 && said.stderr.contains("2.0 and 1.0 are two versions"), "{}", said.stderr);
}

#[test]
fn what_is_in_no_stack_is_said_to_be_in_none() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 config");
    chain.playground.ok("stack remove 124 dh-shop-config");
    let said = chain.playground.run("package where dh-shop-config");
    assert_eq!((said.code, said.stdout.as_str()), (0, ""));
    assert!(said.stderr.contains("`--all` looks at earlier revisions too"), "{}", said.stderr);
    assert!(chain.playground.ok("package where dh-shop-config --all").contains("earlier"));
}

#[test]
fn text_that_names_no_package_is_refused() {
    let playground = Playground::new();
    for text in ["", "=1.0", "dh-web=", "DH WEB", "dh-web=1 0", "../x=1"] {
        assert_eq!(playground.run_words(&["package", "where", text]).code, 2, "{text:?}");
    }
}
