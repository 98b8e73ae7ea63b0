//! Faults of the original tool, each with the test that would catch its return.

use crate::chain::Chain;
use crate::playground::Playground;

const STATIC: &str = "
name: pages
type: configuration
static_files:
  - {name: pages_static, folders: [{path: srv}]}
";

#[test]
fn static_packages_get_a_version_and_a_whole_reference() {
    let chain = Chain::new();
    chain.source.write("pages.yml", STATIC).commit_file("srv/index.html", "<h1>open</h1>\n");
    let build = chain.playground.json("quick 124 config --missile pages.yml");
    let packages = build["outcome"]["packages"].as_array().unwrap();
    let statics = packages.iter().find(|package| package["name"] == "dh-pages-static").unwrap();
    let (version, file) = (statics["version"].as_str().unwrap(), statics["file_name"].as_str().unwrap());
    let read = |path: String| std::fs::read_to_string(chain.playground.path(&path)).unwrap();
    let stack = "repository/domain/default/stacks/124/packages/dh-pages-static/version";
    assert_eq!(read(stack.to_owned()), format!("{version}\n"));
    assert!(version.starts_with("0.0.1rev"), "{version}");
    assert_eq!(
        read(format!("repository/packages/dh-pages-static/version/{version}/file")),
        format!("{file}\n")
    );
}

#[test]
fn every_branch_can_be_built_not_only_the_default_one() {
    let chain = Chain::new();
    chain.source.branch("other");
    chain.source.checkout("other");
    let commit = chain.source.commit_file("other", "1");
    chain.source.checkout("main");
    for reference in ["origin/other", "other"] {
        let build = chain.playground.json(&format!("quick 124 config --ref {reference}"));
        assert_eq!(build["outcome"]["working_copy"]["commit"], commit);
    }
}

#[test]
fn an_empty_ref_is_no_ref() {
    let chain = Chain::new();
    chain.playground.ok("quick:124,config,");
    let short = &chain.source.head()[..7];
    let shown = chain.playground.json("stack show 124");
    assert_eq!(shown["packages"][0]["version"], format!("0.0.1rev{short}"));
}

#[test]
fn an_explicit_url_wins_over_the_configured_one_and_says_so() {
    let chain = Chain::new();
    let other = gachette_testkit::GitRepository::new();
    let commit = other.commit_file("x", "1");
    let said = chain.playground.run(&format!("prepare:shop,{}", other.path().display()));
    assert_eq!((said.code, said.stdout.trim()), (0, commit.as_str()), "{}", said.stderr);
    assert!(said.stderr.contains("not the configured"), "{}", said.stderr);
}

#[test]
fn a_build_that_fails_at_its_second_package_adds_none() {
    let chain = Chain::new();
    let broken = "
default: {name: one, type: configuration}
two: {name_suffix: _two, extra_files: [{name: f, type: custom, target_path: /etc, template: missing}]}
";
    chain.source.commit_file("broken.yml", broken);
    let said = chain.playground.run("quick 124 config --missile broken.yml");
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert_eq!(chain.playground.json("stack show 124")["packages"], serde_json::json!([]));
    assert_eq!(chain.playground.json("package list"), serde_json::json!([]));
}

#[test]
fn quick_without_its_stack_builds_nothing() {
    let chain = Chain::new();
    let said = chain.playground.run("quick 999 config");
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("default/999") && !chain.playground.path("working_copies").exists());
}

#[test]
fn a_missile_outside_the_working_copy_is_refused() {
    let chain = Chain::new();
    for path in ["../../gachette.yml", "/etc/passwd", "a/../../../x"] {
        let said = chain.playground.run(&format!("quick 124 config --missile {path}"));
        assert_eq!(said.code, 2, "{path}: {}", said.stderr);
    }
}

