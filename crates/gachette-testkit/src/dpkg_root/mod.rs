//! A root of its own for dpkg: packages are really installed there, and their scripts really run, without touching the
//! machine.

#![allow(clippy::panic, reason = "a fixture that cannot be made ends the test")]

mod copied;
mod mounted;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use copied::CopiedRoot;
use mounted::MountedRoot;

/// A root with an empty dpkg database, and this machine's programs and users.
///
/// In its own mount and process namespace where those can be had: as root, or as an ordinary user where user namespaces
/// are allowed. Else, as root in a container without the right to
/// mount, it is a folder with copies of the essential packages, used through `chroot`.
///
/// It is gone, with all processes in it, when this is dropped or the test dies. Packages installed on the machine do not
/// count as installed here: see [`DpkgRoot::pretend_installed`].
pub struct DpkgRoot {
    kind: Kind,
}

enum Kind {
    Mounted(MountedRoot),
    Copied(CopiedRoot),
}

impl DpkgRoot {
    /// Makes a root.
    ///
    /// # Panics
    /// If it cannot be made here, with what is missing.
    pub fn new() -> Self {
        let kind = match MountedRoot::new() {
            Ok(root) => Kind::Mounted(root),
            Err(mounting) => match CopiedRoot::new() {
                Ok(root) => Kind::Copied(root),
                Err(copying) => panic!(
                    "a root for dpkg needs namespaces (run as root, or allow user namespaces) or chroot: {mounting}; {copying}"
                ),
            },
        };
        Self { kind }
    }

    /// Whether files in the root can belong to others than root: not to an ordinary user who has no numbers for them in
    /// subuid(5).
    pub fn has_other_users(&self) -> bool {
        match &self.kind {
            Kind::Mounted(root) => root.has_others(),
            Kind::Copied(_) => true,
        }
    }

    /// Where a path of the root is for this process, such as `etc/passwd`. Absolute symbolic links lead to the machine's
    /// own files: read them with [`DpkgRoot::run`].
    pub fn path(&self, below: &str) -> PathBuf {
        let root = match &self.kind {
            Kind::Mounted(root) => root.path(),
            Kind::Copied(root) => root.path(),
        };
        root.join(below.trim_start_matches('/'))
    }

    /// A program to be run in the root, as its root user, with a small environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = match &self.kind {
            Kind::Mounted(root) => root.command(),
            Kind::Copied(root) => root.command(),
        };
        command.arg(program).env_clear();
        command.envs([
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("HOME", "/root"),
            ("LC_ALL", "C.UTF-8"),
            ("DEBIAN_FRONTEND", "noninteractive"),
        ]);
        command
    }

    /// Runs a program in the root to its end.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(program);
        command.args(arguments).stdin(std::process::Stdio::null());
        command.output().unwrap_or_else(|error| panic!("cannot run {program} in the root: {error}"))
    }

    /// Runs a program in the root and gives what it printed.
    ///
    /// # Panics
    /// If it fails, with what it said.
    pub fn check(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?} failed:\n{stdout}{stderr}");
        stdout
    }

    /// Makes dpkg believe that a package is installed, to meet dependencies; it has no files.
    pub fn pretend_installed(&self, name: &str, version: &str) {
        let status = self.path("var/lib/dpkg/status");
        let mut text = fs::read_to_string(&status).unwrap_or_default();
        text += &format!(
            "Package: {name}\nStatus: install ok installed\nMaintainer: nobody <nobody@example.org>\n\
             Architecture: all\nVersion: {version}\nDescription: pretended\n\n"
        );
        let list = self.path(&format!("var/lib/dpkg/info/{name}.list"));
        fs::write(list, "").and_then(|()| fs::write(status, text)).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Installs or upgrades package files, as `dpkg --install` does.
    pub fn dpkg_install(&self, packages: &[&Path]) -> Output {
        let mut command = self.command("dpkg");
        command.args(["--force-unsafe-io", "--install"]).stdin(std::process::Stdio::null());
        for package in packages {
            let name = package.file_name().unwrap_or(package.as_os_str()).to_string_lossy();
            let inside = format!("/var/cache/{name}");
            fs::copy(package, self.path(&inside))
                .unwrap_or_else(|error| panic!("cannot copy {} into the root: {error}", package.display()));
            command.arg(inside);
        }
        command.output().unwrap_or_else(|error| panic!("cannot run dpkg: {error}"))
    }

    /// Installs or upgrades package files.
    ///
    /// # Panics
    /// If dpkg or a script fails, with what they said.
    pub fn install(&self, packages: &[&Path]) -> String {
        let output = self.dpkg_install(packages);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success(), "dpkg --install {packages:?} failed:\n{said}");
        said
    }

    /// Removes packages; their conffiles stay.
    ///
    /// # Panics
    /// If dpkg or a script fails.
    pub fn remove(&self, names: &[&str]) -> String {
        self.check("dpkg", &[&["--remove"], names].concat())
    }

    /// Removes packages with their conffiles.
    ///
    /// # Panics
    /// If dpkg or a script fails.
    pub fn purge(&self, names: &[&str]) -> String {
        self.check("dpkg", &[&["--purge"], names].concat())
    }

    /// What dpkg says about a package, such as `install ok installed`; none if it knows nothing of it.
    pub fn status(&self, name: &str) -> Option<String> {
        self.query(name, "${Status}")
    }

    /// The version dpkg knows a package in; none if it knows nothing of it.
    pub fn version(&self, name: &str) -> Option<String> {
        self.query(name, "${Version}")
    }

    fn query(&self, name: &str, format: &str) -> Option<String> {
        let output = self.run("dpkg-query", &["--show", &format!("--showformat={format}"), name]);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The paths that dpkg lists for a package, folders included, in its order.
    ///
    /// # Panics
    /// If the package is not known.
    pub fn files(&self, name: &str) -> Vec<String> {
        self.check("dpkg-query", &["--listfiles", name]).lines().map(str::to_owned).collect()
    }
}

impl Default for DpkgRoot {
    fn default() -> Self {
        Self::new()
    }
}
