//! `gachette serve`: the same commands through a unix socket and TCP, and what keeps strangers out.

use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use crate::chain::Chain;
use crate::hosts::wait_until;
use crate::playground::{Playground, Said};
use crate::server_clients::walk;
use crate::serving::{Answered, Serving};

/// A token of this role.
pub(crate) fn token(playground: &Playground, role: &str) -> String {
    playground.ok(&format!("token create of-{role} --role {role}")).trim().to_owned()
}

/// Runs the program as a client with a token.
pub(crate) fn with_token(playground: &Playground, token: &str, line: &str) -> Said {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Output { status, stdout, stderr } =
        playground.command(&words).env("GACHETTE_TOKEN", token).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
}

#[test]
fn the_whole_chain_happens_through_a_socket() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &[]);
    let socket = playground.path("server.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o660);
    // The client knows nothing but the socket.
    playground.write("client/gachette.yml", "");
    let there = format!("-c client/gachette.yml -H unix://{}", socket.display());
    assert!(playground.ok(&format!("{there} quick 124 shop")).contains("2 packages built"));
    playground.ok(&format!("{there} stack create 125 --from 124"));
    assert!(playground.ok(&format!("{there} stack list")).contains("default/125"));
    let log = playground.json("stack log 125");
    let me = this_user();
    assert!(log[0]["author"].as_str().unwrap().starts_with(&format!("{me}@")), "{log}");
    let said = playground.run(&format!("{there} repository init /elsewhere"));
    assert_eq!(said.code, 2, "{}", said.stderr);
    drop(serving);
}

#[test]
fn what_a_server_does_not_go_by_cannot_be_set_for_it() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &[]);
    let there = format!("-H unix://{}", playground.path("server.sock").display());
    for (settings, key) in [
        ("--set meta_path=elsewhere", "meta_path"),
        ("--set domain=web,projects.shop.ref=main", "projects.shop.ref"),
        ("--set working_copies=elsewhere", "working_copies"),
        ("--set publish.url=http://x", "publish.url"),
        ("--set repository=here,meta_path=here,working_copies=elsewhere", "working_copies"),
    ] {
        let said = playground.run(&format!("{there} {settings} prepare shop"));
        let refusal = format!("its own configuration: `--set {key}` changes nothing there");
        assert_eq!((said.code, said.stderr.contains(&refusal)), (2, true), "{settings}: {}", said.stderr);
    }
    for said_of_ssh in
        ["-u ada", "-i key", "-A", "--set shell=/bin/sh -c", "--set timeout=9,key_filename=key"]
    {
        let word = said_of_ssh.replace(" ada", "").replace("-i key", "-i").replace("timeout=9,", "");
        let word = word.split('=').next().unwrap();
        let mut words: Vec<&str> = there.split(' ').collect();
        words.extend(said_of_ssh.splitn(2, ' '));
        words.extend(["stack", "list"]);
        let said = playground.run_words(&words);
        let refusal = format!("is not reached by ssh: `{word}` changes nothing");
        assert_eq!((said.code, said.stderr.contains(&refusal)), (2, true), "{said_of_ssh}: {}", said.stderr);
    }
    // Of a host beside it, it was said.
    let beside = format!("{there},nowhere.invalid -w -u ada stack list");
    let said = playground.run(&beside);
    assert!(
        said.code == 6 && said.stderr.contains("ada@nowhere.invalid: there is no host"),
        "{}",
        said.stderr
    );
    assert!(!said.stderr.contains("is not reached by ssh"), "{}", said.stderr);
    // What is decided on this side can be set on it, and the path of a repository that is not the server's.
    playground.ok(&format!("{there} --set repository=here,meta_path=here prepare shop"));
    assert!(
        playground.ok(&format!("{there} --set domain=web,timeout=20 stack create 1")).starts_with("web/1")
    );
    assert!(!playground.path("elsewhere").exists() && !playground.path("here").exists());
    drop(serving);
}

