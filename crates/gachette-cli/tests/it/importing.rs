//! `gachette repository import`: packages of others, from folders and from what aptly and reprepro keep.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::assert_transcript;
use crate::chain::Chain;
use crate::playground::Playground;
use crate::serving::Serving;

/// A package that dpkg-deb itself made.
pub(crate) fn deb(folder: &Path, name: &str, version: &str, body: &str) -> PathBuf {
    deb_for(folder, name, version, "all", body)
}

/// The same for an architecture.
pub(crate) fn deb_for(folder: &Path, name: &str, version: &str, architecture: &str, body: &str) -> PathBuf {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir_all(tree.path().join("DEBIAN")).unwrap();
    fs::create_dir_all(tree.path().join("usr/share").join(name)).unwrap();
    fs::write(tree.path().join("usr/share").join(name).join("body"), body).unwrap();
    let control = format!(
        "Package: {name}\nVersion: {version}\nSection: misc\nPriority: optional\nArchitecture: {architecture}\n\
         Maintainer: Ada <ada@example.org>\nDescription: a test\n"
    );
    fs::write(tree.path().join("DEBIAN/control"), control).unwrap();
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(format!("{name}_{}_{architecture}.deb", version.rsplit(':').next().unwrap()));
    let mut build = Command::new("dpkg-deb");
    // Its size is told, and must not depend on the time of day.
    build.env("SOURCE_DATE_EPOCH", "0");
    build.args(["--root-owner-group", "-Zgzip", "--build"]).arg(tree.path()).arg(&file);
    run(&mut build);
    file
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}

/// The SHA-256 of a file as coreutils says it.
pub(crate) fn sha256sum(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

fn record(playground: &Playground, name: &str, version: &str) -> Value {
    let package = playground.json(&format!("package show {name}"));
    let mut versions = package["versions"].as_array().unwrap().iter();
    versions.find(|found| found["version"] == version).unwrap()["files"][0].clone()
}

#[test]
fn a_folder_comes_in_by_its_bytes_and_again_nothing_has_to_be_done() {
    let playground = Playground::new();
    let source = playground.path("source");
    let old = deb(&source.join("below"), "dh-web", "1:1.0", "one");
    let new = deb(&source, "dh-web", "1:2.0~rc1", "two");
    deb(&source, "dh-tool", "3", "three");
    let sums = [sha256sum(&old), sha256sum(&new)];
    playground.ok("stack create 1");
    assert_transcript!(playground.run("repository import source --to 1 -m moved"));
    assert_transcript!(playground.run("repository import source --to 1"));
    for (version, sum) in [("1:1.0", &sums[0]), ("1:2.0~rc1", &sums[1])] {
        let record = record(&playground, "dh-web", version);
        assert_eq!(record["sha256"], **sum);
        assert_eq!(record["provenance"]["url"], format!("file:{}", source.display()));
        let file = playground.path("repository/debs").join(record["file"].as_str().unwrap());
        assert_eq!(sha256sum(&file), *sum);
        assert!(
            file.display().to_string().ends_with(&format!("dh-web_{}_all.deb", version.replace(':', "%3a")))
        );
    }
    assert!(old.exists() && new.exists(), "what is imported stays where it was");
    let held = playground.json("stack show 1");
    let held: Vec<_> = held["packages"].as_array().unwrap().iter().map(|it| it["version"].clone()).collect();
    assert_eq!(held, ["3", "1:2.0~rc1"], "of two versions the higher one");
    playground.ok("repository fsck");
}

#[test]
fn what_cannot_be_taken_is_refused_by_name_and_the_rest_comes_in() {
    let playground = Playground::new();
    let source = playground.path("source");
    let good = deb(&source, "dh-good", "1", "x");
    let bytes = fs::read(&good).unwrap();
    fs::write(source.join("truncated.deb"), &bytes[..bytes.len() - 40]).unwrap();
    fs::write(source.join("empty.deb"), "").unwrap();
    fs::copy(&good, source.join("dh-other_1_all.deb")).unwrap();
    fs::write(source.join("notes.txt"), "no package").unwrap();
    fs::write(source.join("\u{1b}[2Jbeep.deb"), "x").unwrap();
    fs::write(source.join("x.deb\n0 packages taken in (0 B), 99 already there, 0 refused\ny.deb"), "x")
        .unwrap();
    std::os::unix::fs::symlink("/dev/zero", source.join("link.deb")).unwrap();
    run(Command::new("mkfifo").arg(source.join("pipe.deb")));
    fs::create_dir(source.join("folder.deb")).unwrap();
    // A member that would be unpacked elsewhere.
    run(Command::new("python3")
        .args(["-c", MAKE])
        .arg(source.join("trick.deb"))
        .args(["1", "./../../etc/evil"]));
    // One whose right name no file can have.
    let long = format!("1.{}", "0".repeat(250));
    run(Command::new("python3").args(["-c", MAKE]).arg(source.join("long.deb")).args([&long, "./body"]));
    // Registered with other bytes already.
    deb(&playground.path("first"), "dh-known", "1", "as it was");
    playground.ok("repository import first");
    deb(&source, "dh-known", "1", "other bytes");
    playground.ok("stack create 1");
    assert_transcript!(playground.run("repository import source --to 1"));
    assert_eq!(playground.json("stack show 1")["packages"].as_array().unwrap().len(), 1);
    playground.ok("repository fsck");
}

/// Writes a package of the version and with the file that are named, as dpkg-deb would not.
const MAKE: &str = r#"
import io, sys, tarfile
def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.GNU_FORMAT) as t:
        for name, data in files:
            i = tarfile.TarInfo(name); i.size = len(data); t.addfile(i, io.BytesIO(data))
    return out.getvalue()
