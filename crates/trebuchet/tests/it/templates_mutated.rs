//! The fuzz target's entry function for templates, fed with its corpus and mutations of it: no panic, no broken promise.

#[path = "../../../../fuzz/entry/template.rs"]
mod entry;

use std::cell::LazyCell;
use std::path::Path;

use gachette_testkit::Mutations;

thread_local! {
    static PROJECT: LazyCell<tempfile::TempDir> = LazyCell::new(|| tempfile::tempdir().unwrap());
}

#[test]
fn no_text_breaks_the_filling_in_of_templates() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/template");
    Mutations::of(&corpus).feed(1_000, |data| PROJECT.with(|project| entry::template(data, project.path())));
}