/// The user who runs this test, as the system knows him.
fn this_user() -> String {
    let output = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn over_tcp_a_token_is_needed_and_its_role_counts() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &[]);
    let there = format!("-H http://127.0.0.1:{}", serving.port);
    let said = playground.run(&format!("{there} stack list"));
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(said.stderr.contains("a token is needed") && said.stderr.contains("gachette token create"));
    let [read, build, release, admin] =
        ["read", "build", "release", "admin"].map(|role| token(playground, role));
    let code = |token: &str, line: &str| with_token(playground, token, &format!("{there} {line}")).code;
    for (line, allowed_from) in [
        ("stack list", 0),
        ("quick 124 shop", 1),
        ("stack create 126", 2),
        ("--yes stack delete 126", 3),
        ("token list", 3),
    ] {
        for (at, token) in [&read, &build, &release, &admin].into_iter().enumerate() {
            let expected = if at < allowed_from { 5 } else { 0 };
            assert_eq!(code(token, line), expected, "{line} as number {at}");
        }
    }
    // A recipe from elsewhere could run anything.
    let elsewhere = format!("prepare elsewhere --url {}", chain.source.path().display());
    assert_eq!((code(&release, &elsewhere), code(&admin, &elsewhere)), (5, 0));
    let author = &playground.json("stack log 126")[1]["author"];
    assert!(author.as_str().unwrap().starts_with("of-release@"), "{author}");
    playground.ok("token revoke of-admin");
    assert_eq!(code(&admin, "stack list"), 5);
    let said = with_token(playground, "gachette_wrong", &format!("{there} stack list"));
    assert!(said.code == 5 && said.stderr.contains("not known"), "{}", said.stderr);
    let log = serving.log();
    for secret in [&read, &build, &release, &admin] {
        assert!(!log.contains(secret.as_str()), "a token is in the log");
    }
    assert!(log.contains("of-release@"), "{log}");
    are_only_hashed(playground, &[read, build, release, admin]);
}

/// That the server keeps digests of these tokens, and the tokens nowhere: the last one was revoked.
fn are_only_hashed(playground: &Playground, tokens: &[String]) {
    let digest = |token: &String| {
        playground.write("shown", token);
        let output = std::process::Command::new("sha256sum").arg(playground.path("shown")).output().unwrap();
        std::fs::remove_file(playground.path("shown")).unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
    };
    let kept = std::fs::read_to_string(playground.path("home/.local/state/gachette/tokens.json")).unwrap();
    let known: Vec<bool> = tokens.iter().map(|token| kept.contains(&digest(token))).collect();
    assert_eq!(known, [true, true, true, false], "{kept}");
    for file in walk(&playground.path("")) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        for token in tokens {
            let secret = token.strip_prefix("gachette_").unwrap().as_bytes();
            assert!(!bytes.windows(secret.len()).any(|part| part == secret), "{}", file.display());
        }
    }
}

#[test]
fn a_token_comes_from_a_file_and_expires() {
    let playground = Playground::new();
    playground.ok("repository init");
    let serving = Serving::start(&playground, &[]);
    let there = format!("-H http://127.0.0.1:{}", serving.port);
    let created = playground.json("token create nightly --role read --expires 30d");
    assert!(created["expires"].is_string());
    playground.write("token", &format!("{}\n", created["token"].as_str().unwrap()));
    playground.ok(&format!("--set token_file=token {there} package list"));
    let said = playground.run("token create nightly --role read");
    assert!(said.code == 5 && said.stderr.contains("already"), "{}", said.stderr);
    assert_eq!(playground.run("token create late --role read --expires -1d").code, 2);
    assert!(playground.ok("token list").contains("nightly"));
}

