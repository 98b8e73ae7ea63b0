//! How long work on other machines takes, side by side with `ssh` itself and with Fabric, Ansible and pyinfra where they are
//! installed, in one run and by turns. Prints medians and ratios.
//!
//! `cargo bench --package gachette-cli --bench hosts`, with `pip install fabric ansible-core pyinfra` in `PATH`. The hosts are one
//! sshd on loopback under many names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod median;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use gachette_testkit::Sshd;
use median::medians_of;

const ROUNDS: usize = 15;
const HOSTS: usize = 20;

/// What the original tool ran for `stack_create`, one command after the other, by Fabric 3.
const FABRIC_CREATE: &str = "
import sys
from fabric import Config, Connection
port, key, known, meta = sys.argv[1:5]
config = Config(overrides={'run': {'hide': True}})
c = Connection('127.0.0.1', port=int(port), config=config,
               connect_kwargs={'key_filename': key, 'look_for_keys': False, 'allow_agent': False})
stack = meta + '/domain/default/stacks/124'
c.run('test -d ' + stack, warn=True)
c.run('mkdir -p ' + stack + '/packages')
c.run('test -d ' + stack)
";
/// One command on every host at the same time, by Fabric 3.
const FABRIC_GROUP: &str = "
import sys
from fabric import Config, Connection, ThreadingGroup
port, key, count = sys.argv[1:4]
kw = {'key_filename': key, 'look_for_keys': False, 'allow_agent': False}
config = Config(overrides={'run': {'hide': True}})
hosts = [Connection('127.0.0.1', port=int(port), config=config, connect_kwargs=kw) for _ in range(int(count))]
ThreadingGroup.from_connections(hosts).run('true')
";

struct Bench {
    sshd: Sshd,
    folder: tempfile::TempDir,
}

/// Whose time is taken: its name, and what it does in a round.
type Contestant<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn main() {
    let bench = Bench::new();
    let fabric = installed("fab");
    let original = || -> Contestant {
        ("the original's commands by a Fabric 3 script, a new connection", Box::new(|| bench.fabric_create()))
    };

    let new = ["--set", "reuse_connection=0", "-H", "build1", "stack_create:124"];
    bench.gachette(&new);
    let mut contestants: Vec<Contestant> = vec![
        ("ssh host true, a new connection", Box::new(|| bench.ssh(&[]))),
        ("stack_create over a new connection, arrived", Box::new(|| bench.gachette(&new))),
    ];
    contestants.extend(fabric.then(original));
    let times = medians(&contestants);
    println!("  → {:.2} of `ssh host true` (goal: at most 1.15)", ratio(times[1], times[0]));
    if let [login, ours, fabric] = times[..] {
        println!("  → Fabric takes {:.1} times as long", ratio(fabric, ours));
        println!("  → Fabric takes {:.1} times as long as `ssh host true`\n", ratio(fabric, login));
    }

    let control = format!("ControlPath={}", bench.path("control").display());
    let shared = ["-o", "ControlMaster=auto", "-o", "ControlPersist=120", "-o", &control];
    let kept = ["-H", "build1", "stack_create:124"];
    bench.ssh(&shared);
    bench.gachette(&kept);
    let mut contestants: Vec<Contestant> = vec![
        ("ssh host true, a kept connection", Box::new(|| bench.ssh(&shared))),
        ("stack_create over a kept connection, as is the default", Box::new(|| bench.gachette(&kept))),
    ];
    contestants.extend(fabric.then(original));
    let times = medians(&contestants);
    println!("  → {:.2} of `ssh host true`", ratio(times[1], times[0]));
    if let [_, ours, fabric] = times[..] {
        println!(
            "  → Fabric, which keeps none, takes {:.1} times as long (goal: at least 3)\n",
            ratio(fabric, ours)
        );
    }
    bench.ssh(&["-O", "exit", "-o", &control]);

    let names: Vec<String> = (1..=HOSTS).map(|number| format!("build{number}")).collect();
    let all = ["-P", "-H", &names.join(","), "stack_create:124"];
    bench.gachette(&all);
    let mut contestants: Vec<Contestant> =
        vec![("stack_create on 20 hosts, kept connections", Box::new(|| bench.gachette(&all)))];
    contestants.extend(bench.peers());
    let times = medians(&contestants);
    for ((name, _), time) in contestants.iter().zip(&times).skip(1) {
        println!("  → {name}: {:.1} times as long", ratio(*time, times[0]));
    }
}

