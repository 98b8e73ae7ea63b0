//! Bases that apt takes: from archives of several suites, components and architectures, with its own priorities.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette_testkit::{AptRoot, PackageFolder};

use crate::playground::Playground;

const CONFIGURATION: &str = "\
meta_path: repository
debs_path: debs
bases:
  bookworm:
    sources: |
      Types: deb
      URIs: file:ARCHIVE
      Suites: bookworm bookworm-backports
      Components: main contrib
      Trusted: yes
    architectures: [amd64, arm64]
base: bookworm
";

/// A package archive as Debian's are, and a repository whose stacks are meant for it.
struct Debian {
    playground: Playground,
    archive: tempfile::TempDir,
}

fn package(name: &str, version: &str, architecture: &str, more: &str) -> String {
    format!("Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n{more}").trim_end().to_owned()
}

impl Debian {
    fn new() -> Self {
        // apt reads as a user of its own, who has to get there.
        let archive = tempfile::Builder::new().prefix("gachette-archive-").tempdir().unwrap();
        open(archive.path());
        let configuration = CONFIGURATION.replace("ARCHIVE", &archive.path().display().to_string());
        let debian = Self { playground: Playground::with_configuration(&configuration), archive };
        debian.index("bookworm", "main", "amd64", &[package("libfoo", "1.4", "amd64", "")]);
        debian.index("bookworm", "main", "arm64", &[package("libfoo", "1.3", "arm64", "")]);
        debian.index("bookworm", "contrib", "amd64", &[package("fonts", "1", "all", "")]);
        debian.release("bookworm", "main contrib", &[]);
        debian.index("bookworm-backports", "main", "amd64", &[package("libfoo", "2.0", "amd64", "")]);
        debian.release("bookworm-backports", "main", &["NotAutomatic=yes", "ButAutomaticUpgrades=yes"]);
        debian
    }

    fn suite(&self, suite: &str) -> PathBuf {
        self.archive.path().join("dists").join(suite)
    }

    /// Writes an index of a suite.
    fn index(&self, suite: &str, component: &str, architecture: &str, packages: &[String]) {
        let folder = tempfile::tempdir().unwrap();
        let pool = PackageFolder::at(folder.path().to_owned());
        for package in packages {
            pool.add(package);
        }
        let index = self.suite(suite).join(component).join(format!("binary-{architecture}"));
        std::fs::create_dir_all(&index).unwrap();
        std::fs::write(index.join("Packages"), pool.index()).unwrap();
    }

    /// Writes what a suite says of itself, as apt-ftparchive makes it.
    fn release(&self, suite: &str, components: &str, more: &[&str]) {
        let (suite_field, components) = (format!("Suite={suite}"), format!("Components={components}"));
        let fields = [&*suite_field, &*components, "Architectures=amd64 arm64"];
        let mut command = Command::new("apt-ftparchive");
        for field in fields.iter().chain(more) {
            command.arg("-o").arg(format!("APT::FTPArchive::Release::{field}"));
        }
        let output = command.arg("release").arg(self.suite(suite)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(self.suite(suite).join("Release"), output.stdout).unwrap();
    }

    /// Makes a stack of one package.
    fn stack(&self, name: &str, stacked: &str) {
        let file = PackageFolder::at(self.playground.path("debs")).add(stacked);
        self.playground.ok(&format!("stack create {name}"));
        self.playground.ok(&format!("stack add {name} {file}"));
    }
}

fn open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_base_has_the_lists_that_apt_has_with_its_priorities() {
    let debian = Debian::new();
    let playground = &debian.playground;
    debian.stack("124", &package("dh-web", "1", "all", "Depends: libfoo (>= 1.4), fonts"));
    debian.stack("125", &package("dh-web", "2", "all", "Depends: libfoo (>= 2)"));
    // What nobody has taken is not known, and no reason to seal.
    let said = playground.run("stack seal 124");
    assert!(said.code == 2 && said.stderr.contains("gachette base update bookworm"), "{}", said.stderr);
    let updated = playground.json("base update");
    let mut lists: Vec<String> = updated[0]["entry"]["lists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|list| {
            let text = |field: &str| list[field].as_str().unwrap_or_default().to_owned();
            format!("{} {} {} {}", text("origin"), text("architecture"), list["packages"], list["priority"])
        })
        .collect();
    lists.sort();
    let expected = [
        "bookworm amd64 1 500",
        "bookworm arm64 1 500",
        "bookworm-backports amd64 1 100",
        "bookworm/contrib amd64 1 500",
    ];
    assert_eq!(lists, expected);
    // For each architecture by itself: arm64 has an older libfoo, and no fonts.
    let said = playground.run("stack check 124");
    assert!(
        said.code == 5 && said.stdout.contains("amd64: 1 package, and apt brings 2 more"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("of which only libfoo 1.3 (bookworm) is there"), "{}", said.stdout);
    assert_eq!(playground.run("stack check 124 --architecture amd64").code, 0);
    assert_eq!(playground.run("stack check 124 --architecture riscv64").code, 3);
    // Backports are there, and apt does not take them by itself.
    let said = playground.run("stack check 125 --architecture amd64");
    let words = "libfoo 2.0 (bookworm-backports) would do, but another version is taken";
    assert!(said.code == 5 && said.stdout.contains(words), "{}", said.stdout);

    let apt = AptRoot::new();
    for (from, to) in [(debian.archive.path(), "archive"), (&playground.path("debs"), "stack")] {
        PackageFolder::at(from.to_owned()).copy_to(&apt.path(to));
    }
    apt.source(
        "Types: deb\nURIs: file:/archive\nSuites: bookworm bookworm-backports\nComponents: main contrib\nTrusted: yes\n
Types: deb\nURIs: file:/stack\nSuites: ./\nTrusted: yes\n",
    );
    let stack = PackageFolder::at(playground.path("debs")).index();
    apt.write("stack/Packages", &stack);
    for (architecture, word, installs) in
        [("amd64", "dh-web=1", true), ("amd64", "dh-web=2", false), ("arm64", "dh-web=1", false)]
    {
        let native = format!("APT::Architecture={architecture}");
        let options = ["-o", &native, "-o", "APT::Architectures::=arm64"];
        // It warns of the indices that are not there for one of the architectures.
        assert!(apt.run(&[&options[..], &["update"]].concat()).status.success());
        let output = apt.run(&[&options[..], &["-s", "install", word]].concat());
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.success(), installs, "{architecture} {word}: {said}");
        assert!(said.contains("dh-web"), "{said}");
    }
}

