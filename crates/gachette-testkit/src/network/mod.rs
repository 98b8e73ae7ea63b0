//! A network of test hosts on one machine: each has a network, processes and a disk of its own and runs a real sshd. Each can be
//! cut off, killed as a whole, or have its disk filled.
//!
//! It takes root, `unshare`, `nsenter` and `ip`, and leaves no trace: everything lives in unnamed namespaces that end with the
//! test's process, however that ends. What needs no cut network is better tested with [`crate::Sshd`], which anybody may start.
#![allow(clippy::expect_used, clippy::panic, reason = "a fixture that cannot be made ends the test")]

mod bare_root;
mod host;

pub use host::NetworkHost;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use host::{Root, Traits};
use tempfile::TempDir;

use crate::git::keygen;

/// What the first process of the network does: a bridge, with a cable that keeps it up when no host is there. The network is there as long as its standard input.
const INIT: &str = "ip link set lo up && ip link add br0 type bridge && ip addr add 10.77.0.1/24 dev br0 && \
                    ip link set br0 up && ip link add keep0 type veth peer name keep1 && ip link set keep1 up && \
                    ip link set keep0 master br0 up && echo ready && cat";

/// A network that only its hosts and the programs of [`Network::command`] are in. Every method panics when something cannot be
/// made.
#[derive(Debug)]
pub struct Network {
    switch: Arc<Switch>,
    hosts: AtomicU8,
}

/// What all hosts of a network are plugged into. This machine is 10.77.0.1.
#[derive(Debug)]
struct Switch {
    process: Child,
    folder: TempDir,
}

impl Network {
    /// A network without hosts.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("network").tempdir().expect("a temporary folder");
        keygen(&folder.path().join("client_key"));
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--mount", "--propagation", "private", "sh", "-c", INIT]);
        let mut process = start(unshare);
        await_line(&mut process, "ready");
        std::fs::create_dir(folder.path().join("own")).expect("a folder is made");
        for file in ["ssh_config", "known_hosts"] {
            std::fs::write(folder.path().join(file), "").expect("a file is written");
        }
        Self { switch: Arc::new(Switch { process, folder }), hosts: AtomicU8::new(0) }
    }

    /// Adds a host with this name, which has the disk of this machine.
    pub fn host(&self, name: &str) -> NetworkHost {
        self.host_with(name, None, "")
    }

    /// Adds a host whose home is a disk of this size, as mount(8) writes it (`40m`), and whose sshd has these lines more in its
    /// configuration.
    pub fn host_with(&self, name: &str, disk: Option<&str>, sshd: &str) -> NetworkHost {
        self.plugged(name, &Traits { root: Root::Shared, disk, sshd })
    }

    /// Adds a host that has nothing but sshd, git and dpkg, Debian's essential packages and what these depend on, out of copies of what
    /// is installed on this machine; and not even Perl. Of this machine it sees nothing.
    pub fn bare_host(&self, name: &str) -> NetworkHost {
        self.plugged(name, &Traits { root: Root::Bare, disk: None, sshd: "" })
    }

    fn plugged(&self, name: &str, traits: &Traits) -> NetworkHost {
        let number = self.hosts.fetch_add(1, Ordering::Relaxed) + 11;
        NetworkHost::new(Arc::clone(&self.switch), name, number, traits)
    }

    /// `program`, about to run in the network.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.switch.process.id())).arg(program);
        command
    }

    /// A configuration for `ssh -F` that knows all hosts by name; append to it as needed.
    pub fn ssh_config(&self) -> PathBuf {
        self.switch.path("ssh_config")
    }

    /// A folder of which each host has its own, as all hosts name it: for configurations that are the same for all of them.
    pub fn own(&self) -> PathBuf {
        self.switch.path("own")
    }

    /// The private key that all hosts let in.
    pub fn client_key(&self) -> PathBuf {
        self.switch.path("client_key")
    }
}

