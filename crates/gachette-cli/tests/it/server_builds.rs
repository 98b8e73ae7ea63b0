//! Builds on a server: they wait for their turn, are followed, cancelled, and end in order with the server.

use std::time::{Duration, Instant};

use gachette_testkit::GitRepository;
use serde_json::Value;

use crate::playground::{Playground, until_let_go};
use crate::serving::Serving;

/// A server whose builds go on until they are let go.
pub(crate) struct Busy {
    pub(crate) playground: Playground,
    pub(crate) serving: Serving,
    _source: GitRepository,
}

impl Busy {
    pub(crate) fn new(more: &[&str]) -> Self {
        let playground = Playground::with_configuration("");
        let source = GitRepository::new();
        let step = until_let_go(&playground.path("go"));
        let recipe = format!("name: web\ntype: application\nbuild_assets: [{}]\n", serde_json::json!(step));
        source.commit_file(".missile.yml", recipe);
        let url = source.path().display();
        let mut projects = ["a", "b", "c"].map(|name| format!("projects.{name}.url: {url}\n")).concat();
        projects += "projects.c.hook_stack: '1'\nprojects.c.hook_secret_file: secret\n";
        playground.write("secret", "between us\n");
        let configuration = format!("meta_path: repository\nworking_copies: working_copies\n{projects}");
        playground.write("gachette.yml", &configuration);
        playground.ok("stack create 1");
        let serving = Serving::start(&playground, &[&["--no-auth"], more].concat());
        Self { playground, serving, _source: source }
    }