control = b'Package: dh-trick\nVersion: %s\nArchitecture: all\nMaintainer: me <me@example.org>\nDescription: x\n' % sys.argv[2].encode()
members = [('debian-binary', b'2.0\n'), ('control.tar', tar([('./control', control)])),
           ('data.tar', tar([(sys.argv[3], b'x')]))]
with open(sys.argv[1], 'wb') as f:
    f.write(b'!<arch>\n')
    for name, data in members:
        f.write(('%-16s%-12d%-6d%-6d%-8s%-10d`\n' % (name, 0, 0, 0, '100644', len(data))).encode())
        f.write(data + b'\n' * (len(data) % 2))
"#;

#[test]
fn what_aptly_and_reprepro_keep_comes_in_once() {
    let playground = Playground::new();
    let debs = playground.path("debs");
    let sums = ["1:1.0", "1:2.0"].map(|version| sha256sum(&deb(&debs, "dh-web", version, version)));
    let aptly = playground.path("aptly");
    let configuration = format!(
        r#"{{"rootDir": "{}", "gpgDisableSign": true, "architectures": ["amd64"]}}"#,
        aptly.display()
    );
    playground.write("aptly.conf", &configuration);
    let home = playground.path("home");
    let as_user = |program: &str| {
        let mut command = Command::new(program);
        command.env("HOME", &home).current_dir(playground.path(""));
        command
    };
    for words in
        ["repo create all", "repo add all debs", "publish repo -distribution=stable -skip-signing all"]
    {
        run(as_user("aptly").args(["-config=aptly.conf"]).args(words.split(' ')));
    }
    let reprepro = playground.path("reprepro");
    playground
        .write("reprepro/conf/distributions", "Codename: stable\nArchitectures: amd64\nComponents: main\n");
    run(as_user("reprepro")
        .arg("-b")
        .arg(&reprepro)
        .args(["includedeb", "stable"])
        .arg(debs.join("dh-web_2.0_all.deb")));

    let counts = |said: Value| {
        let import = said["import"].clone();
        ["taken", "already_there"].map(|key| import[key].as_u64().unwrap())
    };
    assert_eq!(counts(playground.json("repository import aptly")), [2, 0], "each once");
    assert_eq!(counts(playground.json("repository import aptly/public")), [0, 2]);
    assert_eq!(counts(playground.json("repository import reprepro")), [0, 1]);
    for (version, sum) in [("1:1.0", &sums[0]), ("1:2.0", &sums[1])] {
        assert_eq!(record(&playground, "dh-web", version)["sha256"], **sum);
    }
    playground.ok("repository fsck");
}

#[test]
fn a_source_that_is_none_is_told() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    fs::create_dir(playground.path("nothing")).unwrap();
    deb(&playground.path("repository/debs"), "dh-own", "1", "x");
    assert_transcript!(playground.run("repository import missing"));
    assert_transcript!(playground.run("repository import nothing"));
    assert_transcript!(playground.run("repository import repository/debs"));
    assert!(playground.run("repository import repository").stderr.contains("own folder of package files"));
    deb(&playground.path("source"), "dh-web", "1", "x");
    assert_eq!(playground.run("repository import source --to 2").code, 2);
    assert_eq!(
        playground.json("package list"),
        serde_json::json!([]),
        "nothing comes in for a stack that is missing"
    );
}

