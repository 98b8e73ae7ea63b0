//! Connections that the user's own ssh configuration shares (`ControlMaster`, `ControlPath`): they are used, and outlive us.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::hosts::{Hosts, is_running, project, wait_until};

/// A host, and a user whose ssh configuration shares connections.
struct Shared {
    hosts: Hosts,
    folder: TempDir,
}

impl Shared {
    /// With these lines in the user's configuration, beside the path of the socket.
    fn new(lines: &str, more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("gm").tempdir_in("/tmp").unwrap();
        let hosts = Hosts::visited(more);
        let configuration = hosts.sshd.ssh_config();
        let text = fs::read_to_string(&configuration).unwrap();
        let path = folder.path().join("%C");
        fs::write(&configuration, format!("{text}  ControlPath {}\n{lines}", path.display())).unwrap();
        Self { hosts, folder }
    }

    /// The user's own `ssh` to the host.
    fn ssh(&self, words: &[&str]) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(self.hosts.sshd.ssh_config()).args(words).stdin(Stdio::null());
        ssh
    }

    /// The process that has the shared connection.
    fn master(&self) -> Option<String> {
        let output = self.ssh(&["-O", "check", "build1"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        said.split("pid=").nth(1).and_then(|rest| rest.split(')').next()).map(str::to_owned)
    }

    /// Starts one, as the user does; its process.
    fn start_master(&self) -> String {
        let started = self.ssh(&["-M", "-N", "-f", "build1"]).stderr(Stdio::null()).status().unwrap();
        assert!(started.success());
        self.master().expect("the user has a master")
    }

    fn sockets(&self) -> Vec<PathBuf> {
        fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = self.ssh(&["-O", "exit", "build1"]).stderr(Stdio::null()).status();
    }
}

#[test]
fn a_master_of_the_user_is_used_and_never_ended() {
    let source = project("true");
    let shared = Shared::new("", &format!("projects.web.url: {}\n", source.path().display()));
    let hosts = &shared.hosts;
    let master = shared.start_master();
    // Whoever has no connection now gets none any more.
    hosts.sshd.refuse_everybody();
    hosts.ok("-H build1 stack create 124");
    let said = hosts.ok("host check build1");
    assert!(said.contains("through a connection that was kept"), "{said}");
    let mark = format!("sleep 4000.{}", hosts.sshd.port());
    let recipe = format!("name: web\ntype: application\nbuild_assets: ['exec {mark}']\n");
    source.write(".missile.yml", recipe).commit("slow");
    let mut client = hosts.command("-H build1 quick 124 web");
    let mut client = client.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the step begins", || is_running(&mark));
    client.kill().unwrap();
    client.wait().unwrap();
    wait_until("the step ends with its client", || !is_running(&mark));
    assert_eq!(shared.master(), Some(master.clone()), "a killed client takes nothing with it");
    let failed = hosts.run("-H build1 stack show nothing");
    assert_eq!(failed.code, 2, "{}", failed.stderr);
    assert_eq!(shared.master(), Some(master));
}

#[test]
fn no_connection_of_ours_becomes_the_user_s_master_and_ends_with_us() {
    let source = project("true");
    let more = format!("projects.web.url: {}\n", source.path().display());
    let shared = Shared::new("  ControlMaster auto\n", &more);
    let hosts = &shared.hosts;
    hosts.ok("-H build1 stack create 124");
    let mark = format!("sleep 5000.{}", hosts.sshd.port());
    let recipe = format!("name: web\ntype: application\nbuild_assets: ['exec {mark}']\n");
    source.write(".missile.yml", recipe).commit("slow");
    let mut client = hosts.command("-H build1 quick 124 web");
    let mut client = client.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the step begins", || is_running(&mark));
    assert!(shared.sockets().is_empty(), "the next of the user's sessions would go through it");
    client.kill().unwrap();
    client.wait().unwrap();
    wait_until("the step ends with its client", || !is_running(&mark));
}

#[test]
fn a_master_that_the_user_wants_to_persist_is_made_and_stays() {
    let shared = Shared::new("  ControlMaster auto\n  ControlPersist 60\n", "");
    let hosts = &shared.hosts;
    hosts.ok("-H build1 repository init");
    let master = shared.master().expect("it persists");
    hosts.sshd.refuse_everybody();
    hosts.ok("-H build1 stack list");
    let user = shared.ssh(&["build1", "echo here"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&user.stdout), "here\n");
    assert_eq!(shared.master(), Some(master));
}

#[test]
fn a_connection_that_is_kept_serves_the_next_command() {
    let hosts = Hosts::visited("");
    let kept = |line: &str| hosts.run(&format!("--set reuse_connection=5 {line}"));
    assert_eq!(kept("-H build1 stack create 124").code, 0);
    // Whoever comes later is let in by the connection alone.
    hosts.sshd.refuse_everybody();
    let said = kept("-H build1 stack list");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(hosts.run("-H build1 stack list").code, 6, "a connection of its own is refused");
}

#[test]
fn connections_are_kept_in_a_folder_of_any_name() {
    for name in ["g r", "g%h", "g'$r"] {
        let hosts = Hosts::new("");
        // The path of a socket must be short.
        let runtime = tempfile::Builder::new().prefix(name).tempdir_in("/tmp").unwrap();
        let run = |line: &str| {
            let mut command = hosts.command(&format!("--set reuse_connection=30 -H build1 {line}"));
            command.env("XDG_RUNTIME_DIR", runtime.path()).output().unwrap()
        };
        let made = run("repository init");
        assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
        let folder = fs::read_dir(runtime.path().join("gachette")).unwrap().map(|entry| entry.unwrap());
        let socket = folder.filter(|entry| entry.file_type().unwrap().is_socket()).map(|entry| entry.path());
        let [socket] = socket.collect::<Vec<_>>().try_into().expect("one connection is kept");
        // Whoever comes later is let in by the connection alone; what is said then to end it, does.
        hosts.sshd.refuse_everybody();
        let listed = run("stack list");
        assert!(listed.status.success(), "{name}: {}", String::from_utf8_lossy(&listed.stderr));
        let socket = socket.display().to_string().replace('%', "%%");
        let ended = Command::new("ssh").args(["-O", "exit", "-S", &socket, "x"]).output().unwrap();
        assert!(ended.status.success(), "{name}: {}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(run("stack list").status.code(), Some(6), "{name}");
    }
}

#[test]
fn a_kept_connection_that_died_is_made_again() {
    let hosts = Hosts::visited("");
    // The path of a socket must be short.
    let runtime = tempfile::Builder::new().prefix("gr").tempdir_in("/tmp").unwrap();
    let list = || {
        let words = ["--set", "reuse_connection=30", "-H", "build1", "repository", "init"];
        hosts.playground.command(&words).env("XDG_RUNTIME_DIR", runtime.path()).output().unwrap()
    };
    let kept = || -> Vec<PathBuf> {
        let sockets = fs::read_dir(runtime.path().join("gachette")).into_iter().flatten();
        let sockets = sockets.map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_socket());
        sockets.map(|entry| entry.path()).collect()
    };
    let master = || {
        let check = Command::new("ssh").args(["-O", "check", "-S"]).arg(&kept()[0]).arg("x").output();
        let said = String::from_utf8(check.unwrap().stderr).unwrap();
        said.split("pid=").nth(1).and_then(|rest| rest.split(')').next()).map(str::to_owned)
    };
    assert!(list().status.success());
    let pid = master().expect("a master is kept");
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    wait_until("the master is gone", || !Path::new("/proc").join(&pid).exists());
    assert_eq!(kept().len(), 1, "its socket stays");
    let again = list();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let pid = master().expect("a new master is kept");
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
}

/// Sends a process a signal.
fn signal(name: &str, process: &str) {
    assert!(Command::new("kill").args(["-s", name, process]).status().unwrap().success());
}

#[test]
fn a_master_that_died_or_is_of_somebody_else_is_gone_around() {
    let shared = Shared::new("", "");
    let hosts = &shared.hosts;
    let master = shared.start_master();
    signal("KILL", &master);
    wait_until("the master is gone", || !Path::new("/proc").join(&master).exists());
    let [socket] = shared.sockets().try_into().expect("its socket stays");
    hosts.ok("-H build1 repository init");
    fs::remove_file(&socket).unwrap();
    // Whoever listens there never answers.
    let _listener = UnixListener::bind(&socket).unwrap();
    chown(&socket, Some(65534), Some(65534)).expect("this test needs root");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).unwrap();
    // As one to whom permissions apply.
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-all", "--inh-caps=-all", env!("CARGO_BIN_EXE_gachette")]);
    let words = ["-H", "build1", "stack", "list"];
    let output = hosts.playground.as_user(command, &words).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_master_that_hangs_is_told_with_a_way_out() {
    let shared = Shared::new("", "");
    let master = shared.start_master();
    signal("STOP", &master);
    let said = shared.hosts.run("-H build1 stack list");
    signal("CONT", &master);
    assert_eq!(said.code, 6, "{}", said.stderr);
    let configuration = shared.hosts.sshd.ssh_config();
    let end = format!("`ssh -O exit -F {} build1`", configuration.display());
    for part in ["error: build1: it did not say anything", &end] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
    shared.hosts.ok("-H build1 repository init");
}
