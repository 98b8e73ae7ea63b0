//! The task form, which existing scripts use.

use crate::assert_transcript;
use crate::playground::Playground;

#[test]
fn tasks_run_in_order_and_the_first_failure_stops_the_rest() {
    let playground = Playground::new();
    assert_transcript!(playground.run("stack_create:1 stack_create:2,,9 stack_create:3"));
    assert_eq!(playground.json("stack list").as_array().unwrap().len(), 1);
}

#[test]
fn with_warn_only_the_rest_runs_and_the_exit_code_stays() {
    let playground = Playground::new();
    assert_transcript!(playground.run("-w stack_create:1 stack_create:2,,9 stack_create:3"));
}

#[test]
fn the_meta_path_of_a_task_wins_over_the_configuration_and_says_so() {
    let playground = Playground::new();
    let meta = playground.path("other");
    let said = playground.run(&format!("stack_create:prod,124,{}", meta.display()));
    assert_transcript!(said);
    assert!(meta.join("domain/prod/stacks/124").is_dir());
    assert!(!playground.path("repository").exists());
}

#[test]
fn quick_names_what_is_missing() {
    let playground = Playground::new();
    assert_transcript!(playground.run("quick:124,web"));
    playground.ok("stack create 124");
    assert_transcript!(playground.run("quick:124,web"));
    assert_transcript!(Playground::with_configuration("").run("quick:124,web"));
}
