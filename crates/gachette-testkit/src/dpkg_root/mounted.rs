//! A root made of mounts that no other process sees.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A root in namespaces of its own, held by a process that ends when its input does.
pub(super) struct MountedRoot {
    holder: Child,
    /// The holder's first process inside the namespaces, as this process numbers it.
    inside: u32,
    namespace: Namespace,
    // Dropped after the holder has been ended: until then it is a mount point over there.
    _folder: tempfile::TempDir,
}

/// Who may do what in the root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Namespace {
    /// All that root may do.
    OfRoot,
    /// Root there is an ordinary user here; `others` says whether there are other users.
    OfUser { others: bool },
}

impl MountedRoot {
    pub(super) fn new() -> Result<Self, String> {
        if is_root() {
            return Self::within(Namespace::OfRoot);
        }
        // Users have a range of numbers for others where newuidmap is installed (subuid(5)).
        Self::within(Namespace::OfUser { others: true })
            .or_else(|_| Self::within(Namespace::OfUser { others: false }))
    }

    fn within(namespace: Namespace) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let mut unshare = Command::new("unshare");
        let kind = match namespace {
            Namespace::OfRoot => "root",
            Namespace::OfUser { others } => {
                unshare.arg("--map-root-user").args(others.then_some("--map-auto"));
                "user"
            }
        };
        unshare.args(["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]);
        unshare.args(["sh", "-c", include_str!("mount.sh"), "mount.sh"]).arg(folder.path()).arg(kind);
        unshare.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut holder = unshare.spawn().map_err(|error| format!("cannot run unshare: {error}"))?;
        match (first_line(&mut holder).as_str(), only_child(holder.id())) {
            ("ready\n", Some(inside)) => Self { holder, inside, namespace, _folder: folder }.checked(),
            _ => Err(end(&mut holder)),
        }
    }

    /// Makes sure that commands end up in the root: where this process is in a chroot, the root of a mount namespace is
    /// another one, and could be the machine's own.
    fn checked(self) -> Result<Self, String> {
        let seen = self.command().args(["stat", "--format=%d:%i", "/"]).output();
        let seen = seen.map_err(|error| format!("cannot run nsenter: {error}"))?;
        let root = fs::metadata(self.path()).map_err(|error| format!("the root cannot be seen: {error}"))?;
        match String::from_utf8_lossy(&seen.stdout).trim() == format!("{}:{}", root.dev(), root.ino()) {
            true => Ok(self),
            false => Err("commands do not enter the root".to_owned()),
        }
    }

    pub(super) fn has_others(&self) -> bool {
        self.namespace != Namespace::OfUser { others: false }
    }

    pub(super) fn path(&self) -> PathBuf {
        Path::new("/proc").join(self.inside.to_string()).join("root")
    }

    /// A command that runs its arguments in the root.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(self.inside.to_string());
        if self.namespace != Namespace::OfRoot {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(["--mount", "--pid", "--root", "--wd", "--"]);
        command
    }
}

impl Drop for MountedRoot {
    fn drop(&mut self) {
        end(&mut self.holder);
    }
}

pub(super) fn is_root() -> bool {
    // The effective user is the second number.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or_default();
    line.split_whitespace().nth(1) == Some("0")
}

fn first_line(holder: &mut Child) -> String {
    let mut line = String::new();
    if let Some(stdout) = &mut holder.stdout {
        // What cannot be read is not `ready`.
        let _ = BufReader::new(stdout).read_line(&mut line);
    }
    line
}

/// The process that `unshare --fork` started.
fn only_child(parent: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.trim().parse().ok()
}

/// Ends the holder, and with it all that runs in its namespaces; gives what it had to say.
fn end(holder: &mut Child) -> String {
    drop(holder.stdin.take());
    // It may have ended by itself.
    let _ = holder.kill();
    let mut said = String::new();
    if let Some(stderr) = &mut holder.stderr {
        let _ = stderr.read_to_string(&mut said);
    }
    let _ = holder.wait();
    said.trim().to_owned()
}
