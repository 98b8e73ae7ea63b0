//! Builds that go on without the command that started them, here and on a host, and what other processes can do with them.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use gachette_testkit::GitRepository;
use serde_json::Value;

use crate::hosts::{Hosts, far_gachette, is_running, kill, leads_session, project, running, wait_until};
use crate::playground::{Playground, until_let_go};

/// A stack, and a project whose build waits in a step until it is let go.
struct Waiting {
    playground: Playground,
    _source: GitRepository,
}

impl Waiting {
    fn new() -> Self {
        Self::with_step(|playground| until_let_go(&playground.path("go")))
    }

    fn with_step(step: impl FnOnce(&Playground) -> String) -> Self {
        let playground = Playground::with_configuration("");
        let source = GitRepository::new();
        let recipe = format!(
            "name: web\ntype: application\nbuild_assets: [{}]\n",
            serde_json::json!(step(&playground))
        );
        source.commit_file(".missile.yml", recipe);
        let configuration = format!(
            "meta_path: repository\nworking_copies: working_copies\nprojects.web.url: {}\n",
            source.path().display()
        );
        playground.write("gachette.yml", &configuration);
        playground.ok("stack create 124");
        Self { playground, _source: source }
    }

    fn let_go(&self) {
        self.playground.write("go", "");
    }

    /// The id of a build that was detached.
    fn detach(&self, line: &str) -> String {
        self.playground.ok(line).trim().to_owned()
    }

    fn build(&self, id: &str) -> Value {
        self.playground.json(&format!("builds show {id}"))
    }

    fn reaches(&self, id: &str, state: &str) {
        wait_until(state, || self.build(id)["state"] == state);
    }

    fn follow(&self, id: &str) -> Child {
        let mut command = self.playground.command(&["builds", "follow", id]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

/// The processes that work in the background of this playground.
fn in_background(playground: &Playground) -> Vec<PathBuf> {
    let home = format!("HOME={}\0", playground.path("home").display());
    let is_ours = |process: &PathBuf| {
        fs::read_to_string(process.join("environ")).is_ok_and(|environment| environment.contains(&home))
    };
    running("gachette dial-stdio").filter(|process| is_ours(process) && leads_session(process)).collect()
}

#[test]
fn a_detached_build_goes_on_without_its_command_and_two_follow_it_to_its_end() {
    let waiting = Waiting::new();
    let id = waiting.detach("quick 124 web --detach");
    waiting.reaches(&id, "running");
    let listed = waiting.playground.json("builds list");
    assert_eq!((&listed[0]["id"], &listed[0]["subject"]), (&id.as_str().into(), &"web".into()), "{listed}");
    assert!(listed[0]["by"].as_str().unwrap().starts_with("ada@"), "{listed}");
    let followers = [waiting.follow(&id), waiting.follow(&id)];
    waiting.let_go();
    let said = followers.map(|follower| follower.wait_with_output().unwrap());
    for output in &said {
        let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "{err}");
        assert!(out.contains("dh-web") && out.contains("now at revision 2"), "{out}");
        assert!(err.contains("built dh-web"), "{err}");
    }
    assert_eq!((&said[0].stdout, &said[0].stderr), (&said[1].stdout, &said[1].stderr));
    assert_eq!(waiting.playground.json("stack show 124")["revision"], 2);
    wait_until("the process in the background ends with its builds", || {
        in_background(&waiting.playground).is_empty()
    });
    let shown = waiting.playground.ok(&format!("builds show {id}"));
    assert!(shown.contains("quick web into default/124") && shown.contains("succeeded"), "{shown}");
}

#[test]
fn who_leaves_a_build_does_not_end_it_and_its_exit_code_is_kept_for_others() {
    let waiting = Waiting::with_step(|playground| until_let_go(&playground.path("go")) + "; false");
    let id = waiting.detach("--detach quick:124,web");
    waiting.reaches(&id, "running");
    let mut leaving = waiting.follow(&id);
    let mut said = std::io::BufReader::new(leaving.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut said, &mut String::new()).unwrap();
    let pid = leaving.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(leaving.wait().unwrap().code(), Some(130));
    assert_eq!(waiting.build(&id)["state"], "running");
    waiting.let_go();
    let followed = waiting.playground.run(&format!("builds follow {id}"));
    assert_eq!(followed.code, 4, "{}", followed.stderr);
    let shown = waiting.playground.ok(&format!("builds show {id}"));
    assert!(shown.contains("failed") && shown.contains("error: "), "{shown}");
}

#[test]
fn another_process_ends_a_build_and_its_programs() {
    let slow = format!("sleep 3000.{}", std::process::id());
    let waiting = Waiting::with_step(|_| format!("exec {slow}"));
    let mut command = waiting.playground.command(&["quick", "124", "web"]);
    let attached = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the step begins", || is_running(&slow));
    let listed = waiting.playground.json("builds list");
    let id = listed[0]["id"].as_str().unwrap();
    let said = waiting.playground.ok(&format!("builds cancel {id}"));
    assert_eq!(said, format!("build {id} is cancelled\n"));
    assert!(!is_running(&slow));
    let output = attached.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(waiting.build(id)["state"], "cancelled");
    let again = waiting.playground.ok(&format!("builds cancel {id}"));
    assert!(again.contains("had ended: it is cancelled"), "{again}");
}

#[test]
fn a_build_whose_process_was_killed_is_lost_and_the_same_order_again_is_done() {
    let waiting = Waiting::new();
    let id = waiting.detach("quick 124 web --detach");
    waiting.reaches(&id, "running");
    let mut follower = waiting.follow(&id);
    let at_work = in_background(&waiting.playground);
    assert_eq!(at_work.len(), 1, "{at_work:?}");
    at_work.into_iter().for_each(kill);
    assert_eq!(follower.wait().unwrap().code(), Some(6));
    let listed = waiting.playground.ok("builds list");
    assert!(listed.contains(" lost "), "{listed}");
    assert_eq!(waiting.build(&id)["problem"]["kind"], "host_failed");
    waiting.let_go();
    assert!(waiting.playground.ok("quick 124 web").contains("now at revision 2"));
}

#[test]
fn passwords_and_tokens_are_in_none_of_the_files() {
    let playground = Playground::new();
    for user in ["ada:opensesame", "opensesame"] {
        let url = format!("https://{user}@127.0.0.1:1/x.git");
        let failed = playground.run_words(&["prepare", "web", "--url", &url]);
        assert_eq!(failed.code, 4, "{}", failed.stderr);
        assert!(!failed.stderr.contains("opensesame"), "{}", failed.stderr);
    }
    let folder = playground.path("home/.local/state/gachette/builds");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("opensesame"), "{}: {text}", file.display());
    }
    let shown = playground.json("builds list");
    for build in [0, 1] {
        assert_eq!(shown[build]["order"]["url"], "https://127.0.0.1:1/x.git", "{shown}");
    }
}

