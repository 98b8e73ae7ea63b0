//! What a check finds, what it mends, and what it leaves alone.

use std::fs;
use std::path::Path;

use gachette::repository::{
    FailureKind, Fault, FaultClass, Finding, FsckMode, FsckReport, KeptList, Repository,
};
use gachette_core::Sha256Digest;
use gachette_core::base::{BaseList, ListSource};
use gachette_core::stack::Provenance;
use tempfile::TempDir;

use super::packages::deb;
use super::{by, memory_folder, reference, repository, stack, text};

const LEDGER: &str = "domain/default/stacks/124/revisions";

/// A repository with two packages, of which two stacks name one version each.
fn filled() -> (TempDir, Repository) {
    let folder = memory_folder();
    let repository = repository(folder.path());
    let provenance = Provenance { inputs: Some(Sha256Digest::of(b"inputs")), ..Provenance::default() };
    let old = repository.take_in(&deb(folder.path(), "dh-web", "1.9", "old"), &provenance).unwrap();
    let new = repository.take_in(&deb(folder.path(), "dh-web", "1.10", "new"), &provenance).unwrap();
    let tool = repository.take_in(&deb(folder.path(), "dh-tool", "2", "tool"), &provenance).unwrap();
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    repository.add_to_stack(&stack("124"), &[old, tool], &by()).unwrap();
    repository.seal_stack(&stack("124"), &by()).unwrap();
    repository.create_stack(&stack("125"), Some(&reference("124")), &by()).unwrap();
    repository.add_to_stack(&stack("125"), &[new], &by()).unwrap();
    (folder, repository)
}

/// What a check that writes nothing says, one line a finding.
fn check(repository: &Repository) -> Vec<String> {
    lines(&repository.fsck(FsckMode::Check).unwrap())
}

fn lines(report: &FsckReport) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

fn flip_a_byte(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_sound_repository_is_clean_and_all_of_it_was_looked_at() {
    let (_folder, repository) = filled();
    let report = repository.fsck(FsckMode::Check).unwrap();
    assert!(report.is_clean() && report.findings.is_empty(), "{:?}", lines(&report));
    let checked = report.checked;
    assert_eq!((checked.stacks, checked.revisions, checked.records, checked.files), (2, 5, 3, 3));
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<FsckReport>(&json).unwrap(), report);
}

#[test]
fn every_derived_file_that_is_missing_wrong_or_too_many_is_mended() {
    let (folder, repository) = filled();
    let at = |file: &str| folder.path().join("meta").join(file);
    let before = tree(&at(""));
    fs::remove_file(at("domain/default/stacks/124/packages/dh-web/version")).unwrap();
    fs::write(at("domain/default/stacks/124/packages/dh-tool/version"), "1\n").unwrap();
    fs::create_dir_all(at("domain/default/stacks/125/packages/gone")).unwrap();
    fs::write(at("domain/default/stacks/125/packages/gone/version"), "1\n").unwrap();
    fs::remove_file(at("domain/default/stacks/125/derived.json")).unwrap();
    fs::write(at("domain/default/stacks/124/derived.json"), "{}").unwrap();
    fs::write(at("packages/dh-web/version/1.9/file"), "other.deb").unwrap();
    fs::remove_file(at("packages/dh-tool/version/2/file")).unwrap();
    let inputs = format!("inputs/{}", Sha256Digest::of(b"inputs"));
    fs::remove_file(at(&inputs).join("dh-web_1.10_all")).unwrap();
    fs::write(at(&inputs).join("dh-tool_3_all"), "").unwrap();
    let found = check(&repository);
    assert_eq!(found.len(), 9, "{found:?}");
    assert!(!repository.fsck(FsckMode::Check).unwrap().is_clean(), "a check alone mends nothing");
    let report = repository.fsck(FsckMode::Repair).unwrap();
    assert!(report.is_clean() && report.findings.len() == 9, "{:?}", lines(&report));
    // An entry of a package that is not there is as a killed collector leaves it.
    let class = |finding: &Finding| match finding.path.ends_with("dh-tool_3_all") {
        true => FaultClass::Note,
        false => FaultClass::Mendable,
    };
    assert!(report.findings.iter().all(|finding| finding.mended && finding.fault.class() == class(finding)));
    assert_eq!(tree(&at("")), before, "all is as it was");
    assert!(check(&repository).is_empty());
}

