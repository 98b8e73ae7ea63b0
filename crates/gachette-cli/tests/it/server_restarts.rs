//! A server that is started again goes on with what it did not end.

use std::net::TcpListener;

use serde_json::Value;

use crate::hosts::wait_until;
use crate::server_builds::{Busy, OutputLater};
use crate::serving::Serving;

impl Busy {
    /// Ends the server in order, with builds cut off at once.
    fn stop(&mut self) {
        self.serving.signal("-TERM");
        self.serving.logged("no new builds");
        assert!(self.serving.child.wait().unwrap().success());
    }

    fn kill(&mut self) {
        self.serving.child.kill().unwrap();
        self.serving.child.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.serving = Serving::start(&self.playground, &["--no-auth", "--grace", "0", "--builds", "1"]);
    }

    /// A build, as whoever has this user's account sees it without a server.
    fn kept(&self, id: &Value) -> Value {
        self.playground.json(&format!("builds show {}", id.as_str().unwrap()))
    }

    /// The texts of all events of a build.
    fn events(&self, id: &Value) -> String {
        self.serving.ask(&format!("GET /api/v1/builds/{}/events", id.as_str().unwrap()), &[], "").text()
    }
}

fn busy() -> Busy {
    Busy::new(&["--grace", "0", "--builds", "1"])
}

#[test]
fn builds_that_were_cut_off_and_those_that_waited_are_done_by_the_next_server() {
    let mut busy = busy();
    let [a, b] = ["a", "b"].map(|project| busy.start(project));
    let push = r#"{"ref": "refs/heads/main", "after": "a1", "repository": {"default_branch": "main"}}"#;
    let hooked = busy.serving.ask("POST /hooks/c", &["X-Gitlab-Token: between us"], push).json();
    wait_until("the step begins", || busy.kept(&a["id"])["log_end"].to_string().contains("building assets"));
    busy.stop();
    for build in [&a, &b, &hooked] {
        assert_eq!(busy.kept(&build["id"])["state"], "handed_back");
    }
    busy.playground.ok(&format!("builds cancel {}", b["id"].as_str().unwrap()));
    busy.start_again();
    let again = busy.reaches(&a["id"], "running");
    assert_eq!((&again["started"], &again["by"]), (&a["started"], &a["by"]));
    wait_until("the other waits behind it", || busy.build(&hooked["id"])["position"] == 1);
    busy.let_go();
    for build in [&a, &hooked] {
        busy.reaches(&build["id"], "succeeded");
    }
    assert_eq!(busy.build(&b["id"])["state"], "cancelled");
    let events = busy.events(&a["id"]);
    assert_eq!(events.matches("\"event\":\"started\"").count(), 2, "from the very first: {events}");
    assert_eq!(events.matches("taken up again").count(), 1, "{events}");
    let author = busy.playground.json("stack log 1")[0]["author"].as_str().unwrap().to_owned();
    assert!(author.starts_with("hook-c@"), "{author}");
}

#[test]
fn a_build_that_ends_its_server_twice_is_not_begun_a_third_time() {
    let mut busy = busy();
    let build = busy.start("a");
    for _ in 0..2 {
        // The record says `running` still, of the server before, while the next one takes it over.
        busy.serving.logged("build begins");
        busy.kill();
        assert_eq!(busy.kept(&build["id"])["state"], "lost");
        busy.start_again();
    }
    let given_up = busy.serving.logged("not taken up again");
    assert!(given_up.contains(build["id"].as_str().unwrap()) && given_up.contains("for the second time"));
    let lost = busy.build(&build["id"]);
    assert!(lost["state"] == "lost" && lost["finished"].is_string(), "{lost}");
    busy.kill();
    busy.start_again();
    assert!(!busy.serving.log().contains("not taken up again"));
}

#[test]
fn servers_that_end_in_order_do_not_count_however_many_there_are() {
    let mut busy = busy();
    let build = busy.start("a");
    busy.reaches(&build["id"], "running");
    for _ in 0..3 {
        busy.stop();
        assert_eq!(busy.kept(&build["id"])["state"], "handed_back");
        busy.start_again();
        busy.reaches(&build["id"], "running");
    }
    busy.kill();
    busy.start_again();
    busy.reaches(&build["id"], "running");
    busy.let_go();
    busy.reaches(&build["id"], "succeeded");
}

#[test]
fn who_waits_for_a_build_that_is_handed_back_is_told_how_to_follow_it() {
    let mut busy = busy();
    let socket = format!("unix://{}", busy.playground.path("server.sock").display());
    let client = busy.playground.command(&["-H", &socket, "quick", "1", "a"]).output_later();
    wait_until("the build is known", || {
        let builds = busy.serving.ask("GET /api/v1/builds", &[], "").json();
        builds.as_array().unwrap().iter().any(|build| build["state"] == "running")
    });
    let id = busy.serving.ask("GET /api/v1/builds", &[], "").json()[0]["id"].as_str().unwrap().to_owned();
    busy.stop();
    let said = client.join().unwrap();
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(6), "{text}");
    assert!(text.contains(&format!("`gachette -H {socket} builds follow {id}`")), "{text}");
    busy.start_again();
    busy.let_go();
    busy.playground.ok(&format!("-H {socket} builds follow {id}"));
}