#[test]
fn an_import_that_is_killed_is_begun_again_and_loses_nothing() {
    let playground = Playground::new();
    let source = playground.path("source");
    for number in 0..60 {
        deb(&source, &format!("dh-p{number}"), "1", "x");
    }
    playground.ok("stack create 1");
    for milliseconds in [10, 20, 40, 80, 120, 160] {
        let mut import = playground.command(&["repository", "import", "source", "--to", "1"]);
        import.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut import = import.spawn().unwrap();
        // The moment of death is what this test is about; nothing is waited for.
        std::thread::park_timeout(Duration::from_millis(milliseconds));
        import.kill().unwrap();
        import.wait().unwrap();
        // At most what is derived from a record is missing, which the next import makes right.
        let said = playground.run("repository fsck");
        assert!(said.code == 0 || said.stderr.contains(" 0 damaged, "), "{}", said.stderr);
        let held = playground.json("stack show 1")["packages"].as_array().unwrap().len();
        assert!(held == 0 || held == 60, "all or none: {held}");
    }
    let outcome = playground.json("repository import source --to 1");
    let import = &outcome["import"];
    assert_eq!(import["taken"].as_u64().unwrap() + import["already_there"].as_u64().unwrap(), 60);
    assert_eq!(playground.json("stack show 1")["packages"].as_array().unwrap().len(), 60);
    let said = playground.run("repository fsck");
    assert!(!said.stdout.contains("/file: missing"), "{}", said.stdout);
    playground.ok("repository fsck --repair");
}