#[test]
fn without_tokens_only_this_machine_is_let_in() {
    let playground = Playground::new();
    for (words, expected) in [
        ("--listen 0.0.0.0:0 --no-auth", "can be reached from other machines"),
        ("--listen 0.0.0.0:0", "in the clear"),
    ] {
        let said = playground.run(&format!("serve {words}"));
        assert!(said.code == 2 && said.stderr.contains(expected), "{}", said.stderr);
    }
    let serving = Serving::start(&playground, &["--no-auth"]);
    playground.ok(&format!("-H http://127.0.0.1:{} stack create 1", serving.port));
    assert_eq!(serving.ask("GET /api/v1/domains", &[], "").status, 200);
    // A web page in a browser of this machine, under a name that leads here.
    let rebound = b"GET /api/v1/domains HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(Answered::read(serving.send(rebound)).status, 403);
    for header in ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://localhost:3000"]
    {
        assert_eq!(serving.ask("POST /api/v1/repository", &[header], "").status, 403, "{header}");
    }
    for header in ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Origin: http://localhost"] {
        assert_eq!(serving.ask("GET /api/v1/domains", &[header], "").status, 200, "{header}");
    }
    assert_eq!(serving.ask("POST /api/v1/builds", &["Content-Type: text/plain"], "").status, 415);
}

#[test]
fn every_answer_has_an_id_and_everything_is_counted() {
    let playground = Playground::new();
    let serving = Serving::start(&playground, &["--no-auth", "--log-format", "json"]);
    let answer = serving.ask("GET /api/v1/health", &["X-Request-Id: mine-1"], "");
    assert_eq!((answer.status, answer.header("x-request-id")), (200, Some("mine-1")));
    let made = serving.ask("GET /nowhere?token=secret", &["X-Request-Id: not one\""], "");
    assert!(made.status == 404 && made.header("x-request-id").is_some_and(|id| id.len() == 16), "{made:?}");
    let line: serde_json::Value = serde_json::from_str(&serving.logged("mine-1")).unwrap();
    assert_eq!((line["path"].as_str(), line["status"].as_u64()), (Some("/api/v1/health"), Some(200)));
    assert!(!serving.logged("/nowhere").contains("secret"));
    let metrics = serving.ask("GET /metrics", &[], "");
    assert!(metrics.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    for line in [
        "gachette_http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/health\",status=\"200\"} 1\n",
        "gachette_http_request_duration_seconds_count{method=\"GET\",route=\"none\",status=\"404\"} 1\n",
        "gachette_builds{state=\"running\"} 0\n",
        "gachette_http_connections 1\n",
    ] {
        assert!(metrics.text().contains(line), "{line}{}", metrics.text());
    }
}

#[test]
fn the_log_says_why_something_was_refused_and_the_journal_how_grave_it_is() {
    let playground = Playground::new();
    playground.ok("repository init");
    let serving = Serving::start(&playground, &["--no-auth"]);
    let made = r#"{"name": "1", "from": "none"}"#;
    serving.ask("POST /api/v1/domains/default/stacks", &["Idempotency-Key: 1", "X-Request-Id: mine"], made);
    let line = serving.logged("mine");
    assert!(line.contains("why=\"there is no stack default/none"), "{line}");
    drop(serving);
    // What systemd says of the stream that it gives.
    let file = std::fs::File::create(playground.path("journal")).unwrap();
    let stream = file.metadata().map(|file| format!("{}:{}", file.dev(), file.ino())).unwrap();
    let socket = format!("unix://{}", playground.path("journal.sock").display());
    let mut server = playground.command(&["serve", "--listen", &socket]);
    let mut server = server.env("JOURNAL_STREAM", stream).stderr(file).spawn().unwrap();
    let log = || std::fs::read_to_string(playground.path("journal")).unwrap();
    wait_until("it is said where it listens", || log().ends_with('\n'));
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(log().lines().all(|line| line.starts_with("<6> INFO ")), "{}", log());
}

/// A certificate for localhost and its key, in files whose names begin so.
pub(crate) fn make_certificate(playground: &Playground, prefix: &str) -> [PathBuf; 2] {
    make_certificate_with(playground, prefix, "basicConstraints=critical,CA:FALSE")
}

fn make_certificate_with(playground: &Playground, prefix: &str, extension: &str) -> [PathBuf; 2] {
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| playground.path(&format!("{prefix}{name}")));
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", extension, "-keyout"])
        .args([key.as_os_str(), "-out".as_ref(), certificate.as_os_str()])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    [certificate, key]
}

