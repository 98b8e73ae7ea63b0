//! Package records that somebody edited who has no key, with a sum that fits: nothing that they say is signed or kept as ours.

use std::fs;
use std::path::PathBuf;

use crate::playground::Playground;
use crate::republished::KEY;
use crate::shop::{Shop, package};
use crate::verify::forge;

/// A stack of two packages on a base on which one of them cannot be installed, and a key.
fn shop() -> Shop {
    let packages =
        [package("dh-web", "1.0", "Depends: dh-lib"), package("dh-lib", "1.0", "Depends: nowhere")];
    let shop = Shop::on(&[package("libfoo", "1.4", "")], &packages);
    shop.playground.ok("--set signing.folder=keys key generate archive --email archive@example.org");
    shop
}

fn record(playground: &Playground, name: &str) -> PathBuf {
    playground.path(&format!("repository/packages/{name}/version/1.0/amd64.json"))
}

fn index(playground: &Playground, suite: &str) -> String {
    let path = format!("repository/dists/default/{suite}/main/binary-amd64/Packages");
    fs::read_to_string(playground.path(&path)).unwrap()
}

#[test]
fn what_is_published_without_a_signature_is_signed_by_nobody_later() {
    let Shop { playground, .. } = &shop();
    let record = record(playground, "dh-web");
    let true_record = fs::read(&record).unwrap();
    forge(&record, "\"dh-lib\"", "\"evil\"");
    let refused = |line: &str| {
        let said = playground.run(&format!("{KEY} {line}"));
        assert!(said.code != 0 && said.stderr.contains("it was edited"), "{line}: {}", said.stderr);
    };
    refused("publish 124");
    playground.ok(&format!("{KEY} publish 124 --unsigned"));
    assert!(index(playground, "124").contains("Depends: evil"));
    refused("publish 124");
    // Nor when the indices of such a suite are made again.
    fs::remove_dir_all(playground.path("repository/index-parts")).unwrap();
    fs::remove_file(playground.path("repository/dists/default/124/main/binary-amd64/Packages.gz")).unwrap();
    let said = playground.run(&format!("{KEY} repository fsck --repair"));
    assert!(said.code == 5 && said.stdout.contains("Packages.gz: out of date (mended)"), "{}", said.stdout);
    refused("publish 124");
    fs::write(&record, true_record).unwrap();
    playground.ok(&format!("{KEY} publish 124"));
    assert!(!index(playground, "124").contains("evil"));
    playground.ok(&format!("{KEY} verify 124"));
}

#[test]
fn no_statement_names_a_file_that_is_in_no_revision() {
    let Shop { playground, .. } = &shop();
    let record = record(playground, "dh-web");
    playground.ok(&format!("{KEY} publish 124"));
    let true_record = fs::read(&record).unwrap();
    let text = String::from_utf8(true_record.clone()).unwrap();
    let sum = text.split("\"sha256\": \"").nth(1).unwrap()[..64].to_owned();
    forge(&record, &sum, &"0".repeat(64));
    let said = playground.run(&format!("{KEY} stack seal 124 --force test"));
    assert!(said.stderr.contains("of another package file than the stack's"), "{}", said.stderr);
    assert!(!playground.path(&format!("repository/statements/00/{}.json", "0".repeat(64))).exists());
    fs::write(&record, true_record).unwrap();
    playground.ok(&format!("{KEY} stack seal 124"));
    playground.ok(&format!("{KEY} publish 124"));
    playground.ok(&format!("{KEY} verify 124"));
}

#[test]
fn no_stack_is_found_installable_by_what_is_in_no_package() {
    let Shop { playground, .. } = &shop();
    let record = record(playground, "dh-lib");
    let check = || playground.run(&format!("{KEY} stack check 124"));
    assert_eq!(check().code, 5, "{}", check().stdout);
    let true_record = fs::read(&record).unwrap();
    fs::remove_dir_all(playground.path("repository/checks")).unwrap();
    forge(&record, "\"nowhere\"", "\"libfoo\"");
    let said = check();
    assert!(said.code != 0 && said.stderr.contains("it was edited"), "{}{}", said.stdout, said.stderr);
    // Who has no key believes what is there, and his answer is believed by nobody who has one.
    assert_eq!(playground.run("stack check 124").code, 0);
    fs::write(&record, true_record).unwrap();
    let said = check();
    assert!(said.code == 5 && said.stdout.contains("nowhere"), "{}{}", said.stdout, said.stderr);
}

#[test]
fn a_list_of_files_is_of_the_package_that_the_file_is_of() {
    let Shop { playground, .. } = &shop();
    let contents = format!("{KEY} --set publish.contents=true");
    let record = record(playground, "dh-web");
    forge(&record, "\"name\": \"dh-web\"", "\"name\": \"base-files\"");
    for order in ["publish 124", "publish 124 --unsigned"] {
        let _ = playground.run(&format!("{contents} {order}"));
        let path = playground.path("repository/dists/default/124/main/Contents-amd64");
        let text = fs::read_to_string(path).unwrap_or_default();
        assert!(!text.contains("base-files"), "{order}: {text}");
    }
}

#[test]
fn a_signature_is_not_taken_off_for_what_was_once_known_of_a_suite() {
    let Shop { playground, .. } = &shop();
    let state = playground.path("repository/domain/default/suites/124.json");
    playground.ok(&format!("{KEY} publish 124 --unsigned"));
    let before = fs::read(&state).unwrap();
    playground.ok(&format!("{KEY} publish 124"));
    fs::write(&state, before).unwrap();
    let said = playground.run(&format!("{KEY} publish --all"));
    assert!(
        said.code != 0 && said.stderr.contains("and it is signed; publish it by its name"),
        "{}",
        said.stderr
    );
    assert!(playground.path("repository/dists/default/124/InRelease").exists());
    playground.ok(&format!("{KEY} publish 124"));
    playground.ok(&format!("{KEY} publish --all"));
    playground.ok(&format!("{KEY} verify 124"));
}

#[test]
fn a_channel_keeps_no_architecture_that_nobody_signed() {
    let Shop { playground, .. } = &shop();
    playground.ok(&format!("{KEY} stack seal 124 --force test"));
    playground.ok(&format!("{KEY} promote 124 --to live"));
    let release = playground.path("repository/dists/default/live/Release");
    let text = fs::read_to_string(&release).unwrap();
    assert!(text.contains("Architectures: all amd64\n"), "{text}");
    fs::write(&release, text.replace("Architectures: all amd64\n", "Architectures: all amd64 m68k\n"))
        .unwrap();
    playground.ok("stack create 125 --from 124");
    playground.ok(&format!("{KEY} stack seal 125 --force test"));
    playground.ok(&format!("{KEY} promote 125 --to live"));
    let text = fs::read_to_string(&release).unwrap();
    assert!(text.contains("Architectures: all amd64\n"), "{text}");
}
