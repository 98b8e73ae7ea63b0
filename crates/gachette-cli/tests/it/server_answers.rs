//! Answers that get lost on their way from a server: what was made is not made twice, and can be had.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::playground::Playground;
use crate::server_clients::walk;
use crate::serving::Serving;

/// Carries a request to the server, and as much of its answer back as came when the connection ended.
fn carry(client: &mut TcpStream, port: u16) -> Vec<u8> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "{head}");
        if let Some(size) = line.to_lowercase().strip_prefix("content-length: ") {
            length = size.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let head = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    server.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    answer
}

/// A way to the server on which the first answer gets lost; its port. What it returns are the answers.
fn losing_the_first_answer(port: u16) -> (u16, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = listener.local_addr().unwrap().port();
    let carrying = std::thread::spawn(move || {
        let answer = |is_lost: bool| {
            let (mut client, _) = listener.accept().unwrap();
            let answer = carry(&mut client, port);
            if !is_lost {
                client.write_all(&answer).unwrap();
            }
            String::from_utf8(answer).unwrap()
        };
        vec![answer(true), answer(false)]
    });
    (here, carrying)
}

#[test]
fn a_token_whose_first_answer_is_lost_is_asked_for_again_and_known() {
    let playground = Playground::new();
    playground.ok("repository init");
    let serving = Serving::start(&playground, &["--no-auth"]);
    let (port, carried) = losing_the_first_answer(serving.port);
    let said = playground.ok(&format!("-H http://127.0.0.1:{port} token create ci --role read"));
    let token = said.trim();
    let answers = carried.join().unwrap();
    assert!(answers.iter().all(|answer| answer.contains(token)), "{answers:?}");
    assert_eq!(playground.json("token list").as_array().unwrap().len(), 1);
    let shown = format!("Authorization: Bearer {token}");
    assert_eq!(serving.ask("GET /api/v1/domains", &[&shown], "").status, 200);
    let (port, carried) = losing_the_first_answer(serving.port);
    let said = playground.ok(&format!("-H http://127.0.0.1:{port} stack create 1"));
    assert!(said.contains("default/1"), "{said}");
    assert_eq!(carried.join().unwrap().len(), 2);
    assert_eq!(playground.json("stack log 1").as_array().unwrap().len(), 1);
}

#[test]
fn what_is_made_with_a_key_is_made_once_and_no_token_is_written_down() {
    let playground = Playground::new();
    let serving = Serving::start(&playground, &["--no-auth"]);
    let ask = |serving: &Serving, key: &str, path: &str, body: &str| {
        serving.ask(&format!("POST /api/v1{path}"), &[&format!("Idempotency-Key: {key}")], body)
    };
    let wish = r#"{"name": "ci", "role": "read"}"#;
    let wishes = [("/repository", "", 200), ("/tokens", wish, 201), ("/keys", r#"{"name": "archive"}"#, 201)];
    let answers = wishes.map(|(path, body, status)| {
        let [first, again] = ["1", "2"].map(|_| ask(&serving, path, path, body));
        assert_eq!((first.status, again.status, &first.body), (status, status, &again.body), "{path}");
        first
    });
    let token = answers[1].json()["token"].as_str().unwrap().to_owned();
    let other = ask(&serving, "other", "/tokens", wish);
    assert_eq!((other.status, &other.json()["kind"]), (409, &"refused".into()));
    assert!(other.json()["hint"].as_str().unwrap().contains("token revoke ci"), "{other:?}");
    drop(serving);
    let secret = token.strip_prefix("gachette_").unwrap();
    let files = walk(&playground.path("home"));
    assert!(files.iter().any(|file| file.ends_with("answers")), "{files:?}");
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains(secret), "{}", file.display());
    }
    // The next server knows that it was made, and no more.
    let serving = Serving::start(&playground, &["--no-auth"]);
    assert_eq!(ask(&serving, "/tokens", "/tokens", wish).status, 409);
}
