//! What lies in the way of an import, or only seems to be its own: named, left alone, and no hindrance for the rest.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::importing::{deb, run};
use crate::playground::Playground;

/// The report of an import that ends with this code.
fn import(playground: &Playground, words: &str, code: i32) -> Value {
    let words: Vec<&str> =
        ["--format", "json", "repository", "import"].into_iter().chain(words.split(' ')).collect();
    let output = playground.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["import"].clone()
}

/// Takes away what lies there.
fn clear(path: &Path) {
    match fs::symlink_metadata(path).unwrap().is_dir() {
        true => fs::remove_dir_all(path).unwrap(),
        false => fs::remove_file(path).unwrap(),
    }
}

#[test]
fn what_lies_in_the_way_of_one_package_is_named_and_hinders_no_other() {
    let playground = Playground::new();
    for number in 1..=14 {
        deb(&playground.path("source"), &format!("dh-p{number}"), "1", "x");
    }
    playground.ok("stack create 1");
    let packages = playground.path("repository/packages");
    let obstacles = [
        "dh-p1",
        "dh-p2/version",
        "dh-p3/version/1",
        "dh-p4/version/1/all.json",
        "dh-p5/version/1/all.json",
        "dh-p6/version/1/all.json",
        "dh-p7/version/1/file",
        "dh-p8",
    ];
    let obstacles = obstacles.map(|path| packages.join(path));
    for (number, path) in obstacles.iter().enumerate() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match number + 1 {
            4 => run(Command::new("mkfifo").arg(path)),
            5 | 7 => fs::create_dir_all(path.join("below")).unwrap(),
            8 => symlink("dh-p8", path).unwrap(),
            _ => fs::write(path, "somebody's").unwrap(),
        }
    }
    let report = import(&playground, "source --to 1", 5);
    assert_eq!(report["taken"], 6, "{report}");
    let refused = report["refused"].as_array().unwrap();
    for number in 1..=8 {
        let file = format!("dh-p{number}_1_all.deb");
        let one = refused.iter().find(|one| one["file"].as_str().unwrap().ends_with(&file)).unwrap();
        let reason = one["reason"].as_str().unwrap();
        assert!(reason.starts_with(&format!("packages/dh-p{number}/")), "{reason}");
        assert!(reason.contains("`gachette repository fsck`"), "{reason}");
    }
    assert_eq!(playground.json("stack show 1")["packages"].as_array().unwrap().len(), 6);
    let said = playground.run("repository fsck").stdout;
    for path in &obstacles {
        let path = path.strip_prefix(playground.path("repository")).unwrap().display().to_string();
        assert!(said.contains(&path), "{path}: {said}");
        clear(&playground.path("repository").join(&path));
    }
    assert_eq!(import(&playground, "source --to 1", 0)["refused"], serde_json::json!([]));
    assert_eq!(playground.json("stack show 1")["packages"].as_array().unwrap().len(), 14);
    playground.ok("repository fsck");
}

