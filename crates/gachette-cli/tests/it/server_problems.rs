//! Whatever a server refuses is a problem document, whoever in it refuses.

use crate::playground::Playground;
use crate::serving::{Answered, Serving};

/// Sends a request to the server, whole as it is.
fn send(serving: &Serving, line: &str, headers: &[&str], body: &str) -> Answered {
    let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    Answered::read(serving.send([head, headers, length, body.to_owned()].concat().as_bytes()))
}

fn assert_problem(answer: &Answered, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem}");
    assert!(problem["kind"].is_string() && !problem["title"].as_str().unwrap().is_empty(), "{problem}");
}

#[test]
fn what_a_server_refuses_is_a_problem_document() {
    let playground = Playground::new();
    playground.ok("stack create 1");
    playground.write("repository/debs/dh-web-1-all.deb", "0123456789");
    playground.write("repository/dists/default/1/Release", "0123456789");
    let [read, admin] = ["read", "admin"].map(|role| {
        let token = playground.ok(&format!("token create of-{role} --role {role}"));
        format!("Authorization: Bearer {}", token.trim())
    });
    let serving = Serving::start(&playground, &[]);
    let (stacks, json) = ("POST /api/v1/domains/default/stacks", "Content-Type: application/json");
    let large = format!(r#"{{"name": "2"}}{}"#, " ".repeat(1 << 20));
    for (line, headers, body, status) in [
        ("GET /api/v1/domains", &[][..], "", 401),
        (stacks, &[&*read, json], r#"{"name": "2"}"#, 403),
        ("PUT /api/v1/health", &[&*admin], "", 405),
        (stacks, &[&*admin, json], &large, 413),
        (stacks, &[&*admin, "Content-Type: text/plain"], r#"{"name": "2"}"#, 415),
        (stacks, &[&*admin], r#"{"name": "2"}"#, 415),
    ] {
        assert_problem(&send(&serving, line, headers, body), status);
    }
    for file in ["/debs/dh-web-1-all.deb", "/api/v1/debs/dh-web-1-all.deb", "/dists/default/1/Release"] {
        let get = format!("GET {file}");
        for range in ["bytes=10-", "bytes=0-1,3-4"] {
            let answer = send(&serving, &get, &[&read, &format!("Range: {range}")], "");
            assert_problem(&answer, 416);
            assert_eq!(answer.header("content-range"), Some("bytes */10"), "{range}");
        }
        let since = "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT";
        assert_problem(&send(&serving, &get, &[&read, since], ""), 412);
        let part = send(&serving, &get, &[&read, "Range: bytes=4-5"], "");
        assert_eq!((part.status, part.text()), (206, "45".to_owned()));
        let head = send(&serving, &format!("HEAD {file}"), &[&read, "Range: bytes=10-"], "");
        assert_eq!((head.status, head.body.len()), (416, 0));
    }
    drop(serving);
    let hurried = Serving::start(&playground, &["--rate", "1"]);
    let answers: Vec<Answered> =
        (0..8).map(|_| send(&hurried, "GET /api/v1/domains", &[&read], "")).collect();
    let refused: Vec<&Answered> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(!refused.is_empty());
    refused.iter().for_each(|answer| assert_problem(answer, 429));
}
