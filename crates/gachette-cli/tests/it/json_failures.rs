//! With `--format json` a failure is the one document on standard output, in the words of the API.

use gachette_http::{Problem, ProblemKind};
use serde_json::Value;

use crate::chain::Chain;
use crate::hosts::Hosts;
use crate::playground::{Playground, Said};

/// What was answered on standard output: documents one after the other.
fn documents(said: &Said) -> Vec<Value> {
    serde_json::Deserializer::from_str(&said.stdout).into_iter().map(Result::unwrap).collect()
}

/// The one answer, which says the same as standard error.
fn failure(playground: &Playground, line: &str) -> (Problem, Value) {
    let said = playground.run(&format!("--format json {line}"));
    let [answer] = documents(&said).try_into().unwrap_or_else(|_| panic!("{line}: {}", said.stdout));
    assert_eq!(answer["exit_code"], said.code, "{line}: {answer}");
    let problem: Problem = serde_json::from_value(answer.clone()).unwrap();
    assert!(said.stderr.contains(&format!("error: {}", problem.title)), "{line}: {}", said.stderr);
    let hint = problem.hint.as_ref();
    assert!(hint.is_none_or(|hint| said.stderr.contains(hint)), "{line}: {}", said.stderr);
    (problem, answer)
}

#[test]
fn every_kind_of_failure_is_answered_in_the_words_of_the_api() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    playground.ok("stack seal 1");
    for (line, kind, exit_code) in [
        ("stack show 7", ProblemKind::NotFound, 2),
        ("stack show", ProblemKind::Invalid, 2),
        ("stack shwo", ProblemKind::Invalid, 2),
        ("stack_creat:1", ProblemKind::Invalid, 2),
        ("stack_create:", ProblemKind::Invalid, 2),
        ("-c nowhere.yml stack list", ProblemKind::Configuration, 3),
        ("stack remove 1 dh-web", ProblemKind::Refused, 5),
        ("stack delete 1", ProblemKind::Refused, 5),
        ("-H unix:///nowhere.sock stack list", ProblemKind::HostFailed, 6),
    ] {
        let (problem, answer) = failure(&playground, line);
        assert_eq!((problem.kind, &answer["exit_code"]), (kind, &exit_code.into()), "{line}: {answer}");
    }
    assert!(failure(&playground, "stack show 7").0.hint.is_some());
    let written_together = playground.run_words(&["stack", "shwo", "--format=json"]);
    assert_eq!(documents(&written_together)[0]["kind"], "invalid");
}

#[test]
fn a_build_that_fails_is_answered_with_the_end_of_its_output() {
    let chain = Chain::new();
    let recipe = "name: web\ntype: application\nbuild_assets: ['echo told; exit 3']\n";
    chain.source.commit_file("broken.yml", recipe);
    let (problem, answer) = failure(&chain.playground, "quick 124 config --missile broken.yml");
    assert_eq!((problem.kind, &answer["exit_code"]), (ProblemKind::BuildFailed, &4.into()));
    assert!(problem.lines.contains(&"told".to_owned()) && problem.log.is_some(), "{answer}");
}

#[test]
fn all_that_is_wrong_in_a_configuration_is_in_the_answer() {
    let playground = Playground::with_configuration("port: lots\ntimeout: long\n");
    let (_, answer) = failure(&playground, "stack list");
    let others = answer["others"].as_array().unwrap();
    assert_eq!((others.len(), &others[0]["kind"]), (1, &"configuration".into()), "{answer}");
}

#[test]
fn each_task_and_each_host_has_one_answer() {
    let playground = Playground::new();
    let said = playground.run("--format json -w stack_create:1 stack_create:2,,9 stack_create:3");
    let answers = documents(&said);
    assert_eq!((answers.len(), said.code), (3, 2), "{}", said.stdout);
    assert_eq!((&answers[1]["kind"], &answers[1]["exit_code"]), (&"not_found".into(), &2.into()));
    let hosts = Hosts::visited("");
    hosts.run("-H build1 repository init");
    let said = hosts.run("--format json -w -H nowhere.invalid,build1 stack list");
    let answers = documents(&said);
    assert_eq!((answers.len(), said.stdout.lines().count()), (2, 2), "{}", said.stdout);
    assert_eq!(
        (&answers[0]["host"], &answers[0]["error"]["kind"]),
        (&"nowhere.invalid".into(), &"host_failed".into())
    );
    assert!(answers[1]["result"].is_array(), "{}", said.stdout);
}

#[test]
fn a_report_that_finds_faults_is_the_answer_with_what_every_failure_says() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    std::fs::remove_file(playground.path("repository/domain/default/stacks/1/derived.json")).unwrap();
    playground.write("source/broken.deb", "no package");
    playground.write("gachette.yml", "meta_path: repository\nsigning:\n  folder: keys\n  keys: [archive]\n");
    playground.ok("key generate archive");
    playground.ok("publish 1 --unsigned");
    for (line, title, own) in [
        ("repository fsck", "0 damaged, 1 to be mended", "findings"),
        ("repository import source", "1 file not taken", "import"),
        ("verify 1", "default/1 cannot be believed", "links"),
    ] {
        let (problem, answer) = failure(&playground, line);
        assert_eq!((problem.kind, &answer["exit_code"]), (ProblemKind::Refused, &5.into()), "{answer}");
        assert!(
            problem.title.contains(title) && answer[own].is_object() | answer[own].is_array(),
            "{answer}"
        );
    }
    assert!(failure(&playground, "repository fsck").0.hint.unwrap().contains("--repair"));
}

#[test]
fn the_line_of_one_of_several_hosts_has_the_report_and_the_error() {
    let hosts = Hosts::visited("");
    hosts.run("-H build1 repository init");
    let said = hosts.run("--format json -H nowhere.invalid,build1 host check");
    let answers = documents(&said);
    let failed = answers.iter().find(|answer| answer["host"] == "nowhere.invalid").unwrap();
    assert_eq!(failed["error"]["kind"], "host_failed", "{}", said.stdout);
    assert!(failed["result"]["findings"].is_array(), "{}", said.stdout);
}
