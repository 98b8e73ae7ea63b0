//! Package files: taken in, registered, found again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette::repository::{FailureKind, Placement};
use gachette_core::Sha256Digest;
use gachette_core::stack::Provenance;

use super::{by, repository, stack, text};

/// A package that dpkg-deb itself made, in a folder of its own.
pub(super) fn deb(folder: &Path, name: &str, version: &str, body: &str) -> PathBuf {
    let tree = folder.join("tree");
    let _ = fs::remove_dir_all(&tree);
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    fs::write(tree.join("body"), body).unwrap();
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Ada <ada@example.org>\nDepends: libc6 (>= 2.31), adduser\nDescription: a test\n of two lines\n"
    );
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    let output = folder.join(format!("{name}-{version}-all.deb"));
    let made = Command::new("dpkg-deb")
        .args(["--root-owner-group", "-Zgzip", "--build"])
        .args([&tree, &output])
        .output();
    let made = made.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    output
}

/// The SHA-256 of a file as coreutils says it.
fn sha256sum(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

#[test]
fn a_registered_package_is_known_by_the_fields_and_the_hash_that_dpkg_and_coreutils_see() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let built = deb(folder.path(), "dh-web", "1:2.0~rc1-1", "x");
    let sum = sha256sum(&built);
    let record = repository.take_in(&built, &Provenance::default()).unwrap();
    assert_eq!(record.sha256.to_string(), sum);
    let path = repository.debs().join("dh-web-1:2.0~rc1-1-all.deb");
    assert_eq!((sha256sum(&path), built.exists()), (sum, false));
    let fields = Command::new("dpkg-deb").args(["-f"]).arg(&path).output().unwrap();
    for line in String::from_utf8(fields.stdout).unwrap().lines().filter(|line| !line.starts_with(' ')) {
        let (field, value) = line.split_once(": ").unwrap();
        assert!(record.control[field].starts_with(value), "{field}");
    }
    let file = text(folder.path(), "packages/dh-web/version/1:2.0~rc1-1/file");
    assert_eq!(
        file.as_deref(),
        Some("dh-web-1:2.0~rc1-1-all.deb\n"),
        "as clients of the original tool read it"
    );
    assert!(folder.path().join("meta/packages/dh-web/version/1:2.0~rc1-1/all.json").is_file());
}

#[test]
fn the_same_file_again_is_fine_and_another_of_the_same_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let provenance = Provenance { project: Some("web".to_owned()), ..Provenance::default() };
    let first = deb(folder.path(), "dh-web", "1.0", "one");
    fs::copy(&first, folder.path().join("kept")).unwrap();
    repository.take_in(&first, &provenance).unwrap();
    fs::copy(folder.path().join("kept"), &first).unwrap();
    assert_eq!(repository.place(&first).unwrap().placement, Placement::AlreadyThere);
    let again = repository.register(Path::new("dh-web-1.0-all.deb"), &Provenance::default()).unwrap();
    assert_eq!(again.provenance, provenance, "the first record stays");
    let other = deb(folder.path(), "dh-web", "1.0", "two");
    let error = repository.take_in(&other, &provenance).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Refused);
    assert!(error.to_string().starts_with("another file is registered as `dh-web` 1.0 all: its SHA-256 is "));
    assert!(error.hint().unwrap().contains("another version"));
    assert_eq!(sha256sum(&repository.debs().join("dh-web-1.0-all.deb")), again.sha256.to_string());
    // Nor under another name of the file.
    let renamed = repository.debs().join("other.deb");
    fs::rename(&other, &renamed).unwrap();
    assert_eq!(repository.register(&renamed, &provenance).unwrap_err().kind(), FailureKind::Refused);
}

#[test]
fn a_file_that_nobody_registered_makes_way_for_the_one_that_is_built_now() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    repository.place(&deb(folder.path(), "dh-web", "1.0", "one")).unwrap();
    let two = deb(folder.path(), "dh-web", "1.0", "two");
    let sum = sha256sum(&two);
    let placed = repository.place(&two).unwrap();
    assert_eq!((placed.placement, placed.sha256.to_string()), (Placement::Replaced, sum.clone()));
    assert_eq!(sha256sum(&repository.debs().join("dh-web-1.0-all.deb")), sum);
}

#[test]
fn a_damaged_file_is_mended_by_the_one_that_was_registered_and_by_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let built = deb(folder.path(), "dh-web", "1.0", "one");
    fs::copy(&built, folder.path().join("kept")).unwrap();
    repository.take_in(&built, &Provenance::default()).unwrap();
    let target = repository.debs().join("dh-web-1.0-all.deb");
    fs::write(&target, "garbage").unwrap();
    let other = deb(folder.path(), "dh-web", "1.0", "two");
    assert_eq!(repository.place(&other).unwrap_err().kind(), FailureKind::Refused);
    fs::copy(folder.path().join("kept"), &other).unwrap();
    assert_eq!(repository.place(&other).unwrap().placement, Placement::Replaced);
    assert_eq!(sha256sum(&target), sha256sum(&folder.path().join("kept")));
}

#[test]
fn a_file_that_lies_in_its_place_already_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let built = deb(repository.debs(), "dh-web", "1.0", "one");
    assert_eq!(repository.place(&built).unwrap().placement, Placement::AlreadyThere);
    assert!(built.is_file());
}

