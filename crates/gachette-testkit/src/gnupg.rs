//! GnuPG in a home of its own, with an agent of its own.
#![allow(clippy::expect_used, clippy::panic, reason = "a fixture that cannot be made ends the test")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A home of GnuPG, whose agent ends when this is dropped. Every method panics when something cannot be done.
#[derive(Debug)]
pub struct GnupgHome(TempDir);

impl GnupgHome {
    /// An empty one. Its path is short, since the path of the agent's socket may not be long.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let private = std::fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("gnupg").permissions(private).tempdir_in("/tmp");
        Self(folder.expect("a folder is made"))
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A program of GnuPG that works with it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("GNUPGHOME", self.path()).env_remove("GPG_TTY").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs gpg, which must succeed, and returns what it wrote.
    pub fn gpg(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.command("gpg").args(["--batch", "--yes"]).args(arguments).output();
        let Output { status, stdout, stderr } = output.expect("gpg runs");
        assert!(status.success(), "gpg {arguments:?}: {}", String::from_utf8_lossy(&stderr));
        stdout
    }

    /// Makes a key of this algorithm and for this use, such as `rsa2048` and `sign`, and returns its fingerprint. The passphrase
    /// protects it unless it is empty.
    pub fn generate(&self, user: &str, algorithm: &str, usage: &str, passphrase: &str) -> String {
        let unlock = ["--pinentry-mode", "loopback", "--passphrase", passphrase];
        self.gpg(&[&unlock[..], &["--quick-generate-key", user, algorithm, usage, "1y"]].concat());
        self.fingerprints(user).remove(0)
    }

    /// The fingerprints of a key and its subkeys.
    pub fn fingerprints(&self, user: &str) -> Vec<String> {
        let listed = self.gpg(&["--with-colons", "--list-keys", user]);
        let listed = String::from_utf8(listed).expect("it is text");
        let lines = listed.lines().filter(|line| line.starts_with("fpr:"));
        lines.filter_map(|line| line.split(':').nth(9)).map(str::to_owned).collect()
    }
}

impl Drop for GnupgHome {
    fn drop(&mut self) {
        let _ = self.command("gpgconf").args(["--kill", "all"]).output();
    }
}
