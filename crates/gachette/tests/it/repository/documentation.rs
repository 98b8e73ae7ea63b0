//! What `docs/repository.md` shows is what is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gachette_core::Sha256Digest;
use gachette_core::stack::{By, Entry, PackageRecord, Provenance};

use super::packages::deb;
use super::{repository, stack};

/// The files of the page: those with a title line `NAME:` before a fenced block, by name.
fn examples() -> BTreeMap<String, String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/repository.md");
    let page = fs::read_to_string(page).unwrap();
    let (mut examples, mut lines) = (BTreeMap::new(), page.lines());
    while let Some(line) = lines.next() {
        let title = line.strip_prefix('`').and_then(|line| line.strip_suffix("`:"));
        let Some(title) = title.filter(|_| lines.next().is_some_and(|line| line.starts_with("```"))) else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        examples.insert(title.to_owned(), body.join("\n") + "\n");
    }
    examples
}

#[test]
fn the_files_on_the_page_are_those_that_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let by = By::new("ada@build1").because("first release");
    let provenance = Provenance {
        project: Some("web".to_owned()),
        inputs: Some(Sha256Digest::of(b"inputs")),
        ..Provenance::default()
    };
    repository.create_stack(&stack("124"), None, &by).unwrap();
    let record = repository.take_in(&deb(folder.path(), "dh-web", "1.0", "x"), &provenance).unwrap();
    repository.add_to_stack(&stack("124"), &[record], &by).unwrap();
    let meta = folder.path().join("meta");
    let mut written: Vec<String> = super::fsck::tree(&meta)
        .into_iter()
        .map(|(path, _)| Path::new(&path).strip_prefix(&meta).unwrap().display().to_string())
        .map(|path| path.replace(&Sha256Digest::of(b"inputs").to_string(), "INPUTS"))
        .collect();
    written.sort();
    let examples = examples();
    let mut shown: Vec<&str> =
        examples["META"].lines().map(|line| line.split("  ").next().unwrap()).collect();
    shown.sort_unstable();
    assert_eq!(shown, written);
    for (name, text) in examples.iter().filter(|(name, _)| !name.ends_with(".json") && *name != "META") {
        assert_eq!(&fs::read_to_string(meta.join(name)).unwrap(), text, "{name}");
    }
}

#[test]
fn the_ledger_on_the_page_is_sound() {
    let examples = examples();
    let revision = |number| format!("domain/default/stacks/124/revisions/000000000{number}.json");
    let [first, second] = [1, 2].map(|number| Entry::parse(examples[&revision(number)].as_bytes()).unwrap());
    assert_eq!((first.check(), second.check()), (Ok(()), Ok(())));
    assert_eq!((first.check_after(None), second.check_after(Some(&first))), (Ok(()), Ok(())));
    assert!(examples["domain/default/stacks/124/derived.json"].contains(&second.hash.to_string()));
    let text = &examples["packages/dh-web/version/1.0/all.json"];
    let record = PackageRecord::parse(text.as_bytes()).unwrap();
    assert!(record.is_intact(text.as_bytes()));
    let package = second.revision.packages.get(&record.name).unwrap();
    assert_eq!(package.files.get(&record.architecture), Some(&record.sha256));
    let line = format!("{} {} {} {}\n", record.name, record.version, record.architecture, record.sha256);
    assert_eq!(second.revision.content, Sha256Digest::of(line.as_bytes()), "as the page explains it");
}
