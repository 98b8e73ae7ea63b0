//! Replaying a ledger, and what a stack refuses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::stack::By;

fn by() -> Attribution {
    By::new("ada").at(Timestamp::UNIX_EPOCH, "writer".to_owned())
}

fn stack() -> StackName {
    "124".parse().unwrap()
}

fn package(name: &str, version: &str, architecture: &str) -> StackedPackage {
    let file = Sha256Digest::of(format!("{name} {version} {architecture}").as_bytes());
    StackedPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        files: [(architecture.parse().unwrap(), file)].into(),
    }
}

fn store(next: Next) -> Option<Entry> {
    match next {
        Next::Revision(revision) => {
            let bytes = revision.to_bytes().unwrap();
            Some(Entry::of(*revision, &bytes))
        }
        Next::Unchanged => None,
    }
}

/// One thing a user may wish.
#[derive(Clone, Debug)]
enum Wish {
    Create(Option<usize>),
    Add(Vec<(u8, u8, bool)>),
    Remove(u8),
    Seal,
    Rollback(usize),
    Delete,
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        2 => proptest::option::of(0..20_usize).prop_map(Wish::Create),
        8 => proptest::collection::vec((0..6_u8, 0..4_u8, any::<bool>()), 1..4).prop_map(Wish::Add),
        3 => (0..6_u8).prop_map(Wish::Remove),
        1 => Just(Wish::Seal),
        2 => (0..20_usize).prop_map(Wish::Rollback),
        1 => Just(Wish::Delete),
    ]
}

fn packages(wished: &[(u8, u8, bool)]) -> Vec<StackedPackage> {
    let one = |(name, version, arm): &(u8, u8, bool)| {
        package(&format!("pkg{name}"), &format!("1.{version}"), if *arm { "arm64" } else { "amd64" })
    };
    wished.iter().map(one).collect()
}

/// What the stack should hold, as a plain map from name to version and architectures.
type Model = BTreeMap<String, (String, Vec<String>)>;

fn model_of(content: &Content) -> Model {
    let files = |package: &StackedPackage| package.files.keys().map(ToString::to_string).collect();
    content.iter().map(|p| (p.name.to_string(), (p.version.to_string(), files(p)))).collect()
}

fn play(ledger: &[Entry], wish: &Wish) -> Result<Next, Refusal> {
    let (newest, pick) = (ledger.last(), |index: usize| ledger.get(index % ledger.len().max(1)));
    let missing = || Refusal::Missing { stack: stack(), deleted: None };
    match wish {
        Wish::Create(from) => Next::create(newest, &stack(), from.and_then(pick), by()),
        Wish::Add(wished) => newest.ok_or_else(missing)?.add(packages(wished), by()),
        Wish::Remove(name) => {
            newest.ok_or_else(missing)?.remove(&[format!("pkg{name}").parse().unwrap()], by())
        }
        Wish::Seal => newest.ok_or_else(missing)?.seal(by()),
        Wish::Rollback(index) => {
            let target = pick(*index).ok_or_else(missing)?.revision.clone();
            newest.ok_or_else(missing)?.rollback(&target, by())
        }
        Wish::Delete => newest.ok_or_else(missing)?.delete(by()),
    }
}

fn apply(model: &mut Model, wish: &Wish) {
    match wish {
        Wish::Add(wished) => {
            for (name, version, arm) in wished {
                let (version, arch) =
                    (format!("1.{version}"), if *arm { "arm64" } else { "amd64" }.to_owned());
                let known =
                    model.entry(format!("pkg{name}")).or_insert_with(|| (version.clone(), Vec::new()));
                if known.0 != version {
                    *known = (version, Vec::new());
                }
                known.1.push(arch);
                known.1.sort();
                known.1.dedup();
            }
        }
        Wish::Remove(name) => {
            model.remove(&format!("pkg{name}"));
        }
        _ => {}
    }
}

