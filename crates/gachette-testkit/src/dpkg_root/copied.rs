//! A root made of copies of this machine's essential packages, for containers in which nothing may be mounted.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::machine_packages;

/// A folder that programs are run in through `chroot`.
pub(super) struct CopiedRoot {
    folder: tempfile::TempDir,
}

/// What packages' scripts use besides the essential packages, where the machine has it.
const ALSO: [&str; 9] = [
    "passwd",
    "adduser",
    "python3",
    "python3-venv",
    "init-system-helpers",
    "systemd",
    "apt",
    "apt-utils",
    "gpgv",
];

impl CopiedRoot {
    pub(super) fn new() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let root = Self { folder };
        root.fill().map_err(|error| format!("cannot copy the essential packages: {error}"))?;
        let works = root.command().arg("/usr/bin/true").output();
        match works {
            Ok(output) if output.status.success() => Ok(root),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(format!("cannot run chroot: {error}")),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// A command that runs its arguments in the root.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new("/usr/sbin/chroot");
        command.arg(self.folder.path());
        command
    }

    fn fill(&self) -> std::io::Result<()> {
        let root = self.folder.path();
        machine_packages::link_folders_of_programs(root)?;
        let folders = "dev proc/self run sys home opt root srv tmp usr/bin usr/local/bin usr/local/lib \
                       usr/local/sbin usr/local/share var/cache var/log var/mail var/spool var/tmp var/lib/misc \
                       var/lib/dpkg/info var/lib/dpkg/updates var/lib/dpkg/triggers var/lib/dpkg/alternatives";
        for folder in folders.split_whitespace() {
            fs::create_dir_all(root.join(folder))?;
        }
        fs::write(root.join("var/lib/dpkg/status"), "")?;
        fs::write(root.join("dev/null"), "")?;
        // Where df and findmnt look for what is mounted.
        fs::write(root.join("proc/self/mountinfo"), "1 0 0:1 / / rw - ext4 /dev/root rw\n")?;
        fs::write(root.join("proc/self/mounts"), "/dev/root / ext4 rw 0 0\n")?;
        machine_packages::run(Command::new("cp").args(["-a", "/etc"]).arg(root))?;
        let packages = machine_packages::essential_and(&ALSO, |_| false)?;
        machine_packages::copy_files(&packages, alternatives()?, root)?;
        fs::write(root.join("usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n")
    }
}

/// The links of the alternatives system.
fn alternatives() -> std::io::Result<Vec<String>> {
    let mut links = Vec::new();
    for folder in ["/usr/bin", "/usr/sbin"] {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if fs::read_link(&path).is_ok_and(|target| target.starts_with("/etc/alternatives")) {
                links.push(path.display().to_string());
            }
        }
    }
    Ok(links)
}
