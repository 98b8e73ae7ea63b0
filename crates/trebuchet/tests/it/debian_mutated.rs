//! The fuzz targets' entry functions, fed with their corpus and mutations of it: no panic, no broken promise, no hang.

#[path = "../../../../fuzz/entry/debian.rs"]
mod entry;

use std::path::Path;

use gachette_testkit::Mutations;

fn corpus(target: &str) -> Mutations {
    Mutations::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target))
}

#[test]
fn no_text_breaks_the_reading_of_versions() {
    corpus("version").feed(20_000, entry::version);
}

#[test]
fn no_text_breaks_the_reading_of_relations() {
    corpus("relations").feed(20_000, entry::relations);
}

#[test]
fn no_text_breaks_the_reading_of_control_files() {
    corpus("deb822").feed(10_000, entry::deb822);
}

#[test]
fn no_file_breaks_the_reading_of_packages() {
    corpus("deb").feed(5_000, entry::deb);
    corpus("deb_tar").feed(5_000, entry::deb_tar);
}
