//! Packages that are written, judged by dpkg-deb.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette_core::debian::{Control, Paragraph};
use trebuchet::deb::{Compression, DebError, DebPackage, Entry, FolderModes, Tree, WriteOptions, write};
use trebuchet::process::Cancel;

/// Half past midnight of 2023-11-15 in UTC, as seconds.
const MTIME: i64 = 1_700_008_200;
const EVERY_COMPRESSION: [Compression; 3] =
    [Compression::Xz { level: 1 }, Compression::Zstd { level: 3 }, Compression::Gzip];

fn control() -> Control {
    let mut control =
        Control::new("dh-web".parse().unwrap(), "1:2.0-1".parse().unwrap(), "all".parse().unwrap());
    control.maintainer = "Ann Example <ann@example.org>".to_owned();
    control.description = "web server\nServes the web.\n\nAll of it.".to_owned();
    control.depends = "libc6 (>= 2.31), adduser | passwd".parse().unwrap();
    control
}

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output =
        Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").env("TZ", "UTC").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {stderr}");
    assert_eq!(stderr, "", "{program} {arguments:?}");
    output.stdout
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn small() -> DebPackage {
    let mut package = DebPackage::new(control());
    package.entries = vec![
        Entry::file("opt/web/run".parse().unwrap(), "#!/bin/sh\n").with_mode(0o755),
        Entry::file("etc/web.conf".parse().unwrap(), "key = value\n"),
        Entry::symlink("opt/web/now".parse().unwrap(), "run"),
    ];
    package.conffiles = vec!["etc/web.conf".parse().unwrap()];
    package.scripts.postinst = Some("#!/bin/sh\nset -e\n".to_owned());
    package
}

fn written(package: &DebPackage, folder: &Path, compression: Compression) -> PathBuf {
    let output = folder.join(format!("{compression:?}.deb").replace(' ', ""));
    let options = WriteOptions { compression, ..WriteOptions::new(MTIME) };
    let written = write(package, &output, &options, &Cancel::new()).unwrap();
    assert_eq!(written.size, output.metadata().unwrap().len());
    let digest = text(run("sha256sum", &[output.to_str().unwrap()]));
    assert_eq!(digest.split_once(' ').unwrap().0, written.sha256.to_string());
    output
}

