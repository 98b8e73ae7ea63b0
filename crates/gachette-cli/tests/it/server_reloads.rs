//! A running server reads its configuration again.

use gachette_testkit::GitRepository;

use crate::server_builds::Busy;
use crate::serving::Serving;

impl Serving {
    fn reload(&self, words: &str) {
        self.signal("-HUP");
        self.logged(words);
    }
}

#[test]
fn what_begins_after_a_reload_goes_by_it_and_what_is_at_work_does_not() {
    let busy = Busy::new(&[]);
    let configuration = std::fs::read_to_string(busy.playground.path("gachette.yml")).unwrap();
    let source = GitRepository::new();
    source.commit_file(".missile.yml", "name: late\ntype: application\n");
    let lacking = busy.start("late");
    let problem = busy.reaches(&lacking["id"], "failed")["problem"].clone();
    let hint = problem["hint"].as_str().unwrap();
    assert!(hint.contains("gachette.yml") && hint.contains("systemctl reload gachette"), "{problem}");
    let running = busy.start("a");
    busy.reaches(&running["id"], "running");
    // The running one's project goes, and another one comes.
    let gone = configuration.replace("projects.a.url", "projects.z.url");
    let late = format!("{gone}projects.late.url: {}\n", source.path().display());
    busy.playground.write("gachette.yml", &late);
    busy.serving.reload("the configuration was read again");
    let ordered = busy.start("late");
    busy.reaches(&ordered["id"], "succeeded");
    busy.let_go();
    busy.reaches(&running["id"], "succeeded");
    let pushed = r#"{"ref": "refs/heads/main", "after": "a1", "repository": {"default_branch": "main"}}"#;
    let push = |project: &str| {
        busy.serving.ask(&format!("POST /hooks/{project}"), &["X-Gitlab-Token: between us"], pushed).status
    };
    assert_eq!(push("b"), 401);
    let hooked = format!("{late}projects.b.hook_stack: '1'\nprojects.b.hook_secret_file: secret\n");
    busy.playground.write("gachette.yml", &hooked);
    busy.serving.reload("the configuration was read again");
    assert_eq!(push("b"), 202);
}

#[test]
fn a_wrong_configuration_changes_nothing_and_is_logged_with_its_place() {
    let busy = Busy::new(&[]);
    busy.let_go();
    let configuration = std::fs::read_to_string(busy.playground.path("gachette.yml")).unwrap();
    busy.playground.write("gachette.yml", &format!("{configuration}domain: 'no domain'\n"));
    busy.serving.signal("-HUP");
    let lines = configuration.lines().count();
    let mistake = busy.serving.logged(&format!("gachette.yml:{}:", lines + 1));
    assert!(mistake.contains("domain"), "{mistake}");
    busy.serving.logged("the one before stays in force");
    let build = busy.start("a");
    busy.reaches(&build["id"], "succeeded");
    std::fs::remove_file(busy.playground.path("secret")).unwrap();
    let elsewhere = configuration.replace("meta_path: repository", "meta_path: elsewhere");
    busy.playground.write("gachette.yml", &elsewhere);
    busy.serving.signal("-HUP");
    let kept = busy.serving.logged("needs a restart");
    assert!(kept.contains("meta_path"), "{kept}");
    let stacks = busy.serving.ask("GET /api/v1/domains/default/stacks", &[], "").json();
    assert_eq!(stacks["found"].as_array().unwrap().len(), 1, "{stacks}");
    assert!(!busy.playground.path("elsewhere").exists());
}