#[test]
fn what_is_lost_or_damaged_in_the_repository_is_brought_again_under_its_name() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 config");
    let debs = playground.path("repository/debs");
    let built = fs::read_dir(&debs).unwrap().map(|file| file.unwrap().path());
    let built = built.into_iter().find(|file| file.extension().is_some_and(|end| end == "deb")).unwrap();
    let (bytes, elsewhere) = (fs::read(&built).unwrap(), playground.path("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    fs::copy(&built, elsewhere.join("backup.deb")).unwrap();
    let import =
        |more: &str| playground.json(&format!("repository import elsewhere {more}"))["import"].clone();
    assert_eq!(import("")["already_there"], 1);
    fs::remove_file(&built).unwrap();
    assert_eq!(import("")["taken"], 1);
    assert_eq!(fs::read(&built).unwrap(), bytes);
    // As long as it was, and another.
    let mut other = bytes.clone();
    other[bytes.len() / 2] ^= 1;
    fs::write(&built, &other).unwrap();
    assert_eq!(import("")["already_there"], 1, "its size alone is looked at");
    let said = playground.run("repository fsck");
    assert!(said.code == 5 && said.stderr.contains("import FOLDER --verify"), "{}", said.stderr);
    assert_eq!(import("--verify")["taken"], 1);
    assert_eq!(import("--verify")["already_there"], 1);
    assert_eq!(fs::read(&built).unwrap(), bytes);
    playground.ok("repository fsck");
    assert_eq!(playground.run_words(&["repository", "import", ""]).code, 2);
}

#[test]
fn of_versions_that_debian_holds_equal_a_stack_gets_one_spelling_and_keeps_it() {
    let playground = Playground::new();
    let source = playground.path("source");
    for version in ["0:1.0", "1.00"] {
        run(Command::new("dpkg").args(["--compare-versions", version, "eq", "1.0"]));
    }
    for (folder, version, architecture) in [
        ("a", "1.00", "amd64"),
        ("b", "1.0", "amd64"),
        ("c", "1.00", "arm64"),
        ("d", "0:1.0", "riscv64"),
        ("e", "1.0", "arm64"),
    ] {
        deb_for(&source.join(folder), "ver2", version, architecture, version);
    }
    deb(&source, "ver3", "1.0", "x");
    deb(&source, "ver3", "1.00", "x");
    // With these they are many, which are registered together.
    for number in 0..8 {
        deb(&source, &format!("dh-p{number}"), "1", "x");
    }
    playground.ok("stack create 1");
    let first = playground.json("repository import source --to 1");
    playground.ok("repository fsck");
    let held = playground.json("stack show 1");
    let package = |name: &str| {
        let mut packages = held["packages"].as_array().unwrap().iter();
        packages.find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!(package("ver2")["version"], "0:1.0");
    assert_eq!(package("ver2")["files"].as_object().unwrap().len(), 1, "files of this spelling only");
    assert_eq!(package("ver3")["version"], "1.0");
    assert_eq!(first["import"]["left_out"], 5);
    for _ in 0..2 {
        let again = playground.json("repository import source --to 1");
        assert_eq!(
            (&again["import"]["already_there"], &again["import"]["left_out"]),
            (&15.into(), &5.into())
        );
        assert_eq!(again["stack"]["changed"], false);
    }
    assert_eq!(playground.json("stack show 1"), held);
}

#[test]
fn what_a_stopped_import_did_not_come_to_is_made_right_by_the_next() {
    let playground = Playground::new();
    let source = playground.path("source");
    for architecture in ["amd64", "arm64"] {
        deb_for(&source, "dh-tool", "1", architecture, architecture);
    }
    deb(&source, "dh-web", "1", "x");
    playground.ok("repository import source");
    // The records were written, and the lines not, or not all that belong to them.
    let line = |name: &str| playground.path(&format!("repository/packages/{name}/version/1/file"));
    let lines = ["dh-tool", "dh-web"].map(|name| fs::read_to_string(line(name)).unwrap());
    fs::remove_file(line("dh-web")).unwrap();
    fs::write(line("dh-tool"), "dh-tool_1_arm64.deb\n").unwrap();
    assert_ne!(playground.run("repository fsck").code, 0);
    assert_eq!(playground.json("repository import source")["import"]["already_there"], 3);
    assert_eq!(["dh-tool", "dh-web"].map(|name| fs::read_to_string(line(name)).unwrap()), lines);
    playground.ok("repository fsck");
}

#[test]
fn of_many_files_of_one_package_the_first_comes_in_and_other_bytes_are_refused() {
    let playground = Playground::new();
    let (source, other) = (playground.path("source"), playground.path("other"));
    let first = deb(&source, "dh-web", "1", "first");
    let sum = sha256sum(&first);
    // More than are looked at together.
    for number in 0..500 {
        fs::copy(&first, source.join(format!("copy-{number:03}.deb"))).unwrap();
    }
    let other = deb(&other, "dh-web", "1", "other");
    for number in [250, 490] {
        fs::copy(&other, source.join(format!("copy-{number}.deb"))).unwrap();
    }
    let import = ["--format", "json", "repository", "import", "source"];
    let output = playground.command(&import).output().unwrap();
    let outcome = &serde_json::from_slice::<Value>(&output.stdout).unwrap()["import"];
    assert_eq!((&outcome["taken"], &outcome["already_there"]), (&1.into(), &498.into()));
    let refused = outcome["refused"].as_array().unwrap();
    for (refused, number) in refused.iter().zip([250, 490]) {
        assert_eq!(refused["file"], source.join(format!("copy-{number}.deb")).display().to_string());
        assert!(refused["reason"].as_str().unwrap().contains(&sum), "{refused}");
    }
    assert_eq!((refused.len(), record(&playground, "dh-web", "1")["sha256"].as_str()), (2, Some(&*sum)));
    playground.ok("repository fsck");
}

#[test]
fn of_two_imports_at_once_each_counts_what_it_brought() {
    let playground = Playground::new();
    let source = playground.path("source");
    for number in 0..60 {
        deb(&source, &format!("dh-p{number}"), "1", "x");
    }
    let words = ["--format", "json", "repository", "import", "source"];
    let both: Vec<_> = (0..2)
        .map(|_| {
            let mut import = playground.command(&words);
            import.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let (mut taken, mut there) = (0, 0);
    for import in both {
        let said = playground.said(&words, import.wait_with_output().unwrap());
        assert_eq!(said.code, 0, "{}", said.stderr);
        let outcome: Value = serde_json::from_str(&said.stdout).unwrap();
        taken += outcome["import"]["taken"].as_u64().unwrap();
        there += outcome["import"]["already_there"].as_u64().unwrap();
    }
    assert_eq!((taken, there), (60, 60));
}

#[test]
fn a_folder_that_cannot_be_read_is_told_and_hides_no_other() {
    let playground = Playground::new();
    deb(&playground.path("source"), "dh-web", "1", "x");
    deb(&playground.path("source/z"), "dh-tool", "1", "x");
    // Root can read all folders but those whose path is longer than the system takes.
    let deep = "import os\nfor n in range(22): os.mkdir('x' * 200); os.chdir('x' * 200)";
    run(Command::new("python3").args(["-c", deep]).current_dir(playground.path("source")));
    let said = playground.run("repository import source");
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(
        said.stdout.contains("2 packages taken in") && said.stdout.contains("1 refused"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("File name too long"), "{}", said.stdout);
}

/// A repository whose stack is published, served over HTTP.
struct Published {
    chain: Chain,
    serving: Serving,
    sources: String,
}

fn published(settings: &str, more: &str) -> Published {
    let chain = Chain::new();
    chain.playground.ok("quick 124 config");
    let serving = Serving::start(&chain.playground, &["--no-auth"]);
    let url = format!("publish.url=http://127.0.0.1:{}{settings}", serving.port);
    let line = format!("--set {url} --format json publish 124 {more}");
    let published: Value = serde_json::from_str(&chain.playground.ok(&line)).unwrap();
    let sources = published["source"].as_str().unwrap().to_owned();
    Published { chain, serving, sources }
}

#[test]
fn what_apt_believes_comes_in_and_what_it_does_not_stays_out() {
    let playground = Playground::new();
    let chain = Chain::new();
    chain.playground.ok("--set signing.folder=keys key generate archive --email archive@example.org");
    chain.playground.ok("quick 124 config");
    let serving = Serving::start(&chain.playground, &["--no-auth"]);
    let url = format!("http://127.0.0.1:{}", serving.port);
    let settings = format!("--set signing.keys=archive,signing.folder=keys,publish.url={url} --format json");
    let signed: Value =
        serde_json::from_str(&chain.playground.ok(&format!("{settings} publish 124"))).unwrap();
    playground.write("signed.sources", signed["source"].as_str().unwrap());
    playground.ok("stack create 1");
    let outcome = playground.json("repository import signed.sources --to 1");
    assert_eq!(
        (outcome["import"]["taken"].as_u64(), outcome["stack"]["revision"].as_u64()),
        (Some(2), Some(2))
    );
    let record = |playground: &Playground| {
        let package = playground.json("package show dh-shop-config");
        package["versions"][0]["files"][0].clone()
    };
    let (theirs, ours) = (record(&chain.playground), record(&playground));
    assert_eq!(theirs["sha256"], ours["sha256"]);
    assert_eq!(ours["provenance"]["url"], format!("{url}/"));
    assert_eq!(playground.json("repository import signed.sources")["import"]["already_there"], 2);
    playground.ok("repository fsck");

    // With a key that did not sign it, or with none, nothing of it comes in.
    let strange = Playground::new();
    let line = format!("deb {url} default/124 main");
    for words in [&["repository", "import", &line][..], &["repository", "import", &line, "--to", "1"]] {
        assert_ne!(strange.run_words(words).code, 0);
    }
    let said = strange.run_words(&["repository", "import", &line]);
    assert!(said.stderr.contains("NO_PUBKEY") || said.stderr.contains("not signed"), "{}", said.stderr);
    assert_eq!(strange.json("package list"), serde_json::json!([]));
}

#[test]
fn sources_that_nobody_signed_are_believed_only_when_that_is_said_and_damage_is_refused_by_name() {
    let Published { chain, serving: _serving, sources } = published("", "--unsigned");
    let playground = Playground::new();
    // Whoever takes them over does not go by what the sources say of trust.
    let sources: String =
        sources.lines().filter(|line| !line.starts_with("Trusted")).map(|it| format!("{it}\n")).collect();
    playground.write("plain.sources", &sources);
    assert_ne!(playground.run("repository import plain.sources").code, 0);
    assert_eq!(playground.json("package list"), serde_json::json!([]));
    // Other bytes than the list names.
    let debs = chain.playground.path("repository/debs");
    let files = fs::read_dir(&debs).unwrap().map(|entry| entry.unwrap().path());
    let live = files.into_iter().find(|path| path.display().to_string().contains("config-live")).unwrap();
    let mut bytes = fs::read(&live).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&live, bytes).unwrap();
    let said = playground.run("repository import plain.sources --unsigned");
    assert_eq!(said.code, 5, "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout.contains("dh-shop-config-live ") && said.stdout.contains("1 package taken in"),
        "{}",
        said.stdout
    );
    playground.ok("repository fsck");
}
