//! Packages that are read: dpkg-deb's and our own, and files made to harm.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use trebuchet::deb::{DebFault, DebFile, DebMemberKind, ReadLimits, read, read_control, read_from};

/// A package made by dpkg-deb, with these options, of a folder, a file, a long path and links.
fn made_by_dpkg_deb(folder: &Path, options: &[&str]) -> PathBuf {
    let tree = folder.join("tree");
    if !tree.exists() {
        fs::create_dir_all(tree.join("DEBIAN")).unwrap();
        fs::create_dir_all(tree.join("opt").join("l".repeat(120))).unwrap();
        fs::write(tree.join("opt/file"), "contents").unwrap();
        fs::hard_link(tree.join("opt/file"), tree.join("opt/same")).unwrap();
        fs::write(tree.join("opt").join("l".repeat(120)).join("leaf"), "").unwrap();
        symlink("t".repeat(130), tree.join("opt/link")).unwrap();
        let control = "Package: dh-x\nVersion: 1.0\nArchitecture: all\nMaintainer: A <a@example.org>\n\
                       Depends: python3 (>= 3.9), nginx | apache2\nX-Note: a\n b\nDescription: short\n long\n";
        fs::write(tree.join("DEBIAN/control"), control).unwrap();
    }
    let output = folder.join("made.deb");
    let mut dpkg_deb = Command::new("dpkg-deb");
    dpkg_deb.args(options).arg("--root-owner-group").arg("--build").arg(&tree).arg(&output);
    assert!(dpkg_deb.output().unwrap().status.success());
    output
}

#[test]
fn what_dpkg_deb_wrote_is_read_in_every_compression() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["xz", "zstd", "gzip", "none"] {
        let deb = made_by_dpkg_deb(folder.path(), &[&format!("-Z{format}")]);
        let found = read(&deb).unwrap();
        assert_eq!(found.control.package.as_str(), "dh-x");
        assert_eq!(found.control.depends.to_string(), "python3 (>= 3.9), nginx | apache2");
        assert_eq!(found.control.description, "short\nlong");
        assert_eq!(found.fields.get("x-note"), Some("a\nb"));
        assert_eq!(found.control_files, ["control"]);
        assert_eq!(listed_by_tar(&deb), found.members.iter().map(|m| m.path.to_string()).collect::<Vec<_>>());
        let kind = |path: &str| &found.members.iter().find(|m| m.path.to_string() == path).unwrap().kind;
        assert_eq!(*kind("opt/link"), DebMemberKind::Symlink("t".repeat(130).into_bytes()));
        assert_eq!(*kind("opt/same"), DebMemberKind::HardLink("opt/file".parse().unwrap()));
        let digest = Command::new("sha256sum").arg(&deb).output().unwrap().stdout;
        assert!(digest.starts_with(found.sha256.to_string().as_bytes()));
        assert_eq!(found.size, deb.metadata().unwrap().len());
        let shallow = read_control(&deb).unwrap();
        assert_eq!(shallow, DebFile { members: Vec::new(), ..found });
    }
}

/// The paths in a package by `dpkg-deb --fsys-tarfile | tar --list`, without the root folder.
fn listed_by_tar(deb: &Path) -> Vec<String> {
    let tar = Command::new("dpkg-deb").arg("--fsys-tarfile").arg(deb).output().unwrap().stdout;
    let file = deb.with_extension("tar");
    fs::write(&file, tar).unwrap();
    let listing = Command::new("tar").arg("--list").arg("--file").arg(&file).output().unwrap().stdout;
    let paths = String::from_utf8(listing).unwrap();
    paths.lines().skip(1).map(|path| path.trim_start_matches("./").trim_end_matches('/').to_owned()).collect()
}