#[test]
fn dpkg_deb_reads_control_and_contents_in_every_compression() {
    let folder = tempfile::tempdir().unwrap();
    for compression in EVERY_COMPRESSION {
        let deb = written(&small(), folder.path(), compression);
        let deb = deb.to_str().unwrap();
        let fields = Paragraph::parse(&text(run("dpkg-deb", &["--field", deb]))).unwrap();
        assert_eq!(fields.get("Version"), Some("1:2.0-1"));
        assert_eq!(fields.get("Description"), Some("web server\nServes the web.\n.\nAll of it."));
        let listing = text(run("dpkg-deb", &["--contents", deb]));
        insta::assert_snapshot!("contents", listing);
        assert_eq!(text(run("dpkg-deb", &["--info", deb, "conffiles"])), "/etc/web.conf\n");
        let sums = text(run("dpkg-deb", &["--info", deb, "md5sums"]));
        assert!(sums.ends_with("  opt/web/run\n") && sums.lines().count() == 1, "{sums}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let big: Vec<u8> = (0..4_000_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
    let mut package = small();
    package.entries.push(Entry::file("opt/web/big".parse().unwrap(), big));
    for compression in [Compression::Xz { level: 0 }, Compression::Zstd { level: 1 }] {
        let digest = |threads| {
            let options = WriteOptions { compression, mtime: MTIME, threads };
            write(&package, &folder.path().join("x.deb"), &options, &Cancel::new()).unwrap().sha256
        };
        let one = digest(1);
        assert_eq!([digest(2), digest(4), digest(0)], [one; 3], "{compression:?}");
    }
}

#[test]
fn a_tree_comes_out_as_it_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    let deep = "a-rather-long-name-of-a-folder/".repeat(6);
    fs::create_dir_all(source.join(&deep)).unwrap();
    fs::write(source.join(&deep).join("leaf"), vec![7; 3_000_000]).unwrap();
    fs::write(source.join(".hidden ünïcode"), "").unwrap();
    std::os::unix::fs::symlink(format!("{deep}leaf"), source.join("link")).unwrap();
    let mut tree = Tree::new();
    tree.add_folder(&source, Some(&"opt/it".parse().unwrap()), Default::default()).unwrap();
    let mut package = DebPackage::new(control());
    package.entries = tree.into_entries();
    for compression in EVERY_COMPRESSION {
        let deb = written(&package, folder.path(), compression);
        let unpacked = tempfile::tempdir().unwrap();
        let target = unpacked.path().to_str().unwrap();
        run("dpkg-deb", &["--extract", deb.to_str().unwrap(), target]);
        run(
            "diff",
            &["--recursive", "--no-dereference", source.to_str().unwrap(), &format!("{target}/opt/it")],
        );
        let sums = folder.path().join("md5sums");
        fs::write(&sums, run("dpkg-deb", &["--info", deb.to_str().unwrap(), "md5sums"])).unwrap();
        let check =
            Command::new("md5sum").args(["--check", "--strict"]).arg(&sums).current_dir(target).output();
        let checked = text(check.unwrap().stdout);
        assert_eq!(checked.lines().filter(|line| line.ends_with(": OK")).count(), 2, "{checked}");
    }
}

#[test]
fn what_cannot_be_in_a_package_is_refused_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("x.deb");
    let refuse = |change: &dyn Fn(&mut DebPackage)| {
        let mut package = small();
        change(&mut package);
        let error = write(&package, &output, &WriteOptions::new(MTIME), &Cancel::new()).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        error
    };
    let path = |text: &str| text.parse().unwrap();
    let errors: Vec<DebError> = vec![
        refuse(&|p| p.scripts.prerm = Some("exit 0".to_owned())),
        refuse(&|p| p.conffiles.push(path("etc/none"))),
        refuse(&|p| p.entries.push(Entry::file(path("opt/web/now/x"), ""))),
        refuse(&|p| p.entries.push(Entry::file(path("etc/web.conf"), "other"))),
        refuse(&|p| p.entries.push(Entry::symlink(path("empty"), ""))),
        refuse(&|p| p.entries.push(Entry::copy(path("null"), "/dev/null"))),
        refuse(&|p| p.entries.push(Entry::copy(path("none"), "/dev/null/none"))),
        refuse(&|p| p.control.maintainer = "a\nEssential: yes".to_owned()),
        refuse(&|p| p.control.description = String::new()),
    ];
    let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("refused", messages.join("\n"));
}

/// The only line of `dpkg-deb --contents` that ends like this.
fn line_of(deb: &Path, end: &str) -> String {
    let listing =
        String::from_utf8_lossy(&run("dpkg-deb", &["--contents", deb.to_str().unwrap()])).into_owned();
    let lines: Vec<&str> = listing.lines().filter(|line| line.ends_with(end)).collect();
    assert_eq!(lines.len(), 1, "{listing}");
    lines[0].to_owned()
}

