//! The fuzz targets' entry functions for names, configurations and the files of APT repositories, fed with their corpus and mutations of it: no panic, no
//! broken promise, no hang.

#[path = "../../../../fuzz/entry/apt.rs"]
mod apt;
#[path = "../../../../fuzz/entry/configuration.rs"]
mod configuration;
#[path = "../../../../fuzz/entry/git.rs"]
mod git;
#[path = "../../../../fuzz/entry/stack.rs"]
mod stack;

use std::path::Path;

use gachette_testkit::Mutations;

fn corpus(target: &str) -> Mutations {
    Mutations::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target))
}

#[test]
fn no_text_breaks_the_reading_of_repository_addresses() {
    corpus("git_url").feed(20_000, git::git_url);
}

#[test]
fn no_text_breaks_the_reading_of_refs() {
    corpus("git_ref").feed(20_000, git::git_ref);
}

#[test]
fn no_text_breaks_the_reading_of_project_names() {
    corpus("project_name").feed(20_000, git::project_name);
}

#[test]
fn no_text_breaks_the_reading_of_stack_references() {
    corpus("stack_ref").feed(20_000, stack::stack_ref);
}

#[test]
fn no_file_breaks_the_reading_of_configurations() {
    corpus("configuration").feed(5_000, configuration::configuration);
}

#[test]
fn no_index_of_packages_breaks_the_check_and_what_is_left_of_it_decides_alike() {
    corpus("packages").feed(10_000, apt::packages);
}

#[test]
fn no_release_file_names_anything_outside_its_folder() {
    corpus("release").feed(10_000, apt::release);
}

#[test]
fn nothing_but_what_was_signed_is_ever_believed() {
    corpus("in_release").feed(200, apt::in_release);
}
