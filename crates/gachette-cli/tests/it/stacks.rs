//! Stacks from the command line.

use crate::assert_transcript;
use crate::playground::Playground;

#[test]
fn a_stack_is_created_listed_and_shown() {
    let playground = Playground::new();
    assert_transcript!(playground.run("stack create 124 -m because"));
    assert_transcript!(playground.run("stack list"));
    assert_transcript!(playground.run("stack show 124"));
    assert_transcript!(playground.run("stack log 124"));
}

#[test]
fn a_stack_that_exists_is_left_as_it_is() {
    let playground = Playground::new();
    playground.ok("stack create 124");
    assert_transcript!(playground.run("stack create 124"));
}

#[test]
fn a_stack_from_a_missing_one_names_it_and_makes_nothing() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    assert_transcript!(playground.run("stack create 124 --from 123"));
    assert_eq!(playground.json("stack list").as_array().unwrap().len(), 1);
}

#[test]
fn a_sealed_stack_refuses_changes_with_exit_code_5() {
    let playground = Playground::new();
    playground.ok("stack create 124");
    assert_transcript!(playground.run("stack seal 124"));
    assert_transcript!(playground.run("stack rollback 124 --to 1"));
}

#[test]
fn deleting_asks_and_without_a_terminal_the_answer_is_no() {
    let playground = Playground::new();
    playground.ok("stack create 124");
    assert_transcript!(playground.run("stack delete 124"));
    assert_transcript!(playground.run("stack delete 124 --yes"));
    assert_transcript!(playground.run("stack show 124"));
}

#[test]
fn names_that_could_leave_their_folder_are_refused() {
    let playground = Playground::new();
    for name in ["../x", "/x", "a/../../x", "a/b/c", "-x", "a b", "$(id)", "x;id", "x\ny", ""] {
        let said = playground.run_words(&["stack", "create", "--", name]);
        assert_eq!(said.code, 2, "{name:?}: {}", said.stderr);
    }
    assert!(!playground.path("repository").exists());
}

#[test]
fn a_copy_of_a_missing_stack_makes_no_repository() {
    let playground = Playground::new();
    assert_eq!(playground.run("stack create 124 --from 123").code, 2);
    assert!(!playground.path("repository").exists());
}