#[test]
fn every_truncation_of_a_package_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["xz", "zstd", "gzip", "none"] {
        let bytes = fs::read(made_by_dpkg_deb(folder.path(), &[&format!("-Z{format}")])).unwrap();
        assert!(read_from(bytes.as_slice(), &ReadLimits::default()).is_ok());
        // ar pads the last member by a byte that dpkg can do without.
        for length in (0..bytes.len() - 1).step_by(7) {
            assert!(read_from(&bytes[..length], &ReadLimits::default()).is_err(), "{format}, {length} bytes");
        }
    }
}

#[test]
fn a_flipped_bit_in_a_compressed_member_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["xz", "gzip"] {
        let bytes = fs::read(made_by_dpkg_deb(folder.path(), &[&format!("-Z{format}")])).unwrap();
        let whole = read_from(bytes.as_slice(), &ReadLimits::default()).unwrap();
        let data = bytes.windows(8).position(|window| window == b"data.tar").unwrap() + 60;
        // Past gzip's header, whose time and system mean nothing.
        for at in data + 10..bytes.len() - 2 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            // The bits behind gzip's last code mean nothing.
            if let Ok(found) = read_from(damaged.as_slice(), &ReadLimits::default()) {
                assert_eq!((found.members, format), (whole.members.clone(), "gzip"), "byte {at}");
            }
        }
    }
}

/// An ar archive of these members.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, contents) in members {
        writeln!(bytes, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 100_644, contents.len()).unwrap();
        bytes.extend_from_slice(contents);
        bytes.resize(bytes.len().next_multiple_of(2), b'\n');
    }
    bytes
}

/// A tar archive of one member with this name and type, built beside the rules where asked to.
fn tar(name: &[u8], kind: tar::EntryType, size: u64, contents: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(contents);
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    bytes
}

const CONTROL: &[u8] = b"Package: dh-x\nVersion: 1\nArchitecture: all\n";

fn control_tar() -> Vec<u8> {
    tar(b"./control", tar::EntryType::Regular, CONTROL.len() as u64, CONTROL)
}

fn read_with_data(name: &str, data: &[u8]) -> Result<DebFile, DebFault> {
    let deb = archive(&[("debian-binary", b"2.0\n"), ("control.tar", &control_tar()), (name, data)]);
    read_from(deb.as_slice(), &ReadLimits::default())
}

#[test]
fn a_member_that_dpkg_would_ignore_is_ignored() {
    let data = tar(b"./opt/", tar::EntryType::Directory, 0, b"");
    let members: [(&str, &[u8]); 5] = [
        ("debian-binary", b"2.1\n"),
        ("_signature", b"odd"),
        ("control.tar/", &control_tar()),
        ("data.tar", &data),
        ("after", b"anything"),
    ];
    let found = read_from(archive(&members).as_slice(), &ReadLimits::default()).unwrap();
    assert_eq!(found.members.len(), 1);
}

#[test]
fn a_path_that_leaves_the_package_is_an_error() {
    for name in [&b"../x"[..], b"./a/../../x", b"./..", b"//x", b"a\nb", b"./a//b", b"./././b"] {
        let data = tar(name, tar::EntryType::Regular, 0, b"");
        assert!(matches!(read_with_data("data.tar", &data), Err(DebFault::Path(_))), "{name:?}");
    }
}

#[test]
fn what_readers_could_take_in_two_ways_is_an_error() {
    let folder_with_contents = tar(b"./a", tar::EntryType::Directory, 512, &[b'x'; 512]);
    let extended = tar(b"./a", tar::EntryType::XHeader, 20, b"20 path=../../etc/x\n");
    let sparse = tar(b"./a", tar::EntryType::GNUSparse, 0, b"");
    let mut wrong_sum = tar(b"./a", tar::EntryType::Regular, 0, b"");
    wrong_sum[0] ^= 1;
    for data in [folder_with_contents, extended, sparse, wrong_sum] {
        assert!(matches!(read_with_data("data.tar", &data), Err(DebFault::Damaged { .. })));
    }
    let twice = [&control_tar()[..1024], &control_tar()].concat();
    let deb = archive(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", &twice),
        ("data.tar", &tar(b"./a/", tar::EntryType::Directory, 0, b"")),
    ]);
    assert!(read_from(deb.as_slice(), &ReadLimits::default()).is_err());
}

