//! The task form, which existing scripts use.

use crate::assert_transcript;
use crate::chain::Chain;
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

#[test]
fn the_debs_path_of_a_task_wins_over_the_configuration_and_says_so() {
    let chain = Chain::new();
    let folder = chain.playground.path("");
    for (line, debs) in [
        ("prepare:config build:config,debs_path=other", "other"),
        ("quick:124,config,debs_path=third", "third"),
    ] {
        let debs_path = format!("debs_path={}", folder.display());
        let line = format!("--set debs_path=configured {}", line.replace("debs_path=", &debs_path));
        let said = chain.playground.run(&line);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let note = format!("note: debs_path [folder]/{debs} is used, not the configured [folder]/configured");
        assert!(said.stderr.contains(&note), "{}", said.stderr);
        let files = std::fs::read_dir(folder.join(debs)).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(files.filter(|name| name.to_string_lossy().ends_with(".deb")).count(), 2);
        assert!(!folder.join("configured").exists());
    }
}

#[test]
fn the_missile_of_a_task_wins_over_the_configuration_and_says_so() {
    let chain = Chain::new();
    chain.source.commit_file("other.yml", "name: other\ntype: configuration\ncolour: red\n");
    for line in [
        "prepare:config build:config,path_to_missile=other.yml",
        "quick:124,config,path_to_missile=other.yml",
    ] {
        let said = chain.playground.run(line);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(
            said.stderr.contains("note: the missile other.yml is used, not the configured config.yml"),
            "{}",
            said.stderr
        );
        assert!(said.stderr.contains("built dh-other "), "{}", said.stderr);
    }
    assert_eq!(chain.playground.json("stack show 124")["packages"][0]["name"], "dh-other");
}

#[test]
fn the_ref_of_a_task_wins_over_the_configuration_and_says_so() {
    let chain = Chain::new();
    let configured = chain.source.head();
    let asked = chain.source.branch("feature").commit_file("more", "1");
    let set = "--set projects.config.ref=main";
    assert_eq!(chain.playground.ok(&format!("{set} prepare:config")).trim(), configured);
    assert_eq!(chain.playground.ok(&format!("{set} prepare:config,ref=feature")).trim(), asked);
    let said = chain.playground.run(&format!("{set} quick:124,config,feature"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("note: the ref feature is used, not the configured main"),
        "{}",
        said.stderr
    );
    let shown = chain.playground.json("stack show 124");
    assert_eq!(shown["packages"][0]["version"], format!("0.0.1rev{}-feature", &asked[..7]));
}