#[test]
fn all_that_is_derived_can_be_thrown_away_and_comes_back_the_same() {
    let (folder, repository) = filled();
    let at = |file: &str| folder.path().join("meta").join(file);
    let before = tree(&at(""));
    for derived in ["inputs", "domain/default/stacks/124/packages", "domain/default/stacks/125/packages"] {
        fs::remove_dir_all(at(derived)).unwrap();
    }
    fs::remove_file(at("packages/dh-web/version/1.9/file")).unwrap();
    assert!(repository.fsck(FsckMode::Repair).unwrap().is_clean());
    assert_eq!(tree(&at("")), before);
}

#[test]
fn a_flipped_byte_is_found_wherever_it_cannot_be_made_again_and_is_not_mended() {
    let places = [
        (format!("{LEDGER}/0000000001.json"), format!("{LEDGER}/0000000001.json")),
        (format!("{LEDGER}/0000000003.json"), format!("{LEDGER}/0000000003.json")),
        ("packages/dh-tool/version/2/all.json".to_owned(), "packages/dh-tool/version/2/all.json".to_owned()),
        ("debs/dh-tool-2-all.deb".to_owned(), "debs/dh-tool-2-all.deb".to_owned()),
    ];
    for (file, told) in places {
        let (folder, repository) = filled();
        let path = folder.path().join("meta").join(&file);
        flip_a_byte(&path);
        let bytes = fs::read(&path).unwrap();
        let report = repository.fsck(FsckMode::Repair).unwrap();
        assert!(!report.is_clean(), "{file}");
        let damage: Vec<_> = report.of(FaultClass::Damage).collect();
        assert!(
            damage.iter().any(|finding| finding.path == told && !finding.mended),
            "{file}: {:?}",
            lines(&report)
        );
        assert_eq!(fs::read(&path).unwrap(), bytes, "what is damaged is left as it is");
    }
}

#[test]
fn a_lost_file_is_found_the_newest_revision_included() {
    let files = [
        format!("{LEDGER}/0000000001.json"),
        format!("{LEDGER}/0000000002.json"),
        format!("{LEDGER}/0000000003.json"),
        "packages/dh-tool/version/2/all.json".to_owned(),
        "debs/dh-tool-2-all.deb".to_owned(),
    ];
    for file in files {
        let (folder, repository) = filled();
        fs::remove_file(folder.path().join("meta").join(&file)).unwrap();
        let report = repository.fsck(FsckMode::Check).unwrap();
        let lost = |finding: &&gachette::repository::Finding| matches!(finding.fault, Fault::Lost { .. });
        assert!(report.findings.iter().filter(lost).any(|f| f.path == file), "{file}: {:?}", lines(&report));
    }
}

#[test]
fn a_lost_newest_revision_stops_writers_until_it_is_back_or_its_loss_was_reported() {
    let (folder, repository) = filled();
    let last = folder.path().join("meta/domain/default/stacks/125/revisions/0000000002.json");
    let bytes = fs::read(&last).unwrap();
    fs::remove_file(&last).unwrap();
    let tool = "dh-tool".parse().unwrap();
    let error = repository.remove_from_stack(&stack("125"), &[tool], &by()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "domain/default/stacks/125/revisions/0000000002.json is damaged: the file is lost"
    );
    fs::write(&last, bytes).unwrap();
    assert!(check(&repository).is_empty());
    fs::remove_file(&last).unwrap();
    assert!(!repository.fsck(FsckMode::Repair).unwrap().is_clean(), "the loss is told");
    let tool = "dh-tool".parse().unwrap();
    assert!(repository.remove_from_stack(&stack("125"), &[tool], &by()).unwrap().changed);
    assert!(check(&repository).is_empty());
}