#[test]
fn sizes_that_are_made_up_cost_nothing() {
    let endless = tar(b"./a", tar::EntryType::Regular, u64::MAX, b"");
    assert!(read_with_data("data.tar", &endless).is_err());
    let long_name = tar(b"././@LongLink", tar::EntryType::GNULongName, 1 << 40, b"x");
    assert!(matches!(read_with_data("data.tar", &long_name), Err(DebFault::TooMuch { .. })));
    let mut huge_member = archive(&[("debian-binary", b"2.0\n"), ("control.tar.gz", b"")]);
    let at = huge_member.len() - 12;
    huge_member[at..at + 10].copy_from_slice(b"9999999999");
    assert!(matches!(
        read_from(huge_member.as_slice(), &ReadLimits::default()),
        Err(DebFault::Truncated | DebFault::Damaged { .. })
    ));
    let control = tar(b"./control", tar::EntryType::Regular, 1 << 40, b"");
    let deb = archive(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", b"")]);
    assert!(matches!(read_from(deb.as_slice(), &ReadLimits::default()), Err(DebFault::TooMuch { .. })));
}

#[test]
fn a_bomb_is_given_up_at_the_limit() {
    let zeros = vec![0; 64 << 20];
    let mut bomb = tar(b"./zeros", tar::EntryType::Regular, zeros.len() as u64, &zeros);
    bomb.extend_from_slice(&[0; 1024]);
    let packed = zstd::encode_all(bomb.as_slice(), 1).unwrap();
    let limits = ReadLimits { data_bytes: 1 << 20, ..ReadLimits::default() };
    let deb =
        archive(&[("debian-binary", b"2.0\n"), ("control.tar", &control_tar()), ("data.tar.zst", &packed)]);
    let fault = read_from(deb.as_slice(), &limits).unwrap_err();
    assert_eq!(fault.to_string(), "it has more unpacked bytes than is read (1048576)");
    let control = [&control_tar()[..1024], &bomb[..]].concat();
    let packed = zstd::encode_all(control.as_slice(), 1).unwrap();
    let deb = archive(&[("debian-binary", b"2.0\n"), ("control.tar.zst", &packed), ("data.tar", b"")]);
    let limits = ReadLimits { control_bytes: 1 << 20, ..ReadLimits::default() };
    assert!(matches!(read_from(deb.as_slice(), &limits), Err(DebFault::TooMuch { .. })));
}

#[test]
fn what_is_no_package_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.deb");
    for (bytes, said) in [
        (
            &b"PK\x03\x04 a zip archive"[..],
            "it is no Debian package (deb(5)): it does not begin with `!<arch>`",
        ),
        (b"", "it is truncated: the end is missing"),
        (b"!<arch>\nx", "it is truncated: the end is missing"),
        (&archive(&[("debian-binary", b"3.0\n")]), "it is no Debian package (deb(5)): its format is not 2.0"),
    ] {
        fs::write(&file, bytes).unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert_eq!(error, format!("{} cannot be read as a package: {said}", file.display()));
    }
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&pipe, folder.path(), Path::new("/dev/zero")] {
        assert!(matches!(read(path).unwrap_err().fault, DebFault::NoFile));
    }
}

