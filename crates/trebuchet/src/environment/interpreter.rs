//! Finds the Python interpreter of an environment, and the Debian package that a target host gets it from.
//!
//! A package can only depend on what a package brings. So a bare name such as `python3` means the first one in `PATH`
//! that belongs to a Debian package: a version manager's shim that comes earlier in `PATH` is passed over, since the
//! interpreter behind it is on this machine alone. When no package owns any of them, or the recipe names a path, the
//! interpreter is taken all the same, without a dependency and with a warning: the target hosts must then have it at
//! the same path.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::EnvironmentError;
use crate::process::{Cancel, Process, ProcessError, in_path};

/// A Python interpreter on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// Its own file, all links resolved: `/usr/bin/python3.11`, since `/usr/bin/python3` will be another one after an
    /// upgrade of the target host.
    pub path: PathBuf,
    /// Its version, as in `3.11.2`.
    pub version: String,
    /// What its compiled extension modules are built for.
    pub(crate) abi: String,
    /// The Debian package that brings it with its whole standard library.
    pub package: Option<String>,
}

/// How long an interpreter may take to say what it is.
const WITHIN: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Probe(PathBuf, String, Option<String>);

/// Prints the interpreter's own file even when it is asked from within a virtual environment or through a shim.
const PROBE: &str = "import json, os, sys, sysconfig
print(json.dumps([os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable),
                  '.'.join(map(str, sys.version_info[:3])), sysconfig.get_config_var('SOABI')]))";

impl Interpreter {
    /// The interpreter that a recipe's `binary` names.
    ///
    /// # Errors
    /// When there is none, or it does not work.
    pub fn find(binary: &str, cancel: &Cancel) -> Result<Self, EnvironmentError> {
        let mut unowned = None;
        let mut refused = None;
        for candidate in in_path(binary) {
            match Self::probe(&candidate, cancel) {
                Ok(found) if found.package.is_some() => return Ok(found),
                Ok(found) => unowned = unowned.or(Some(found)),
                Err(error @ ProcessError::Cancelled { .. }) => return Err(error.into()),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        unowned.ok_or_else(|| match refused {
            Some(source) => EnvironmentError::Interpreter { binary: binary.to_owned(), source },
            None => EnvironmentError::NoInterpreter { binary: binary.to_owned() },
        })
    }

    fn probe(candidate: &Path, cancel: &Cancel) -> Result<Self, ProcessError> {
        let probe = Process::new(candidate).args(["-I", "-S", "-c", PROBE]).timeout(Some(WITHIN));
        let answer = without_python_settings(probe).output(cancel)?;
        let Probe(path, version, abi) = serde_json::from_slice(&answer.stdout).map_err(|error| {
            ProcessError::Io { command: candidate.display().to_string(), source: error.into() }
        })?;
        let package = owner(&path, cancel)?;
        Ok(Self { path, version, abi: abi.unwrap_or_default(), package })
    }

    /// Whether it has the modules that make virtual environments, which Debian has in a package of their own.
    ///
    /// # Errors
    /// When it does not work.
    pub fn makes_environments(&self, cancel: &Cancel) -> Result<bool, ProcessError> {
        let probe =
            Process::new(&self.path).args(["-I", "-c", "import ensurepip, venv"]).timeout(Some(WITHIN));
        match without_python_settings(probe).output(cancel) {
            Ok(_) => Ok(true),
            Err(error) if error.exit_code() == Some(1) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The name of the interpreter as in `python3.11`.
    pub(crate) fn name(&self) -> String {
        format!("python{}", self.version.rsplit_once('.').map_or(self.version.as_str(), |(minor, _)| minor))
    }
}

/// Takes away what would make an interpreter look elsewhere for its libraries.
pub(crate) fn without_python_settings(process: Process) -> Process {
    ["PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"]
        .into_iter()
        .fold(process, Process::env_remove)
}

/// Whether there is such an interpreter at all; it is not asked anything.
pub(crate) fn is_installed(binary: &str) -> bool {
    in_path(binary).iter().any(|candidate| candidate.is_file())
}

/// The package that owns a file, by dpkg's own database.
fn owner(path: &Path, cancel: &Cancel) -> Result<Option<String>, ProcessError> {
    match Process::new("dpkg-query").env("LC_ALL", "C").arg("--search").arg(path).output(cancel) {
        Ok(found) => Ok(found.text().lines().find_map(package_of)),
        // dpkg-query(1): 1 when no package owns it. Other faults are told: without the dependency it would be another package.
        Err(error) if error.exit_code() == Some(1) => Ok(None),
        Err(ProcessError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The package that a line of `dpkg-query --search` names, as in `python3.11-minimal:amd64, other: /usr/bin/python3.11`.
fn package_of(line: &str) -> Option<String> {
    if line.starts_with("diversion by ") {
        return None;
    }
    let package = line.split([',', ':']).next()?.trim();
    // Debian splits the interpreter from most of its standard library; the package without the suffix has both.
    Some(package.strip_suffix("-minimal").unwrap_or(package).to_owned()).filter(|package| !package.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_read_from_each_form_of_dpkgs_answer() {
        assert_eq!(package_of("python3.11-minimal: /usr/bin/python3.11").unwrap(), "python3.11");
        assert_eq!(package_of("pypy3:amd64: /usr/bin/pypy3").unwrap(), "pypy3");
        assert_eq!(package_of("a, b: /usr/bin/x").unwrap(), "a");
        assert_eq!(package_of("diversion by dash from: /bin/sh"), None);
    }

    #[test]
    fn debians_python_is_found_by_its_own_file_and_package() {
        let found = Interpreter::find("/usr/bin/python3", &Cancel::new()).unwrap();
        assert!(found.path.starts_with("/usr/bin/"), "{found:?}");
        assert_eq!(found.path.file_name().unwrap().to_str(), Some(found.name().as_str()));
        assert_eq!(found.package, Some(found.name()));
    }

    #[test]
    fn a_missing_interpreter_is_named() {
        let error = Interpreter::find("python9.99", &Cancel::new()).unwrap_err().to_string();
        assert!(error.contains("`python9.99`"), "{error}");
        let error = Interpreter::find("/bin/false", &Cancel::new()).unwrap_err().to_string();
        assert!(error.contains("`/bin/false`"), "{error}");
    }
}
