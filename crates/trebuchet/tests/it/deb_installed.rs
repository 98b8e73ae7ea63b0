//! Packages that are written, installed by dpkg and looked over by lintian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette_core::debian::Control;
use gachette_testkit::DpkgRoot;
use trebuchet::deb::{Compression, DebPackage, Entry, WriteOptions, write};
use trebuchet::process::Cancel;

fn package(version: &str) -> DebPackage {
    let mut control =
        Control::new("dh-web".parse().unwrap(), version.parse().unwrap(), "all".parse().unwrap());
    control.maintainer = "Ann Example <ann@example.org>".to_owned();
    control.description =
        "web server of the example\nServes what there is to be served.\n\nIt does so well.".to_owned();
    control.section = Some("web".to_owned());
    control.priority = Some("optional".to_owned());
    control.depends = "adduser, sed (>= 1)".parse().unwrap();
    let mut package = DebPackage::new(control);
    let changelog = format!(
        "dh-web ({version}) stable; urgency=medium\n\n  * Everything.\n\n -- Ann Example <ann@example.org>  Wed, 15 Nov 2023 00:30:00 +0000\n"
    );
    let copyright = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\n\
                     Copyright: 2023 Ann Example\nLicense: Expat\n It is free.\n";
    package.entries = vec![
        Entry::file(path("etc/web/web.conf"), format!("made-for = {version}\n")),
        Entry::file(path("usr/share/doc/dh-web/changelog.gz"), gzip(changelog.as_bytes())),
        Entry::file(path("usr/share/doc/dh-web/copyright"), copyright),
        Entry::file(path("usr/share/web/index.html"), format!("<p>{version}</p>\n")),
        Entry::symlink(path("usr/share/web/default.html"), "index.html"),
        Entry::file(path(&format!("usr/share/web/{}", "very-long/".repeat(15) + "leaf")), "leaf\n"),
    ];
    package.conffiles = vec![path("etc/web/web.conf")];
    package.scripts.postinst = Some("#!/bin/sh\nset -e\necho \"$1\" >>/var/log/web-postinst\n".to_owned());
    package
}

fn path(text: &str) -> trebuchet::deb::PackagePath {
    text.parse().unwrap()
}

/// What `gzip --best --no-name` makes of it, as Debian Policy 12.7 wants changelogs.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("changelog");
    fs::write(&file, bytes).unwrap();
    Command::new("gzip").args(["--best", "--no-name", "--stdout"]).arg(&file).output().unwrap().stdout
}

fn written(folder: &Path, version: &str, compression: Compression) -> PathBuf {
    let output = folder.join(format!("dh-web_{version}_all.deb"));
    write(
        &package(version),
        &output,
        &WriteOptions { compression, ..WriteOptions::new(1_700_008_200) },
        &Cancel::new(),
    )
    .unwrap();
    output
}

#[test]
fn dpkg_installs_upgrades_and_removes_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = DpkgRoot::new();
    root.pretend_installed("adduser", "3.134");
    root.pretend_installed("sed", "4.9");
    for (version, compression) in
        [("1.0", Compression::Gzip), ("1.1", Compression::XZ), ("1.2", Compression::ZSTD)]
    {
        root.install(&[&written(folder.path(), version, compression)]);
        assert_eq!(root.version("dh-web").as_deref(), Some(version));
        let index = fs::read_to_string(root.path("usr/share/web/default.html")).unwrap();
        assert_eq!(index, format!("<p>{version}</p>\n"));
        // dpkg compares with our md5sums.
        assert_eq!(root.check("dpkg", &["--verify", "dh-web"]), "");
    }
    fs::write(root.path("usr/share/web/index.html"), "changed").unwrap();
    let verified = String::from_utf8(root.run("dpkg", &["--verify", "dh-web"]).stdout).unwrap();
    assert!(verified.contains("/usr/share/web/index.html"), "{verified}");
    let conffiles = root.check("dpkg-query", &["--show", "--showformat=${Conffiles}", "dh-web"]);
    assert!(conffiles.trim_start().starts_with("/etc/web/web.conf "), "{conffiles}");
    root.remove(&["dh-web"]);
    assert!(root.path("etc/web/web.conf").exists() && !root.path("usr/share/web").exists());
    root.purge(&["dh-web"]);
    assert_eq!((root.status("dh-web"), root.path("etc/web").exists()), (None, false));
    let log = fs::read_to_string(root.path("var/log/web-postinst")).unwrap();
    assert_eq!(log, "configure\n".repeat(3));
}

#[test]
fn dpkg_keeps_a_conffile_that_a_user_changed() {
    let folder = tempfile::tempdir().unwrap();
    let root = DpkgRoot::new();
    root.pretend_installed("adduser", "3.134");
    root.pretend_installed("sed", "4.9");
    root.install(&[&written(folder.path(), "1.0", Compression::XZ)]);
    fs::write(root.path("etc/web/web.conf"), "mine\n").unwrap();
    let new = written(folder.path(), "2.0", Compression::XZ);
    fs::copy(new, root.path("tmp/new.deb")).unwrap();
    root.check("dpkg", &["--force-confold", "--install", "/tmp/new.deb"]);
    assert_eq!(fs::read_to_string(root.path("etc/web/web.conf")).unwrap(), "mine\n");
}

#[test]
fn lintian_finds_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let deb = written(folder.path(), "1.0", Compression::XZ);
    let mut lintian = Command::new("lintian");
    lintian.args(["--allow-root", "--no-cfg", "--fail-on", "error,warning", "--no-tag-display-limit"]);
    let output = lintian.arg(&deb).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "");
}