#[test]
fn a_build_that_nobody_could_find_again_is_not_detached() {
    let waiting = Waiting::new();
    let playground = &waiting.playground;
    playground.write("home/.local/state/gachette/builds", "");
    let said = playground.run("quick 124 web --detach");
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(
        said.stderr.contains("nobody could find again") && said.stderr.contains("without `--detach`"),
        "{}",
        said.stderr
    );
    waiting.let_go();
    let said = playground.run("quick 124 web");
    assert!(said.code == 0 && said.stderr.contains("cannot write the build log"), "{}", said.stderr);
}

#[test]
fn what_cannot_go_on_without_this_machine_is_not_detached() {
    let playground =
        Playground::with_configuration("hosts: build1\nrepository: here\nmeta_path: repository\n");
    let refused = playground.run("quick 124 web --detach");
    assert_eq!((refused.code, refused.stderr.contains("not for a repository elsewhere")), (2, true));
    let refused = playground.run("--detach prepare:web build:web");
    assert_eq!((refused.code, refused.stderr.contains("one task alone")), (2, true), "{}", refused.stderr);
}

#[test]
fn a_detached_build_on_a_host_outlives_its_connections() {
    let source = GitRepository::new();
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    let go = hosts.playground.path("go");
    let step = until_let_go(&go);
    let recipe = format!("name: web\ntype: application\nbuild_assets: [{}]\n", serde_json::json!(step));
    source.commit_file(".missile.yml", recipe);
    hosts.ok("-H build1 stack create 124");
    let said = hosts.run("-H build1 quick 124 web --detach");
    let id = said.stdout.trim().to_owned();
    assert!(said.code == 0 && said.stderr.contains(&format!("gachette -H build1 builds follow {id}")));
    let [at_work, _] = far_gachette(&hosts);
    wait_until("its connection has ended", || hosts.sshd.sessions().is_empty());
    // What a vanishing session may send to it changes nothing.
    assert!(std::process::Command::new("kill").args(["-HUP", &at_work]).status().unwrap().success());
    let state = || hosts.playground.json(&format!("-H build1 builds show {id}"))["state"].clone();
    wait_until("it is at work", || state() == "running");
    let mut follower = hosts.playground.command(&["-H", "build1", "builds", "follow", &id]);
    let mut follower = follower.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut heard = std::io::BufReader::new(follower.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut heard, &mut String::new()).unwrap();
    hosts.sshd.kill_sessions();
    assert_eq!(follower.wait().unwrap().code(), Some(6));
    assert_eq!(state(), "running");
    fs::write(go, "").unwrap();
    let followed = hosts.ok(&format!("-H build1 builds follow {id}"));
    assert!(followed.contains("now at revision 2"), "{followed}");
    wait_until("it ends with its builds", || !std::path::Path::new("/proc").join(&at_work).exists());
    assert!(hosts.ok("-H build1 builds list").contains("succeeded"));
}

#[test]
fn what_is_pushed_is_there_before_a_build_is_detached() {
    let source = project("true");
    let hosts =
        Hosts::visited(&format!("projects.web: {{url: {}, source: push}}\n", source.path().display()));
    hosts.ok("-H build1 stack create 124");
    let id = hosts.ok("-H build1 quick 124 web --detach").trim().to_owned();
    let followed = hosts.ok(&format!("-H build1 builds follow {id}"));
    assert!(followed.contains("now at revision 2"), "{followed}");
}

#[test]
fn of_many_builds_the_newest_are_listed_and_how_many_more_there_are() {
    let playground = Playground::new();
    for number in 0..23 {
        assert_eq!(playground.run(&format!("prepare p{number} --url /nowhere")).code, 4);
    }
    let said = playground.run("builds list");
    assert_eq!(said.stdout.lines().count(), 1 + 20, "{}", said.stdout);
    assert!(said.stdout.contains("prepare p22 ") && !said.stdout.contains("prepare p2 "), "{}", said.stdout);
    assert!(said.stderr.contains("3 older builds not shown; `--limit 23` shows all"), "{}", said.stderr);
    for (limit, shown) in [(1, 1), (22, 22), (23, 23), (99, 23)] {
        let said = playground.run(&format!("builds list --limit {limit}"));
        assert_eq!((said.stdout.lines().count(), said.stderr), (1 + shown, String::new()), "{}", said.stdout);
    }
    assert_eq!(playground.json("builds list").as_array().unwrap().len(), 23);
    let two = playground.json("builds list -n 2");
    assert_eq!((two.as_array().unwrap().len(), &two[0]["subject"]), (2, &"p22".into()));
}
