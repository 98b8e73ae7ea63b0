//! Commands that happen on other machines: a real sshd, and a home there that has nothing in it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gachette_testkit::{GitRepository, Sshd};

use crate::assert_transcript;
use crate::playground::{Playground, Said};

/// A playground whose configuration knows a server.
pub(crate) struct Hosts {
    pub(crate) sshd: Sshd,
    pub(crate) playground: Playground,
}

impl Hosts {
    pub(crate) fn new(more: &str) -> Self {
        let sshd = Sshd::start();
        let configuration = format!(
            "ssh_config_path: {}\nreuse_connection: 0\nmeta_path: repository\nworking_copies: working_copies\n{more}",
            sshd.ssh_config().display()
        );
        Self { playground: Playground::with_configuration(&configuration), sshd }
    }

    pub(crate) fn run(&self, line: &str) -> Said {
        let mut said = self.playground.run(line);
        for text in [&mut said.stdout, &mut said.stderr] {
            *text = text.replace(&self.sshd.port().to_string(), "[port]");
            *text = text.replace(&self.sshd.home().display().to_string(), "[home]");
        }
        said
    }

    /// A path on this machine, in the folder with the configuration.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.playground.path(name)
    }

    /// The home of who logs in.
    pub(crate) fn home(&self) -> PathBuf {
        self.sshd.home()
    }

    /// The program, about to run with the words of this line.
    pub(crate) fn command(&self, line: &str) -> std::process::Command {
        self.playground.command(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn ok(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, 0, "gachette {line}\n{}{}", said.stdout, said.stderr);
        said.stdout
    }

    /// The programs that arrived.
    fn arrived(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.sshd.home().join(".cache/gachette/bin")).into_iter().flatten();
        folder.map(|entry| entry.unwrap().path()).collect()
    }
}

/// A project whose recipe takes a step that runs these words.
pub(crate) fn project(step: &str) -> GitRepository {
    let source = GitRepository::new();
    source.write(".missile.yml", format!("name: web\ntype: application\nbuild_assets: ['{step}']\n"));
    source.write("index.html", "hello\n").commit("first");
    source
}

