//! Work on a host that ends before it is done: killed there, killed here, interrupted.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use gachette_testkit::GitRepository;

use crate::hosts::{Hosts, far_gachette, is_running, kill, project, wait_until};

#[test]
fn work_on_a_host_ends_when_its_client_is_killed() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    hosts.ok("-H build1 stack create 124");
    let mark = format!("sleep 1000.{}", hosts.sshd.port());
    let source_step = format!("exec {mark}");
    source
        .write(".missile.yml", format!("name: web\ntype: application\nbuild_assets: ['{source_step}']\n"))
        .commit("slow");
    let mut client = hosts.playground.command(&["-H", "build1", "quick", "124", "web"]);
    let mut client = client.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the step begins", || is_running(&mark));
    client.kill().unwrap();
    client.wait().unwrap();
    wait_until("the step ends with its client", || !is_running(&mark));
    assert!(hosts.ok("-H build1 stack log 124").contains("created"), "nothing was added");
}

/// A `quick` on a host, in the middle of its slow step; the words of that step.
fn in_the_middle(hosts: &Hosts, source: &GitRepository) -> (std::process::Child, String) {
    hosts.ok("-H build1 stack create 124");
    let slow = format!("sleep 1000.{}", hosts.sshd.port());
    let recipe = format!("name: web\ntype: application\nbuild_assets: ['exec {slow}']\n");
    source.write(".missile.yml", recipe).commit("slow");
    let mut client = hosts.playground.command(&["-H", "build1", "quick", "124", "web"]);
    let client = client.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the step begins", || is_running(&slow));
    (client, slow)
}

/// What is said when one of the processes behind a connection is killed in the middle of a build; the same command then
/// does its work.
fn killed_in_the_middle(which: usize, more: &str, part: &str) {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n{more}", source.path().display()));
    let (client, slow) = in_the_middle(&hosts, &source);
    let victim = &far_gachette(&hosts)[which];
    kill(PathBuf::from(victim));
    let output = client.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{said}");
    let state = "in the middle of: quick web into default/124; the stack has got all of its packages or none";
    assert!(said.contains(part) && said.contains(state), "{said}");
    wait_until("the step ends with what it was part of", || !is_running(&slow));
    // What is said to look at it works.
    let (_, look) = said.split_once("`gachette ").unwrap();
    let shown = hosts.ok(look.split_once('`').unwrap().0);
    assert!(["lost", "cancelled"].iter().any(|state| shown.contains(state)), "{shown}");
    source
        .write(".missile.yml", "name: web\ntype: application\nbuild_assets: ['true']\n")
        .commit("quick again");
    assert!(hosts.ok("-H build1 quick 124 web").contains("dh-web"));
    hosts.ok("-H build1 repository fsck");
}

#[test]
fn a_session_that_is_killed_is_a_lost_connection() {
    killed_in_the_middle(1, "", "build1: the connection was lost");
}

#[test]
fn a_program_that_is_killed_there_is_told_from_a_lost_connection() {
    killed_in_the_middle(0, "", "build1: gachette was ended there");
}

#[test]
fn an_interrupt_from_the_keyboard_ends_the_work_there_in_order() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    hosts.ok("-H build1 stack create 124");
    let mark = format!("sleep 2000.{}", hosts.sshd.port());
    let recipe = format!("name: web\ntype: application\nbuild_assets: ['exec {mark}']\n");
    source.write(".missile.yml", recipe).commit("slow");
    let mut client = hosts.playground.command(&["-H", "build1", "quick", "124", "web"]);
    // As a shell starts it: what the keyboard sends goes to the whole group.
    let client = client.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the step begins", || is_running(&mark));
    let group = format!("-{}", client.id());
    assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
    let output = client.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    wait_until("the step ends", || !is_running(&mark));
}

#[test]
fn an_interrupt_ends_the_work_on_all_hosts_though_failures_are_only_warned_about() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    hosts.ok("-H build1 stack create 124");
    let mark = format!("sleep 3000.{}", hosts.sshd.port());
    let recipe = format!("name: web\ntype: application\nbuild_assets: ['exec {mark}']\n");
    source.write(".missile.yml", recipe).commit("slow");
    let mut client = hosts.playground.command(&["-w", "-H", "build1,build2", "quick", "124", "web"]);
    let client = client.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the step begins", || is_running(&mark));
    assert!(Command::new("kill").args(["-INT", &client.id().to_string()]).status().unwrap().success());
    let output = client.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.contains("not begun")), (Some(130), true), "{said}");
}

#[test]
fn an_interrupt_ends_what_comes_after_the_build_too() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\nrepository: here\n", source.path().display()));
    hosts.ok("stack create 124");
    // Whoever has the stack's turn makes others wait.
    let stack = fs::File::open(hosts.playground.path("repository/domain/default/stacks/124")).unwrap();
    stack.lock().unwrap();
    let mut client = hosts.playground.command(&["-H", "build1", "quick", "124", "web"]);
    let mut client = client.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(client.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("goes to the repository")));
    let id = client.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let said: Vec<String> = lines.collect();
    assert_eq!(client.wait().unwrap().code(), Some(130), "{said:?}");
    drop(stack);
    hosts.ok("-H build1 quick 124 web");
    hosts.ok("repository fsck");
}
