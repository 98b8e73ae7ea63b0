//! A machine that installs with apt: a root of its own, in which the real apt-get and dpkg run.

#![allow(clippy::panic, reason = "a fixture that cannot be made ends the test")]

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use crate::DpkgRoot;

/// What apt is told besides its sources: nothing of this machine's configuration counts.
const CONFIGURATION: &str = "\
APT::Architecture \"ARCH\";
APT::Architectures { \"ARCH\"; };
APT::Sandbox::User \"root\";
Acquire::Languages \"none\";
Acquire::Retries \"0\";
Dpkg::Options { \"--force-unsafe-io\"; };
Dpkg::Use-Pty \"false\";
";

/// A root with an empty dpkg database, and apt with the sources that a test gives it. It shares the network of this
/// machine, so servers on loopback can be reached from it.
pub struct AptRoot {
    root: DpkgRoot,
}

impl AptRoot {
    /// Makes a root without any source, in which apt installs nothing that is only recommended.
    ///
    /// # Panics
    /// If it cannot be made here.
    pub fn new() -> Self {
        Self::of("amd64")
    }

    /// The same, with an apt that takes the machine for one of this architecture. dpkg there is this machine's still: packages
    /// of `all` can be installed.
    ///
    /// # Panics
    /// If it cannot be made here.
    pub fn of(architecture: &str) -> Self {
        let apt = Self::stock_of(architecture);
        apt.write("etc/apt/apt.conf.d/recommends", "APT::Install-Recommends \"false\";\n");
        apt
    }

    /// Makes a root without any source, in which apt takes what is recommended as it does unless told otherwise.
    ///
    /// # Panics
    /// If it cannot be made here.
    pub fn stock() -> Self {
        Self::stock_of("amd64")
    }

    fn stock_of(architecture: &str) -> Self {
        let apt = Self { root: DpkgRoot::new() };
        let folder = apt.root.path("etc/apt");
        let _ = fs::remove_dir_all(&folder);
        for folder in ["sources.list.d", "preferences.d", "apt.conf.d", "trusted.gpg.d", "keyrings"] {
            apt.make(&format!("etc/apt/{folder}"));
        }
        for folder in ["lib/apt/lists/partial", "cache/apt/archives/partial", "log/apt"] {
            apt.make(&format!("var/{folder}"));
        }
        apt.write("etc/apt/apt.conf", &CONFIGURATION.replace("ARCH", architecture));
        apt
    }

    fn make(&self, below: &str) {
        let path = self.root.path(below);
        fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Writes a file of the root.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, below: &str, text: &str) {
        let path = self.root.path(below);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Has apt know this `.sources` paragraph and no other.
    pub fn source(&self, paragraph: &str) {
        self.write("etc/apt/sources.list.d/test.sources", paragraph);
    }

    /// Has apt prefer packages as this preferences(5) text says.
    pub fn preferences(&self, text: &str) {
        self.write("etc/apt/preferences.d/test", text);
    }

    /// Runs apt-get to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.root.run("apt-get", &[&["-y", "-q"], arguments].concat())
    }

    /// Runs apt-get and gives all that it said.
    ///
    /// # Panics
    /// If it fails, or warns.
    pub fn check(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let warned = said.lines().any(|line| line.starts_with("W:") || line.starts_with("E:"));
        assert!(output.status.success() && !warned, "apt-get {arguments:?}:\n{said}");
        said
    }

    /// The version that is installed; none when it is not.
    pub fn installed(&self, name: &str) -> Option<String> {
        let is = self.root.status(name).is_some_and(|status| status == "install ok installed");
        is.then(|| self.root.version(name)).flatten()
    }

    /// Where a path of the root is for this process.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.path(below)
    }

    /// The root below.
    pub fn root(&self) -> &DpkgRoot {
        &self.root
    }
}

impl Default for AptRoot {
    fn default() -> Self {
        Self::new()
    }
}