proptest! {
    /// Whatever is wished, the ledger stays a chain, and reading it again from its bytes gives the same stack.
    #[test]
    fn replaying_a_ledger_gives_the_same_stack(wishes in proptest::collection::vec(wish(), 0..40)) {
        let mut ledger: Vec<Entry> = Vec::new();
        let mut model = Model::new();
        for wish in &wishes {
            let (sealed, exists) = ledger.last().map_or((false, false), |e| (e.revision.sealed, e.exists()));
            let Ok(next) = play(&ledger, wish) else { continue };
            prop_assert!(exists || matches!(wish, Wish::Create(_)), "only a creation follows nothing");
            let Some(entry) = store(next) else { continue };
            let deletes = exists && matches!(wish, Wish::Delete) && entry.revision.sealed;
            prop_assert!(!sealed || deletes, "nothing but a deletion follows a seal, and nothing that");
            match wish {
                Wish::Create(_) | Wish::Rollback(_) | Wish::Delete => model = model_of(&entry.revision.packages),
                wish => apply(&mut model, wish),
            }
            prop_assert_eq!(model_of(&entry.revision.packages), model.clone());
            ledger.push(entry);
        }
        let mut before: Option<Entry> = None;
        for entry in &ledger {
            let again = Entry::parse(&entry.revision.to_bytes().unwrap()).unwrap();
            prop_assert_eq!(again.check(), Ok(()));
            prop_assert_eq!(again.check_after(before.as_ref()), Ok(()));
            prop_assert_eq!(again.hash, entry.hash);
            prop_assert_eq!(model_of(&again.revision.packages), model_of(&entry.revision.packages));
            before = Some(again);
        }
    }

    /// A change of one byte of a stored revision makes it unreadable, unsound, or unlike what the next one names.
    #[test]
    fn no_byte_of_a_revision_can_change_unseen(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let first = store(Next::create(None, &stack(), None, by()).unwrap()).unwrap();
        let second = store(first.add([package("dh-web", "1.0", "amd64")], by()).unwrap()).unwrap();
        let third = store(second.seal(by()).unwrap()).unwrap();
        let mut bytes = second.revision.to_bytes().unwrap();
        let index = at.index(bytes.len());
        bytes[index] ^= 1 << bit;
        if let Ok(changed) = Entry::parse(&bytes) {
            prop_assert!(third.check_after(Some(&changed)).is_err(), "byte {index}");
        }
    }
}

#[test]
fn the_same_version_for_another_architecture_joins_and_another_version_replaces() {
    let first = store(Next::create(None, &stack(), None, by()).unwrap()).unwrap();
    let both = [package("dh-web", "1.0", "amd64"), package("dh-web", "1.0", "arm64")];
    let second = store(first.add(both.clone(), by()).unwrap()).unwrap();
    let files = |entry: &Entry| entry.revision.packages.get(&"dh-web".parse().unwrap()).unwrap().files.len();
    assert_eq!(files(&second), 2);
    let third = store(second.add([package("dh-web", "1.00", "amd64")], by()).unwrap()).unwrap();
    assert_eq!(files(&third), 1, "1.00 is another folder than 1.0, although dpkg calls them equal");
}

#[test]
fn a_package_that_is_not_there_cannot_be_removed() {
    let first = store(Next::create(None, &stack(), None, by()).unwrap()).unwrap();
    let refusal = first.remove(&["dh-web".parse().unwrap()], by()).unwrap_err();
    assert_eq!(refusal.to_string(), "package `dh-web` is not in stack default/124");
}

#[test]
fn authors_and_reasons_cannot_steer_a_terminal_nor_begin_a_line() {
    let by = By::new("ada\u{1b}[2J").because("one\ntwo\u{7}\r\n3\u{85}4\u{2028}5\u{2029}6");
    assert_eq!((by.author.as_str(), by.reason.as_str()), ("ada [2J", "one two   3 4 5 6"));
}
