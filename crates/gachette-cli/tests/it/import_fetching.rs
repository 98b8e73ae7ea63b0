//! `gachette repository import SOURCES` from mirrors that give other files than the lists name, or only parts of them, or nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::{Value, json};

use crate::importing::{deb, sha256sum};
use crate::mirror::{Mirror, honest, response, whole};
use crate::playground::Playground;

/// What an import of one line, with options behind it, says that ends with this code.
pub(crate) fn import(playground: &Playground, line: &str, code: i32) -> Value {
    let (line, options) = line.split_once(" --").unwrap_or((line, ""));
    let options = if options.is_empty() { String::new() } else { format!("--{options}") };
    let words = ["--format", "json", "repository", "import", line].into_iter();
    let words: Vec<&str> = words.chain(options.split_whitespace()).collect();
    let output = playground.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["import"].clone()
}

/// Two packages in `main`, of which the one called `dh-web` does not pack well.
fn two(folder: &Path) {
    let body: String = (0..900u32).map(|number| number.wrapping_mul(2_654_435_761).to_string()).collect();
    deb(&folder.join("pool/main"), "dh-web", "1", &body);
    deb(&folder.join("pool/main"), "dh-tool", "1", "x");
}

/// The bytes of a package that says of itself what `dh-web` does, and is smaller.
fn other() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::read(deb(folder.path(), "dh-web", "1", "another")).unwrap()
}

#[test]
fn another_package_than_the_lists_name_never_comes_in_however_it_is_sent() {
    type Form = fn(usize, &[u8]) -> Vec<u8>;
    let forms: [(&str, Form); 4] = [
        ("of the length that the lists say", |length, other| response("200 OK", length, other)),
        ("of a length that is not reached", |_, other| response("200 OK", other.len() + 5, other)),
        ("whole", |_, other| response("200 OK", other.len(), other)),
        ("in chunks of which the last is missing", |_, other| {
            let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", other.len());
            [head.as_bytes(), other, b"\r\n"].concat()
        }),
    ];
    for (form, send) in forms {
        let other = other();
        let mirror = Mirror::new(two, "amd64", move |path, body| match path.contains("dh-web") {
            true => Some(send(body.len(), &other)),
            false => whole(body),
        });
        let playground = Playground::new();
        playground.ok("repository init");
        let report = import(&playground, &mirror.line("", "main"), 5);
        assert_eq!(report["taken"], 1, "{form}: {report}");
        let refused = &report["refused"][0];
        assert_eq!(refused["file"], "dh-web 1 (all)", "{form}: {refused}");
        assert!(
            refused["reason"].as_str().unwrap().starts_with("E: Failed to fetch http"),
            "{form}: {refused}"
        );
        let packages = playground.json("package list");
        assert_eq!(
            (packages.as_array().unwrap().len(), &packages[0]["name"]),
            (1, &json!("dh-tool")),
            "{form}"
        );
    }
}

#[test]
fn a_download_that_is_cut_off_is_tried_again_and_then_told_as_the_fault_of_the_network_that_it_is() {
    let cut = |body: &[u8]| Some(response("200 OK", body.len(), &body[..300]));
    let mirror = Mirror::new(two, "amd64", move |path, body| match path.contains("dh-web") {
        true => cut(body),
        false => whole(body),
    });
    let playground = Playground::new();
    playground.ok("repository init");
    let report = import(&playground, &mirror.line("", "main"), 5);
    let reason = report["refused"][0]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("E: Failed to fetch http") && reason.contains("/dh-web_1_all.deb"),
        "{reason}"
    );
    assert!(!reason.contains("truncated"), "{reason}");

    // The first time only: apt goes on by itself, or is asked to.
    let times = AtomicUsize::new(0);
    let mirror = Mirror::new(two, "amd64", move |path, body| {
        let is_cut = path.contains("dh-web") && times.fetch_add(1, Ordering::Relaxed) < 4;
        if is_cut { cut(body) } else { whole(body) }
    });
    assert_eq!(import(&playground, &mirror.line("", "main"), 0)["taken"], 1);
    assert!(mirror.asked("dh-web") > 4);
    playground.ok("repository fsck");
}