#[test]
fn nothing_is_built_upon_a_damaged_revision() {
    let (folder, repository) = filled();
    let last = folder.path().join("meta/domain/default/stacks/125/revisions/0000000002.json");
    let sound = fs::read_to_string(&last).unwrap();
    let forged = [
        sound.replace("1.10", "1.11"),
        sound.replace("default/125", "default/126"),
        sound.replace("\"number\": 2", "\"number\": 18446744073709551615"),
        sound[..100].to_owned(),
        String::new(),
    ];
    for bytes in forged {
        assert_ne!(bytes, sound);
        fs::write(&last, bytes).unwrap();
        let removed = repository.remove_from_stack(&stack("125"), &["dh-tool".parse().unwrap()], &by());
        let copied = repository.create_stack(&stack("126"), Some(&reference("125")), &by());
        for error in [removed.unwrap_err(), copied.unwrap_err()] {
            assert_eq!(error.kind(), FailureKind::Broken);
            assert!(error.hint().unwrap().contains("fsck"));
        }
        assert!(!repository.fsck(FsckMode::Repair).unwrap().is_clean());
    }
    let mark = folder.path().join("meta/domain/default/stacks/124/derived.json");
    let hash = Sha256Digest::of(b"");
    fs::write(mark, format!("{{\"format\":1,\"revision\":18446744073709551615,\"hash\":\"{hash}\"}}"))
        .unwrap();
    assert!(repository.has_stack(&stack("124")).unwrap(), "a mark without sense is no mark");
}

#[test]
fn two_files_that_changed_places_are_both_found() {
    let pairs = [
        (format!("{LEDGER}/0000000001.json"), format!("{LEDGER}/0000000002.json")),
        (
            format!("{LEDGER}/0000000002.json"),
            "domain/default/stacks/125/revisions/0000000002.json".to_owned(),
        ),
        ("debs/dh-web-1.9-all.deb".to_owned(), "debs/dh-web-1.10-all.deb".to_owned()),
        (
            "packages/dh-web/version/1.9/all.json".to_owned(),
            "packages/dh-web/version/1.10/all.json".to_owned(),
        ),
    ];
    for (left, right) in pairs {
        let (folder, repository) = filled();
        let at = |file: &str| folder.path().join("meta").join(file);
        fs::rename(at(&left), at("swap")).unwrap();
        fs::rename(at(&right), at(&left)).unwrap();
        fs::rename(at("swap"), at(&right)).unwrap();
        let report = repository.fsck(FsckMode::Check).unwrap();
        for file in [&left, &right] {
            assert!(report.of(FaultClass::Damage).any(|f| f.path == *file), "{file}: {:?}", lines(&report));
        }
    }
}

#[test]
fn a_rewritten_history_is_found_even_when_each_revision_is_sound_in_itself() {
    let (folder, repository) = filled();
    let forged = tempfile::tempdir().unwrap();
    let other = super::repository(forged.path());
    other.create_stack(&stack("124"), None, &gachette_core::stack::By::new("mallory")).unwrap();
    let file = format!("meta/{LEDGER}/0000000001.json");
    fs::copy(forged.path().join(&file), folder.path().join(&file)).unwrap();
    assert_eq!(
        check(&repository),
        [format!(
            "{LEDGER}/0000000002.json: changed: it names another revision before it than the one that is there"
        )]
    );
}

#[test]
fn leftovers_of_killed_writers_are_swept_and_the_work_of_live_ones_is_not() {
    let (folder, repository) = filled();
    let staged = folder.path().join("meta").join(format!("{LEDGER}/0000000004.json#1"));
    let fresh = folder.path().join("meta").join(format!("{LEDGER}/0000000004.json#2"));
    fs::write(&staged, "half").unwrap();
    fs::write(&fresh, "half").unwrap();
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::options().write(true).open(&staged).unwrap().set_modified(hour_ago).unwrap();
    let of_stack = folder.path().join("meta/domain/default/stacks/125");
    let (half, held, young) =
        (of_stack.join("packages#1"), of_stack.join("packages#2"), of_stack.join("packages#3"));
    for unfinished in [&half, &held, &young] {
        fs::create_dir_all(unfinished.join("dh-web")).unwrap();
    }
    let holder = fs::File::open(&held).unwrap();
    holder.lock().unwrap();
    for old in [&half, &held] {
        fs::File::open(old).unwrap().set_modified(hour_ago).unwrap();
    }
    let dead = repository.debs().join(".staging/0000");
    fs::create_dir_all(&dead).unwrap();
    fs::write(dead.join("half.deb"), "half").unwrap();
    let live = repository.staging().unwrap();
    let report = repository.fsck(FsckMode::Repair).unwrap();
    assert_eq!(
        lines(&report),
        [
            "debs/.staging/0000: left behind by a killed writer (mended)".to_owned(),
            "domain/default/stacks/125/packages#1: left behind by a killed writer (mended)".to_owned(),
            format!("{LEDGER}/0000000004.json#1: left behind by a killed writer (mended)"),
        ]
    );
    assert!(report.is_clean() && !staged.exists() && !dead.exists() && !half.exists());
    assert!(fresh.exists() && live.path().exists() && held.exists() && young.exists());
}

