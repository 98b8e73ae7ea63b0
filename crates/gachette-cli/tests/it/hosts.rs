//! Commands that happen on other machines: a real sshd, and a home there that has nothing in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use gachette_core::Sha256Digest;
use gachette_testkit::{GitRepository, SshAgent, Sshd};

use crate::assert_transcript;
use crate::playground::{Playground, Said, program};

/// A playground whose configuration knows a server.
pub(crate) struct Hosts {
    pub(crate) sshd: Sshd,
    pub(crate) playground: Playground,
}

impl Hosts {
    /// A host at which nobody ever was.
    pub(crate) fn new(more: &str) -> Self {
        Self::with_sshd("", more)
    }

    /// One at which the program is already.
    pub(crate) fn visited(more: &str) -> Self {
        let hosts = Self::new(more);
        visit(&hosts.home());
        hosts
    }

    /// With these lines more in the configuration of sshd.
    pub(crate) fn with_sshd(lines: &str, more: &str) -> Self {
        let sshd = Sshd::start_with(lines);
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
    pub(crate) fn arrived(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.sshd.home().join(".cache/gachette/bin")).into_iter().flatten();
        folder.map(|entry| entry.unwrap().path()).collect()
    }
}

/// Puts the program into the home of who logs in, where an earlier visit leaves it: to bring it there takes seconds, and few tests are
/// about that.
pub(crate) fn visit(home: &Path) {
    let digest = Sha256Digest::of(&fs::read(program()).unwrap());
    let folder = home.join(".cache/gachette/bin");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(program(), folder.join(digest.to_string())).unwrap();
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
    let hosts =
        Hosts::visited(&format!("projects.web.url: {}\nrepository: build2\n", source.path().display()));
    hosts.ok("stack create 124");
    let built = hosts.ok("-H build1 quick 124 web");
    assert!(built.contains("stack default/124 is now at revision 2"), "{built}");
    assert!(hosts.ok("-H build1 stack show 124").contains("dh-web"));
}

#[test]
fn each_host_says_which_it_is() {
    let hosts = Hosts::visited("hosts: [build1, build2, build1]\n");
    assert_transcript!(hosts.run("stack_create:124"));
}

#[test]
fn hosts_are_worked_on_at_the_same_time() {
    let hosts = Hosts::visited("");
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
    let hosts = Hosts::visited("");
    assert_transcript!(hosts.run("-H build1,build2 stack show 7"));
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

/// Whether the process leads a session. What a program starts looks like itself for a moment, but does not.
pub(crate) fn leads_session(process: &Path) -> bool {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    let session = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(3));
    session.is_some_and(|session| process.ends_with(session))
}

/// The process on the host that serves this client: its number, and that of sshd's process before it.
pub(crate) fn far_gachette(hosts: &Hosts) -> [String; 2] {
    far_gachette_by_now(hosts).expect("it serves")
}

/// The same, when there is one by now.
pub(crate) fn far_gachette_by_now(hosts: &Hosts) -> Option<[String; 2]> {
    let bin = hosts.sshd.home().join(".cache/gachette/bin").display().to_string();
    let mut processes = fs::read_dir("/proc").unwrap().flatten().map(|process| process.path());
    let is_it = |path: &PathBuf| {
        fs::read_to_string(path.join("cmdline"))
            .is_ok_and(|line| line.starts_with(&bin) && line.contains("dial-stdio"))
            && leads_session(path)
    };
    let process = processes.find(is_it)?;
    let status = fs::read_to_string(process.join("status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().to_owned();
    Some([process.file_name()?.to_string_lossy().into_owned(), parent])
}

#[test]
fn a_host_that_is_no_name_is_no_wish_for_this_machine() {
    let hosts = Hosts::visited("");
    for host in ["", ",", " "] {
        let said = hosts.playground.run_words(&["-H", host, "repository", "init"]);
        assert_eq!((said.code, said.stderr.contains("names no host")), (2, true), "{}", said.stderr);
    }
    assert!(!hosts.playground.path("repository").exists());
}

#[test]
fn hosts_after_a_failed_one_are_worked_on_when_failures_are_only_warned_about() {
    let hosts = Hosts::visited("");
    hosts.ok("-H build1 stack create 124");
    let said = hosts.run("-w -H nowhere.invalid,build1 stack list");
    assert_eq!(said.code, 6, "{}", said.stderr);
    assert!(said.stdout.contains("[build1] default/124"), "{}", said.stdout);
}

#[test]
fn the_agent_is_forwarded_unless_told_otherwise() {
    let source = project(r#"test -S "${SSH_AUTH_SOCK:-none}""#);
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    hosts.ok("-H build1 stack create 124");
    let agent = SshAgent::start();
    let code = |forwarding: &str| {
        let words = ["-H", "build1", forwarding, "quick", "124", "web", "--rebuild"];
        let output = hosts.playground.command(&words).env("SSH_AUTH_SOCK", agent.socket()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (with, without) = (code("-A"), code("-a"));
    assert_eq!(with.0, Some(0), "{}", with.1);
    assert_eq!(without.0, Some(4), "{}", without.1);
}

#[test]
fn ssh_and_what_its_configuration_starts_are_given_no_secrets() {
    let hosts = Hosts::visited("");
    let (seen, real) = (hosts.path("environment"), hosts.sshd.ssh_config().display().to_string());
    let configuration = format!("Match exec \"env >> {}\"\nMatch all\nInclude {real}\n", seen.display());
    hosts.playground.write("ssh_config", &configuration);
    let setting = format!("ssh_config_path={}", hosts.path("ssh_config").display());
    let mut command = hosts.playground.command(&["--set", &setting, "-H", "build1", "stack", "create", "1"]);
    let output = command.env("GACHETTE_TOKEN", "t").env("GACHETTE_PASSPHRASE", "p").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen = fs::read_to_string(seen).unwrap();
    assert!(
        seen.contains("HOME=") && !seen.contains("GACHETTE_TOKEN") && !seen.contains("GACHETTE_PASSPHRASE")
    );
}

#[test]
fn a_build_that_talks_much_is_followed_to_its_end() {
    let source = project("seq 200000");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    hosts.ok("-H build1 stack create 124");
    assert!(hosts.ok("-H build1 quick 124 web").contains("1 package built"));
}
