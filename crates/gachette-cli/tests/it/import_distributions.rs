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

#[test]
fn distributions_below_others_and_under_prefixes_are_named_where_their_packages_are_taken() {
    let playground = Playground::new();
    let reprepro = playground.path("reprepro");
    fs::create_dir_all(reprepro.join("conf")).unwrap();
    let names = ["bookworm", "bookworm/updates"];
    let conf = names.map(|name| format!("Codename: {name}\nArchitectures: amd64\nComponents: main\n"));
    fs::write(reprepro.join("conf/distributions"), conf.join("\n")).unwrap();
    let file = deb(&playground.path("debs"), "dh-web", "1", "x");
    for name in names {
        run(Command::new("reprepro").arg("-b").arg(&reprepro).args(["includedeb", name]).arg(&file));
    }
    let aptly = playground.path("aptly");
    let configuration = format!(
        r#"{{"rootDir": "{}", "gpgDisableSign": true, "architectures": ["amd64"]}}"#,
        aptly.display()
    );
    playground.write("aptly.conf", &configuration);
    let publish = "publish repo -skip-signing";
    for words in [
        "repo create all",
        "repo add all debs",
        &format!("{publish} -distribution=stable all"),
        &format!("{publish} -distribution=stable all ppa"),
        &format!("{publish} -distribution=new all team/ppa"),
    ] {
        let mut command = Command::new("aptly");
        command.env("HOME", playground.path("home")).current_dir(playground.path(""));
        run(command.arg("-config=aptly.conf").args(words.split(' ')));
    }
    let named = |folder: &str| -> Vec<(String, String)> {
        let said = playground.json(&format!("repository import {folder}"));
        let distributions = said["import"]["distributions"].as_array().cloned().unwrap_or_default();
        let text = |it: &serde_json::Value| it.as_str().unwrap().to_owned();
        distributions.iter().map(|it| (text(&it["name"]), text(&it["sources"]))).collect()
    };
    let line = |root: &Path, name: &str| format!("deb file:{} {name} main", root.display());
    let expected = names.map(|name| (name.to_owned(), line(&reprepro, name)));
    assert_eq!(named("reprepro"), expected);
    let public = aptly.join("public");
    let expected = [
        ("ppa/stable".to_owned(), line(&public.join("ppa"), "stable")),
        ("stable".to_owned(), line(&public, "stable")),
        ("team/ppa/new".to_owned(), line(&public.join("team/ppa"), "new")),
    ];
    assert_eq!(named("aptly"), expected);
    // Of what is published only its own pool is looked at.
    assert_eq!(named("aptly/public"), expected[1..2]);
    assert_eq!(named("aptly/public/ppa"), [("stable".to_owned(), expected[0].1.clone())]);
}
