//! A store that loses replies, fails and dies, by hundreds of seeds: the same seed always goes the same way.

use std::path::Path;
use std::sync::Arc;

use gachette::repository::{FailureKind, FaultClass, FsckMode, Repository, Store};
use gachette_core::stack::{Change, Entry, Provenance};
use object_store::memory::InMemory;

use super::faulty_store::FaultyStore;
use super::packages::deb;
use super::{by, record, stack};

const SEEDS: u64 = 400;

/// The repository as somebody sees it to whom nothing fails.
fn sound(inner: &Arc<InMemory>, debs: &Path) -> Repository {
    Repository::with_store(Store::remote(inner.clone()), debs.to_owned()).unwrap()
}

/// Another writer, who adds a package of their own the first few times they are asked.
fn rival(inner: &Arc<InMemory>, debs: &Path) -> Box<dyn FnMut() + Send> {
    let (inner, debs, mut count) = (inner.clone(), debs.to_owned(), 0);
    Box::new(move || {
        count += 1;
        if count > 4 {
            return;
        }
        let package = record("rival", &format!("1.{count}"));
        // Before the stack is there, there is nothing to add to.
        let _ = sound(&inner, &debs).add_to_stack(&stack("124"), &[package], &by());
    })
}

/// The revisions that say they added this package.
fn additions(ledger: &[Entry], name: &str) -> usize {
    let name = name.parse().unwrap();
    let adds = |entry: &&Entry| matches!(&entry.revision.change, Change::Add { packages } if packages.contains(&name));
    ledger.iter().filter(adds).count()
}

/// Numbers, hashes and contents as they should be, whatever was written by whom.
fn check(repository: &Repository, seed: u64) {
    repository.fsck(FsckMode::Repair).unwrap();
    let report = repository.fsck(FsckMode::Check).unwrap();
    // The records of these packages were never written, which is all that may be missed.
    let other: Vec<_> =
        report.findings.iter().filter(|finding| !finding.path.starts_with("packages/")).collect();
    assert!(other.is_empty(), "seed {seed}: {other:?}");
    assert!(report.of(FaultClass::Mendable).next().is_none());
}

#[test]
fn a_writer_whose_replies_get_lost_adds_each_package_once() {
    let debs = tempfile::tempdir().unwrap();
    let mut lost_races = 0;
    for seed in 1..=SEEDS {
        let inner = Arc::new(InMemory::new());
        sound(&inner, debs.path()).create_stack(&stack("124"), None, &by()).unwrap();
        let faulty = FaultyStore::new(inner.clone(), seed, 30, u64::MAX, Some(rival(&inner, debs.path())));
        let Ok(repository) = Repository::with_store(Store::remote(Arc::new(faulty)), debs.path().to_owned())
        else {
            continue;
        };
        let names = ["aa", "bb", "cc", "dd"];
        let done = names.map(|name| {
            let committed = repository.add_to_stack(&stack("124"), &[record(name, "1")], &by());
            assert!(
                committed.as_ref().map_or(true, |done| done.changed),
                "seed {seed}: {name} was not seen as ours"
            );
            committed.is_ok()
        });
        let sound = sound(&inner, debs.path());
        let ledger = sound.log_stack(&stack("124"), None).unwrap().found;
        for (name, done) in names.into_iter().zip(done) {
            let times = additions(&ledger, name);
            assert!(
                times == 1 || times == 0 && !done,
                "seed {seed}: {name} was added {times} times, done: {done}"
            );
        }
        lost_races += additions(&ledger, "rival");
        let deleted = repository.delete_stack(&stack("124"), &by());
        let failed = deleted.is_err_and(|error| error.kind() != FailureKind::Broken);
        assert!(!failed, "seed {seed}: our own deletion was taken for another's");
        check(&sound, seed);
    }
    assert!(lost_races > 100, "the rival hardly ever came between: {lost_races}");
}

#[test]
fn a_writer_that_dies_at_any_step_leaves_the_old_state_or_the_new_one() {
    let debs = tempfile::tempdir().unwrap();
    let mut outcomes = [0; 2];
    for seed in 1..=SEEDS {
        let inner = Arc::new(InMemory::new());
        let before = sound(&inner, debs.path());
        before.create_stack(&stack("123"), None, &by()).unwrap();
        before.add_to_stack(&stack("123"), &[record("aa", "1"), record("bb", "1")], &by()).unwrap();
        before.create_stack(&stack("124"), Some(&super::reference("123")), &by()).unwrap();
        let dying = FaultyStore::new(inner.clone(), seed, 0, 1 + seed % 40, None);
        let mut told = Vec::new();
        if let Ok(repository) = Repository::with_store(Store::remote(Arc::new(dying)), debs.path().to_owned())
        {
            let packages = [record("aa", "2"), record("cc", "1")];
            told.push(repository.add_to_stack(&stack("124"), &packages, &by()).is_ok());
            told.push(repository.create_stack(&stack("125"), Some(&super::reference("124")), &by()).is_ok());
        }
        let after = sound(&inner, debs.path());
        let shown = after.show_stack(&super::reference("124")).unwrap().revision;
        let versions: Vec<_> = shown.packages.iter().map(|p| format!("{} {}", p.name, p.version)).collect();
        let new = versions == ["aa 2", "bb 1", "cc 1"];
        assert!(new || versions == ["aa 1", "bb 1"], "seed {seed}: {versions:?}");
        assert!(new || told.first() != Some(&true), "seed {seed}: it was told to be done");
        assert!(told.get(1) != Some(&true) || after.has_stack(&stack("125")).unwrap(), "seed {seed}");
        outcomes[usize::from(new)] += 1;
        after.add_to_stack(&stack("124"), &[record("dd", "1")], &by()).unwrap();
        check(&after, seed);
    }
    assert!(outcomes.iter().all(|count| *count > 20), "both states were seen: {outcomes:?}");
}

#[test]
fn adding_a_package_takes_the_same_few_steps_however_much_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let counting = Arc::new(FaultyStore::new(Arc::new(InMemory::new()), 1, 0, u64::MAX, None));
    let repository =
        Repository::with_store(Store::remote(counting.clone()), folder.path().join("debs")).unwrap();
    repository.create_stack(&stack("124"), None, &by()).unwrap();
    let steps = |name: &str| {
        let built = deb(folder.path(), name, "1.0", "x");
        let before = counting.count();
        let record = repository.take_in(&built, &Provenance::default()).unwrap();
        repository.add_to_stack(&stack("124"), &[record], &by()).unwrap();
        counting.count() - before
    };
    steps("first");
    let few = steps("second");
    for number in 0..60 {
        let name = format!("pkg{number}");
        repository.create_stack(&stack(&name), None, &by()).unwrap();
        repository.add_to_stack(&stack("124"), &[record(&name, "1.0")], &by()).unwrap();
    }
    assert_eq!(steps("third"), few);
    assert!(few <= 18, "{few} steps for one package");
}