#[test]
fn a_check_beside_a_busy_writer_finds_nothing_to_mend() {
    let (folder, repository) = filled();
    let built: Vec<_> =
        (0..60).map(|number| deb(folder.path(), "dh-busy", &format!("1.{number}"), "x")).collect();
    let checks = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for (number, file) in built.iter().enumerate() {
                let inputs = Some(Sha256Digest::of(number.to_string().as_bytes()));
                let provenance = Provenance { inputs, ..Provenance::default() };
                let record = repository.take_in(file, &provenance).unwrap();
                repository.add_to_stack(&stack("125"), &[record], &by()).unwrap();
                let copy = stack(&format!("copy{number}"));
                repository.create_stack(&copy, Some(&reference("125")), &by()).unwrap();
            }
        });
        let mut checks = 0;
        while !writer.is_finished() {
            let report = repository.fsck(FsckMode::Check).unwrap();
            let wrong = report.findings.iter().find(|found| found.fault.class() != FaultClass::Note);
            assert_eq!(wrong, None);
            checks += 1;
        }
        writer.join().unwrap();
        checks
    });
    assert!(checks > 1, "the writer was too fast to be watched");
    assert!(check(&repository).is_empty());
}

#[test]
fn files_that_are_not_gachettes_are_told_and_left_alone() {
    let (folder, repository) = filled();
    let strange = [
        "notes.txt",
        "domain/x y/z",
        "domain/default/stacks/124/note",
        "packages/UPPER/x",
        "packages/dh-web/notes",
        "packages/dh-strange/version",
        "packages/dh-web/version/1.9/x.json.bak",
        "debs/notes\n",
        "debs/unknown.deb",
    ];
    for file in strange {
        let path = folder.path().join("meta").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine").unwrap();
    }
    let report = repository.fsck(FsckMode::Repair).unwrap();
    assert!(report.is_clean() && report.findings.len() == strange.len(), "{:?}", lines(&report));
    assert!(report.findings.iter().all(|finding| finding.fault.class() == FaultClass::Note));
    assert!(strange.iter().all(|file| text(folder.path(), file).as_deref() == Some("mine")));
}

/// Every file below a folder with its content, the marks of writing aside.
pub(super) fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                files.push((entry.path().display().to_string(), fs::read(entry.path()).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// A list of packages to be kept, of one package in this version.
pub(super) fn list(version: &str) -> KeptList {
    let text = format!("Package: libfoo\nVersion: {version}\nArchitecture: amd64\n");
    let sha256 = Sha256Digest::of(text.as_bytes());
    let source = ListSource { place: "/srv/Packages".to_owned(), sha256, size: None, modified: None };
    let (origin, architecture) = ("bookworm".to_owned(), None);
    KeptList { list: BaseList { origin, architecture, priority: 500, packages: 1, sha256, source }, text }
}

#[test]
fn what_is_lost_or_changed_of_a_base_is_named() {
    let (folder, repository) = filled();
    let base = "bookworm".parse().unwrap();
    for version in ["1", "2", "3"] {
        repository.keep_base(&base, &[list(version)], &by()).unwrap();
    }
    assert_eq!(check(&repository), Vec::<String>::new());
    let bases = folder.path().join("meta/bases");
    let file = |version: &str| bases.join(format!("{}.zst", list(version).list.sha256));
    fs::remove_file(file("1")).unwrap();
    flip_a_byte(&file("3"));
    fs::write(bases.join("bookworm/0000000002.json"), "{}").unwrap();
    fs::write(bases.join("notes"), "mine").unwrap();
    let found = check(&repository).join("\n");
    let lost = |version: &str| format!("bases/{}.zst: lost", list(version).list.sha256);
    let changed = "bases/bookworm/0000000002.json: changed";
    for words in [&*lost("1"), &lost("3"), changed, "bases/notes: not gachette's"] {
        assert!(found.contains(words), "{words}: {found}");
    }
    assert_eq!(found.lines().count(), 4, "{found}");
    // The same lists again bring them back.
    repository.keep_base(&base, &[list("1"), list("3")], &by()).unwrap();
    assert!(!check(&repository).join("\n").contains(".zst"));
}
