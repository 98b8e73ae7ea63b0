//! What other programs that read APT repositories make of ours, and machines of several architectures.

use std::collections::BTreeSet;
use std::process::Command;

use gachette_testkit::AptRoot;

use crate::chain::Chain;
use crate::playground::Playground;
use crate::publishing::publish;
use crate::serving::Serving;

/// Runs a program with the playground as its home; what it printed.
fn run(playground: &Playground, program: &str, words: &[&str]) -> String {
    let output = playground.as_user(Command::new(program), words).output().unwrap();
    let (said, complained) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {words:?}\n{said}{complained}");
    said
}

/// Makes a package with dpkg-deb, in the folder of package files; the file's name.
pub(crate) fn package(playground: &Playground, name: &str, architecture: &str) -> String {
    let control = format!(
        "Package: {name}\nVersion: 1.0\nArchitecture: {architecture}\nMulti-Arch: foreign\n\
         Maintainer: Ada <ada@example.org>\nDescription: of one architecture\n"
    );
    playground.write(&format!("tree-{name}/DEBIAN/control"), &control);
    playground.write(&format!("tree-{name}/usr/share/{name}/text"), architecture);
    let file = format!("{name}-1.0-{architecture}.deb");
    let tree = playground.path(&format!("tree-{name}")).display().to_string();
    let target = playground.path("repository/debs").join(&file).display().to_string();
    run(playground, "dpkg-deb", &["--root-owner-group", "--build", &tree, &target]);
    file
}

/// Names and versions of what a stack holds.
fn content(playground: &Playground, stack: &str) -> Vec<(String, String)> {
    let shown = playground.json(&format!("stack show {stack}"));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let packages = shown["packages"].as_array().unwrap().iter();
    packages.map(|package| (text(&package["name"]), text(&package["version"]))).collect()
}

/// A signed suite with all packages of the chain, whose key is `archive.asc`; the fingerprint.
fn signed(chain: &Chain, url: &str) -> String {
    let playground = &chain.playground;
    playground.ok("quick 124 shop");
    playground.ok("quick 124 config");
    let key = playground.json("key generate archive");
    playground.ok(&format!("--set signing.keys=archive,publish.url={url} publish 124"));
    playground.write("archive.asc", &playground.ok("key export archive"));
    key["certificate"]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn aptly_mirrors_a_suite() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &["--no-auth"]);
    let url = format!("http://127.0.0.1:{}", serving.port);
    signed(&chain, &url);
    let keyring = playground.path("trusted.gpg").display().to_string();
    run(
        playground,
        "gpg",
        &["--batch", "--quiet", "--no-default-keyring", "--keyring", &keyring, "--import", "archive.asc"],
    );
    let settings = serde_json::json!({"rootDir": playground.path("aptly"), "gpgProvider": "gpg"});
    playground.write("aptly.conf", &settings.to_string());
    let aptly = |words: &[&str]| run(playground, "aptly", &[&["-config=aptly.conf"], words].concat());
    let keyring = format!("-keyring={keyring}");
    aptly(&["mirror", "create", &keyring, "mirror", &url, "default/124", "main"]);
    aptly(&["mirror", "update", &keyring, "mirror"]);
    let listed = aptly(&["mirror", "show", "-with-packages", "mirror"]);
    let (_, listed) = listed.split_once("Packages:").unwrap();
    let mut listed: Vec<&str> = listed.split_whitespace().collect();
    listed.sort_unstable();
    let mut expected: Vec<String> =
        content(playground, "124").iter().map(|(name, version)| format!("{name}_{version}_all")).collect();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
fn reprepro_updates_from_a_suite() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &["--no-auth"]);
    let url = format!("http://127.0.0.1:{}", serving.port);
    let fingerprint = signed(&chain, &url);
    run(playground, "gpg", &["--batch", "--quiet", "--import", "archive.asc"]);
    playground.write(
        "reprepro/conf/distributions",
        "Codename: mine\nArchitectures: amd64\nComponents: main\nUpdate: theirs\n",
    );
    playground.write(
        "reprepro/conf/updates",
        &format!(
            "Name: theirs\nMethod: {url}\nSuite: default/124\nComponents: main\nArchitectures: amd64\n\
             VerifyRelease: {}\n",
            &fingerprint[fingerprint.len() - 16..]
        ),
    );
    run(playground, "reprepro", &["-b", "reprepro", "update"]);
    let listed = run(playground, "reprepro", &["-b", "reprepro", "list", "mine"]);
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    let mut expected: Vec<String> = content(playground, "124")
        .iter()
        .map(|(name, version)| format!("mine|main|amd64: {name} {version}"))
        .collect();
    expected.sort();
    assert_eq!(listed, expected);
}

/// The paragraphs of an index, each as its fields in order.
fn paragraphs(text: &str) -> Vec<Vec<String>> {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    let mut paragraphs: Vec<Vec<String>> = paragraphs
        .map(|paragraph| {
            let paragraph = paragraph.trim_start().replace("\n ", "\u{1}");
            let mut fields: Vec<String> = paragraph.lines().map(|line| line.trim_end().to_owned()).collect();
            fields.sort();
            fields
        })
        .collect();
    paragraphs.sort();
    paragraphs
}

