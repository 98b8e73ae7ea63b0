//! Servers that ask, refuse, lie down or do not exist: always an error that says which, never a wait for an answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gachette::git::Fault;
use gachette::working_copy::{WorkingCopy, WorkingCopyError};
use gachette_testkit::{GitRepository, Sshd};
use trebuchet::process::Cancel;

use super::desk::{Desk, ask, assert_exact, expected};

/// A server on the loopback interface that treats every connection the same way, for as long as the test runs.
fn server(answer: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

/// Reads the head of an HTTP request and answers with an empty page.
fn http(stream: TcpStream, status: &str, headers: &str) -> Vec<String> {
    let lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let _ = write!(&stream, "HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n");
    head
}

fn fault(error: &WorkingCopyError) -> Option<Fault> {
    let WorkingCopyError::Git(git) = error else { return None };
    assert!(error.hint().is_some(), "{error}");
    git.fault()
}

#[test]
fn a_web_server_that_asks_for_a_password_is_an_error() {
    let address =
        server(|stream| drop(http(stream, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n")));
    // Nor does a program get to ask that the user configured for it.
    let desk =
        Desk::new().setting("core.askPass=/bin/cat").env("SSH_ASKPASS", "/bin/cat").env("DISPLAY", ":0");
    for user in ["", "me@", "me:wrong@"] {
        let error = desk.refused(&format!("http://{user}{address}/a.git"), "main");
        assert_eq!(fault(&error), Some(Fault::AuthenticationNeeded), "{error}");
        assert!(error.to_string().contains(&format!("{address}/a.git")), "{error}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    }
}

#[test]
fn a_password_in_the_address_reaches_the_server_and_no_file() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let address = server(move |stream| heard.lock().unwrap().extend(http(stream, "404 Not Found", "")));
    let desk = Desk::new();
    let error = desk.refused(&format!("http://me:geheim@{address}/a.git"), "");
    assert_eq!(fault(&error), Some(Fault::RepositoryNotFound), "{error}");
    // `me:geheim` in base64.
    assert!(seen.lock().unwrap().iter().any(|line| line == "Authorization: Basic bWU6Z2VoZWlt"), "{seen:?}");
    assert_nothing_stays(desk, "me:geheim@", &address, &["geheim", "bWU6Z2VoZWlt"]);
}

#[test]
fn a_token_in_place_of_a_user_reaches_the_server_and_no_file() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let address = server(move |stream| {
        let mut first = [0; 4096];
        let count = stream.peek(&mut first).unwrap_or_default();
        let is_known = String::from_utf8_lossy(&first[..count]).contains("Authorization: ");
        let (status, ask) = match is_known {
            true => ("404 Not Found", ""),
            false => ("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n"),
        };
        heard.lock().unwrap().extend(http(stream, status, ask));
    });
    let told = |header: &str| seen.lock().unwrap().iter().any(|line| line == header);
    let url = format!("http://geheim@{address}/a.git");
    let error = Desk::new().refused(&url, "");
    assert_eq!(fault(&error), Some(Fault::RepositoryNotFound), "{error}");
    assert!(!error.to_string().contains("geheim"), "{error}");
    // `geheim:` in base64.
    assert!(told("Authorization: Basic Z2VoZWltOg=="), "{seen:?}");
    // Whoever has a password for that user is asked first; `geheim:offen`.
    let helper = "credential.helper=!f() { grep -q ^username=geheim && echo password=offen; }; f";
    Desk::new().setting(helper).refused(&url, "");
    assert!(told("Authorization: Basic Z2VoZWltOm9mZmVu"), "{seen:?}");
    assert_nothing_stays(Desk::new(), "geheim@", &address, &["geheim", "Z2VoZWlt"]);
}

/// Clones with this user, and looks for these words in all that is left of it.
fn assert_nothing_stays(desk: Desk, user: &str, address: &str, words: &[&str]) {
    let repository = GitRepository::new();
    repository.commit_file("a", "1");
    let desk = desk.setting(&format!("url.{}.insteadOf=http://{address}/a.git", repository.url()));
    let prepared = desk.prepare(&format!("http://{user}{address}/a.git"), "").unwrap();
    for word in words {
        let found =
            std::process::Command::new("grep").args(["-r", word]).arg(prepared.path()).output().unwrap();
        assert_eq!(found.status.code(), Some(1), "{}", String::from_utf8_lossy(&found.stdout));
    }
}

#[test]
fn a_missing_repository_and_a_missing_server_are_told_apart() {
    let not_found = server(|stream| drop(http(stream, "404 Not Found", "")));
    let forbidden = server(|stream| drop(http(stream, "403 Forbidden", "")));
    let broken = server(drop);
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let desk = Desk::new();
    for (url, wanted) in [
        (format!("http://{not_found}/a.git"), Fault::RepositoryNotFound),
        ("file:///nowhere".to_owned(), Fault::RepositoryNotFound),
        ("/nowhere".to_owned(), Fault::RepositoryNotFound),
        (format!("http://{forbidden}/a.git"), Fault::AuthenticationNeeded),
        (format!("http://{closed}/a.git"), Fault::Network),
        (format!("git://{closed}/a.git"), Fault::Network),
        (format!("ssh://{closed}/a.git"), Fault::Network),
        (format!("http://{broken}/a.git"), Fault::Network),
        (format!("git://{broken}/a.git"), Fault::Network),
        ("http://host.invalid/a.git".to_owned(), Fault::Network),
        ("host.invalid:a.git".to_owned(), Fault::Network),
    ] {
        let error = desk.refused(&url, "");
        assert_eq!(fault(&error), Some(wanted), "{error}");
        assert!(error.to_string().contains(&url), "{error}");
    }
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let silent = server(|stream| {
        // Keeps the connection open until the other side gives up.
        std::thread::spawn(move || (&stream).read_to_end(&mut Vec::new()));
    });
    let desk = Desk::new();
    let impatient = desk.git().patience(Duration::from_secs(1));
    let web = WorkingCopy::new("web".parse().unwrap(), desk.base()).with_git(impatient);
    for scheme in ["http", "git", "ssh"] {
        let (url, began) = (format!("{scheme}://{silent}/a.git").parse().unwrap(), Instant::now());
        let error = web.prepare(&url, None, &Cancel::new(), &mut |_| {}).unwrap_err();
        assert_eq!(fault(&error), Some(Fault::Network), "{error}");
        assert!(began.elapsed() < Duration::from_secs(20), "{scheme}: {:?}", began.elapsed());
    }
}

#[test]
fn a_wait_for_a_server_can_be_cancelled() {
    let cancel = Cancel::new();
    let wish = cancel.clone();
    let silent = server(move |stream| {
        wish.cancel();
        std::thread::spawn(move || (&stream).read_to_end(&mut Vec::new()));
    });
    let desk = Desk::new();
    let url = format!("git://{silent}/a.git").parse().unwrap();
    let error = desk.copy("web").prepare(&url, None, &cancel, &mut |_| {}).unwrap_err();
    assert!(error.is_cancelled(), "{error}");
}

#[test]
fn over_ssh_a_branch_comes_shallow_with_its_submodules() {
    let (repository, library, sshd) = (GitRepository::new(), GitRepository::new(), Sshd::start());
    library.commit_many(150);
    repository.commit_many(150);
    repository.add_submodule("lib", &library.url());
    repository.git(&["config", "--file", ".gitmodules", "submodule.lib.url", &sshd.url(library.path())]);
    let commit = repository.commit("with a submodule over ssh");
    let desk = Desk::new().env("GIT_SSH_COMMAND", &sshd.ssh_command());
    let prepared = desk.prepare(&sshd.url(repository.path()), "origin/main").unwrap();
    assert_eq!(prepared.commit.as_str(), commit);
    assert_eq!(ask(prepared.path(), &["rev-list", "--count", "HEAD"]), "100");
    assert_eq!(ask(&prepared.path().join("lib"), &["rev-list", "--count", "HEAD"]), "100");
    drop(prepared);
    // The user's configuration counts as much as the variable.
    let desk = Desk::new().setting(&format!("core.sshCommand={}", sshd.ssh_command()));
    assert_eq!(desk.prepare(&sshd.url(repository.path()), "").unwrap().commit.as_str(), commit);
}

#[test]
fn an_ssh_server_that_is_unknown_or_has_changed_or_refuses_us_is_an_error() {
    let (repository, sshd) = (GitRepository::new(), Sshd::start());
    let commit = repository.commit_file("a", "1");
    let desk = Desk::new().env("GIT_SSH_COMMAND", &sshd.ssh_command());
    let url = sshd.url(repository.path());
    sshd.forget_host_key();
    let error = desk.refused(&url, "");
    assert_eq!(fault(&error), Some(Fault::UnknownHostKey), "{error}");
    assert!(error.hint().unwrap().contains("confirm its key"), "{error}");
    sshd.expect_another_host_key();
    let error = desk.refused(&url, "");
    assert_eq!(fault(&error), Some(Fault::ChangedHostKey), "{error}");
    sshd.trust_host_key();
    let error = desk.refused(&sshd.url(Path::new("/nowhere")), "");
    assert_eq!(fault(&error), Some(Fault::RepositoryNotFound), "{error}");
    let prepared = desk.prepare(&url, "").unwrap();
    assert_exact(&prepared, &commit, &expected(&repository.url(), &commit), "over ssh");
    drop(prepared);
    sshd.refuse_everybody();
    let error = desk.refused(&url, "");
    assert_eq!(fault(&error), Some(Fault::KeyNeeded), "{error}");
}
