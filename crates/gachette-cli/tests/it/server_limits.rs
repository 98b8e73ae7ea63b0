//! How much a server takes: of one body, and from one client in a time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use crate::playground::Playground;
use crate::serving::{Answered, Serving};

/// The largest body that is read, in bytes, as docs/server.md has it.
const LARGEST: usize = 1 << 20;

/// A server with the hook of a project.
fn serving(more: &[&str]) -> (Playground, Serving) {
    let playground = Playground::with_configuration(
        "meta_path: repository\nprojects.web: {url: /nowhere, hook_stack: '1', hook_secret_file: secret}\n",
    );
    playground.write("secret", "between us\n");
    playground.ok("stack create 1");
    let serving = Serving::start(&playground, more);
    (playground, serving)
}

/// Sends a body of so many bytes, JSON and then spaces, with its size announced or in chunks; the status of the answer.
fn send(serving: &Serving, line: &str, json: &str, size: usize, announced: bool) -> u16 {
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    );
    let body = format!("{json}{}", " ".repeat(size - json.len()));
    let request = if announced {
        format!("{head}Content-Length: {size}\r\n\r\n{body}")
    } else {
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n")
    };
    Answered::read(serving.send(request.as_bytes())).status
}

#[test]
fn a_body_may_be_as_large_as_is_said_and_no_larger() {
    let (playground, serving) = serving(&["--no-auth"]);
    for (line, json, status) in [
        ("POST /api/v1/domains/default/stacks", r#"{"name": "2"}"#, 200),
        ("POST /api/v1/builds", r#"{"kind": "prepare", "name": "-"}"#, 422),
        // Nobody has to know the secret to send much.
        ("POST /hooks/web", "{}", 401),
    ] {
        for announced in [true, false] {
            let json = &json.replace('2', if announced { "2" } else { "3" });
            assert_eq!(send(&serving, line, json, LARGEST, announced), status, "{line} {announced}");
            let json = &json.replace(['2', '3'], "4");
            assert_eq!(send(&serving, line, json, LARGEST + 1, announced), 413, "{line} {announced}");
        }
    }
    let stacks: Vec<String> =
        playground.ok("stack list").lines().skip(1).map(|line| line[..9].to_owned()).collect();
    assert_eq!(stacks, ["default/1", "default/2", "default/3"]);
}

#[test]
fn a_package_file_may_be_larger_and_is_as_large_as_it_is_announced() {
    let (playground, serving) = serving(&["--no-auth"]);
    // A real package of two megabytes that nothing makes smaller.
    std::fs::create_dir_all(playground.path("tree/DEBIAN")).unwrap();
    playground.write(
        "tree/DEBIAN/control",
        "Package: dh-large\nVersion: 1.0\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: large\n",
    );
    playground.write("tree/large", &"x".repeat(2 * LARGEST));
    let file = playground.path("dh-large-1.0-all.deb");
    let mut dpkg_deb = Command::new("dpkg-deb");
    dpkg_deb.args(["--root-owner-group", "-Znone", "--build"]).args([playground.path("tree"), file.clone()]);
    let made = dpkg_deb.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let bytes = std::fs::read(&file).unwrap();
    let summed = Command::new("sha256sum").arg(&file).output().unwrap().stdout;
    let digest = String::from_utf8(summed).unwrap().split(' ').next().unwrap().to_owned();
    let bring = |announced: usize, sent: &[u8]| {
        let head = format!(
            "PUT /api/v1/debs/dh-large-1.0-all.deb?sha256={digest}&size={announced} HTTP/1.1\r\nHost: localhost\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n",
            sent.len()
        );
        Answered::read(serving.send(&[head.as_bytes(), sent].concat())).status
    };
    let placed = playground.path("repository/debs/dh-large-1.0-all.deb");
    let changed = [&bytes[..bytes.len() - 1], b"?"].concat();
    for (announced, sent) in [
        (bytes.len() - 1, &bytes[..]),
        (bytes.len() + 1, &bytes),
        (bytes.len(), &bytes[..bytes.len() - 1]),
        (bytes.len(), &changed),
        (8, &bytes),
    ] {
        assert_eq!(bring(announced, sent), 422, "{announced} {}", sent.len());
        assert!(!placed.exists());
    }
    assert_eq!(bring(bytes.len(), &bytes), 200);
    assert_eq!(std::fs::read(&placed).unwrap(), bytes);
    let left = playground.ok("repository fsck");
    assert!(left.contains("clean: "), "what was refused leaves nothing: {left}");
}

#[test]
fn connections_without_a_request_make_room_and_those_with_one_are_answered() {
    let (_playground, serving) = serving(&["--no-auth", "--connections", "3"]);
    let body = r#"{"name": "2"}"#;
    let head = "POST /api/v1/domains/default/stacks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                Content-Type: application/json\r\nContent-Length: 13\r\n\r\n";
    let mut busy = serving.send(head.as_bytes());
    // The server has heard of it when somebody behind it was served.
    let serve = |stream: &mut TcpStream| {
        stream.write_all(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
    };
    let [mut older, mut newer] = [serving.connect(), serving.connect()];
    serve(&mut older);
    serve(&mut newer);
    assert_eq!(serving.ask("GET /api/v1/health", &[], "").status, 200);
    let mut rest = Vec::new();
    older.read_to_end(&mut rest).unwrap();
    serve_again(&mut newer);
    busy.write_all(body.as_bytes()).unwrap();
    assert_eq!(Answered::read(busy).status, 200);
}

/// Asks once more on a connection whose answer before is not read to its end.
fn serve_again(stream: &mut TcpStream) {
    stream.write_all(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.contains("HTTP/1.1 404"), "{said}");
}

#[test]
fn who_guesses_secrets_is_soon_told_to_wait() {
    let (_playground, serving) = serving(&["--rate", "2"]);
    for (line, header) in [
        ("GET /api/v1/domains", "Authorization: Bearer gachette_guessed"),
        ("POST /hooks/web", "X-Gitlab-Token: guessed"),
    ] {
        let answers: Vec<Answered> = (0..12).map(|_| serving.ask(line, &[header], "{}")).collect();
        let refused: Vec<&Answered> = answers.iter().filter(|answer| answer.status == 429).collect();
        assert!(refused.len() >= 4, "{line}: {answers:?}");
        assert!(refused.iter().all(|answer| answer.header("retry-after") == Some("1")), "{refused:?}");
        assert!(answers.iter().all(|answer| matches!(answer.status, 401 | 429)), "{answers:?}");
    }
}
