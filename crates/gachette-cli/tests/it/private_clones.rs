//! Private repositories, fetched by a host that has no key at all: with the agent of whoever gives the command.

use std::os::unix::fs::FileTypeExt;
use std::process::Stdio;

use gachette_testkit::SshAgent;

use crate::forge::{Family, Forge};
use crate::hosts::{Hosts, project, wait_until};
use crate::playground::Said;

/// A private project with private submodules, and a host whose git knows the server, but has no key.
fn keyless() -> Family {
    let family = Family::new("clone");
    family.forge.introduce_to(&family.hosts);
    family
}

/// An agent with the key that the server of repositories lets in.
fn agent_for(family: &mut Family) -> SshAgent {
    let agent = SshAgent::start();
    agent.add(&family.forge.sshd.client_key());
    family.forge.access_by(&agent);
    agent
}

/// The message and the hint of a failed fetch, each in its line.
fn refused(said: &Said) -> [&str; 2] {
    assert_eq!(said.code, 4, "{}", said.stderr);
    ["error: ", "hint: "].map(|begin| {
        let line = said.stderr.lines().find(|line| line.starts_with(begin));
        line.unwrap_or_else(|| panic!("{begin}: {}", said.stderr))
    })
}

#[test]
fn a_host_without_any_key_clones_what_the_forwarded_agent_may() {
    let mut family = keyless();
    let _agent = agent_for(&mut family);
    family.assert_prepared("main");
    let old_form = family.forge.ok(&family.hosts, "-H build1 prepare:web");
    assert_eq!(old_form.trim(), family.app.head());
    let built = family.forge.ok(&family.hosts, "-H build1 quick 124 web");
    assert!(built.contains("stack default/124 is now at revision 2"), "{built}");
    let shown = family.hosts.ok("-H build1 --format json package show dh-web");
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let provenance = &shown["versions"][0]["files"][0]["provenance"];
    assert_eq!(provenance["commit"], family.app.head(), "{shown}");
    // What comes later is fetched too, by the other form.
    let next = family.app.commit_file("next.txt", "next");
    family.forge.publish("app.git", &family.app);
    let built = family.forge.ok(&family.hosts, "-H build1 quick:124,web");
    assert!(built.contains("1 package built") && built.contains(&next[..7]), "{built}");
}

#[test]
fn without_its_agent_a_host_says_that_it_has_no_key_and_where_one_may_come_from() {
    let mut family = keyless();
    let _agent = agent_for(&mut family);
    let machine = gachette::identity::host();
    let message = format!("error: build1: the server wants a login: {}", family.forge.url("app.git"));
    let message = message.replace(&family.forge.folder("").display().to_string(), "[repositories]/");
    for line in ["-a -H build1 quick 124 web", "-a -H build1 quick:124,web", "-a -H build1 prepare:web"] {
        let said = family.forge.run(&family.hosts, line);
        let [error, hint] = refused(&said);
        assert_eq!(error, message, "{line}");
        assert!(said.stderr.contains("Permission denied (publickey)"), "{line}: {}", said.stderr);
        let expected = format!("hint: no authentication agent was forwarded to {machine}");
        assert!(hint.starts_with(&expected), "{line}: {hint}");
        assert!(hint.contains("`-a`") && hint.contains("`source: push`"), "{line}: {hint}");
    }
    assert!(family.hosts.ok("-H build1 stack log 124").lines().count() < 3, "nothing was added");
    // What it says helps.
    family.forge.ok(&family.hosts, "-H build1 quick 124 web");
}

#[test]
fn an_agent_without_the_right_key_is_told_from_none() {
    let mut family = keyless();
    let stranger = SshAgent::start();
    stranger.add_stranger("stranger");
    family.forge.access_by(&stranger);
    let said = family.forge.run(&family.hosts, "-H build1 quick 124 web");
    let [error, hint] = refused(&said);
    assert!(error.starts_with("error: build1: the server wants a login: ssh://"), "{error}");
    assert!(hint.contains("neither the authentication agent nor") && hint.contains("`ssh-add -l`"), "{hint}");
}