/// A tar archive of these members, each with what a link points at.
fn data(members: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, target) in members {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_entry_type(*kind);
        if !target.is_empty() {
            header.set_link_name(target).unwrap();
        }
        header.set_mode(0o755);
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, std::io::empty()).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn what_lies_below_a_link_or_file_of_its_package_is_refused_as_by_dpkg() {
    use tar::EntryType::{Directory, Link, Regular, Symlink};
    let control =
        b"Package: dh-x\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n";
    let control = tar(b"./control", Regular, control.len() as u64, control);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dh-x_1_all.deb");
    let (opt, a) = (("./opt", Directory, ""), ("./opt/a", Symlink, "/etc"));
    for (members, fine) in [
        (vec![opt, ("./opt/b", Directory, ""), ("./opt/b/x", Regular, ""), ("./opt/a", Symlink, "b")], true),
        (vec![opt, a, ("./opt/ab", Directory, ""), ("./opt/ab/x", Regular, "")], true),
        (vec![opt, a, ("./opt/a/x", Regular, "")], false),
        (vec![opt, ("./opt/b", Directory, ""), ("./opt/a", Symlink, "b"), ("./opt/a/x", Regular, "")], false),
        (vec![opt, a, ("./opt/a/b", Directory, ""), ("./opt/a/b/x", Regular, "")], false),
        (vec![opt, ("./opt/a", Regular, ""), ("./opt/a/x", Regular, "")], false),
        (vec![opt, a, ("./opt/y", Link, "./opt/a/x")], false),
        (vec![opt, ("./opt/x", Regular, ""), ("./opt/y", Link, "./opt/x")], true),
        (vec![opt, ("./opt/y", Link, "./opt/x"), ("./opt/x", Regular, "")], false),
        (vec![opt, ("./opt/y", Link, "./opt/x")], false),
        (vec![opt, ("./opt/x", Symlink, "z"), ("./opt/y", Link, "./opt/x")], false),
    ] {
        let data = data(&members);
        let deb = archive(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", &data)]);
        fs::write(&file, &deb).unwrap();
        let installed = gachette_testkit::DpkgRoot::new().dpkg_install(&[&file]);
        let said = String::from_utf8_lossy(&installed.stderr).into_owned();
        assert_eq!(installed.status.success(), fine, "{members:?}: {said}");
        match read(&file) {
            Ok(found) => assert!(fine, "{members:?}: {found:?}"),
            Err(error) => {
                let told = matches!(error.fault, DebFault::Through { .. } | DebFault::LinkedToNothing { .. });
                assert!(!fine && told, "{error}");
            }
        }
    }
}

#[test]
fn control_files_are_taken_as_dpkg_takes_them() {
    let head = "Package: dh-x\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dh-x_1_all.deb");
    let field = |field: &str| format!("{head}{field}\nDescription: x\n");
    for (control, fine) in [
        (field("Essential: NO"), true),
        (field("Essential:"), true),
        (field("Essential: foo"), false),
        (field("Protected: foo"), false),
        (field("Multi-Arch: Foreign"), true),
        (field("Multi-Arch: same, foreign"), false),
        (field("Status: install ok installed"), false),
        (field("Config-Version: 1"), false),
        (field("Priority: foo"), true),
        (field("Status:"), false),
        (field("Multi-Arch:"), true),
        (field("Provides:"), true),
        (field("Depends: libc6 (=1"), false),
        (format!("{head}Description: x\nSection:\n"), false),
        (format!("{head}Description: x\n x:\n"), true),
        (format!("{head}Description: x\n\tx:\n"), true),
        (format!("{head}Description: x"), false),
    ] {
        let tar = tar(b"./control", tar::EntryType::Regular, control.len() as u64, control.as_bytes());
        let data = data(&[]);
        let deb = archive(&[("debian-binary", b"2.0\n"), ("control.tar", &tar), ("data.tar", &data)]);
        fs::write(&file, &deb).unwrap();
        let installed = gachette_testkit::DpkgRoot::new().dpkg_install(&[&file]);
        let said = String::from_utf8_lossy(&installed.stderr).into_owned();
        assert_eq!(installed.status.success(), fine, "{control}: {said}");
        let found = read(&file);
        assert_eq!(found.is_ok(), fine, "{control}: {found:?}");
    }
}