#[test]
fn an_index_says_what_apt_ftparchive_says() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 shop");
    playground.ok("quick 124 config");
    playground.ok("publish 124 --unsigned");
    let index =
        std::fs::read_to_string(playground.path("repository/dists/default/124/main/binary-amd64/Packages"))
            .unwrap();
    let mut apt = Command::new("env");
    apt.arg("--chdir").arg(playground.path("repository")).arg("apt-ftparchive");
    let words = ["--md5=no", "--sha1=no", "--sha512=no", "packages", "debs"];
    let output = playground.as_user(apt, &words).env("APT_CONFIG", "/dev/null").output().unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(paragraphs(&index), paragraphs(&theirs));
}

/// Has apt fetch Contents indices, as the configuration of apt-file does.
const CONTENTS: &str = r#"Acquire::IndexTargets::deb::Contents-deb {
    MetaKey "$(COMPONENT)/Contents-$(ARCHITECTURE)";
    ShortDescription "Contents-$(ARCHITECTURE)";
    Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents (deb)";
    KeepCompressed "true";
};"#;

/// Paths, each with who installs it, however they are set apart.
fn lines(contents: &str) -> BTreeSet<(String, String)> {
    let parted = contents.lines().map(|line| line.rsplit_once(char::is_whitespace).unwrap());
    parted.map(|(path, packages)| (path.trim_end().to_owned(), packages.to_owned())).collect()
}

#[test]
fn apt_fetches_what_installs_which_file_as_apt_ftparchive_says_it() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &["--no-auth"]);
    playground.ok("quick 124 shop");
    let file = package(playground, "for-intel", "amd64");
    playground.ok(&format!("stack add 124 {file}"));
    let line = format!("--set publish.contents=true,publish.url=http://127.0.0.1:{}", serving.port);
    let published = playground.json(&format!("{line} publish 124 --unsigned"));
    let apt = AptRoot::new();
    apt.write("etc/apt/apt.conf.d/contents", CONTENTS);
    apt.source(published["source"].as_str().unwrap());
    apt.check(&["update"]);
    let said =
        |program: &str, words: &[&str]| String::from_utf8(apt.root().run(program, words).stdout).unwrap();
    let files = said("apt-get", &["indextargets", "--format", "$(FILENAME)", "Created-By: Contents-deb"]);
    assert_eq!(files.lines().count(), 2, "of amd64 and of all: {files}");
    let fetched: Vec<String> =
        files.lines().map(|file| said("/usr/lib/apt/apt-helper", &["cat-file", file])).collect();
    let theirs = run(playground, "apt-ftparchive", &["contents", "repository/debs"]);
    // Sections it takes from a file of its own, and not from the packages.
    let fetched = fetched.concat();
    assert!(fetched.contains("\tmisc/dh-shop\n"), "{fetched}");
    assert_eq!(lines(&fetched.replace("\tmisc/", "\t")), lines(&theirs));
    // A channel has what its stack has; and who wants none, has none.
    playground.ok("stack seal 124");
    playground.ok(&format!("{line} promote 124 --to live --unsigned"));
    let contents = playground.path("repository/dists/default/live/main/Contents-all.gz");
    assert!(contents.is_file());
    playground.ok("repository fsck");
    playground.ok("promote 124 --to live --unsigned");
    playground.ok("publish 124 --unsigned");
    assert!(!playground.path("repository/dists/default/124/main/Contents-all.gz").exists());
}

/// Has apt and dpkg of a root take this architecture besides their own.
fn take(apt: &AptRoot, architecture: &str) {
    let added = apt.root().run("dpkg", &["--add-architecture", architecture]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    apt.write("etc/apt/apt.conf.d/more", &format!("APT::Architectures {{ \"{architecture}\"; }};\n"));
}

#[test]
fn machines_take_what_is_for_their_architectures() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &["--no-auth"]);
    playground.ok("quick 124 shop");
    for (name, architecture) in [("for-intel", "amd64"), ("for-arm", "arm64"), ("for-all", "all")] {
        let file = package(playground, name, architecture);
        playground.ok(&format!("stack add 124 {file}"));
    }
    let source = publish(&chain, &serving, "124");

    let plain = AptRoot::new();
    plain.source(&source);
    plain.check(&["update"]);
    plain.check(&["install", "for-intel", "for-all", "dh-shop"]);
    assert!(!plain.run(&["install", "for-arm"]).status.success());

    let both = AptRoot::new();
    take(&both, "arm64");
    both.source(&source);
    both.check(&["update"]);
    both.check(&["install", "for-arm", "for-intel", "for-all"]);
    let text = |name: &str| std::fs::read_to_string(both.path(&format!("usr/share/{name}/text")));
    assert_eq!(text("for-arm").unwrap(), "arm64");
    assert_eq!(text("for-intel").unwrap(), "amd64");
}

#[test]
fn apt_installs_from_the_files_without_a_server() {
    let chain = Chain::new();
    let playground = &chain.playground;
    playground.ok("quick 124 shop");
    let line = "--set publish.url=file:/srv/repository publish 124 --unsigned";
    let source = playground.json(line)["source"].as_str().unwrap().to_owned();
    let apt = AptRoot::new();
    let there = apt.path("srv/repository").display().to_string();
    std::fs::create_dir_all(apt.path("srv")).unwrap();
    run(playground, "cp", &["--archive", "repository", &there]);
    apt.source(&source);
    apt.check(&["update"]);
    apt.check(&["install", "dh-shop"]);
    assert!(apt.installed("dh-shop").is_some());
}