#[test]
fn over_tls_the_certificate_must_be_of_a_known_authority() {
    let playground = Playground::new();
    playground.ok("repository init");
    let [certificate, key] = make_certificate(&playground, "");
    let files = [certificate.to_str().unwrap(), key.to_str().unwrap()];
    let serving = Serving::start(&playground, &["--tls-cert", files[0], "--tls-key", files[1]]);
    let there = format!("-H https://localhost:{} package list", serving.port);
    let token = token(&playground, "read");
    let said = with_token(&playground, &token, &there);
    assert!(said.code == 6 && said.stderr.contains("ca_file"), "{}", said.stderr);
    let said = with_token(&playground, &token, &format!("--set ca_file=cert.pem {there}"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    let plain = with_token(&playground, &token, &there.replace("https", "http"));
    assert_eq!(plain.code, 6, "{}", plain.stderr);
    let far = with_token(&playground, &token, "-H http://192.0.2.1:80 package list");
    assert!(far.code == 3 && far.stderr.contains("in the clear"), "{}", far.stderr);
    // Renewed, first the one file and then the other.
    let renewed = make_certificate(&playground, "new-");
    let with_renewed = || with_token(&playground, &token, &format!("--set ca_file=new-cert.pem {there}"));
    std::fs::copy(&renewed[0], &certificate).unwrap();
    assert_eq!(with_renewed().code, 6, "the one before stays in use");
    serving.logged("stays in use");
    // As when only who may read it is changed: neither its size nor the time of its content tells.
    let before = std::fs::metadata(&key).unwrap();
    std::fs::copy(&renewed[1], &key).unwrap();
    assert_eq!(std::fs::metadata(&key).unwrap().len(), before.len());
    std::fs::File::options()
        .write(true)
        .open(&key)
        .unwrap()
        .set_modified(before.modified().unwrap())
        .unwrap();
    let said = with_renewed();
    assert_eq!(said.code, 0, "{}", said.stderr);
    serving.log();
    serving.signal("-HUP");
    serving.logged("the certificate was read again");
}

#[test]
fn what_keeps_tls_from_coming_about_is_said_with_a_way_out() {
    let playground = Playground::new();
    playground.ok("repository init");
    let [certificate, key] = make_certificate(&playground, "");
    let [authority, its_key] = make_certificate_with(&playground, "ca-", "keyUsage=critical,keyCertSign");
    playground.write("empty.pem", "");
    let started = |files: [&PathBuf; 2]| {
        let [certificate, key] = files.map(|file| file.to_str().unwrap());
        Serving::start(&playground, &["--tls-cert", certificate, "--tls-key", key])
    };
    let plain = Serving::start(&playground, &["--no-auth"]);
    let port = plain.port;
    let expect = |line: &str, code: i32, words: &[&str]| {
        let said = playground.run(&format!("{line} package list"));
        assert_eq!(said.code, code, "{line}: {}", said.stderr);
        words.iter().for_each(|words| assert!(said.stderr.contains(words), "{line}: {}", said.stderr));
    };
    let known = "--set ca_file=cert.pem";
    expect(&format!("{known} -H https://localhost:{port}"), 6, &["does not speak TLS", "say `http://…`"]);
    drop(plain);
    let serving = started([&certificate, &key]);
    let port = serving.port;
    expect(&format!("-H http://localhost:{port}"), 6, &["in the clear", "say `https://…`"]);
    expect(&format!("{known} -H https://127.0.0.1:{port}"), 6, &["not for this name"]);
    expect(&format!("--set ca_file=ca-cert.pem -H https://localhost:{port}"), 6, &["unknown authority"]);
    expect(&format!("--set ca_file=empty.pem -H https://localhost:{port}"), 3, &["no certificate in it"]);
    drop(serving);
    let serving = started([&authority, &its_key]);
    let line = format!("--set ca_file=ca-cert.pem -H https://localhost:{}", serving.port);
    expect(&line, 6, &["that of an authority", "CA:FALSE"]);
}

#[test]
fn who_asks_too_often_is_told_to_wait() {
    let playground = Playground::new();
    let serving = Serving::start(&playground, &["--no-auth", "--rate", "1"]);
    let answers: Vec<Answered> = (0..5).map(|_| serving.ask("GET /api/v1/domains", &[], "")).collect();
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.header("retry-after"), Some("1"));
    drop(serving);
    let strict = Serving::start(&playground, &["--rate", "1"]);
    let guess = || strict.ask("GET /api/v1/domains", &["Authorization: Bearer gachette_guessed"], "").status;
    let statuses: Vec<u16> = (0..5).map(|_| guess()).collect();
    assert!(statuses.starts_with(&[401]) && statuses.contains(&429), "{statuses:?}");
}

#[test]
fn clients_over_tcp_take_no_place_of_those_at_the_socket() {
    let playground = Playground::new();
    playground.ok("repository init");
    let serving = Serving::start(&playground, &["--no-auth", "--connections", "1"]);
    let _only_place = serving.connect();
    let socket = playground.path("server.sock");
    playground.ok(&format!("-H unix://{} stack list", socket.display()));
}

#[test]
fn two_clients_racing_on_one_stack_both_get_a_right_answer() {
    let playground = Playground::new();
    let serving = Serving::start(&playground, &["--no-auth"]);
    let body = r#"{"name": "1"}"#;
    let create = || serving.ask("POST /api/v1/domains/default/stacks", &[], body).json();
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(create);
        (create(), other.join().unwrap())
    });
    assert_eq!((&one["revision"], &two["revision"]), (&1.into(), &1.into()), "{one} {two}");
    assert_ne!(one["changed"], two["changed"], "one of them made it");
}

