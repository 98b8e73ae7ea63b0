//! apt itself takes what was signed, and nothing else.

use std::fs;
use std::path::PathBuf;

use gachette::Cancel;
use gachette::signing::NewEnd;
use gachette_testkit::AptRoot;

use super::{Desk, certificate};

const PACKAGES: &str = "Package: dh-web\nVersion: 1.0\nArchitecture: all\nMaintainer: Ada <ada@example.org>\n\
                        Filename: dh-web.deb\nSize: 4\nDescription: an example\n";

/// A repository with one suite, whose Release file apt-ftparchive made, on a machine that installs from it.
struct Suite {
    apt: AptRoot,
}

impl Suite {
    fn new() -> Self {
        let suite = Self { apt: AptRoot::new() };
        let packages = suite.path("main/binary-all/Packages");
        fs::create_dir_all(packages.parent().unwrap()).unwrap();
        fs::write(packages, PACKAGES).unwrap();
        suite
    }

    fn path(&self, name: &str) -> PathBuf {
        self.apt.path("srv/repository/dists/stable").join(name)
    }

    fn release(&self) -> Vec<u8> {
        let set = |field: &str| format!("APT::FTPArchive::Release::{field}");
        let (suite, components) = (set("Suite=stable"), set("Components=main"));
        let architectures = set("Architectures=all amd64");
        let options = ["-o", &suite, "-o", &components, "-o", &architectures];
        let there = ["--chdir=/srv/repository/dists/stable", "apt-ftparchive"];
        let output = self.apt.root().run("env", &[&there[..], &options, &["release", "."]].concat());
        assert!(output.status.success());
        output.stdout
    }

    /// Signs it with all keys of the desk.
    fn publish(&self, desk: &Desk) {
        for old in ["Release", "InRelease", "Release.gpg"] {
            let _ = fs::remove_file(self.path(old));
        }
        let release = self.release();
        let signed = desk.signers().sign(&release, desk.now, &Cancel::new()).unwrap();
        fs::write(self.path("Release"), release).unwrap();
        fs::write(self.path("InRelease"), signed.in_release).unwrap();
        fs::write(self.path("Release.gpg"), signed.release_gpg).unwrap();
    }

    /// What apt says that has never seen the suite and trusts these certificates: an error when it is not content.
    fn update(&self, certificates: &[u8]) -> Result<(), String> {
        let _ = fs::remove_dir_all(self.apt.path("var/lib/apt/lists"));
        fs::write(self.apt.path("etc/apt/keyrings/archive.asc"), certificates).unwrap();
        self.apt.source(
            "Types: deb\nURIs: file:/srv/repository\nSuites: stable\nComponents: main\n\
             Signed-By: /etc/apt/keyrings/archive.asc\n",
        );
        let output = self.apt.run(&["update", "--error-on=any"]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let warned = said.lines().any(|line| line.starts_with("W:"));
        let known = self.apt.root().run("apt-cache", &["pkgnames"]).stdout;
        assert_eq!(output.status.success(), known == b"dh-web\n", "{said}");
        if output.status.success() && !warned { Ok(()) } else { Err(said) }
    }
}

#[test]
fn apt_takes_a_signed_suite_in_either_form_and_refuses_a_changed_one() {
    let mut desk = Desk::new();
    desk.generate("archive", 365);
    let suite = Suite::new();
    suite.publish(&desk);
    let certificates = desk.signers().certificates();
    suite.update(&certificates).unwrap();
    // Without InRelease, a client reads Release and Release.gpg.
    fs::remove_file(suite.path("InRelease")).unwrap();
    suite.update(&certificates).unwrap();

    suite.publish(&desk);
    for (file, from, to, why) in [
        ("InRelease", "Components: main", "Components: mein", "BADSIG"),
        ("main/binary-all/Packages", "1.0", "2.0", "Hash Sum mismatch"),
    ] {
        let kept = fs::read_to_string(suite.path(file)).unwrap();
        fs::write(suite.path(file), kept.replace(from, to)).unwrap();
        let said = suite.update(&certificates).unwrap_err();
        assert!(said.contains(why), "{said}");
        fs::write(suite.path(file), kept).unwrap();
    }
    suite.update(&certificates).unwrap();
}

#[test]
fn while_keys_change_apt_takes_the_suite_with_either_and_with_both() {
    let mut desk = Desk::new();
    desk.generate("old", 365);
    let old = certificate(&desk, "old");
    desk.generate("new", 730);
    let suite = Suite::new();
    suite.publish(&desk);
    let (new, both) = (certificate(&desk, "new"), desk.signers().certificates());
    for certificates in [&old, &new, &both] {
        suite.update(certificates).unwrap();
    }
    // Later the old key is gone: who was given both, or the new one, notices nothing.
    desk.keys.remove(0);
    suite.publish(&desk);
    for certificates in [&new, &both] {
        suite.update(certificates).unwrap();
    }
    let said = suite.update(&old).unwrap_err();
    assert!(said.contains("NO_PUBKEY"), "{said}");
}

#[test]
fn apt_refuses_a_suite_whose_key_ended_until_it_is_given_the_new_certificate() {
    let mut desk = Desk::new();
    let now = desk.now;
    desk.now = desk.in_days(-10);
    desk.generate("archive", 5);
    let suite = Suite::new();
    suite.publish(&desk);
    let ended = certificate(&desk, "archive");
    let said = suite.update(&ended).unwrap_err();
    assert!(said.contains("EXPKEYSIG"), "{said}");
    desk.now = now;
    let (key, passphrase) = ("archive".parse().unwrap(), &desk.passphrase);
    desk.keys().extend(&key, NewEnd::NotBefore(Some(desk.in_days(100))), passphrase, now).unwrap();
    let extended = certificate(&desk, "archive");
    // What was signed before is good again, too.
    suite.update(&extended).unwrap();
    suite.publish(&desk);
    suite.update(&extended).unwrap();
    suite.update(&ended).unwrap_err();
}
