//! `gachette host check`, against real hosts that lack what builds need.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use gachette_testkit::{SshAgent, Sshd};
use serde_json::Value;

use crate::hosts::{Hosts, project};
use crate::playground::{Playground, Said};
use crate::serving::Serving;

/// What a report says of one thing: its verdict, and everything said of it.
fn finding(report: &Value, subject: &str, name: Option<&str>) -> (String, String) {
    let findings = report["findings"].as_array().unwrap();
    let is_it = |it: &&Value| it["subject"] == subject && name.is_none_or(|name| it["name"] == name);
    let mut found = findings.iter().filter(is_it);
    let one = found.next().unwrap_or_else(|| panic!("{subject} {name:?}: {report:#}"));
    assert!(found.next().is_none(), "{subject} {name:?}: {report:#}");
    (one["verdict"].as_str().unwrap().to_owned(), one.to_string())
}

/// The exit code and the report of a check.
fn checked(command: &mut Command) -> (i32, Value) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (output.status.code().unwrap(), report)
}

/// The check of the host `build1`, or of what else `more` says, as JSON.
fn check(hosts: &Hosts, more: &[&str]) -> Command {
    hosts.command(&format!("--format json -H build1 {} host check", more.join(" ")))
}

#[test]
fn a_host_that_has_all_is_fit_for_builds() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    let (code, report) = checked(&mut check(&hosts, &[]));
    assert_eq!((code, report["format"].as_u64()), (0, Some(1)), "{report:#}");
    for (subject, name) in [
        ("system", None),
        ("program", None),
        ("clock", None),
        ("tool", Some("git")),
        ("tool", Some("dpkg")),
        ("agent", None),
        ("project", Some("web")),
    ] {
        assert_eq!(finding(&report, subject, name).0, "ok", "{subject} {name:?}: {report:#}");
    }
    let git = String::from_utf8(Command::new("git").arg("--version").output().unwrap().stdout).unwrap();
    let tools = report["facts"]["tools"].as_array().unwrap();
    let version = tools.iter().find(|tool| tool["name"] == "git").unwrap()["version"].as_str().unwrap();
    assert!(git.contains(&format!(" {version}")), "{git} {version}");
    let branch = source.git(&["symbolic-ref", "HEAD"]);
    assert_eq!(report["facts"]["projects"][0]["reference"], branch, "{report:#}");
    assert!(!hosts.sshd.home().join("working_copies").exists(), "nothing is made");
}

#[test]
fn what_the_login_shell_does_not_find_is_missing() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    let tools = hosts.sshd.home().join("tools");
    fs::create_dir(&tools).unwrap();
    for (name, file) in [("dpkg", "/usr/bin/dpkg"), ("python3", "/usr/bin/python3")] {
        symlink(file, tools.join(name)).unwrap();
    }
    fs::write(hosts.sshd.home().join(".profile"), "PATH=$HOME/tools\n").unwrap();
    let (code, report) = checked(&mut check(&hosts, &[]));
    assert_eq!((code, &report["verdict"]), (6, &Value::from("failure")), "{report:#}");
    let (verdict, text) = finding(&report, "tool", Some("git"));
    assert_eq!((verdict.as_str(), text.contains("install the package git")), ("failure", true), "{text}");
    assert_eq!(finding(&report, "tool", Some("dpkg")).0, "ok");
    assert_eq!(finding(&report, "tool", Some("apt-get")).0, "warning");
    assert_eq!(finding(&report, "project", Some("web")).0, "warning", "it cannot be asked for");
    let said = hosts.run("host check build1");
    assert_eq!(said.code, 6, "{}", said.stderr);
    assert!(said.stderr.contains("error: build1 is not fit for builds: tool git\n"), "{}", said.stderr);
}

#[test]
fn the_agent_is_counted_where_it_is_forwarded_to() {
    let hosts = Hosts::visited("");
    let of = |command: &mut Command| {
        let (code, report) = checked(command);
        assert_eq!(code, 0, "{report:#}");
        finding(&report, "agent", None)
    };
    assert!(of(&mut check(&hosts, &[])).1.contains("there is none here to forward"));
    let mut agent = SshAgent::start();
    let socket = agent.socket();
    let with = || of(check(&hosts, &[]).env("SSH_AUTH_SOCK", &socket));
    assert_eq!(with().0, "warning", "it holds no key");
    agent.add(&hosts.sshd.client_key());
    let (verdict, text) = with();
    assert_eq!((verdict.as_str(), text.contains("with 1 key")), ("ok", true), "{text}");
    let without = of(check(&hosts, &["-a"]).env("SSH_AUTH_SOCK", &socket));
    assert_eq!((without.0.as_str(), without.1.contains("not forwarded")), ("ok", true), "{}", without.1);
    // What the start files of the login shell take away is not there.
    fs::write(hosts.sshd.home().join(".profile"), "unset SSH_AUTH_SOCK\n").unwrap();
    let (verdict, text) = with();
    assert_eq!((verdict.as_str(), text.contains("AllowAgentForwarding")), ("warning", true), "{text}");
    agent.kill();
    let (verdict, text) = with();
    assert_eq!(
        (verdict.as_str(), text.contains("the one here does not answer")),
        ("warning", true),
        "{text}"
    );
}