#[test]
fn two_files_of_one_package_in_a_list_come_in_as_one_and_the_other_is_refused() {
    let fill = |folder: &Path| {
        two(folder);
        fs::create_dir_all(folder.join("pool/main/twin")).unwrap();
        fs::write(folder.join("pool/main/twin/dh-web_1_all.deb"), other()).unwrap();
    };
    let mirror = Mirror::new(fill, "amd64", honest);
    let playground = Playground::new();
    playground.ok("repository init");
    let report = import(&playground, &mirror.line("", "main"), 5);
    assert_eq!((&report["taken"], report["refused"].as_array().unwrap().len()), (&json!(2), 1), "{report}");
    let refused = &report["refused"][0];
    assert_eq!(refused["file"], "dh-web 1 (all)", "{refused}");
    let files = fs::read_dir(playground.path("repository/debs")).unwrap().map(|file| file.unwrap().path());
    let taken = files.into_iter().find(|path| path.display().to_string().contains("dh-web")).unwrap();
    let list = fs::read_to_string(mirror.list("main", "amd64")).unwrap();
    assert!(list.contains(&sha256sum(&taken)), "{list}");
    playground.ok("repository fsck");
}

#[test]
fn an_import_whose_server_goes_away_ends_soon_with_what_it_took_in_and_goes_on_from_there() {
    let fill = |folder: &Path| {
        for number in 0..120 {
            deb(&folder.join("pool/main"), &format!("dh-p{number:03}"), "1", "x");
        }
    };
    let gone = Arc::new(AtomicBool::new(true));
    let is_gone = Arc::clone(&gone);
    // From the second batch on.
    let since = AtomicBool::new(false);
    let order = Ordering::Relaxed;
    let mirror = Mirror::new(fill, "amd64", move |path, body| {
        since.fetch_or(path.contains("dh-p050"), order);
        if since.load(order) && is_gone.load(order) { None } else { whole(body) }
    });
    let playground = Playground::new();
    playground.ok("repository init");
    let line = mirror.line("", "main");
    let said = playground.run_words(&["repository", "import", &line]);
    assert_eq!(said.code, 4, "{}", said.stderr);
    let told =
        "the server does not answer any more; 50 packages were taken in by then, and 0 were there already";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    assert!(said.stderr.contains("goes on from there"), "{}", said.stderr);
    assert_eq!(mirror.asked("dh-p1"), 0, "what is left is not asked for");
    gone.store(false, order);
    let report = import(&playground, &line, 0);
    assert_eq!((&report["taken"], &report["already_there"]), (&json!(70), &json!(50)));
}

/// The folders for apt below a folder.
fn folders_for_apt(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.display().to_string().contains("/gachette-base-")).collect()
}

#[test]
fn what_a_killed_import_fetched_is_removed_by_the_next_and_what_a_living_one_needs_is_not() {
    let (asked, is_asked) = mpsc::channel();
    let (go_on, waits) = mpsc::channel::<()>();
    // The first who asks for this one gets no answer before it is killed.
    let waits = Mutex::new(Some(waits));
    let mirror = Mirror::new(two, "amd64", move |path, body| {
        if path.contains("dh-tool")
            && let Some(waits) = waits.lock().unwrap().take()
        {
            asked.send(()).unwrap();
            let _ = waits.recv();
        }
        whole(body)
    });
    let playground = Playground::new();
    playground.ok("repository init");
    let temporary = tempfile::Builder::new().prefix("gachette-tmp-").tempdir().unwrap();
    fs::set_permissions(temporary.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let line = mirror.line("", "main");
    let command = |line: &str| {
        let mut command = playground.command(&["repository", "import", line]);
        command.env("TMPDIR", temporary.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut first = command(&line).spawn().unwrap();
    is_asked.recv().unwrap();
    let of_first = folders_for_apt(temporary.path());
    assert_eq!(of_first.len(), 1);
    let other = Mirror::new(two, "amd64", honest);
    assert!(command(&other.line("", "main")).status().unwrap().success());
    assert_eq!(folders_for_apt(temporary.path()), of_first, "it is still needed");
    first.kill().unwrap();
    first.wait().unwrap();
    drop(go_on);
    assert_eq!(folders_for_apt(temporary.path()), of_first, "nobody could remove it");
    // What somebody else made is left, whatever it is called.
    let mut others = ["gachette-base-notes", "gachette-base-abc123"].map(|name| temporary.path().join(name));
    for other in &others {
        fs::create_dir(other).unwrap();
        fs::write(other.join("file"), "precious").unwrap();
    }
    assert!(command(&line).status().unwrap().success());
    let mut left = folders_for_apt(temporary.path());
    left.sort();
    others.sort();
    assert_eq!(left, others);
}
