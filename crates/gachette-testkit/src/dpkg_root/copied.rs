//! A root made of copies of this machine's essential packages, for containers in which nothing may be mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
/// What no program needs.
const LEFT_OUT: [&str; 5] =
    ["/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/", "/usr/share/lintian/"];

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
        for top in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
            if let Ok(target) = fs::read_link(Path::new("/").join(top)) {
                fs::create_dir_all(root.join(&target))?;
                std::os::unix::fs::symlink(target, root.join(top))?;
            }
        }
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
        run(Command::new("cp").args(["-a", "/etc"]).arg(root))?;
        let list = root.join("tmp/files");
        fs::write(&list, files_of(&closure()?)?.join("\n"))?;
        let mut pack = Command::new("tar");
        pack.args(["--create", "--directory=/", "--no-recursion", "--ignore-failed-read", "--files-from"])
            .arg(&list);
        let mut packed = pack.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut unpack = Command::new("tar");
        unpack.args(["--extract", "--keep-directory-symlink", "--directory"]).arg(root);
        let unpacked = run(unpack.stdin(packed.stdout.take().map_or(Stdio::null(), Stdio::from)));
        packed.wait()?;
        fs::remove_file(&list)?;
        fs::write(root.join("usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n")?;
        unpacked
    }
}

fn run(command: &mut Command) -> std::io::Result<()> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

fn lines(command: &mut Command) -> std::io::Result<Vec<String>> {
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// The essential packages, the others named above, and all they depend on, by the first alternative.
fn closure() -> std::io::Result<BTreeSet<String>> {
    let format = "${Package}\t${Essential}\t${Pre-Depends}, ${Depends}\n";
    let known = lines(Command::new("dpkg-query").args(["--show", "--showformat", format]))?;
    let mut needs = BTreeMap::new();
    let mut to_visit: Vec<String> = ALSO.map(str::to_owned).to_vec();
    for line in &known {
        let mut columns = line.split('\t');
        let (name, essential, relations) =
            (columns.next(), columns.next(), columns.next().unwrap_or_default());
        let name = name.unwrap_or_default().to_owned();
        if essential == Some("yes") {
            to_visit.push(name.clone());
        }
        let word =
            |relation: &str| relation.split([' ', '|', ':']).find(|word| !word.is_empty()).map(str::to_owned);
        needs.insert(name, relations.split(',').filter_map(word).collect::<Vec<_>>());
    }
    let mut found = BTreeSet::new();
    while let Some(name) = to_visit.pop() {
        if let (Some(needed), false) = (needs.get(&name), found.contains(&name)) {
            to_visit.extend(needed.iter().cloned());
            found.insert(name);
        }
    }
    Ok(found)
}

/// The files of these packages, and the links of the alternatives system, without the leading slash.
fn files_of(packages: &BTreeSet<String>) -> std::io::Result<Vec<String>> {
    let mut files = lines(Command::new("dpkg-query").arg("--listfiles").args(packages))?;
    for folder in ["/usr/bin", "/usr/sbin"] {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if fs::read_link(&path).is_ok_and(|target| target.starts_with("/etc/alternatives")) {
                files.push(path.display().to_string());
            }
        }
    }
    files.retain(|file| {
        let wanted = file.starts_with('/') && !LEFT_OUT.iter().any(|folder| file.starts_with(folder));
        wanted && fs::symlink_metadata(file).is_ok_and(|metadata| !metadata.is_dir())
    });
    Ok(files.into_iter().map(|file| file.trim_start_matches('/').to_owned()).collect())
}
