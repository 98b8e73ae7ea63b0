//! Many package files registered at once, which must come to the same as one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gachette::repository::{
    Expected, FailureKind, Fault, FsckMode, Placement, Repository, Store, ToRegister,
};
use gachette_core::Sha256Digest;
use gachette_core::debian::Control;
use gachette_core::stack::Provenance;
use object_store::memory::InMemory;
use trebuchet::deb::{Compression, DebPackage, Entry, PackagePath, WriteOptions};
use trebuchet::process::Cancel;

use super::{by, repository, stack, text};

/// A package file in this folder, and its name.
pub(super) fn small_deb(folder: &Path, name: &str, architecture: &str, body: &str) -> String {
    let arch = architecture.parse().unwrap();
    let mut control = Control::new(name.parse().unwrap(), "1.0".parse().unwrap(), arch);
    control.maintainer = "Ada <ada@example.org>".to_owned();
    control.description = "a test".to_owned();
    let mut package = DebPackage::new(control);
    let path = PackagePath::from_bytes(b"usr/share/body").unwrap();
    package.entries.push(Entry::file(path, body.as_bytes().to_vec()));
    let options = WriteOptions { compression: Compression::Gzip, mtime: 0, threads: 1 };
    let file = format!("{name}-1.0-{architecture}.deb");
    trebuchet::deb::write(&package, &folder.join(&file), &options, &Cancel::new()).unwrap();
    file
}

/// So many package files in this folder, of which some are of one package for two architectures.
pub(super) fn small_debs(folder: &Path, count: usize) -> Vec<String> {
    let deb = |number: usize| match number % 10 {
        7 => small_deb(folder, &format!("pkg{}", number - 1), "amd64", "x"),
        _ => small_deb(folder, &format!("pkg{number}"), "all", "x"),
    };
    (0..count).map(deb).collect()
}

pub(super) fn to_register(files: &[String]) -> Vec<ToRegister> {
    from(files, &nothing_known())
}

fn from(files: &[String], provenance: &Provenance) -> Vec<ToRegister> {
    let one =
        |file: &String| ToRegister { file: file.into(), expected: None, provenance: provenance.clone() };
    files.iter().map(one).collect()
}

/// Every file below a folder, with its bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// What is wrong with the repository, derived or not.
fn faults(repository: &Repository) -> Vec<String> {
    repository.fsck(FsckMode::Check).unwrap().findings.iter().map(ToString::to_string).collect()
}

fn nothing_known() -> Provenance {
    Provenance::default()
}

#[test]
fn many_at_once_leave_the_same_files_as_one_after_the_other() {
    let (alone, together) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let inputs = Some(Sha256Digest::of(b"inputs"));
    let known = Provenance { inputs, ..Provenance::default() };
    for provenance in [nothing_known(), known] {
        let (first, second) = (repository(alone.path()), repository(together.path()));
        let files = small_debs(first.debs(), 40);
        small_debs(second.debs(), 40);
        let one = |file: &String| first.register(file.as_ref(), &provenance).unwrap();
        let one_by_one: Vec<_> = files.iter().map(one).collect();
        // Some of them are known, and one is given twice.
        second.register(files[3].as_ref(), &provenance).unwrap();
        second.register(files[6].as_ref(), &provenance).unwrap();
        let twice: Vec<String> = files.iter().chain(&files[..1]).cloned().collect();
        let at_once = second.register_all(&from(&twice, &provenance)).unwrap();
        let digest = |record: &gachette_core::stack::PackageRecord| (record.file.clone(), record.sha256);
        assert_eq!(
            at_once[..40].iter().map(digest).collect::<Vec<_>>(),
            one_by_one.iter().map(digest).collect::<Vec<_>>()
        );
        assert_eq!(digest(&at_once[40]), digest(&at_once[0]));
        for folder in ["packages", "inputs", "debs"] {
            let of = |root: &Path| {
                let folder = root.join("meta").join(folder);
                if folder.exists() { tree(&folder) } else { BTreeMap::new() }
            };
            assert_eq!(of(alone.path()), of(together.path()), "{folder}");
        }
        assert_eq!(faults(&second), Vec::<String>::new());
        second.register_all(&from(&files, &provenance)).unwrap();
        assert_eq!(tree(&first.meta().unwrap().join("packages")).len(), 40 + 36);
        fs::remove_dir_all(alone.path().join("meta")).unwrap();
        fs::remove_dir_all(together.path().join("meta")).unwrap();
    }
}