impl Switch {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program about to run in the network, where its disks are mounted.
    fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--mount", "--target", &self.process.id().to_string(), program]).args(words);
        command.stdin(Stdio::null());
        command
    }

    /// Runs a program in the network, which must succeed.
    fn run(&self, program: &str, words: &[&str]) {
        let output = self.command(program, words).output().expect("nsenter is installed (util-linux)");
        assert!(
            output.status.success(),
            "{program} {}: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// How the folder looks within the network, where disks are mounted in it.
    fn seen_from_outside(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.process.id()));
        root.join(path.strip_prefix("/").expect("the temporary folder has an absolute path"))
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts a program that ends when its standard input does.
fn start(mut command: Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("unshare and nsenter are installed (util-linux)")
}

/// Reads what the process says until a line has this in it; what it says later is thrown away.
fn await_line(process: &mut Child, sign: &str) {
    let mut output = BufReader::new(process.stdout.take().expect("it is piped"));
    let (mut line, mut said) = (String::new(), String::new());
    while output.read_line(&mut line).is_ok_and(|count| count > 0) {
        if line.contains(sign) {
            std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
            return;
        }
        said += &line;
        line.clear();
    }
    let mut errors = process.stderr.take().expect("it is piped");
    let _ = std::io::Read::read_to_string(&mut errors, &mut said);
    panic!(
        "this test needs network namespaces: root, with `unshare` (util-linux) and `ip` (iproute2), on a machine or in a \
         container that allows them: {said}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh(network: &Network, host: &str) -> std::process::Output {
        ssh_to_run(network, host, "echo $HOME; ip -br addr show eth0")
    }

    fn ssh_to_run(network: &Network, host: &str, words: &str) -> std::process::Output {
        let mut ssh = network.command("ssh");
        ssh.arg("-F").arg(network.ssh_config());
        ssh.args(["-oBatchMode=yes", "-oConnectTimeout=2", host, words]);
        ssh.stdin(Stdio::null()).output().unwrap()
    }

    #[test]
    fn hosts_have_addresses_and_disks_of_their_own_and_can_be_cut_and_killed() {
        let network = Network::start();
        let mut first = network.host("first");
        let second = network.host_with("second", Some("1m"), "");
        for (host, address) in [(&first, "10.77.0.11/24"), (&second, "10.77.0.12/24")] {
            let output = ssh(&network, host.name());
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(said.contains(address), "{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(std::fs::write(second.home().join("large"), vec![0; 2 << 20]).is_err(), "its disk is small");
        first.cut();
        assert_eq!(ssh(&network, "first").status.code(), Some(255));
        first.mend();
        assert_eq!(ssh(&network, "first").status.code(), Some(0));
        first.kill();
        assert_eq!(ssh(&network, "first").status.code(), Some(255));
        first.boot();
        assert_eq!(ssh(&network, "first").status.code(), Some(0));
    }

    #[test]
    fn a_bare_host_has_what_it_is_said_to_have_and_nothing_else() {
        let network = Network::start();
        let mut host = network.bare_host("bare");
        let said = |words: &str| {
            let output = ssh_to_run(&network, "bare", words);
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        };
        assert_eq!(said("pwd; ls -A ~"), "/home\n", "an empty home");
        let git = String::from_utf8(Command::new("/usr/bin/git").arg("--version").output().unwrap().stdout)
            .unwrap();
        assert_eq!(said("git --version"), git);
        assert_eq!(
            said("dpkg --print-architecture >/dev/null; echo 1 | gzip | gzip -d; cat /dev/null"),
            "1\n"
        );
        let others = "apt-get awk cc curl gachette gcc gpg ip make mount perl python3 rsync wget xz zstd";
        assert_eq!(said(&format!("for name in {others}; do command -v $name; done")), "");
        assert_eq!(said("ls /root /srv /usr/share/doc 2>/dev/null"), "");
        std::fs::write(host.home().join("file"), "seen\n").unwrap();
        host.kill();
        host.boot();
        assert_eq!(said("cat /home/file"), "seen\n", "its disk stays");
    }
}