#[test]
fn projects_are_asked_for_where_their_commits_are_fetched() {
    let source = project("true");
    let forge = Sshd::start();
    let url = forge.url(source.path());
    let hosts = Hosts::visited(&format!(
        "projects.web.url: {url}\nprojects.gone.url: {}\nprojects.ref: {{url: {}, ref: nowhere}}\n",
        source.path().join("gone").display(),
        source.path().display()
    ));
    let with = |more: &[&str]| {
        let (code, report) = checked(check(&hosts, more).env("GIT_SSH_COMMAND", forge.ssh_command()));
        assert_eq!(code, 6, "{report:#}");
        report
    };
    let report = with(&[]);
    // The host has neither the key nor the knowledge of the forge's.
    let (verdict, text) = finding(&report, "project", Some("web"));
    assert_eq!((verdict.as_str(), text.contains("host key")), ("failure", true), "{text}");
    let (verdict, text) = finding(&report, "project", Some("gone"));
    assert_eq!((verdict.as_str(), text.contains("no such repository")), ("failure", true), "{text}");
    let (verdict, text) = finding(&report, "project", Some("ref"));
    assert_eq!((verdict.as_str(), text.contains("has no ref `nowhere`")), ("failure", true), "{text}");
    let pushed = with(&["--set", "projects.web.source=push"]);
    let (verdict, text) = finding(&pushed, "project", Some("web"));
    assert_eq!((verdict.as_str(), text.contains("fetched here and pushed")), ("ok", true), "{text}");
}

#[test]
fn a_connection_that_was_kept_is_told_from_a_new_one() {
    let hosts = Hosts::visited("");
    let runtime = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp").unwrap();
    let connection = |seconds: &str| {
        let more = ["--set", &format!("reuse_connection={seconds}")];
        let (_, report) = checked(check(&hosts, &more).env("XDG_RUNTIME_DIR", runtime.path()));
        finding(&report, "connection", None).1
    };
    assert!(connection("0").contains("; not kept"));
    assert!(connection("5").contains("; kept for the next command"));
    assert!(connection("5").contains("; through a connection that was kept"));
}

#[test]
fn every_host_is_checked_whatever_the_others_are_like() {
    let hosts = Hosts::visited("");
    for line in ["host check nowhere.invalid build1", "-P host check nowhere.invalid build1"] {
        let Said { code, stdout, stderr } = hosts.run(line);
        assert_eq!(code, 6, "{stderr}");
        assert!(stdout.contains("[nowhere.invalid] failure  connection  "), "{stdout}");
        assert!(stdout.contains("tool git") && stdout.contains("0 failures"), "{stdout}");
        assert!(stderr.contains("error: nowhere.invalid is not fit for builds: connection"), "{stderr}");
    }
    let said = hosts.run("-H build1 --format json host check build2");
    assert_eq!((said.code, said.stderr.contains("hosts are named twice")), (2, true), "{}", said.stderr);
    let json = hosts.run("--format json host check nowhere.invalid build2").stdout;
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let verdicts: Vec<_> = lines.iter().map(|line| (&line["host"], &line["result"]["verdict"])).collect();
    assert_eq!(verdicts.len(), 2, "{json}");
    assert_eq!(verdicts[0], (&Value::from("nowhere.invalid"), &Value::from("failure")), "{json}");
    assert_eq!(lines[1]["host"], "build2", "{json}");
}

#[test]
fn a_server_looks_at_itself_for_who_may_build_there() {
    let source = project("true");
    let configuration = format!("meta_path: repository\nprojects.web.url: {}\n", source.path().display());
    let playground = Playground::with_configuration(&configuration);
    let serving = Serving::start(&playground, &[]);
    // The client knows nothing of its own.
    playground.write("client/gachette.yml", "");
    let address = format!("http://127.0.0.1:{}", serving.port);
    let check = |host: &str, token: &str| {
        let words = ["-c", "client/gachette.yml", "--format", "json", "host", "check", host];
        checked(playground.command(&words).env("GACHETTE_TOKEN", token))
    };
    let token = |role: &str| playground.ok(&format!("token create {role} --role {role}")).trim().to_owned();
    let (code, report) = check(&address, &token("build"));
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(finding(&report, "project", Some("web")).0, "ok", "{report:#}");
    assert_eq!(finding(&report, "clock", None).0, "ok", "{report:#}");
    let (code, report) = check(&address, &token("read"));
    assert_eq!(code, 6, "{report:#}");
    assert!(finding(&report, "connection", None).1.contains("needs the role build"), "{report:#}");
    let socket = format!("unix://{}", playground.path("server.sock").display());
    let (code, report) = check(&socket, "");
    assert_eq!(code, 0, "{report:#}");
    drop(serving);
    let (code, report) = check(&socket, "");
    assert_eq!((code, finding(&report, "connection", None).0.as_str()), (6, "failure"), "{report:#}");
}

#[test]
fn this_machine_is_checked_without_any_configuration() {
    let playground = Playground::with_configuration("");
    let report = playground.json("host check");
    assert_eq!(finding(&report, "connection", None).0, "ok", "{report:#}");
    let subjects: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().map(|it| &it["subject"]).collect();
    assert!(!subjects.iter().any(|it| *it == "clock"), "it is the same: {report:#}");
    let roles: Vec<&Value> =
        report["facts"]["folders"].as_array().unwrap().iter().map(|it| &it["role"]).collect();
    assert_eq!(roles, ["working_copies", "cache", "logs", "temporary"]);
}