/// Waits until it is so, for at most a minute.
pub(crate) fn wait_until(what: &str, so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_whole_chain_happens_on_the_host() {
    let source = project("true");
    let hosts = Hosts::new(&format!("projects.web.url: {}\n", source.path().display()));
    hosts.ok("-H build1 stack_create:124");
    assert_eq!(hosts.arrived().len(), 1);
    let built = hosts.ok("-H build1 quick:124,web");
    assert!(built.contains("dh-web") && built.contains("stack default/124 is now at revision 2"), "{built}");
    let shown = hosts.ok("--hosts build1 --format json stack show 124");
    assert!(shown.contains("\"dh-web\""), "{shown}");
    // The logs of builds are where the building is done.
    assert!(hosts.sshd.home().join(".local/state/gachette/builds").is_dir());
    assert_eq!(hosts.arrived().len(), 1, "it arrives once");
}

#[test]
fn what_a_host_builds_goes_to_the_repository_of_this_machine() {
    let source = project("true");
    let hosts = Hosts::new(&format!(
        "projects.web.url: {}\nhosts: build1\nrepository: here\n",
        source.path().display()
    ));
    hosts.ok("stack_create:124");
    assert!(hosts.arrived().is_empty(), "stacks are of the repository alone");
    let built = hosts.ok("quick:124,web");
    assert!(built.contains("stack default/124 is now at revision 2"), "{built}");
    let waiting = hosts.sshd.home().join(".cache/gachette/built/debs");
    let built =
        fs::read_dir(&waiting).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
    assert_eq!(built, 1);
    // It says where it comes from, and is not built again.
    let shown: serde_json::Value =
        serde_json::from_str(&hosts.ok("--format json package show dh-web")).unwrap();
    assert_eq!(shown["versions"][0]["files"][0]["provenance"]["project"], "web", "{shown}");
    let again = hosts.ok("quick:124,web");
    assert!(again.contains("0 packages built, 1 already there"), "{again}");
    // Nor by a builder that has not built it, when the repository has it.
    fs::remove_dir_all(waiting.parent().unwrap()).unwrap();
    let elsewhere = hosts.ok("quick:124,web");
    assert!(elsewhere.contains("0 packages built, 1 already there"), "{elsewhere}");
    assert!(
        !waiting.exists() || fs::read_dir(&waiting).unwrap().all(|entry| !entry.unwrap().path().is_file())
    );
    let rebuilt = hosts.ok("quick 124 web --rebuild");
    assert!(rebuilt.contains("1 package built, 0 already there"), "{rebuilt}");
    hosts.ok("build web");
    assert!(hosts.ok("repository fsck").contains("clean: "), "the repository is whole");
    hosts.ok("stack seal 124");
    let refused = hosts.run("quick:124,web");
    assert_eq!((refused.code, refused.stderr.contains("is sealed")), (5, true), "{}", refused.stderr);
}

#[test]
fn what_a_host_builds_goes_to_the_repository_of_another_host() {
    let source = project("true");
    let hosts = Hosts::new(&format!("projects.web.url: {}\nrepository: build2\n", source.path().display()));
    hosts.ok("stack create 124");
    let built = hosts.ok("-H build1 quick 124 web");
    assert!(built.contains("stack default/124 is now at revision 2"), "{built}");
    assert!(hosts.ok("-H build1 stack show 124").contains("dh-web"));
}

#[test]
fn each_host_says_which_it_is() {
    let hosts = Hosts::new("hosts: [build1, build2, build1]\n");
    assert_transcript!(hosts.run("stack_create:124"));
}

#[test]
fn hosts_are_worked_on_at_the_same_time() {
    let hosts = Hosts::new("");
    hosts.ok("-H build1 stack create 124");
    let said = hosts.run("-H build1,build2,build3,build4 -P -z 2 --format json stack list");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let lines: Vec<serde_json::Value> =
        said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut done: Vec<&str> = lines.iter().filter_map(|line| line["host"].as_str()).collect();
    done.sort_unstable();
    assert_eq!(done, ["build1", "build2", "build3", "build4"]);
}

#[test]
fn the_first_host_that_fails_stops_the_rest() {
    let hosts = Hosts::new("");
    assert_transcript!(hosts.run("-H build1,build2 stack show 7"));
}

#[test]
fn a_host_that_does_not_let_us_in_is_told_with_a_way_out() {
    let hosts = Hosts::new("");
    let mut text = String::new();
    let mut tell = |what: &str, said: Said| text += &format!("# {what}\n{}\n", said.transcript());
    hosts.sshd.forget_host_key();
    tell("an unknown key", hosts.run("-H build1 stack list"));
    hosts.sshd.expect_another_host_key();
    tell("another key", hosts.run("-H build1 stack list"));
    hosts.sshd.trust_host_key();
    hosts.sshd.refuse_everybody();
    tell("nobody", hosts.run("-H build1 stack list"));
    tell("no such host", hosts.run("-H nowhere.invalid stack list"));
    tell("no server", hosts.run("-H ada@127.0.0.1:1 stack list"));
    tell("no host", hosts.run("-H -oProxyCommand=x stack list"));
    let mut settings = insta::Settings::clone_current();
    for (pattern, with) in [
        (r"SHA256:[A-Za-z0-9+/]+", "[fingerprint]"),
        (r"/tmp/sshd\w+", "[sshd]"),
        (r"\b(ada|root)@127.0.0.1: Perm", "[user]@127.0.0.1: Perm"),
    ] {
        settings.add_filter(pattern, with);
    }
    settings.bind(|| insta::assert_snapshot!(text));
}

#[test]
fn a_key_that_cannot_be_read_is_told_before_anything_is_connected_to() {
    let hosts = Hosts::new("");
    let missing = "cannot read the private key [folder]/nowhere: No such file";
    assert!(Command::new("mkfifo").arg(hosts.playground.path("pipe")).status().unwrap().success());
    for (line, part) in [
        ("-i nowhere -H build1 stack list", "cannot read the private key nowhere: No such file"),
        ("--set key_filename=nowhere -H build1 stack list", missing),
        ("-i home -H build1 stack list", "cannot read the private key home: "),
        ("-i pipe -H build1 stack list", "cannot read the private key pipe: it is no regular file"),
    ] {
        let said = hosts.run(line);
        assert_eq!((said.code, said.stderr.contains(part)), (3, true), "{line}: {}", said.stderr);
    }
    assert!(hosts.arrived().is_empty());
    // Of a key that the agent has, the public half is enough.
    fs::write(hosts.playground.path("held.pub"), "ssh-ed25519 AAAA").unwrap();
    hosts.ok("-i held -H build1 repository init");
}

#[test]
fn a_home_that_cannot_hold_the_program_is_told() {
    let hosts = Hosts::new("");
    fs::write(hosts.sshd.home().join(".cache"), "in the way").unwrap();
    assert_transcript!(hosts.run("-H build1 stack list"));
}

#[test]
fn what_a_login_shell_prints_harms_nothing_and_its_path_counts() {
    let source = project("there-is-only-one");
    let hosts = Hosts::new(&format!("projects.web.url: {}\n", source.path().display()));
    let home = hosts.sshd.home();
    let tool = home.join("tools/there-is-only-one");
    fs::create_dir(home.join("tools")).unwrap();
    fs::write(&tool, "#!/bin/sh\ntouch made-on-the-host\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(
        home.join(".profile"),
        "echo Welcome; echo gachette-hello nonsense >&2; PATH=$PATH:$HOME/tools\n",
    )
    .unwrap();
    fs::write(home.join(".bashrc"), "echo noise; echo more noise\n").unwrap();
    hosts.ok("-H build1 stack create 124");
    assert!(hosts.ok("-H build1 quick 124 web").contains("dh-web"));
}

#[test]
fn older_programs_make_way_and_a_torn_one_is_never_run() {
    let hosts = Hosts::new("");
    let folder = hosts.sshd.home().join(".cache/gachette/bin");
    fs::create_dir_all(&folder).unwrap();
    for n in 0..9 {
        fs::write(folder.join(format!("{n:064}")), "older").unwrap();
    }
    fs::write(folder.join(".arriving-abcdef"), "torn").unwrap();
    hosts.ok("-H build1 stack create 124");
    let kept =
        hosts.arrived().into_iter().filter(|path| !path.to_string_lossy().contains("/.arriving-")).count();
    assert_eq!(kept, 4, "{:?}", hosts.arrived());
}

#[test]
fn work_on_a_host_ends_when_its_client_is_killed() {
    let source = project("true");
    let hosts = Hosts::new(&format!("projects.web.url: {}\n", source.path().display()));
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

/// Whether a program with exactly these words runs.
pub(crate) fn is_running(words: &str) -> bool {
    running(words).next().is_some()
}

/// The folders in /proc of the programs with exactly these words.
pub(crate) fn running(words: &str) -> impl Iterator<Item = PathBuf> {
    let wanted = words.replace(' ', "\0") + "\0";
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|process| process.path());
    processes.filter(move |path| fs::read(path.join("cmdline")).is_ok_and(|line| line == wanted.as_bytes()))
}

/// Kills the process that this folder in /proc is of.
pub(crate) fn kill(process: PathBuf) {
    let number = process.file_name().unwrap();
    assert!(Command::new("kill").arg("-9").arg(number).status().unwrap().success());
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

/// Whether the process leads a session. What a program starts looks like itself for a moment, but does not.
pub(crate) fn leads_session(process: &Path) -> bool {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    let session = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(3));
    session.is_some_and(|session| process.ends_with(session))
}

/// The process on the host that serves this client: its number, and that of sshd's process before it.
pub(crate) fn far_gachette(hosts: &Hosts) -> [String; 2] {
    let bin = hosts.sshd.home().join(".cache/gachette/bin").display().to_string();
    let mut processes = fs::read_dir("/proc").unwrap().flatten().map(|process| process.path());
    let is_it = |path: &PathBuf| {
        fs::read_to_string(path.join("cmdline"))
            .is_ok_and(|line| line.starts_with(&bin) && line.contains("dial-stdio"))
            && leads_session(path)
    };
    let process = processes.find(is_it).expect("it serves");
    let status = fs::read_to_string(process.join("status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().to_owned();
    [process.file_name().unwrap().to_string_lossy().into_owned(), parent]
}

/// What is said when one of the processes behind a connection is killed in the middle of a build; the same command then
/// does its work.
fn killed_in_the_middle(which: usize, more: &str, part: &str) {
    let source = project("true");
    let hosts = Hosts::new(&format!("projects.web.url: {}\n{more}", source.path().display()));
    let (client, slow) = in_the_middle(&hosts, &source);
    let victim = &far_gachette(&hosts)[which];
    kill(PathBuf::from(victim));
    let output = client.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains(part) && said.contains("in the middle of: quick web into default/124"), "{said}");
    wait_until("the step ends with what it was part of", || !is_running(&slow));
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
fn a_connection_that_is_kept_serves_the_next_command() {
    let hosts = Hosts::new("");
    let kept = |line: &str| hosts.run(&format!("--set reuse_connection=5 {line}"));
    assert_eq!(kept("-H build1 stack create 124").code, 0);
    // Whoever comes later is let in by the connection alone.
    hosts.sshd.refuse_everybody();
    let said = kept("-H build1 stack list");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(hosts.run("-H build1 stack list").code, 6, "a connection of its own is refused");
}

#[test]
fn an_interrupt_from_the_keyboard_ends_the_work_there_in_order() {
    let source = project("true");
    let hosts = Hosts::new(&format!("projects.web.url: {}\n", source.path().display()));
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
fn an_interrupt_ends_what_comes_after_the_build_too() {
    let source = project("true");
    let hosts = Hosts::new(&format!("projects.web.url: {}\nrepository: here\n", source.path().display()));
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

#[test]
fn a_torn_program_on_the_host_is_sent_again() {
    let hosts = Hosts::new("");
    hosts.ok("-H build1 stack create 124");
    let program = hosts.arrived().remove(0);
    // The whole one may still run.
    let torn = fs::read(&program).unwrap()[..1000].to_vec();
    fs::remove_file(&program).unwrap();
    fs::write(&program, torn).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    hosts.ok("-H build1 stack list");
}

#[test]
fn a_host_that_is_no_name_is_no_wish_for_this_machine() {
    let hosts = Hosts::new("");
    for host in ["", ",", " "] {
        let said = hosts.playground.run_words(&["-H", host, "repository", "init"]);
        assert_eq!((said.code, said.stderr.contains("names no host")), (2, true), "{}", said.stderr);
    }
    assert!(!hosts.playground.path("repository").exists());
}

#[test]
fn hosts_after_a_failed_one_are_worked_on_when_failures_are_only_warned_about() {
    let hosts = Hosts::new("");
    hosts.ok("-H build1 stack create 124");
    let said = hosts.run("-w -H nowhere.invalid,build1 stack list");
    assert_eq!(said.code, 6, "{}", said.stderr);
    assert!(said.stdout.contains("[build1] default/124"), "{}", said.stdout);
}

#[test]
fn a_kept_connection_that_died_is_made_again() {
    let hosts = Hosts::new("");
    // The path of a socket must be short.
    let runtime = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp").unwrap();
    let list = || {
        let words = ["--set", "reuse_connection=30", "-H", "build1", "repository", "init"];
        hosts.playground.command(&words).env("XDG_RUNTIME_DIR", runtime.path()).output().unwrap()
    };
    let kept = || -> Vec<PathBuf> {
        let sockets = fs::read_dir(runtime.path().join("gachette")).into_iter().flatten();
        sockets.map(|entry| entry.unwrap().path()).collect()
    };
    let master = || {
        let check = Command::new("ssh").args(["-O", "check", "-S"]).arg(&kept()[0]).arg("x").output();
        let said = String::from_utf8(check.unwrap().stderr).unwrap();
        said.split("pid=").nth(1).and_then(|rest| rest.split(')').next()).map(str::to_owned)
    };
    assert!(list().status.success());
    let pid = master().expect("a master is kept");
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    wait_until("the master is gone", || !std::path::Path::new("/proc").join(&pid).exists());
    assert_eq!(kept().len(), 1, "its socket stays");
    let again = list();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let pid = master().expect("a new master is kept");
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
}

#[test]
fn the_agent_is_forwarded_unless_told_otherwise() {
    let source = project(r#"test -S "${SSH_AUTH_SOCK:-none}""#);
    let hosts = Hosts::new(&format!("projects.web.url: {}\n", source.path().display()));
    hosts.ok("-H build1 stack create 124");
    let socket = hosts.playground.path("agent");
    let mut agent = Command::new("ssh-agent");
    let mut agent = agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
    wait_until("the agent listens", || socket.exists());
    let code = |forwarding: &str| {
        let words = ["-H", "build1", forwarding, "quick", "124", "web", "--rebuild"];
        let output = hosts.playground.command(&words).env("SSH_AUTH_SOCK", &socket).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (with, without) = (code("-A"), code("-a"));
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert_eq!(with.0, Some(0), "{}", with.1);
    assert_eq!(without.0, Some(4), "{}", without.1);
}