#[test]
fn a_file_that_nobody_registered_stays_and_the_one_of_its_name_is_refused() {
    let playground = Playground::new();
    let debs = playground.path("repository/debs");
    let lying = deb(&debs, "dh-p1", "1", "somebody's");
    fs::write(debs.join("dh-p2_1_all.deb"), "no package").unwrap();
    let same = deb(&debs, "dh-p3", "1", "x");
    // One that is taken in by itself, and many together.
    for (folder, count) in [("few", 3), ("many", 14)] {
        for number in 1..=count {
            deb(&playground.path(folder), &format!("dh-p{number}"), "1", "x");
        }
        let before = [fs::read(&lying).unwrap(), fs::read(&same).unwrap()];
        let report = import(&playground, folder, 5);
        let refused = report["refused"].as_array().unwrap();
        let reasons: Vec<&str> = refused.iter().map(|one| one["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        for (reason, number) in reasons.iter().zip(1..) {
            let path = debs.join(format!("dh-p{number}_1_all.deb")).display().to_string();
            assert!(reason.starts_with(&path) && reason.contains("move it away"), "{reason}");
        }
        assert_eq!([fs::read(&lying).unwrap(), fs::read(&same).unwrap()], before);
        assert_eq!(fs::read_to_string(debs.join("dh-p2_1_all.deb")).unwrap(), "no package");
    }
    fs::remove_file(&lying).unwrap();
    fs::remove_file(debs.join("dh-p2_1_all.deb")).unwrap();
    assert_eq!(import(&playground, "many", 0)["taken"], 2);
    playground.ok("repository fsck");
}

#[test]
fn what_was_imported_is_a_file_of_its_own_whatever_happens_to_the_source() {
    let playground = Playground::new();
    let (source, debs) = (playground.path("source"), playground.path("repository/debs"));
    let large: String =
        (0..600_000u32).map(|number| number.wrapping_mul(2_654_435_761).to_string()).collect();
    let sources = [deb(&source, "dh-small", "1", "x"), deb(&source, "dh-large", "1", &large)];
    assert!(fs::metadata(&sources[1]).unwrap().len() > 1 << 20);
    // The ways of few and of many.
    for more in 0..2 {
        for number in 0..20 * more {
            deb(&source, &format!("dh-p{number}"), "1", "x");
        }
        import(&playground, "source", 0);
        for source in &sources {
            let ours = debs.join(source.file_name().unwrap());
            assert_eq!(fs::metadata(&ours).unwrap().nlink(), 1, "{}", ours.display());
            let bytes = fs::read(source).unwrap();
            fs::OpenOptions::new().append(true).open(source).unwrap().write_all(b"x").unwrap();
            assert_eq!(fs::read(&ours).unwrap(), bytes);
            fs::write(source, &bytes).unwrap();
            if more == 0 {
                fs::remove_file(ours).unwrap();
            }
        }
    }
    playground.ok("repository fsck");
}

#[test]
fn a_version_that_goes_down_comes_in_and_is_told_with_the_way_back() {
    let playground = Playground::new();
    for (folder, name, version) in
        [("new", "dh-web", "1:2.0"), ("new", "dh-tool", "3"), ("old", "dh-web", "10")]
    {
        deb(&playground.path(folder), name, version, "x");
    }
    deb(&playground.path("old"), "dh-tool", "3.1", "x");
    playground.ok("stack create 1");
    let first = playground.run("repository import new --to 1");
    assert!(!first.stderr.contains("warning"), "{}", first.stderr);
    let said = playground.run("repository import old --to 1");
    let told =
        "1 package is lower than in default/1 before: dh-web 10 after 1:2.0; hosts take them only with a pin";
    assert!(said.code == 0 && said.stderr.contains(told), "{}", said.stderr);
    assert!(said.stderr.contains("`gachette stack rollback default/1 --to 2`"), "{}", said.stderr);
    // Where nothing changes, nothing goes down.
    assert!(import(&playground, "old --to 1", 0).get("lower").is_none());
    playground.ok("stack rollback default/1 --to 2");
    let report = import(&playground, "old --to 1", 0);
    assert_eq!(report["lower"], serde_json::json!([{"name": "dh-web", "from": "1:2.0", "to": "10"}]));
}

#[test]
fn what_is_said_of_a_damaged_record_leads_out_of_it() {
    let playground = Playground::new();
    deb(&playground.path("source"), "dh-web", "1", "x");
    playground.ok("stack create 1");
    playground.ok("repository import source --to 1");
    let record = playground.path("repository/packages/dh-web/version/1/all.json");
    let text = fs::read_to_string(&record).unwrap();
    for (damaged, refuses) in [("{", true), (&*text.replace("a test", "edited"), false)] {
        fs::write(&record, damaged).unwrap();
        let way_out = "move it away and bring the package again with `gachette repository import FOLDER`";
        let said = playground.run("repository fsck");
        assert!(said.code == 5 && said.stderr.contains(way_out), "{}", said.stderr);
        assert!(!said.stderr.contains("--verify"), "{}", said.stderr);
        if refuses {
            let report = import(&playground, "source --verify", 5);
            let reason = report["refused"][0]["reason"].as_str().unwrap();
            assert!(reason.contains(way_out), "{reason}");
        }
        fs::rename(&record, playground.path("damaged.json")).unwrap();
        import(&playground, "source", 0);
        playground.ok("repository fsck");
    }
}

#[test]
fn a_link_to_a_folder_of_packages_is_told_unless_they_are_taken_in_any_case() {
    let playground = Playground::new();
    let (source, big) = (playground.path("source"), playground.path("big"));
    deb(&source.join("pool/extra"), "dh-web", "1", "x");
    fs::create_dir(source.join("dists")).unwrap();
    deb(&big.join("w"), "dh-tool", "1", "x");
    symlink(&big, source.join("pool/main")).unwrap();
    // To what is taken besides, to the repository's own, to what has no package, and to nothing.
    playground.ok("repository init");
    fs::create_dir_all(playground.path("notes/below")).unwrap();
    playground.write("notes/below/text", "x");
    symlink("extra", source.join("pool/same")).unwrap();
    symlink(playground.path("repository/debs"), source.join("pool/own")).unwrap();
    symlink(playground.path("notes"), source.join("pool/notes")).unwrap();
    symlink("nothing", source.join("pool/gone")).unwrap();
    let said = playground.run("repository import source");
    assert_eq!(said.code, 5, "{}", said.stderr);
    let told = "source/pool/main: it is a link to the folder [folder]/big, and is not followed";
    assert!(said.stdout.contains(told), "{}", said.stdout);
    assert!(
        said.stdout.contains("1 package taken in") && said.stdout.contains("1 refused"),
        "{}",
        said.stdout
    );
    fs::remove_file(source.join("pool/main")).unwrap();
    playground.ok("repository import source");
}