#[test]
fn an_agent_that_sshd_lets_nobody_forward_is_not_there_either() {
    let (mut forge, source, agent) = (Forge::new(), project("true"), SshAgent::start());
    forge.publish("app.git", &source);
    let configuration = format!("projects.web.url: {}\n", forge.url("app.git"));
    let hosts = Hosts::with_sshd("AllowAgentForwarding no", &configuration);
    forge.introduce_to(&hosts);
    agent.add(&forge.sshd.client_key());
    forge.access_by(&agent);
    let said = forge.run(&hosts, "-H build1 prepare web");
    let [_, hint] = refused(&said);
    assert!(
        hint.contains("no authentication agent was forwarded") && hint.contains("`AllowAgentForwarding`"),
        "{hint}"
    );
    // The other way needs no agent there.
    let mut pushed = hosts.command("-H build1 --set projects.web.source=push prepare web");
    let pushed = pushed.env("GIT_SSH_COMMAND", forge.sshd.ssh_command()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&pushed.stdout).trim(), source.head());
}

#[test]
fn a_server_of_repositories_that_the_host_does_not_know_is_told_with_where_to_accept_it() {
    let mut family = keyless();
    let _agent = agent_for(&mut family);
    family.forge.sshd.forget_host_key();
    let said = family.forge.run(&family.hosts, "-H build1 quick 124 web");
    let [error, hint] = refused(&said);
    assert!(error.starts_with("error: build1: the host key of the server is not known: ssh://"), "{error}");
    assert!(hint.starts_with("hint: on the machine that fetches, connect once with `ssh "), "{hint}");
    family.forge.sshd.trust_host_key();
    family.forge.ok(&family.hosts, "-H build1 quick 124 web");
}

#[test]
fn an_agent_is_lent_to_a_detached_build_until_it_has_its_commits() {
    let mut family = keyless();
    let mut agent = agent_for(&mut family);
    let go = family.hosts.path("go");
    let step = crate::playground::until_let_go(&go);
    let recipe = format!("name: web\ntype: application\nbuild_assets: [{}]\n", serde_json::json!(step));
    family.app.commit_file(".missile.yml", recipe);
    family.forge.publish("app.git", &family.app);
    let id = family.forge.ok(&family.hosts, "-H build1 quick 124 web --detach").trim().to_owned();
    agent.kill();
    std::fs::write(&go, "").unwrap();
    let show = || family.hosts.ok(&format!("-a -H build1 --format json builds show {id}"));
    let state = || serde_json::from_str::<serde_json::Value>(&show()).unwrap()["state"].clone();
    wait_until("the build ends", || state() != "running");
    assert_eq!(state(), "succeeded", "{}", show());
}

#[test]
fn a_connection_that_is_kept_lends_no_agent_to_who_forwards_none() {
    let family = keyless();
    let runtime = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp").unwrap();
    let [right, stranger] = [(); 2].map(|()| SshAgent::start());
    right.add(&family.forge.sshd.client_key());
    stranger.add_stranger("stranger");
    let code = |agent: &SshAgent, more: &str| {
        let line = format!("--set reuse_connection=10 -H build1 {more} prepare web");
        let mut command = family.hosts.command(&line);
        command.env("XDG_RUNTIME_DIR", runtime.path()).env("SSH_AUTH_SOCK", agent.socket());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().code()
    };
    assert_eq!(code(&right, "-A"), Some(0));
    let kept = std::fs::read_dir(runtime.path().join("gachette")).unwrap();
    let kept = kept.filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_socket()).count();
    assert_eq!((code(&right, "-a"), kept), (Some(4), 1));
    assert_eq!(code(&stranger, "-A"), Some(4));
    assert_eq!(code(&right, "-A"), Some(0));
}