#[test]
fn modes_are_made_sane_unless_they_are_to_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    fs::create_dir_all(source.join("sub")).unwrap();
    for (name, mode) in [("plain", 0o600), ("tool", 0o4710), ("shared", 0o666), ("sub", 0o2770)] {
        let path = source.join(name);
        if name != "sub" {
            fs::write(&path, "").unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let modes = |modes| {
        let mut tree = Tree::new();
        tree.add_folder(&source, Some(&"opt".parse().unwrap()), modes).unwrap();
        let package = DebPackage { entries: tree.into_entries(), ..DebPackage::new(control()) };
        let deb = written(&package, folder.path(), Compression::Gzip);
        ["plain", "tool", "shared", "sub/"]
            .map(|name| line_of(&deb, &format!("./opt/{name}"))[..20].trim().to_owned())
    };
    let expected =
        ["-rw-r--r-- root/root", "-rwxr-xr-x root/root", "-rw-r--r-- root/root", "drwxr-xr-x root/root"];
    assert_eq!(modes(FolderModes::Sane), expected);
    let expected =
        ["-rw------- root/root", "-rws--x--- root/root", "-rw-rw-rw- root/root", "drwxrws--- root/root"];
    assert_eq!(modes(FolderModes::Kept), expected);
}

#[test]
fn names_that_are_no_text_come_out_as_they_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    fs::create_dir(&source).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"latin-\xe9");
    fs::write(source.join(name), "x").unwrap();
    let mut tree = Tree::new();
    tree.add_folder(&source, None, FolderModes::Sane).unwrap();
    let package = DebPackage { entries: tree.into_entries(), ..DebPackage::new(control()) };
    let deb = written(&package, folder.path(), Compression::Gzip);
    let target = folder.path().join("unpacked");
    run("dpkg-deb", &["--extract", deb.to_str().unwrap(), target.to_str().unwrap()]);
    assert!(target.join(name).exists());
    assert!(run("dpkg-deb", &["--info", deb.to_str().unwrap(), "md5sums"]).ends_with(b"  latin-\xe9\n"));
}

#[test]
fn what_no_package_can_hold_is_refused_while_a_folder_is_collected() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |name: &str| {
        let error = Tree::new().add_folder(folder.path(), None, FolderModes::Sane).unwrap_err().to_string();
        fs::remove_file(folder.path().join(name)).unwrap();
        error.replace(&folder.path().display().to_string(), "FOLDER")
    };
    run("mkfifo", &[folder.path().join("pipe").to_str().unwrap()]);
    let pipe = refuse("pipe");
    assert_eq!(pipe, "FOLDER/pipe is a pipe: a package holds files, folders and symbolic links only");
    drop(std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap());
    assert_eq!(refuse("socket"), pipe.replace("pipe", "socket"));
    fs::write(folder.path().join("a\nb"), "").unwrap();
    assert_eq!(refuse("a\nb"), "`a\\nb` cannot be a path in a package: it has a control character in it");
}

#[test]
fn a_file_with_more_or_less_in_it_than_its_size_says_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    // The kernel's files are like files that grow or shrink while they are read: these have 0 and 4096 bytes by their size.
    for source in ["/proc/self/status", "/sys/devices/system/cpu/online"] {
        let mut package = small();
        package.entries.push(Entry::copy("a".parse().unwrap(), source));
        let error = write(&package, &folder.path().join("x.deb"), &WriteOptions::new(MTIME), &Cancel::new())
            .unwrap_err();
        let expected = format!("{source} changed while it was packed; pack again when nothing writes to it");
        assert_eq!(error.to_string(), expected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_cancelled_package_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut package = small();
    let big: Vec<u8> = (0..20_000_000_u32).flat_map(|n| (n ^ (n >> 3)).to_le_bytes()).collect();
    package.entries.push(Entry::file("opt/web/big".parse().unwrap(), big));
    for compression in [Compression::Xz { level: 9 }, Compression::Zstd { level: 19 }, Compression::Gzip] {
        let (cancel, output) = (Cancel::new(), folder.path().join("x.deb"));
        let options = WriteOptions { compression, ..WriteOptions::new(MTIME) };
        let result = std::thread::scope(|scope| {
            let writing = scope.spawn(|| write(&package, &output, &options, &cancel));
            std::thread::sleep(std::time::Duration::from_millis(100));
            cancel.cancel();
            writing.join().unwrap()
        });
        assert!(matches!(result, Err(DebError::Cancelled)), "{compression:?}: {result:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