impl Bench {
    fn new() -> Self {
        let (sshd, folder) = (Sshd::start(), tempfile::tempdir().unwrap());
        let config = format!(
            "ssh_config_path: {}\nmeta_path: {}\nreuse_connection: 120\nforward_agent: false\n",
            sshd.ssh_config().display(),
            folder.path().join("repository").display()
        );
        std::fs::write(folder.path().join("gachette.yml"), config).unwrap();
        let bench = Self { sshd, folder };
        std::fs::create_dir(bench.path("repository")).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env("HOME", self.folder.path()).env_remove("SSH_AUTH_SOCK");
        command
    }

    fn gachette(&self, words: &[&str]) {
        run(self.command(env!("CARGO_BIN_EXE_gachette")).arg("--quiet").args(words));
    }

    fn ssh(&self, options: &[&str]) {
        let mut ssh = self.command("ssh");
        ssh.arg("-F").arg(self.sshd.ssh_config()).args(["-T", "-o", "BatchMode=yes"]).args(options);
        // With `-O`, the command is not run.
        run(ssh.args(["build1", "true"]));
    }

    fn python(&self, script: &str, words: &[&str]) {
        let (port, key) = (self.sshd.port().to_string(), self.sshd.client_key());
        let mut python = self.command("python3");
        run(python.args(["-c", script, &port]).arg(key).args(words));
    }

    fn fabric_create(&self) {
        let known = self.sshd.known_hosts();
        self.python(FABRIC_CREATE, &[known.to_str().unwrap(), self.path("by-hand").to_str().unwrap()]);
    }

    /// The others that are installed, with one trivial command on the same number of hosts.
    fn peers(&self) -> Vec<Contestant<'_>> {
        let mut peers: Vec<Contestant> = Vec::new();
        if installed("fab") {
            let group = || self.python(FABRIC_GROUP, &[&HOSTS.to_string()]);
            peers.push(("true on 20 hosts by Fabric 3, new connections", Box::new(group)));
        }
        if installed("ansible") {
            let inventory = (1..=HOSTS).map(|number| format!("build{number}\n")).collect::<String>();
            std::fs::write(self.path("inventory"), inventory).unwrap();
            let ssh = format!(
                "-F {} -o ControlMaster=auto -o ControlPersist=120 -o ControlPath={}/a-%C",
                self.sshd.ssh_config().display(),
                self.folder.path().display()
            );
            let ansible = move || {
                let mut ansible = self.command("ansible");
                ansible.args(["all", "-i", "inventory", "-m", "raw", "-a", "true", "-f", &HOSTS.to_string()]);
                run(ansible.args(["--ssh-common-args", &ssh]).env("ANSIBLE_LOCALHOST_WARNING", "False"));
            };
            ansible();
            peers.push(("true on 20 hosts by Ansible (raw), kept connections", Box::new(ansible)));
        }
        if installed("pyinfra") {
            let hosts = (1..=HOSTS).map(|number| format!("build{number}")).collect::<Vec<_>>().join(",");
            let config = self.sshd.ssh_config();
            let pyinfra = move || {
                let mut pyinfra = self.command("pyinfra");
                pyinfra.args(["-y", &hosts, "--data", &format!("ssh_config_file={}", config.display())]);
                pyinfra.args(["--data", "ssh_strict_host_key_checking=off"]);
                run(pyinfra.args(["exec", "--", "true"]));
            };
            peers.push(("true on 20 hosts by pyinfra, new connections", Box::new(pyinfra)));
        }
        peers
    }
}

/// Prints and returns what each takes in the middle.
fn medians(contestants: &[Contestant]) -> Vec<Duration> {
    let rounds: Vec<&dyn Fn()> = contestants.iter().map(|(_, round)| &**round as &dyn Fn()).collect();
    let medians = medians_of(ROUNDS, &rounds);
    for ((name, _), median) in contestants.iter().zip(&medians) {
        println!("{name:70} {:8.1} ms", median.as_secs_f64() * 1000.0);
    }
    medians
}

fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let there = found.is_ok_and(|status| status.success());
    if !there {
        println!("{program} is not installed: not compared");
    }
    there
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
}
