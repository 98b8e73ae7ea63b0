//! `gachette repository import` of what has several distributions: what is taken of a folder, and what of one of them alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::importing::{deb, run};
use crate::playground::Playground;

/// A repository of reprepro with two distributions, each with a package of its own.
fn reprepro(folder: &Path) {
    let distribution =
        |name: &str| format!("Codename: {name}\nArchitectures: amd64\nComponents: main extra\n\n");
    fs::create_dir_all(folder.join("conf")).unwrap();
    fs::write(folder.join("conf/distributions"), distribution("stable") + &distribution("testing/new"))
        .unwrap();
    let debs = tempfile::tempdir().unwrap();
    for (name, of) in [("dh-old", "stable"), ("dh-new", "testing/new")] {
        let file = deb(debs.path(), name, "1", "x");
        run(Command::new("reprepro").arg("-b").arg(folder).args(["includedeb", of]).arg(file));
    }
}

#[test]
fn a_pool_is_taken_whole_and_it_is_said_how_one_distribution_is_taken() {
    let playground = Playground::new();
    // apt reads as a user of its own, who has to get there.
    let root = tempfile::Builder::new().prefix("gachette-archive-").tempdir().unwrap();
    fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let root = root.path();
    reprepro(root);
    let said = playground.run_words(&["repository", "import", root.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let command =
        format!("gachette repository import 'deb file:{} stable main extra' --unsigned", root.display());
    let expected = format!(
        "these are the packages of all its distributions (stable, testing/new); for one: `{command}`"
    );
    assert_eq!(said.stdout.lines().last().unwrap(), expected, "{}", said.stdout);

    // As it says, in a repository of its own.
    let other = Playground::new();
    let words: Vec<String> = shlex(&command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = other.run_words(&words[1..]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let names = |playground: &Playground| -> Vec<String> {
        let packages = playground.json("package list");
        packages.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (names(&playground), names(&other)),
        (vec!["dh-new".into(), "dh-old".into()], vec!["dh-old".into()])
    );
    assert!(!said.stdout.contains("distributions"), "{}", said.stdout);

    // Without quotes too.
    let sources = format!("repository import deb file:{} testing/new main --unsigned", root.display());
    assert_eq!(other.json(&sources)["import"]["taken"], 1);

    // Of a signed one the keys have to be named.
    let stable = root.join("dists/stable");
    let text = fs::read_to_string(stable.join("Release")).unwrap();
    fs::write(
        stable.join("InRelease"),
        format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}"),
    )
    .unwrap();
    for name in ["Release", "InRelease"] {
        let said = playground.json(&format!("repository import {}", root.display()));
        let sources = format!("deb [signed-by=KEYRING] file:{} stable main extra", root.display());
        assert_eq!(said["import"]["distributions"][0]["sources"], sources, "{name}");
        let _ = fs::remove_file(stable.join("Release"));
    }
}

/// The words of a line as a shell has them.
fn shlex(line: &str) -> Vec<String> {
    let output = Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