#[test]
fn what_was_said_of_a_file_must_be_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let placed = repository.place(&deb(folder.path(), "dh-web", "1.0", "one")).unwrap();
    let (file, name) = (Path::new(&placed.file), "dh-web".parse().unwrap());
    let error =
        repository.register_as(file, &name, &"1.1".parse().unwrap(), &Provenance::default()).unwrap_err();
    assert_eq!(error.to_string(), "dh-web-1.0-all.deb is `dh-web 1.0`, not `dh-web 1.1`");
    assert!(repository.package_names().unwrap().is_empty(), "nothing was written");
}

#[test]
fn hostile_files_and_names_of_files_are_errors_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let nothing = Provenance::default();
    let secret = deb(folder.path(), "dh-web", "1.0", "one");
    let names = [
        "../dh-web-1.0-all.deb",
        "/etc/passwd",
        "",
        ".",
        "..",
        "-x.deb",
        ".x.deb",
        "x",
        "a/../../x.deb",
        "x\n.deb",
    ];
    for name in names {
        assert_eq!(
            repository.register(Path::new(name), &nothing).unwrap_err().kind(),
            FailureKind::Invalid,
            "{name:?}"
        );
    }
    let there = |name: &str| repository.debs().join(name);
    std::os::unix::fs::symlink(&secret, there("link.deb")).unwrap();
    fs::create_dir(there("folder.deb")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, there("pipe.deb"), rustix::fs::Mode::RUSR).unwrap();
    fs::write(there("empty.deb"), "").unwrap();
    fs::write(there("text.deb"), "!<arch>\nnot really").unwrap();
    fs::write(there("half.deb"), &fs::read(&secret).unwrap()[..300]).unwrap();
    for name in ["link.deb", "folder.deb", "pipe.deb", "empty.deb", "text.deb", "half.deb"] {
        assert_eq!(
            repository.register(Path::new(name), &nothing).unwrap_err().kind(),
            FailureKind::Invalid,
            "{name}"
        );
    }
    assert_eq!(
        repository.register(Path::new("none.deb"), &nothing).unwrap_err().kind(),
        FailureKind::Missing
    );
    assert!(repository.package_names().unwrap().is_empty());
}

#[test]
fn packages_are_found_by_version_by_inputs_and_in_stacks() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let inputs = Sha256Digest::of(b"inputs");
    let provenance = Provenance { inputs: Some(inputs), ..Provenance::default() };
    let take_in = |name, version, provenance: &Provenance| {
        repository.take_in(&deb(folder.path(), name, version, "x"), provenance).unwrap()
    };
    let old = take_in("dh-web", "1.9", &Provenance::default());
    let new = take_in("dh-web", "1.10", &provenance);
    let tool = take_in("dh-tool", "2", &provenance);
    let versions: Vec<_> =
        repository.package_versions(&old.name).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(versions, ["1.9", "1.10"], "in Debian's order");
    let mut built: Vec<_> =
        repository.built_from(&inputs).unwrap().into_iter().map(|r| r.name.to_string()).collect();
    built.sort();
    assert_eq!(built, ["dh-tool", "dh-web"]);
    assert!(repository.built_from(&Sha256Digest::of(b"others")).unwrap().is_empty());
    for (name, records) in [("123", [old.clone(), tool.clone()]), ("web/124", [new.clone(), tool])] {
        repository.create_stack(&stack(name), None, &by()).unwrap();
        repository.add_to_stack(&stack(name), &records, &by()).unwrap();
    }
    let stacks = |version: Option<&str>| -> Vec<String> {
        let version = version.map(|version| version.parse().unwrap());
        let found =
            repository.stacks_with(&old.name, version.as_ref(), gachette::repository::Span::Now).unwrap();
        found.found.iter().map(|found| found.stack.to_string()).collect()
    };
    assert_eq!(stacks(Some("1.10")), ["web/124"]);
    assert_eq!(stacks(None), ["default/123", "web/124"]);
}

#[test]
fn a_staging_folder_is_gone_with_its_user_and_a_file_in_it_is_placed_without_a_copy() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let staging = repository.staging().unwrap();
    let built = deb(staging.path(), "dh-web", "1.0", "one");
    let inode = fs::metadata(&built).unwrap().ino();
    let placed = repository.place(&built).unwrap();
    assert_eq!(fs::metadata(repository.debs().join(placed.file)).unwrap().ino(), inode);
    let path = staging.path().to_owned();
    drop(staging);
    assert!(!path.exists());
    assert_eq!(fs::read_dir(repository.debs()).unwrap().count(), 1);
}

#[test]
fn a_file_on_another_disk_is_copied_whole_and_leaves_no_trace() {
    // The folder in memory is another disk than the usual one, where there is such a folder.
    let (here, there) = (super::memory_folder(), tempfile::tempdir().unwrap());
    let repository = repository(there.path());
    let built = deb(here.path(), "dh-web", "1.0", "one");
    let sum = sha256sum(&built);
    assert_eq!(repository.place(&built).unwrap().placement, Placement::New);
    let changed = deb(here.path(), "dh-web", "1.0", "two");
    let changed_sum = sha256sum(&changed);
    assert_ne!(sum, changed_sum);
    assert_eq!(repository.place(&changed).unwrap().placement, Placement::Replaced);
    assert_eq!(sha256sum(&repository.debs().join("dh-web-1.0-all.deb")), changed_sum);
    assert!(!built.exists() && fs::read_dir(repository.debs()).unwrap().count() == 1);
}