#[test]
fn a_hostile_client_harms_nobody() {
    let playground = Playground::new();
    let serving = Serving::start(&playground, &["--no-auth"]);
    // Headers that never end, and a client that says nothing.
    let mut slow = serving.send(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    let _silent = serving.connect();
    for garbage in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\0\0\0\0\0\0\0\0\r\n\r\n", b"GET\r\n\r\n"]
    {
        let mut said = Vec::new();
        let mut stream = serving.send(garbage);
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut said);
        assert!(!said.starts_with(b"HTTP/1.1 2"), "{said:?}");
    }
    let huge = format!(
        "POST /api/v1/builds HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        3 << 20
    );
    assert_eq!(Answered::read(serving.send(&[huge.as_bytes(), &vec![b' '; 3 << 20]].concat())).status, 413);
    let headers = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: {}\r\n\r\n", "x".repeat(200 << 10));
    let mut said = Vec::new();
    let _ = serving.send(headers.as_bytes()).read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP/1.1 2"));
    assert_eq!(serving.ask("GET /api/v1/health", &[], "").status, 200, "others are served meanwhile");
    // The slow one is not waited for for ever.
    let mut end = Vec::new();
    slow.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    slow.read_to_end(&mut end).unwrap();
    assert!(!end.starts_with(b"HTTP/1.1 2"), "{end:?}");
}

#[test]
fn looking_makes_nothing_and_no_name_leads_outside() {
    let playground = Playground::new();
    playground.ok("repository init");
    playground.write("repository/secret.deb", "secret");
    let serving = Serving::start(&playground, &["--no-auth"]);
    let mirror = "0".repeat(64);
    let shown = serving.ask(&format!("GET /api/v1/mirrors/{mirror}"), &[], "");
    assert_eq!((shown.status, shown.json()["refs"].as_object().map(|refs| refs.len())), (200, Some(0)));
    assert!(!playground.path("home/.cache/gachette/mirrors").exists());
    for path in [
        "/api/v1/debs/.staging",
        "/api/v1/debs/..%2fsecret.deb",
        "/api/v1/debs/%2e%2e",
        "/api/v1/mirrors/..%2f..%2fx",
        "/debs/..%2fsecret.deb",
        "/debs/../secret.deb",
    ] {
        let answer = serving.ask(&format!("GET {path}"), &[], "");
        assert!(matches!(answer.status, 404 | 422 | 400) && answer.body != b"secret", "{answer:?}");
    }
}
