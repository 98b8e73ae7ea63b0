//! What can go wrong with `ssh` before anything of ours runs: limits of sshd, keys, agents. Each ends in time, with what to do.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gachette_testkit::{GitRepository, SshAgent, Sshd};

use crate::hosts::{Hosts, is_running, project, wait_until};
use crate::playground::{Playground, Said};

/// How long a refusal may take.
const TOLD_WITHIN: Duration = Duration::from_secs(30);

/// What is said, in time, of a host that cannot be used.
fn refused(hosts: &Hosts, line: &str) -> Said {
    let begun = Instant::now();
    let said = hosts.run(line);
    let took = begun.elapsed();
    assert!(took < TOLD_WITHIN, "{took:?}: {}", said.stderr);
    assert_eq!(said.code, 6, "{}", said.stderr);
    said
}

/// The message, and what to do about it, both with these words.
fn tells(said: &Said, message: &str, hint: &str) {
    let line = |begin: &str| said.stderr.lines().find(|line| line.starts_with(begin)).unwrap_or_default();
    assert!(line("error: ").contains(message), "{message}: {}", said.stderr);
    assert!(line("hint: ").contains(hint), "{hint}: {}", said.stderr);
}

#[test]
fn a_server_with_too_many_logins_is_told_from_one_that_is_not_there() {
    let hosts = Hosts::with_sshd("MaxStartups 1", "");
    // Somebody who never logs in takes the only place.
    let stranger = TcpStream::connect(("127.0.0.1", hosts.sshd.port())).unwrap();
    let mut banner = String::new();
    BufReader::new(&stranger).read_line(&mut banner).unwrap();
    assert!(banner.starts_with("SSH-2.0-"), "{banner}");
    tells(&refused(&hosts, "-H build1 stack list"), "hung up before anybody could log in", "`MaxStartups`");
    drop(stranger);
    wait_until("there is a place again", || hosts.run("-H build1 repository init").code == 0);
}

