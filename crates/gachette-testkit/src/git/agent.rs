//! A real ssh-agent with a socket and keys of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running agent, ended when dropped. Every method panics when something cannot be done.
#[derive(Debug)]
pub struct SshAgent {
    process: Child,
    folder: TempDir,
}

impl SshAgent {
    /// Starts an agent without keys.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("agent").tempdir().expect("a temporary folder");
        let mut agent = Command::new("ssh-agent");
        agent
            .arg("-D")
            .arg("-a")
            .arg(folder.path().join("socket"))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let agent = Self { process: agent.spawn().expect("ssh-agent is installed"), folder };
        for _ in 0..400 {
            if agent.socket().exists() {
                return agent;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("ssh-agent does not listen");
    }

    /// What `SSH_AUTH_SOCK` should be.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Gives it a private key.
    pub fn add(&self, key: &Path) {
        let output = Command::new("ssh-add").arg(key).env("SSH_AUTH_SOCK", self.socket()).output();
        let output = output.expect("ssh-add is installed");
        assert!(output.status.success(), "ssh-add: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Gives it a new key, which no server knows.
    pub fn add_stranger(&self, name: &str) {
        let key = self.folder.path().join(name);
        super::keygen(&key);
        self.add(&key);
    }

    /// Ends it, as when it crashes: its socket stays.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for SshAgent {
    fn drop(&mut self) {
        self.kill();
    }
}