    /// Starts a build of the project.
    pub(crate) fn start(&self, project: &str) -> Value {
        let order = format!(r#"{{"kind": "quick", "stack": "1", "project": "{project}"}}"#);
        let answer = self.serving.ask("POST /api/v1/builds", &[], &order);
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.json()
    }

    pub(crate) fn build(&self, id: &Value) -> Value {
        self.serving.ask(&format!("GET /api/v1/builds/{}", id.as_str().unwrap()), &[], "").json()
    }

    /// Waits until the build is in this state.
    pub(crate) fn reaches(&self, id: &Value, state: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let build = self.build(id);
            if build["state"] == state {
                return build;
            }
            assert!(Instant::now() < deadline, "{state}: {build}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn let_go(&self) {
        self.playground.write("go", "");
    }
}

#[test]
fn builds_wait_for_their_turn_and_one_that_waits_can_be_cancelled() {
    let busy = Busy::new(&["--builds", "1"]);
    let [a, b, c] = ["a", "b", "c"].map(|project| busy.start(project));
    assert_eq!(
        (&a["state"], &b["state"], &c["state"]),
        (&"running".into(), &"queued".into(), &"queued".into())
    );
    assert_eq!((&b["position"], &c["position"]), (&1.into(), &2.into()));
    let path = format!("POST /api/v1/builds/{}/cancel", b["id"].as_str().unwrap());
    assert_eq!(busy.serving.ask(&path, &[], "").json()["state"], "cancelled");
    assert_eq!(busy.build(&c["id"])["position"], 1);
    let metrics = busy.serving.ask("GET /metrics", &[], "").text();
    assert!(metrics.contains("gachette_builds{state=\"queued\"} 1\n"), "{metrics}");
    busy.let_go();
    busy.reaches(&c["id"], "succeeded");
    let metrics = busy.serving.ask("GET /metrics", &[], "").text();
    for line in ["kind=\"quick\",state=\"succeeded\"} 2\n", "kind=\"quick\",state=\"cancelled\"} 1\n"] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
}

#[test]
fn a_server_that_ends_lets_builds_finish_and_tells_their_followers() {
    let mut busy = Busy::new(&[]);
    let socket = format!("unix://{}", busy.playground.path("server.sock").display());
    let client = busy.playground.command(&["-H", &socket, "quick", "1", "a"]).output_later();
    let deadline = Instant::now() + Duration::from_secs(60);
    let build = loop {
        let builds = busy.serving.ask("GET /api/v1/builds", &[], "").json();
        if let Some(build) = builds.as_array().unwrap().first() {
            break build["id"].clone();
        }
        assert!(Instant::now() < deadline);
    };
    // One that did not begin yet would be handed back.
    busy.reaches(&build, "running");
    busy.serving.signal("-TERM");
    busy.serving.logged("no new builds");
    // Until then whoever asks is answered, who comes now too; only builds are for the next server.
    let ask = |line: &str, body: &str| busy.serving.ask(line, &[], body);
    assert_eq!(busy.build(&build)["state"], "running");
    assert_eq!(ask("GET /api/v1/health", "").json()["state"], "ending");
    assert!(ask("GET /metrics", "").text().contains("gachette_builds"));
    busy.playground.ok(&format!("-H {socket} stack show 1"));
    let refused = ask("POST /api/v1/builds", r#"{"kind": "quick", "stack": "1", "project": "b"}"#);
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (503, true), "{refused:?}");
    let second = busy.playground.run(&format!("serve --listen {socket}"));
    assert!(second.code == 1 && second.stderr.contains("another server"), "{}", second.stderr);
    busy.let_go();
    let said = client.join().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(busy.serving.child.wait().unwrap().success());
    assert!(!busy.playground.path("server.sock").exists());
}

#[test]
fn a_build_that_is_cancelled_while_its_server_ends_is_waited_for_no_longer() {
    let mut busy = Busy::new(&["--grace", "600"]);
    let build = busy.start("a");
    busy.reaches(&build["id"], "running");
    busy.serving.signal("-TERM");
    busy.serving.logged("no new builds");
    let cancel = format!("POST /api/v1/builds/{}/cancel", build["id"].as_str().unwrap());
    assert_eq!(busy.serving.ask(&cancel, &[], "").status, 200);
    assert!(busy.serving.child.wait().unwrap().success());
    let id = build["id"].as_str().unwrap();
    assert_eq!(busy.playground.json(&format!("builds show {id}"))["state"], "cancelled");
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let mut busy = Busy::new(&[]);
    let build = busy.start("a");
    busy.reaches(&build["id"], "running");
    busy.serving.signal("-INT");
    busy.serving.logged("no new builds");
    busy.serving.signal("-INT");
    assert_eq!(busy.serving.child.wait().unwrap().code(), Some(130));
}

/// Runs a program while the test goes on.
pub(crate) trait OutputLater {
    fn output_later(&mut self) -> std::thread::JoinHandle<std::process::Output>;
}

impl OutputLater for std::process::Command {
    fn output_later(&mut self) -> std::thread::JoinHandle<std::process::Output> {
        let child =
            self.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        std::thread::spawn(move || child.wait_with_output().unwrap())
    }
}

#[test]
fn who_lost_the_connection_is_told_the_events_after_the_last_and_when_there_are_no_more() {
    let busy = Busy::new(&[]);
    let id = busy.start("a")["id"].clone();
    busy.let_go();
    busy.reaches(&id, "succeeded");
    let events = format!("GET /api/v1/builds/{}/events", id.as_str().unwrap());
    let whole = busy.serving.ask(&events, &[], "").text();
    let ids: Vec<usize> =
        whole.lines().filter_map(|line| line.strip_prefix("id: ")).map(|id| id.parse().unwrap()).collect();
    let last = *ids.last().unwrap();
    assert_eq!(ids, (1..=last).collect::<Vec<_>>());
    let rest = busy.serving.ask(&events, &[&format!("Last-Event-ID: {}", last - 1)], "");
    assert_eq!(rest.status, 200);
    let text = rest.text();
    let end = whole.trim_end().rsplit_once("\n\n").unwrap().1;
    assert!(text.contains(end) && !text.contains(&format!("id: {}\n", last - 1)), "{text}");
    let nothing = busy.serving.ask(&events, &[&format!("Last-Event-ID: {last}")], "");
    assert_eq!((nothing.status, nothing.text().as_str()), (204, ""));
    assert_eq!(busy.serving.ask(&events, &["Last-Event-ID: none"], "").text(), whole);
}
