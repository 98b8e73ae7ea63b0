//! What the fuzz targets for the files of an APT repository do with their input; gachette's tests do the same with the corpus and
//! mutations of it. Each must return, whatever the input is, and panics when a promise is broken.

use std::cell::Cell;
use std::path::{Component, Path};

use gachette::signing::{Certificate, verify};
use gachette_core::apt::{Release, files_of};
use gachette_core::debian::Architecture;
use gachette_core::installability::{Architectures, Checker, Condensed, Query, UniverseBuilder, Versions};
use jiff::Timestamp;

/// The certificate by whose key `corpus/in_release/signed` is signed, and what was signed there.
const CERTIFICATE: &[u8] = include_bytes!("archive.asc");
const SIGNED: &[u8] = include_bytes!("../corpus/release/ours");
/// Of how many packages it is asked whether they can be installed.
const ASKED: usize = 4;
/// How often a question looks up before it is given up.
const PATIENCE: u32 = 10_000;

/// A `Packages` index: what is left of it for the check decides as the whole does, and is left once more when it is condensed again.
pub(crate) fn packages(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    assert!(files_of(&text).all(|(file, _)| text.contains(file)));
    let whole = answers(&text);
    let Ok(condensed) = Condensed::of(&text) else {
        assert_eq!(whole, None, "what cannot be condensed is no index");
        return;
    };
    assert_eq!(Condensed::of(&condensed.text).as_ref(), Ok(&condensed));
    assert_eq!(answers(&condensed.text), whole);
}

/// How many packages an index has for a host, and which of the first can be installed; nothing when it is no index.
fn answers(text: &str) -> Option<(usize, Vec<Option<bool>>)> {
    let amd64: Architecture = "amd64".parse().ok()?;
    let mut builder = UniverseBuilder::new(Architectures::only(amd64));
    let origin = builder.origin("the index", 500).ok()?;
    builder.packages(origin, text).ok()?;
    let universe = builder.build(Versions::Candidate);
    let looked = Cell::new(0);
    let stop = || looked.replace(looked.get() + 1) > PATIENCE;
    let mut checker = Checker::new(&universe, &stop);
    let installable = universe.packages().take(ASKED).map(|package| {
        let query = Query { install: &[package], ..Query::default() };
        checker.is_installable(&query).ok()
    });
    let installable = installable.collect();
    Some((universe.packages().len(), installable))
}

/// A Release file: what it names lies below its folder.
pub(crate) fn release(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = Release::date_of(&text);
    for path in Release::indices_of(&text).unwrap_or_default().keys() {
        assert!(Path::new(path).components().all(|part| matches!(part, Component::Normal(_))), "{path}");
    }
}

/// An InRelease file: only what was signed is ever believed.
pub(crate) fn in_release(data: &[u8]) {
    let certificates = Certificate::parse_all(CERTIFICATE, "archive.asc");
    // A day after it was signed.
    let now = "2026-11-24T12:00:00Z".parse::<Timestamp>();
    let (Ok(certificates), Ok(now)) = (certificates, now) else { panic!("no certificate") };
    match verify(data, &certificates, now) {
        Ok(verified) => assert_eq!(verified.release, SIGNED),
        Err(error) => assert!(data != include_bytes!("../corpus/in_release/signed"), "{error}"),
    }
}
