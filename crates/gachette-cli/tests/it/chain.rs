//! The whole chain: from a ref to packages in a stack.

use gachette_testkit::GitRepository;
use serde_json::Value;

use crate::assert_transcript;
use crate::playground::Playground;

/// A project with an application, its service, a configuration in two variants, and static files.
pub(crate) struct Chain {
    pub(crate) playground: Playground,
    pub(crate) source: GitRepository,
}

const APPLICATION: &str = "
name: shop
type: application
description: Sells things
extra_files:
  - {name: shop, type: binary, template: deploy/shop.sh}
services:
  - {name: shop_till, type: systemd, binary_name: shop}
";
const CONFIGURATION: &str = "
default:
  name: shop_config
  type: configuration
  shop: {title: Shop}
live:
  name_suffix: _live
";

impl Chain {
    pub(crate) fn new() -> Self {
        let source = GitRepository::new();
        source.write(".missile.yml", APPLICATION).write("config.yml", CONFIGURATION);
        source.write(
            "deploy/shop.sh",
            "{% extends base_template %}\n{% block command_body %}\nexec true\n{% endblock %}\n",
        );
        source.write("shop.py", "print('open')\n");
        source.commit("Open the shop");
        let configuration = format!(
            "meta_path: repository\nworking_copies: working_copies\n\
             projects.shop.url: {url}\nprojects.config: {{url: {url}, path_to_missile: config.yml}}\n",
            url = source.path().display()
        );
        let playground = Playground::with_configuration(&configuration);
        playground.ok("stack create 124");
        Self { playground, source }
    }
}

/// The names and states of the packages of a build.
fn states(build: &Value) -> Vec<(String, String)> {
    let packages = build["outcome"]["packages"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    packages.iter().map(|package| (text(&package["name"]), text(&package["state"]))).collect()
}

fn built(names: &[&str], state: &str) -> Vec<(String, String)> {
    names.iter().map(|name| ((*name).to_owned(), state.to_owned())).collect()
}

#[test]
fn the_log_of_a_build_that_talks_without_end_is_bounded_and_has_its_end() {
    let chain = Chain::new();
    let step = "yes $(printf %08000d 7) | head -n 9000; echo the last words; exit 3";
    let recipe = format!("name: web\ntype: application\nbuild_assets: [{}]\n", serde_json::json!(step));
    chain.source.commit_file("loud.yml", &recipe);
    let said = chain.playground.run("--format json quick 124 shop --missile loud.yml");
    let failure: Value = serde_json::from_str(&said.stdout).unwrap();
    let log =
        failure["log"].as_str().unwrap().replace("[folder]", chain.playground.path("").to_str().unwrap());
    let log = std::fs::read_to_string(log).unwrap();
    assert!((60 << 20..=64 << 20).contains(&log.len()), "{}", log.len());
    let end: Vec<&str> = log.lines().rev().take(2).collect();
    assert!(end[0].contains(" error: ") && end[1].ends_with(" the last words"), "{end:?}");
    assert!(log.contains("lines are left out here"));
}

#[test]
fn quick_builds_a_ref_into_a_stack_in_one_revision() {
    let chain = Chain::new();
    let build = chain.playground.json("quick 124 shop --ref main");
    assert_eq!(states(&build), built(&["dh-shop-till", "dh-shop"], "built"));
}

#[test]
fn the_version_names_the_commit_and_the_ref() {
    let chain = Chain::new();
    chain.source.branch("feature/new_door");
    let build = chain.playground.json("quick 124 config --ref feature/new_door");
    let short = &chain.source.head()[..7];
    for package in build["outcome"]["packages"].as_array().unwrap() {
        assert_eq!(package["version"], format!("0.0.1rev{short}-feature-new-door"));
    }
    assert_eq!(build["outcome"]["working_copy"]["name"], "config_feature-new_door");
}

#[test]
fn what_was_built_already_is_recognised() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 config");
    let again = chain.playground.json("quick 124 config");
    assert_eq!(states(&again), built(&["dh-shop-config", "dh-shop-config-live"], "already_there"));
    assert_eq!(again["outcome"]["stack"]["changed"], false);
    assert_transcript!(chain.playground.run("quick 124 config"));
}

#[test]
fn a_rebuild_says_whether_the_bytes_came_out_the_same() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 config");
    let again = chain.playground.json("quick 124 config --rebuild");
    assert_eq!(states(&again), built(&["dh-shop-config", "dh-shop-config-live"], "rebuilt_same"));
}

#[test]
fn a_failing_build_leaves_the_stack_as_it_was_and_shows_where_it_failed() {
    let chain = Chain::new();
    chain.source.commit_file("deploy/shop.sh", "{% extends base_template %}\n{{ nothing_like_it }}\n{% block command_body %}{{ nothing_like_it }}{% endblock %}\n");
    let said = chain.playground.run("quick 124 shop");
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert!(said.stderr.contains("nothing_like_it"), "{}", said.stderr);
    assert_eq!(chain.playground.json("stack show 124")["revision"], 1);
    let log = said.stderr.lines().find_map(|line| line.strip_prefix("log: ")).unwrap();
    let log = log.replace("[folder]", chain.playground.path("").to_str().unwrap());
    assert!(std::fs::read_to_string(log).unwrap().contains("nothing_like_it"));
}