#[test]
fn of_many_with_a_bad_one_none_is_registered_and_the_first_bad_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let files = small_debs(repository.debs(), 20);
    let refused = |change: &dyn Fn(&mut Vec<ToRegister>)| {
        let mut all = to_register(&files);
        change(&mut all);
        let error = repository.register_all(&all).unwrap_err();
        assert_eq!(text(folder.path(), "packages/pkg0/version/1.0/all.json"), None);
        (error.kind(), error.to_string())
    };
    let (kind, message) = refused(&|all| all[12].file = "none.deb".into());
    assert_eq!(kind, FailureKind::Missing);
    assert!(message.contains("none.deb"), "{message}");

    let other =
        Expected { name: "pkg3".parse().unwrap(), version: "2.0".parse().unwrap(), architecture: None };
    let (kind, message) = refused(&|all| {
        all[3].expected = Some(other.clone());
        all[4].file = "none.deb".into();
    });
    assert_eq!(kind, FailureKind::Refused, "the first of both: {message}");

    let whole = fs::read(repository.debs().join(&files[0])).unwrap();
    fs::write(repository.debs().join("cut.deb"), &whole[..whole.len() - 20]).unwrap();
    symlink(repository.debs().join(&files[0]), repository.debs().join("link.deb")).unwrap();
    fs::create_dir(repository.debs().join("folder.deb")).unwrap();
    for bad in ["cut.deb", "link.deb", "folder.deb", "../meta/gachette.json", "-x.deb"] {
        let (kind, message) = refused(&|all| all[19].file = bad.into());
        assert_eq!(kind, FailureKind::Invalid, "{bad}: {message}");
    }
    repository.register_all(&to_register(&files)).unwrap();
}

#[test]
fn of_many_two_files_of_one_package_must_be_the_same_and_so_must_a_known_one() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let mut files = small_debs(repository.debs(), 20);
    fs::copy(repository.debs().join(&files[0]), repository.debs().join("copy.deb")).unwrap();
    files.push("copy.deb".to_owned());
    let records = repository.register_all(&to_register(&files)).unwrap();
    assert_eq!((records[20].sha256, &records[20].file), (records[0].sha256, &records[0].file));

    let elsewhere = tempfile::tempdir().unwrap();
    let other = small_deb(elsewhere.path(), "pkg0", "all", "other");
    fs::copy(elsewhere.path().join(other), repository.debs().join("other.deb")).unwrap();
    files.push("other.deb".to_owned());
    let error = repository.register_all(&to_register(&files)).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Refused, "{error}");

    let others = small_debs(elsewhere.path(), 20);
    let fresh = super::repository(elsewhere.path());
    for file in &others {
        fs::rename(elsewhere.path().join(file), fresh.debs().join(file)).unwrap();
    }
    let mut both: Vec<String> = others;
    fs::copy(repository.debs().join("other.deb"), fresh.debs().join("other.deb")).unwrap();
    both.push("other.deb".to_owned());
    let error = fresh.register_all(&to_register(&both)).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Refused, "{error}");
}

#[test]
fn of_many_writers_of_the_same_files_all_come_to_the_same_records() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let files = small_debs(repository.debs(), 60);
    let outcomes: Vec<Vec<_>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer: usize| {
                let (repository, mut files) = (repository.clone(), files.clone());
                files.rotate_left(writer * 15);
                scope.spawn(move || match writer {
                    3 => files
                        .iter()
                        .map(|file| repository.register(file.as_ref(), &nothing_known()).unwrap())
                        .collect(),
                    _ => repository.register_all(&to_register(&files)).unwrap(),
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    for records in outcomes {
        assert_eq!(records.len(), 60);
    }
    assert_eq!(faults(&repository), Vec::<String>::new());
}

#[test]
fn a_file_is_not_replaced_while_many_are_registered() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let built = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let meta = folder.path().join("meta");
        fs::remove_dir_all(meta.join("packages")).ok();
        let files = small_debs(repository.debs(), 30);
        let others: Vec<_> =
            files.iter().map(|file| (file, small_deb_like(built.path(), file, round))).collect();
        std::thread::scope(|scope| {
            scope.spawn(|| repository.register_all(&to_register(&files)).unwrap());
            for (_, other) in &others {
                match repository.place(other) {
                    Ok(placed) => assert_eq!(placed.placement, Placement::Replaced),
                    Err(error) => assert_eq!(error.kind(), FailureKind::Refused, "{error}"),
                }
            }
        });
        assert_eq!(faults(&repository), Vec::<String>::new(), "round {round}");
    }
}

