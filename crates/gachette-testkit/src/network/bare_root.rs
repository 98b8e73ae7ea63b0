//! The root of a host that has nothing but sshd, git and dpkg, Debian's essential packages, and what these depend on.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::machine_packages;

/// What is installed there besides the essential packages.
const INSTALLED: [&str; 3] = ["openssh-server", "git", "dpkg"];
const FOLDERS: &str = "dev etc home proc run/sshd tmp var/tmp var/lib/dpkg/info var/lib/dpkg/updates \
                       var/lib/dpkg/triggers var/lib/dpkg/alternatives";
/// Who logs in, the user of sshd, and what dpkg knows: no package, as on a host that was not made by it.
const FILES: [(&str, &str); 3] = [
    (
        "etc/passwd",
        "root:x:0:0:root:/home:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n\
         nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    ),
    ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    ("var/lib/dpkg/status", ""),
];
/// The devices, to which `boot.sh` binds those of this machine.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Makes such a root in the folder, out of copies of what is installed on this machine.
pub(super) fn make(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root)?;
    machine_packages::link_folders_of_programs(root)?;
    for folder in FOLDERS.split_whitespace() {
        fs::create_dir_all(root.join(folder))?;
    }
    machine_packages::copy_files(
        &machine_packages::essential_and(&INSTALLED, is_of_perl)?,
        Vec::new(),
        root,
    )?;
    for (path, text) in FILES {
        fs::write(root.join(path), text)?;
    }
    for device in DEVICES {
        fs::write(root.join("dev").join(device), "")?;
    }
    symlink("/proc/self/fd", root.join("dev/fd"))?;
    for folder in ["tmp", "var/tmp"] {
        fs::set_permissions(root.join(folder), fs::Permissions::from_mode(0o1777))?;
    }
    Ok(())
}

/// Debian cannot do without Perl: scripts of git and dpkg are in it. None that we use may be.
fn is_of_perl(package: &str) -> bool {
    package.starts_with("perl") || package.starts_with("libperl") || package.ends_with("-perl")
}