#[test]
fn a_key_that_is_nearly_a_known_one_is_warned_about_while_building() {
    let chain = Chain::new();
    chain.source.commit_file("typo.yml", "name: web\ntype: application\nbuidl_assets: [make]\n");
    let said = chain.playground.run("quick 124 shop --missile typo.yml");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("warning: missile 3:1: ") && said.stderr.contains("`build_assets`"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_tasks_of_old_scripts_do_the_whole_chain() {
    let chain = Chain::new();
    let short = chain.source.head()[..7].to_owned();
    let commit = chain.playground.ok("prepare:shop");
    assert_eq!(commit.trim(), chain.source.head());
    let version = format!("2.{short}");
    chain.playground.ok(&format!("build:shop,app_version={version},service_version={version}"));
    let meta = chain.playground.path("repository");
    let file = std::fs::read_dir(meta.join("debs")).unwrap().map(|entry| entry.unwrap().file_name());
    let file = file.map(|name| name.into_string().unwrap()).find(|name| name.ends_with("all.deb")).unwrap();
    let package = file.split(&format!("-{version}")).next().unwrap();
    chain.playground.ok(&format!("add_to_stack:{package},{version},{file},{},124", meta.display()));
    let tree = meta.join(format!("domain/default/stacks/124/packages/{package}/version"));
    assert_eq!(std::fs::read_to_string(tree).unwrap(), format!("{version}\n"));
    let reference = meta.join(format!("packages/{package}/version/{version}/file"));
    assert_eq!(std::fs::read_to_string(reference).unwrap(), format!("{file}\n"));
}

#[test]
fn a_version_in_a_stack_never_changes_its_bytes() {
    let chain = Chain::new();
    chain.playground.ok("prepare config");
    chain.playground.ok("build config --app-version 1.0");
    chain.playground.ok("stack add 124 dh-shop-config-1.0-all.deb");
    chain.playground.ok("build config --app-version 1.0");
    chain.source.commit_file("config.yml", CONFIGURATION.replace("Shop", "Store"));
    chain.playground.ok("prepare config");
    let said = chain.playground.run("build config --app-version 1.0");
    assert_eq!(said.code, 5, "{}", said.stderr);
    chain.playground.ok("repository fsck");
}

#[test]
fn a_second_stack_is_compared_with_the_first() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 config");
    chain.source.commit_file("config.yml", CONFIGURATION.replace("Shop", "Store"));
    chain.playground.ok("stack create 125 --from 124");
    chain.playground.ok("quick 125 config");
    let diff = chain.playground.json("stack diff 124 125");
    assert_eq!(diff["packages"].as_array().unwrap().len(), 2);
    assert_eq!(chain.playground.json("stack diff 125 125")["unchanged"], 2);
}

#[test]
fn a_working_copy_is_refreshed_from_where_it_came_when_nothing_else_is_said() {
    let chain = Chain::new();
    chain.playground.ok(&format!("prepare other --url {}", chain.source.path().display()));
    let commit = chain.source.commit_file("more", "1");
    assert_eq!(chain.playground.ok("prepare:other").trim(), commit);
}

#[test]
fn what_a_recipe_prints_moves_no_cursor() {
    let chain = Chain::new();
    let step = r#"build_assets: ["printf '\\033]0;title\\007\\033[2Jfail\\n' >&2; false"]"#;
    chain.source.commit_file("evil.yml", format!("name: evil\ntype: application\n{step}\n"));
    let said = chain.playground.run("quick 124 shop --missile evil.yml");
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert!(
        said.stderr.contains("fail") && !said.stderr.contains('\u{1b}'),
        "{}",
        said.stderr.escape_debug()
    );
    let log = said.stderr.lines().find_map(|line| line.strip_prefix("log: ")).unwrap();
    let log = log.replace("[folder]", chain.playground.path("").to_str().unwrap());
    assert!(!std::fs::read_to_string(log).unwrap().contains('\u{1b}'));
}

#[test]
fn a_build_without_a_place_for_its_log_is_built_all_the_same() {
    let chain = Chain::new();
    let output = chain.playground.command(&["quick", "124", "config"]).env("HOME", "/proc").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("cannot write the build log"), "{said}");
}

#[test]
fn source_date_epoch_is_the_time_of_everything_and_one_of_the_inputs() {
    let chain = Chain::new();
    let build = |epoch: &str| {
        let words = ["--format", "json", "quick", "124", "config"];
        let output = chain.playground.command(&words).env("SOURCE_DATE_EPOCH", epoch).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(build("86400").0, Some(0));
    assert!(build("86400").1.contains("already_there"));
    assert_eq!(build("172800").0, Some(5), "other bytes for a known version");
    let debs = chain.playground.path("repository/debs");
    let deb = std::fs::read_dir(debs).unwrap().map(|entry| entry.unwrap().path());
    let deb =
        deb.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "deb")).unwrap();
    let listing =
        std::process::Command::new("dpkg-deb").arg("--contents").arg(deb).env("TZ", "UTC").output().unwrap();
    let listing = String::from_utf8(listing.stdout).unwrap();
    assert!(listing.lines().all(|line| line.contains("1970-01-02 00:00")), "{listing}");
}

#[test]
fn a_missile_that_is_no_regular_file_is_not_read_without_end() {
    let chain = Chain::new();
    let working_copy = chain.playground.path("working_copies/shop");
    chain.playground.ok("prepare shop");
    assert!(std::process::Command::new("mkfifo").arg(working_copy.join("pipe")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", working_copy.join("zero")).unwrap();
    for name in ["pipe", "zero"] {
        let said = chain.playground.run(&format!("build shop --missile {name}"));
        assert_eq!((said.code, said.stderr.contains("it is no regular file")), (4, true), "{}", said.stderr);
    }
}
