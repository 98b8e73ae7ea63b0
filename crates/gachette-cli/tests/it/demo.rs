//! The demo, which is the first thing a newcomer runs.

use crate::playground::Playground;

#[test]
fn the_demo_does_the_main_job_and_leaves_a_folder_to_explore() {
    let playground = Playground::with_configuration("");
    let said = playground.ok("demo");
    assert!(said.contains("upgraded"), "{said}");
    let config = "-c gachette-demo/gachette.yml";
    assert_eq!(playground.json(&format!("{config} stack list")).as_array().unwrap().len(), 2);
    assert_eq!(playground.json(&format!("{config} repository fsck"))["findings"], serde_json::json!([]));
    assert_eq!(playground.json(&format!("{config} stack diff 1 2"))["packages"].as_array().unwrap().len(), 2);
    // What it proposes to try next is true.
    let next = said.lines().filter_map(|line| line.strip_prefix("gachette ")).collect::<Vec<_>>();
    assert!(next.len() >= 4, "{said}");
    for line in next {
        playground.ok(&format!("{config} {line}"));
    }
}

#[test]
fn a_second_demo_takes_the_next_free_name() {
    let playground = Playground::with_configuration("");
    playground.ok("demo");
    playground.ok("demo");
    assert!(playground.path("gachette-demo-2/gachette.yml").is_file());
    assert_eq!(playground.run("demo gachette-demo").code, 2);
    let said = playground.run("demo gachette.yml/demo");
    assert!(said.code == 2 && said.stderr.contains("gachette.yml/demo/hello: "), "{}", said.stderr);
    let said = playground.run("--format json demo other");
    let answer: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((said.code, &answer["kind"]), (2, &serde_json::json!("invalid")));
    assert!(!playground.path("other").exists());
}
