//! Where packages come from, and how they were built.

use std::fs;

use gachette_core::Sha256Digest;
use gachette_core::debian::Buildinfo;

use crate::chain::Chain;
use crate::hosts::{Hosts, project};

/// The files of a folder and below it, by path.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn how_the_packages_of_a_build_were_built_is_kept_once_and_printed() {
    let chain = Chain::new();
    let build = chain.playground.json("quick 124 shop");
    let shown = chain.playground.json("package show dh-shop");
    let record = &shown["versions"][0]["files"][0];
    let digest = record["provenance"]["buildinfo"].as_str().unwrap();
    assert_eq!(record["format"], 2);
    assert_eq!(record["provenance"]["missile"], ".missile.yml");
    let text = chain.playground.ok("package buildinfo dh-shop");
    assert_eq!(Sha256Digest::of(text.as_bytes()).to_string(), digest);
    let time = chain.source.git(&["log", "-1", "--format=%ct"]);
    assert!(text.contains(&format!("\n SOURCE_DATE_EPOCH=\"{}\"\n", time.trim())), "{text}");
    let listed = Buildinfo::files_of(&text).unwrap();
    for package in build["outcome"]["packages"].as_array().unwrap() {
        assert_eq!(
            listed[package["file_name"].as_str().unwrap()].to_string(),
            package["sha256"].as_str().unwrap()
        );
    }
    assert_eq!(files(&chain.playground.path("repository/buildinfo")).len(), 1);
    assert!(chain.playground.ok("package show dh-shop").contains(&digest[..12]));
    // Built again, the packages keep what is known of them.
    chain.playground.ok("quick 124 shop --rebuild");
    assert_eq!(chain.playground.json("package show dh-shop")["versions"][0]["files"][0], *record);
    chain.playground.ok("repository fsck");
    let kept = chain.playground.path(&format!("repository/buildinfo/{}/{digest}.buildinfo", &digest[..2]));
    fs::write(&kept, text.replace("Format: 1.0", "Format: 1.1")).unwrap();
    assert!(chain.playground.run("repository fsck").stdout.contains("changed: it is not what its name says"));
    fs::remove_file(&kept).unwrap();
    assert!(chain.playground.run("repository fsck").stdout.contains(".buildinfo: lost: packages/dh-shop"));
    assert_eq!(chain.playground.run("package buildinfo dh-shop").code, 2);
    assert_eq!(chain.playground.run("package buildinfo dh-shop --version 7").code, 2);
}

#[test]
fn packages_that_are_only_built_have_it_beside_them() {
    let chain = Chain::new();
    chain.playground.ok("prepare shop");
    chain.playground.ok("build shop --app-version 2.0");
    let text =
        fs::read_to_string(chain.playground.path("repository/debs/dh-shop_2.0_all.buildinfo")).unwrap();
    assert!(Buildinfo::files_of(&text).unwrap().contains_key("dh-shop-2.0-all.deb"), "{text}");
    let report = chain.playground.json("repository fsck");
    let told: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert!(!told.iter().any(|path| path.ends_with(".buildinfo")), "{told:?}");
}

#[test]
fn what_a_host_says_of_its_build_comes_with_the_packages() {
    let source = project("true");
    let hosts = Hosts::visited(&format!(
        "projects.web.url: {}\nhosts: build1\nrepository: here\n",
        source.path().display()
    ));
    hosts.ok("stack create 7");
    hosts.ok("quick 7 web");
    let text = hosts.ok("package buildinfo dh-web");
    let debs = files(&hosts.path("repository/debs"));
    for (name, sha256) in Buildinfo::files_of(&text).unwrap() {
        let deb = debs.iter().find(|path| path.ends_with(&name)).unwrap();
        assert_eq!(Sha256Digest::of(&fs::read(deb).unwrap()), sha256);
    }
    hosts.ok("repository fsck");
    // Recognised on the host, it is still known.
    hosts.ok("stack create 8");
    fs::remove_dir_all(hosts.path("repository")).unwrap();
    hosts.ok("stack create 8");
    hosts.ok("quick 8 web");
    assert_eq!(hosts.ok("package buildinfo dh-web"), text);
}

#[test]
fn what_says_how_packages_were_built_goes_with_the_last_of_them() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 shop");
    let kept = files(&playground.path("repository/buildinfo"));
    let signing = "--set signing.folder=keys,signing.keys=archive";
    playground.ok(&format!("{signing} key generate archive"));
    playground.ok("stack seal 124");
    playground.ok(&format!("{signing} publish 124"));
    let statements = files(&playground.path("repository/statements"));
    assert_eq!(statements.len(), 3, "of the stack and its packages");
    chain.source.commit_file("shop.py", "print('open all day')\n");
    playground.ok("stack create 125");
    playground.ok("quick 125 shop");
    assert_eq!(files(&playground.path("repository/buildinfo")).len(), 2);
    playground.ok("stack delete 125 --yes");
    playground.ok("repository gc --apply --keep-for 1ms");
    assert_eq!(files(&playground.path("repository/buildinfo")), kept);
    assert_eq!(files(&playground.path("repository/statements")), statements);
    playground.ok(&format!("{signing} verify 124"));
    playground.ok("repository fsck");
}