#[test]
fn a_base_whose_archive_is_broken_stays_as_it_was() {
    let debian = Debian::new();
    let playground = &debian.playground;
    playground.ok("base update");
    debian.index("bookworm", "main", "amd64", &[package("libfoo", "9", "amd64", "")]);
    // The index is not the one that the release file names.
    let said = playground.run("base update");
    assert!(said.code == 3 && said.stderr.contains("apt could not fetch"), "{} {}", said.code, said.stderr);
    debian.release("bookworm", "main contrib", &[]);
    let updated = playground.json("base update");
    assert_eq!(updated[0]["entry"]["number"], 2);
    std::fs::remove_dir_all(debian.suite("bookworm")).unwrap();
    let said = playground.run("base update bookworm");
    assert!(said.code == 3 && said.stderr.contains("apt-get update"), "{} {}", said.code, said.stderr);
    assert_eq!(playground.json("base log bookworm").as_array().unwrap().len(), 2);
}

#[test]
fn a_list_without_a_package_is_warned_about() {
    let playground = Playground::with_configuration(
        "meta_path: repository\nbases:\n  empty:\n    packages: lists/Packages\nbase: empty\n",
    );
    playground.write("lists/Packages", "");
    let said = playground.run("base update");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("warning: base empty: "), "{}", said.stderr);
    assert!(said.stderr.contains("lists/Packages names no package"), "{}", said.stderr);
    for pipe in ["lists/pipe", "lists/pipe.gz"] {
        assert!(Command::new("mkfifo").arg(playground.path(pipe)).status().unwrap().success());
        let said = playground.run(&format!("--set bases.empty.packages={pipe} base update"));
        assert!(said.code == 3 && said.stderr.contains("it is no regular file"), "{}", said.stderr);
    }
    let said = playground.run("base show empty@0");
    assert!(said.code == 2 && said.stderr.contains("`empty@0` is no entry of a base"), "{}", said.stderr);
}

/// The modes of the files in which a base that is being taken names its sources, of those at this port.
fn modes_of_sources(port: u16) -> Vec<u32> {
    use std::os::unix::fs::PermissionsExt;
    let roots = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|root| root.path());
    let sources = roots.map(|root| root.join("etc/apt/sources.list.d/base.sources"));
    let ours = |file: &PathBuf| {
        std::fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("127.0.0.1:{port}/")))
    };
    sources.filter(ours).map(|file| file.metadata().unwrap().permissions().mode() & 0o777).collect()
}

/// Answers with files of this folder whoever shows `ada:geheim` (RFC 7617), and says in which mode the sources lay meanwhile.
fn answer(stream: TcpStream, folder: &Path, port: u16) -> Vec<u32> {
    let lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let path = head[0].split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let is_known = head.iter().any(|line| line == "Authorization: Basic YWRhOmdlaGVpbQ==");
    let (status, body) = match std::fs::read(folder.join(path)) {
        _ if !is_known => ("401 Unauthorized", Vec::new()),
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let modes = modes_of_sources(port);
    let _ = (&stream).write_all(&[head.as_bytes(), &body].concat());
    modes
}

#[test]
fn a_password_of_an_archive_reaches_it_and_nobody_else() {
    let debian = Debian::new();
    let (playground, folder) = (&debian.playground, debian.archive.path().to_owned());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, modes) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        listener.incoming().flatten().try_for_each(|stream| sender.send(answer(stream, &folder, port)))
    });
    let address = format!("http://ada:geheim@127.0.0.1:{port}/");
    playground.write("gachette.yml", &CONFIGURATION.replace("file:ARCHIVE", &address));
    let updated = playground.json("base update");
    let place = updated[0]["entry"]["lists"][0]["source"]["place"].to_string();
    assert!(place.contains(&format!("http://…@127.0.0.1:{port}/")), "{updated}");
    let modes: Vec<u32> = modes.try_iter().flatten().collect();
    assert!(!modes.is_empty() && modes.iter().all(|mode| *mode == 0o600), "{modes:?}");
    let found =
        Command::new("grep").args(["-r", "geheim"]).arg(playground.path("repository")).output().unwrap();
    assert_eq!(found.status.code(), Some(1), "{}", String::from_utf8_lossy(&found.stdout));
}