#[test]
fn an_order_that_had_a_password_is_not_taken_up() {
    let mut busy = busy();
    // It takes connections and says nothing, for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://ada:opensesame@{}/x.git", silent.local_addr().unwrap());
    let order = serde_json::json!({"kind": "prepare", "name": "x", "url": url}).to_string();
    let build = busy.serving.ask("POST /api/v1/builds", &[], &order).json();
    let _open = silent.accept().unwrap();
    busy.stop();
    let kept = busy.kept(&build["id"]);
    assert!(
        kept["problem"]["title"].as_str().unwrap().contains("passwords of addresses are not kept"),
        "{kept}"
    );
    assert!(!kept.to_string().contains("opensesame"), "{kept}");
}

#[test]
fn what_was_answered_and_delivered_is_remembered_by_the_next_server() {
    let mut busy = busy();
    busy.let_go();
    let order = |project: &str| format!(r#"{{"kind": "quick", "stack": "1", "project": "{project}"}}"#);
    let push = r#"{"ref": "refs/heads/main", "after": "a1", "repository": {"default_branch": "main"}}"#;
    let ask = |busy: &Busy, line: &str, header: &str, body: &str| busy.serving.ask(line, &[header], body);
    let first = ask(&busy, "POST /api/v1/builds", "Idempotency-Key: k1", &order("a"));
    let stack = r#"{"name": "2"}"#;
    let created = ask(&busy, "POST /api/v1/domains/default/stacks", "Idempotency-Key: k2", stack);
    let delivered = ask(&busy, "POST /hooks/c", "X-Gitlab-Token: between us", push);
    assert_eq!((first.status, created.status, delivered.status), (202, 200, 202), "{created:?}");
    busy.reaches(&delivered.json()["id"], "succeeded");
    busy.stop();
    busy.start_again();
    let again = ask(&busy, "POST /api/v1/builds", "Idempotency-Key: k1", &order("a"));
    assert_eq!((again.status, again.text()), (202, first.text()));
    let again = ask(&busy, "POST /api/v1/domains/default/stacks", "Idempotency-Key: k2", stack);
    assert_eq!((again.text(), again.header("etag")), (created.text(), created.header("etag")));
    assert_eq!(ask(&busy, "POST /api/v1/builds", "Idempotency-Key: k1", &order("b")).status, 422);
    let again = ask(&busy, "POST /hooks/c", "X-Gitlab-Token: between us", push);
    assert_eq!((again.status, again.json()["ignored"].is_string()), (200, true), "{again:?}");
    assert_eq!(busy.serving.ask("GET /api/v1/builds", &[], "").json().as_array().unwrap().len(), 2);
}

#[test]
fn a_server_that_is_there_before_the_last_one_has_ended_takes_up_what_that_leaves() {
    let mut busy = Busy::new(&["--builds", "1"]);
    let stacks = "POST /api/v1/domains/default/stacks";
    let create = |busy: &Busy| busy.serving.ask(stacks, &["Idempotency-Key: k1"], r#"{"name": "2"}"#).text();
    let created = create(&busy);
    let build = busy.start("a");
    busy.reaches(&build["id"], "running");
    let push = r#"{"ref": "refs/heads/main", "after": "a1", "repository": {"default_branch": "main"}}"#;
    let deliver =
        |busy: &Busy| busy.serving.ask("POST /hooks/c", &["X-Gitlab-Token: between us"], push).status;
    assert_eq!(deliver(&busy), 202);
    busy.serving.signal("-TERM");
    busy.serving.logged("no new builds");
    // It listens until its builds have ended.
    let socket = busy.playground.path("server.sock");
    std::fs::rename(&socket, busy.playground.path("last.sock")).unwrap();
    let next = Serving::start(&busy.playground, &["--no-auth", "--grace", "0", "--builds", "1"]);
    let mut last = std::mem::replace(&mut busy.serving, next);
    last.child.kill().unwrap();
    last.child.wait().unwrap();
    busy.serving.logged("is remembered beyond the end of this server");
    assert_eq!((create(&busy), deliver(&busy)), (created, 200));
    busy.let_go();
    busy.reaches(&build["id"], "succeeded");
}

#[test]
fn a_server_knows_its_own_builds_alone() {
    let busy = busy();
    busy.let_go();
    busy.playground.ok("quick 1 a");
    assert_eq!(busy.serving.ask("GET /api/v1/builds", &[], "").json(), serde_json::json!([]));
    let build = busy.start("b");
    busy.reaches(&build["id"], "succeeded");
    assert_eq!(busy.playground.json("builds list").as_array().unwrap().len(), 2);
}