#[test]
fn many_built_files_are_taken_in_as_one_after_the_other_would_be() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), super::memory_folder());
    let repository = repository(folder.path());
    let staging = repository.staging().unwrap();
    let names = small_debs(staging.path(), 20);
    let mut built: Vec<PathBuf> = names.iter().map(|name| staging.path().join(name)).collect();
    // One of them is there already, another in an older state that nothing names, and one comes from another disk.
    fs::copy(&built[0], repository.debs().join(&names[0])).unwrap();
    fs::write(repository.debs().join(&names[1]), "older").unwrap();
    built.push(elsewhere.path().join(small_deb(elsewhere.path(), "far", "all", "x")));
    let records = repository.take_in_all(&built, &nothing_known()).unwrap();
    let files: Vec<&str> = records.iter().map(|record| record.file.as_str()).collect();
    assert_eq!(files, names.iter().map(String::as_str).chain(["far-1.0-all.deb"]).collect::<Vec<_>>());
    assert!(built.iter().all(|path| !path.exists()), "they were moved");
    drop(staging);
    assert_eq!(faults(&repository), Vec::<String>::new());
    assert_eq!(fs::read_dir(repository.debs()).unwrap().count(), 21);

    let other = tempfile::tempdir().unwrap();
    let mut again: Vec<PathBuf> =
        small_debs(other.path(), 20).iter().map(|name| other.path().join(name)).collect();
    again[5] = other.path().join(small_deb(other.path(), "pkg5", "all", "other bytes"));
    let error = repository.take_in_all(&again, &nothing_known()).unwrap_err();
    assert_eq!(error.kind(), FailureKind::Refused, "{error}");
    assert_eq!(faults(&repository), Vec::<String>::new());
}

/// A file of the same name with other bytes, elsewhere.
fn small_deb_like(folder: &Path, file: &str, round: usize) -> PathBuf {
    let parts: Vec<&str> = file.trim_end_matches(".deb").split('-').collect();
    folder.join(small_deb(folder, parts[0], parts[2], &format!("another, of round {round}")))
}

#[test]
fn a_store_without_a_quick_way_registers_many_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let debs = folder.path().join("debs");
    let repository = Repository::with_store(Store::remote(Arc::new(InMemory::new())), debs).unwrap();
    let files = small_debs(repository.debs(), 30);
    let records = repository.register_all(&to_register(&files)).unwrap();
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    repository.add_to_stack(&stack("124"), &records, &by()).unwrap();
    assert_eq!(faults(&repository), Vec::<String>::new());
}

#[test]
fn many_more_packages_are_shown_beside_those_that_were_and_fsck_brings_lost_ones_back() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let files = small_debs(repository.debs(), 60);
    let records = repository.register_all(&to_register(&files)).unwrap();
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    repository.add_to_stack(&stack("124"), &records[..1], &by()).unwrap();
    let shown = "domain/default/stacks/124/packages";
    // A killed writer of the next revision came so far.
    let meta = folder.path().join("meta");
    fs::create_dir_all(meta.join(shown).join("pkg1")).unwrap();
    fs::write(meta.join(shown).join("pkg1/version"), "0.9").unwrap();
    repository.add_to_stack(&stack("124"), &records, &by()).unwrap();
    assert_eq!(faults(&repository), Vec::<String>::new());
    assert_eq!(text(folder.path(), &format!("{shown}/pkg1/version")).unwrap(), "1.0\n");
    assert_eq!(fs::read_dir(meta.join(shown).parent().unwrap()).unwrap().count(), 3, "nothing is left over");

    fs::remove_dir_all(meta.join(shown)).unwrap();
    fs::create_dir(meta.join(shown)).unwrap();
    let report = repository.fsck(FsckMode::Repair).unwrap();
    let missing = report.findings.iter().filter(|found| found.fault == Fault::Missing && found.mended);
    assert_eq!((missing.count(), report.findings.len()), (54, 54));
    assert_eq!(faults(&repository), Vec::<String>::new());
}
