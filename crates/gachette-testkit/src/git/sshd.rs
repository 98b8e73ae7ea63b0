//! A real sshd on the loopback interface, for one user: the one that runs the tests. Its configuration and keys live in
//! a temporary folder, and so do the client's and the home of who logs in; neither the machine's own sshd nor anybody's `~/.ssh` is touched.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running sshd, ended when dropped. Every method panics when something cannot be made.
#[derive(Debug)]
pub struct Sshd {
    server: Child,
    port: u16,
    folder: TempDir,
}

impl Sshd {
    /// Starts a server on a port of its own.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same, with these lines more in its configuration.
    pub fn start_with(lines: &str) -> Self {
        // Run by root, sshd wants this empty folder, which its package makes at boot and containers never do.
        let _ = std::fs::create_dir("/run/sshd");
        let folder = tempfile::Builder::new().prefix("sshd").tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("home")).expect("a folder is made");
        for key in ["host_key", "client_key"] {
            keygen(&folder.path().join(key));
        }
        let authorized = std::fs::read(folder.path().join("client_key.pub")).expect("the key was made");
        std::fs::write(folder.path().join("authorized_keys"), authorized).expect("a file is written");
        // Somebody else may take the port between our look and sshd's, so look again.
        for _ in 0..20 {
            let port = free_port();
            let configuration = sshd_configuration(folder.path(), "127.0.0.1", lines);
            std::fs::write(folder.path().join("sshd_config"), configuration).expect("a file is written");
            if let Some(server) = serve(folder.path(), port) {
                let sshd = Self { server, port, folder };
                sshd.trust_host_key();
                sshd.write_ssh_config();
                return sshd;
            }
        }
        panic!("sshd does not start: {}", log(folder.path()));
    }

    /// Ends it: nobody listens at its port any more. Who is logged in stays.
    pub fn stop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Starts it again at the same port.
    pub fn start_again(&mut self) {
        self.stop();
        let server = serve(self.folder.path(), self.port);
        self.server = server.unwrap_or_else(|| panic!("sshd does not start: {}", log(self.folder.path())));
    }

    /// The port it listens on, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The home of who logs in: an empty folder at first.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A configuration for `ssh -F` in which every host whose name begins with `build` is this server.
    pub fn ssh_config(&self) -> PathBuf {
        self.folder.path().join("ssh_config")
    }

    /// The address of a folder of this machine through this server.
    pub fn url(&self, path: &Path) -> String {
        format!("ssh://127.0.0.1:{}{}", self.port, path.display())
    }

    /// The private key that the server lets in.
    pub fn client_key(&self) -> PathBuf {
        self.folder.path().join("client_key")
    }

    /// The known hosts of [`Sshd::ssh_command`]: the server's key at first.
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    /// An `ssh` with nobody's configuration that presents the key and trusts what [`Sshd::known_hosts`] says, for
    /// `GIT_SSH_COMMAND`.
    pub fn ssh_command(&self) -> String {
        let (key, hosts) = (self.client_key(), self.known_hosts());
        format!(
            "ssh -F none -i {} -o IdentitiesOnly=yes -o UserKnownHostsFile={} -o GlobalKnownHostsFile=/dev/null",
            key.display(),
            hosts.display()
        )
    }

    /// Makes the client know the server's key.
    pub fn trust_host_key(&self) {
        let key = std::fs::read_to_string(self.folder.path().join("host_key.pub")).expect("the key was made");
        self.write_known_hosts(&format!("[127.0.0.1]:{} {key}", self.port));
    }

    /// Makes the client know no server at all.
    pub fn forget_host_key(&self) {
        self.write_known_hosts("");
    }

    /// Makes the client expect another key than the server has.
    pub fn expect_another_host_key(&self) {
        let key =
            std::fs::read_to_string(self.folder.path().join("client_key.pub")).expect("the key was made");
        self.write_known_hosts(&format!("[127.0.0.1]:{} {key}", self.port));
    }

    /// Makes the server let nobody in.
    pub fn refuse_everybody(&self) {
        std::fs::write(self.folder.path().join("authorized_keys"), "").expect("a file is written");
    }

    /// The processes of the connections that are open.
    pub fn sessions(&self) -> Vec<u32> {
        let id = self.server.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        children.split_whitespace().filter_map(|number| number.parse().ok()).collect()
    }

    /// Kills all connections that are open.
    pub fn kill_sessions(&self) {
        for session in self.sessions() {
            let status = Command::new("kill").args(["-9", &session.to_string()]).status();
            assert!(status.expect("kill(1) is there").success());
        }
    }

    /// Makes the server run this program in Python for whoever logs in, whatever he wanted to run.
    pub fn answer_with(&self, program: &str) {
        let path = self.folder.path().join("answer.py");
        std::fs::write(&path, program).expect("a file is written");
        let key =
            std::fs::read_to_string(self.folder.path().join("client_key.pub")).expect("the key was made");
        let line = format!("command=\"exec python3 {}\" {key}", path.display());
        std::fs::write(self.folder.path().join("authorized_keys"), line).expect("a file is written");
    }

    fn write_ssh_config(&self) {
        let (key, hosts, port) = (self.client_key(), self.known_hosts(), self.port);
        let text = format!(
            "Host build*\n  HostName 127.0.0.1\n  Port {port}\n  HostKeyAlias [127.0.0.1]:{port}\nHost *\n  \
             IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n",
            key.display(),
            hosts.display()
        );
        std::fs::write(self.ssh_config(), text).expect("a file is written");
    }

    fn write_known_hosts(&self, text: &str) {
        std::fs::write(self.known_hosts(), text).expect("a file is written");
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Makes a key pair without a passphrase.
pub(crate) fn keygen(path: &Path) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "fixture", "-f"]).arg(path);
    let status = command.stdin(Stdio::null()).status().expect("ssh-keygen is installed");
    assert!(status.success(), "ssh-keygen: {status}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// A configuration for sshd that listens at `address`, with keys and the home of who logs in in `folder`, and with these lines more,
/// which win.
pub(crate) fn sshd_configuration(folder: &Path, address: &str, lines: &str) -> String {
    let path = |name: &str| folder.join(name).display().to_string();
    let usual = format!(
        "ListenAddress {address}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nAcceptEnv *\n\
         MaxStartups 100\nMaxSessions 100\nUseDNS no\nSubsystem sftp internal-sftp\nSetEnv HOME={} XDG_CACHE_HOME={} \
         XDG_STATE_HOME={}\n",
        path("host_key"),
        path("authorized_keys"),
        path("home"),
        path("home/.cache"),
        path("home/.local/state"),
    );
    // Of some keywords sshd takes the first value, of others the last.
    let keyword = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let set: Vec<_> = lines.lines().filter_map(keyword).collect();
    let usual = usual.lines().filter(|line| keyword(line).is_none_or(|keyword| !set.contains(&keyword)));
    lines.lines().chain(usual).flat_map(|line| [line, "\n"]).collect()
}

/// Starts sshd and waits until it says that it listens, or ends.
fn serve(folder: &Path, port: u16) -> Option<Child> {
    let path = |name: &str| folder.join(name).display().to_string();
    // sshd insists on an absolute path, since it starts itself again for each connection.
    let mut server = Command::new("/usr/sbin/sshd")
        .args(["-D", "-e", "-p", &port.to_string(), "-f", &path("sshd_config")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssh-server is installed");
    let mut errors = BufReader::new(server.stderr.take().expect("it is piped"));
    let (mut line, mut said) = (String::new(), String::new());
    while errors.read_line(&mut line).is_ok_and(|count| count > 0) {
        said += &line;
        if line.contains("Server listening on") {
            // The rest must be read, or sshd would block on a full pipe one day.
            std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
            return Some(server);
        }
        line.clear();
    }
    let _ = server.wait();
    std::fs::write(folder.join("log"), said).expect("a file is written");
    None
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh(sshd: &Sshd, command: &str) -> Result<String, String> {
        let ssh = format!("{} -o BatchMode=yes -p {} 127.0.0.1 \"$0\"", sshd.ssh_command(), sshd.port());
        let output = Command::new("sh").args(["-c", &ssh, command]).stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    #[test]
    fn a_client_gets_in_unless_keys_are_unknown_on_either_side() {
        let sshd = Sshd::start();
        assert_eq!(ssh(&sshd, "echo $((6 * 7))").as_deref(), Ok("42"));
        sshd.forget_host_key();
        assert!(ssh(&sshd, "true").unwrap_err().contains("Host key verification failed"));
        sshd.expect_another_host_key();
        assert!(ssh(&sshd, "true").unwrap_err().contains("REMOTE HOST IDENTIFICATION HAS CHANGED"));
        sshd.trust_host_key();
        sshd.refuse_everybody();
        assert!(ssh(&sshd, "true").unwrap_err().contains("Permission denied"));
    }
}