#[test]
fn another_builder_is_called_as_the_original_was_and_its_built_lines_are_read() {
    let chain = Chain::new();
    let builder = chain.playground.path("builder");
    let script = "#!/bin/sh -e
[ \"$1 $2 $3 $5 $6\" = 'build .missile.yml --output --app-version 7' ] || exit 9
mkdir -p t/DEBIAN
printf 'Package: it\\nVersion: 7\\nArchitecture: all\\nMaintainer: me\\nDescription: x\\n' > t/DEBIAN/control
dpkg-deb --build t \"$4/it's.deb\" >&2
echo \"Built: {'name': 'it', 'version': '7', 'file_name': \\\"it's.deb\\\"}\"
";
    std::fs::write(&builder, script).unwrap();
    std::fs::set_permissions(&builder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    chain.playground.ok("prepare shop");
    let words =
        ["--format", "json", "--set", "trebuchet_bin=./builder", "build", "shop", "--app-version", "7"];
    let said = chain.playground.run_words(&words);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let build: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(build["outcome"]["packages"][0]["file_name"], "it's.deb");
    assert!(chain.playground.path("repository/debs/it's.deb").is_file());
}

#[test]
fn the_tree_that_old_clients_wrote_is_taken_over() {
    let playground = Playground::new();
    playground.write("repository/domain/default/stacks/123/packages/dh-old/version", "1.0\n");
    playground.write("repository/packages/dh-old/version/1.0/file", "dh-old-1.0-all.deb\n");
    playground.ok("stack create 124 --from 123");
    let shown = playground.json("stack show 124");
    assert_eq!(
        (&shown["packages"][0]["name"], &shown["packages"][0]["version"]),
        (&"dh-old".into(), &"1.0".into())
    );
}

#[test]
fn a_full_disk_is_called_so_with_the_file_that_does_not_fit_and_nothing_is_half_there() {
    let playground = Playground::new();
    std::fs::create_dir(playground.path("repository")).unwrap();
    // A disk of its own, which nobody else sees; this takes root.
    let script = r#"mount -t tmpfs -o size=1m tmpfs repository || exit 90
        "$0" stack create 1 || exit 91
        head -c 2000000 /dev/zero > repository/filler 2>&-
        "$0" --format json stack create 2; code=$?
        rm repository/filler
        "$0" repository fsck >&2 && "$0" stack create 2 >&2 || exit 92
        exit $code"#;
    let mut shell = std::process::Command::new("unshare");
    shell.args(["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_gachette")]);
    let output = playground.as_user(shell, &[]).output().unwrap();
    let said = playground.said(&[], output);
    // A fault of this machine.
    assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("stacks/2/revisions/0000000001.json: the disk is full"), "{}", said.stderr);
    assert!(said.stderr.contains("hint: make room on the disk"), "{}", said.stderr);
    let failure = said.stdout.split_once('\n').unwrap().1;
    let failure: serde_json::Value = serde_json::from_str(failure).unwrap();
    assert_eq!((&failure["kind"], &failure["exit_code"]), (&"internal".into(), &1.into()));
}

#[test]
fn an_import_for_which_the_disk_is_too_small_says_what_to_do_and_goes_on_when_there_is_room() {
    let playground = Playground::new();
    for folder in ["repository", "source", "tree/DEBIAN"] {
        std::fs::create_dir_all(playground.path(folder)).unwrap();
    }
    let control = "Package: big\nVersion: 1\nArchitecture: all\nMaintainer: me\nDescription: x\n";
    playground.write("tree/DEBIAN/control", control);
    // A disk of its own, which nobody else sees; this takes root.
    let script = r#"head -c 600000 /dev/urandom >tree/noise
        dpkg-deb --root-owner-group --build tree source/big_1_all.deb >&2 || exit 90
        mount -t tmpfs -o size=1m tmpfs repository || exit 91
        "$0" stack create 1 >&2 || exit 92
        head -c 500000 /dev/zero >repository/filler
        "$0" repository import source; code=$?
        rm repository/filler
        "$0" repository import source && "$0" repository fsck --repair >&2 || exit 93
        exit $code"#;
    let mut shell = std::process::Command::new("unshare");
    shell.args(["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_gachette")]);
    let said = playground.said(&[], playground.as_user(shell, &[]).output().unwrap());
    assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("big_1_all.deb: the disk is full"), "{}", said.stderr);
    assert!(said.stderr.contains("hint: make room on the disk"), "{}", said.stderr);
    assert!(said.stdout.contains("1 package taken in"), "{}", said.stdout);
}