#[test]
fn a_connection_is_tried_as_often_as_is_configured() {
    let mut hosts = Hosts::visited("");
    hosts.sshd.stop();
    tells(&refused(&hosts, "-H build1 stack list"), "it refused the connection", "sshd");
    // ssh_config(5), ConnectionAttempts: one attempt a second.
    let begun = Instant::now();
    refused(&hosts, "--set connection_attempts=3 -H build1 stack list");
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    let mut patient = hosts.command("--set connection_attempts=60 -H build1 repository init");
    let patient = patient.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let ssh_of_ours = || {
        let parent = format!("PPid:\t{}\n", patient.id());
        let processes = fs::read_dir("/proc").unwrap().flatten().map(|process| process.path());
        let mut status = processes.filter_map(|process| fs::read_to_string(process.join("status")).ok());
        status.any(|status| status.starts_with("Name:\tssh\n") && status.contains(&parent))
    };
    wait_until("ssh tries", ssh_of_ours);
    hosts.sshd.start_again();
    let output = patient.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_server_that_opens_no_session_is_told_from_a_jump_host() {
    let hosts = Hosts::with_sshd("MaxSessions 0", "");
    tells(&refused(&hosts, "-H build1 stack list"), "opens no session", "`MaxSessions`");
}

/// Makes the step of the project take as long as it is let; what it runs.
fn slow(source: &GitRepository, hosts: &Hosts) -> String {
    let mark = format!("sleep 3000.{}", hosts.sshd.port());
    let recipe = format!("name: web\ntype: application\nbuild_assets: ['exec {mark}']\n");
    source.write(".missile.yml", recipe).commit("slow");
    mark
}

#[test]
fn a_kept_connection_that_takes_no_second_session_is_gone_around() {
    let source = project("true");
    let hosts =
        Hosts::with_sshd("MaxSessions 1", &format!("projects.web.url: {}\n", source.path().display()));
    let runtime = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp").unwrap();
    let kept = |line: &str| {
        let mut command = hosts.command(&format!("--set reuse_connection=20 -H build1 {line}"));
        command.env("XDG_RUNTIME_DIR", runtime.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    assert!(kept("stack create 124").status().unwrap().success());
    let mark = slow(&source, &hosts);
    let mut first = kept("quick 124 web").spawn().unwrap();
    wait_until("the step begins", || is_running(&mark));
    let second = kept("stack list").output().unwrap();
    assert_eq!(second.status.code(), Some(0), "{}", String::from_utf8_lossy(&second.stderr));
    assert!(is_running(&mark), "the first goes on");
    first.kill().unwrap();
    first.wait().unwrap();
    wait_until("the step ends with its client", || !is_running(&mark));
    let third = kept("stack list").output().unwrap();
    assert_eq!(third.status.code(), Some(0), "{}", String::from_utf8_lossy(&third.stderr));
}

/// A playground whose ssh configuration names no key: what the agent and `-i` bring is all there is.
fn keyless(sshd: &Sshd) -> Playground {
    let playground = Playground::with_configuration(
        "ssh_config_path: ssh_config\nreuse_connection: 0\nmeta_path: repository\n",
    );
    playground.write(
        "ssh_config",
        &format!(
            "Host build1\n  HostName 127.0.0.1\n  Port {0}\n  HostKeyAlias [127.0.0.1]:{0}\n  IdentityFile /nonexistent\n  \
             UserKnownHostsFile {1}\n  GlobalKnownHostsFile /dev/null\n",
            sshd.port(),
            sshd.known_hosts().display()
        ),
    );
    playground
}

#[test]
fn the_right_key_among_many_wrong_ones_is_found_when_it_is_named() {
    let sshd = Sshd::start_with("MaxAuthTries 2");
    let playground = keyless(&sshd);
    let agent = SshAgent::start();
    (0..4).for_each(|n| agent.add_stranger(&format!("stranger{n}")));
    let run = |more: &[&str], agent: &SshAgent| {
        let words = [&["-H", "build1"], more, &["repository", "init"]].concat();
        let output = playground.command(&words).env("SSH_AUTH_SOCK", agent.socket()).output().unwrap();
        playground.said(&words, output)
    };
    let key = sshd.client_key().display().to_string();
    let lost = run(&[], &agent);
    assert_eq!(lost.code, 6, "{}", lost.stderr);
    tells(&lost, "too many keys that are not the right one", "`-i FILE`");
    tells(&lost, "", "`IdentitiesOnly yes`");
    // Also when the agent has it, behind all the others.
    agent.add(&sshd.client_key());
    tells(&run(&[], &agent), "too many keys that are not the right one", "`-i FILE`");
    let named = run(&["-i", &key], &agent);
    assert_eq!(named.code, 0, "{}", named.stderr);
    let few = SshAgent::start();
    few.add_stranger("stranger");
    let wrong = run(&[], &few);
    tells(&wrong, "it let nobody in with the keys that were offered", "`ssh-add`");
    few.add(&sshd.client_key());
    let right = run(&[], &few);
    assert_eq!(right.code, 0, "{}", right.stderr);
}

#[test]
fn an_agent_that_is_gone_is_done_without() {
    let hosts = Hosts::visited("");
    let mut agent = SshAgent::start();
    let run = |agent: &SshAgent| {
        let mut command = hosts.command("-H build1 repository init");
        let output = command.env("SSH_AUTH_SOCK", agent.socket()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&agent);
    agent.kill();
    run(&agent);
    fs::remove_file(agent.socket()).unwrap();
    run(&agent);
}

#[test]
fn what_a_killed_client_began_is_taken_up_by_the_next() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    let runtime = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp").unwrap();
    for seconds in ["0", "20"] {
        let command = |line: &str| {
            let mut command = hosts.command(&format!("--set reuse_connection={seconds} -H build1 {line}"));
            command.env("XDG_RUNTIME_DIR", runtime.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command
        };
        assert!(command("stack create 124").output().unwrap().status.success());
        let mark = slow(&source, &hosts);
        let mut client = command("quick 124 web").spawn().unwrap();
        wait_until("the step begins", || is_running(&mark));
        client.kill().unwrap();
        client.wait().unwrap();
        wait_until("the step ends with its client", || !is_running(&mark));
        let quick = format!("name: web\ntype: application\nbuild_assets: ['echo {seconds}']\n");
        source.write(".missile.yml", quick).commit("quick again");
        let next = command("quick 124 web").output().unwrap();
        assert_eq!(next.status.code(), Some(0), "{}", String::from_utf8_lossy(&next.stderr));
        let said = String::from_utf8_lossy(&next.stdout).into_owned();
        assert!(said.contains("1 package built, 0 already there"), "{said}");
        assert!(command("repository fsck").output().unwrap().status.success());
    }
}

#[test]
fn a_host_that_does_not_let_us_in_is_told_with_a_way_out() {
    let hosts = Hosts::visited("");
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
fn a_jump_host_that_fails_is_told_from_the_host_behind_it() {
    let hosts = Hosts::visited("");
    let more = "Host gate-down\n  HostName 127.0.0.1\n  Port 1\nHost gate-elsewhere\n  HostName 127.0.0.1\n  HostKeyAlias elsewhere\n  \
                Port 22\nHost behind\n  HostName 127.0.0.1\n  Port 1\n";
    let configuration = hosts.sshd.ssh_config();
    let text = fs::read_to_string(&configuration).unwrap();
    let more = more.replace("Port 22", &format!("Port {}", hosts.sshd.port()));
    fs::write(&configuration, format!("{more}{text}")).unwrap();
    hosts.ok("--set gateway=build9 -H build1 repository init");
    let through =
        |gateway: &str, host: &str| refused(&hosts, &format!("--set gateway={gateway} -H {host} stack list"));
    tells(
        &through("gate-down", "build1"),
        "build1: at a host on the way there: it refused the connection",
        "sshd",
    );
    let unknown = "build1: at a host on the way there: its host key is not known";
    tells(&through("gate-elsewhere", "build1"), unknown, "fingerprint");
    let look = format!("`ssh -v -F {} -o ProxyJump=build9 behind`", configuration.display());
    tells(&through("build9", "behind"), "behind: the jump host could not connect to it", &look);
    hosts.sshd.refuse_everybody();
    tells(&through("build9", "build1"), "at a host on the way there: it let nobody in", "`ssh-add`");
}

#[test]
fn what_the_user_configured_for_sessions_of_his_own_is_not_in_the_way() {
    let hosts = Hosts::visited("");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let configuration = hosts.sshd.ssh_config();
    let usual = fs::read_to_string(&configuration).unwrap();
    let forward =
        format!("LocalForward {} 127.0.0.1:1\nExitOnForwardFailure yes", taken.local_addr().unwrap());
    for lines in [
        "RemoteCommand echo hello",
        "RequestTTY force",
        "SessionType none",
        "StdinNull yes",
        "ForkAfterAuthentication yes",
        forward.as_str(),
        "LogLevel QUIET",
        "LogLevel DEBUG",
    ] {
        fs::write(&configuration, format!("{usual}\n{lines}\n")).unwrap();
        hosts.ok("-H build1 repository init");
    }
    fs::write(&configuration, format!("{usual}\nLogLevel QUIET\n")).unwrap();
    hosts.sshd.refuse_everybody();
    tells(&refused(&hosts, "-H build1 stack list"), "it let nobody in", "`ssh-add`");
}
