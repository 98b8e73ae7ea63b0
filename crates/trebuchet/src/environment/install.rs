//! Makes a virtual environment in a folder and installs the requirements into it, by uv or by pip, then runs the
//! recipe's own steps. What is left behind in the folder is sorted out by `snapshot`.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use super::interpreter::{Interpreter, without_python_settings};
use super::uv::{self, UvSettings};
use super::{EnvironmentError, SOURCES};
use crate::process::{Cancel, Process, ProcessError, Stream};

/// What is installed, and from where.
pub(crate) struct Installation<'a> {
    pub(crate) interpreter: &'a Interpreter,
    pub(crate) project: &'a Path,
    pub(crate) requirements: &'a [std::path::PathBuf],
    pub(crate) pip_options: &'a [String],
    pub(crate) post_environment: &'a [String],
    pub(crate) uv: bool,
}

/// What compilers are told the time is, in seconds: the first that a zip file can hold. It is always the same one, so
/// that an environment depends on nothing but what its cache entry is named by.
const FIXED_TIME: &str = "315532800";

/// Where lines that programs write go.
pub(crate) type OnLine<'a> = &'a mut dyn FnMut(Stream, &str);

/// Whether `uv` is in `PATH`.
pub(crate) fn uv_is_there(cancel: &Cancel) -> Result<bool, ProcessError> {
    match Process::new("uv").arg("--version").output(cancel) {
        Ok(_) => Ok(true),
        Err(error @ ProcessError::Cancelled { .. }) => Err(error),
        Err(_) => Ok(false),
    }
}

impl Installation<'_> {
    /// Installs into `environment`, which `create` made; `scratch` is an empty folder for whatever must be compiled.
    pub(crate) fn install(
        &self,
        environment: &Path,
        scratch: &Path,
        cancel: &Cancel,
        on_line: OnLine<'_>,
    ) -> Result<(), EnvironmentError> {
        if !self.requirements.is_empty() {
            let install = match self.uv_settings(environment, scratch, cancel, on_line)? {
                Some(told) => self.uv_install(environment, scratch, &told),
                None => self.pip_install(environment, scratch),
            };
            install.run(cancel, on_line)?;
        }
        for step in self.post_environment {
            let shell = Process::step(step).current_dir(self.project);
            self.prepared(activated(shell, environment), scratch).run(cancel, on_line)?;
        }
        Ok(())
    }

    /// Makes the empty environment, with pip where the interpreter brings it.
    pub(crate) fn create(
        &self,
        environment: &Path,
        scratch: &Path,
        cancel: &Cancel,
        on_line: OnLine<'_>,
    ) -> Result<(), EnvironmentError> {
        let python = |arguments: &[&str]| {
            self.prepared(Process::new(&self.interpreter.path).arg("-I").args(arguments), scratch)
        };
        if self.interpreter.makes_environments(cancel)? {
            python(&["-m", "venv"]).arg(environment).run(cancel, on_line)?;
            return Ok(());
        }
        if !self.uv {
            return Err(self.no_venv());
        }
        let venv = Process::new("uv").args(["venv", "--no-project", "--python"]).arg(&self.interpreter.path);
        self.prepared(venv.arg(environment), scratch).run(cancel, on_line)?;
        Ok(())
    }

    fn no_venv(&self) -> EnvironmentError {
        let package = format!("{}-venv", self.interpreter.name());
        EnvironmentError::NoVenv { interpreter: self.interpreter.path.clone(), package }
    }

    /// What uv is to be told, if it is to be used.
    fn uv_settings(
        &self,
        environment: &Path,
        scratch: &Path,
        cancel: &Cancel,
        on_line: OnLine<'_>,
    ) -> Result<Option<UvSettings>, EnvironmentError> {
        if !self.uv {
            return Ok(None);
        }
        let has_pip = environment.join("bin/pip").exists();
        let settings = if has_pip {
            let list = Process::new(environment.join("bin/python")).args(["-m", "pip", "config", "list"]);
            uv::pip_settings(&self.prepared(list, scratch).output(cancel)?.text())
        } else {
            uv::settings_of_variables(env::vars())
        };
        match uv::translated(self.pip_options, &settings) {
            Ok(told) => Ok(Some(told)),
            Err(_) if !has_pip => Err(self.no_venv()),
            Err(unknown) => {
                on_line(Stream::Stderr, &format!("pip is used instead of uv, which has no `{unknown}`"));
                Ok(None)
            }
        }
    }

    fn uv_install(&self, environment: &Path, scratch: &Path, told: &UvSettings) -> Process {
        // Without copies, what is changed in the environment would change in uv's cache too.
        let install = Process::new("uv")
            .args([
                "pip",
                "install",
                "--link-mode",
                "copy",
                "--index-strategy",
                "unsafe-best-match",
                "--python",
            ])
            .arg(environment.join("bin/python"));
        let install = self.prepared(self.with_requirements(install.args(&told.arguments)), scratch);
        match &told.certificates {
            Some(file) => install.env("SSL_CERT_FILE", file),
            None => install,
        }
    }

    fn pip_install(&self, environment: &Path, scratch: &Path) -> Process {
        let install = Process::new(environment.join("bin/python")).args([
            "-m",
            "pip",
            "install",
            "--no-compile",
            "--no-input",
            "--disable-pip-version-check",
        ]);
        self.prepared(self.with_requirements(install).args(self.pip_options), scratch)
    }

    fn with_requirements(&self, process: Process) -> Process {
        self.requirements.iter().fold(process, |process, file| process.arg("--requirement").arg(file))
    }

    /// The settings that make an installation repeatable, and keep the scratch folder's name out of what is compiled.
    fn prepared(&self, process: Process, scratch: &Path) -> Process {
        let process = without_python_settings(process)
            .current_dir(self.project)
            .env("TMPDIR", scratch)
            .env("SOURCE_DATE_EPOCH", FIXED_TIME)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONHASHSEED", "0");
        let c = [flag("-ffile-prefix-map=", scratch), flag("-ffile-prefix-map=", self.project)];
        let rust = [flag("--remap-path-prefix=", scratch), flag("--remap-path-prefix=", self.project)];
        [("CFLAGS", &c), ("CXXFLAGS", &c), ("RUSTFLAGS", &rust)]
            .into_iter()
            .fold(process, |process, (name, added)| process.env(name, appended(env::var_os(name), added)))
    }
}

/// A process that sees an environment as activated.
pub(crate) fn activated(process: Process, environment: &Path) -> Process {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(environment.join("bin")).chain(env::split_paths(&path));
    // A folder with `:` in its name cannot be in PATH; the caller's temporary folders have none.
    let path = env::join_paths(folders).unwrap_or(path);
    without_python_settings(process)
        .env("VIRTUAL_ENV", environment)
        .env("PATH", path)
        .env("PYTHONDONTWRITEBYTECODE", "1")
}

fn flag(option: &str, folder: &Path) -> OsString {
    let mut flag = OsString::from(option);
    flag.push(folder);
    flag.push("=");
    flag.push(SOURCES);
    flag
}

fn appended(flags: Option<OsString>, added: &[OsString]) -> OsString {
    let mut flags = flags.unwrap_or_default();
    for flag in added {
        flags.push(" ");
        flags.push(flag);
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// Debian's python without the modules that Debian has in a package of their own.
    fn python_without_ensurepip(folder: &Path) -> Interpreter {
        let real = Interpreter::find("/usr/bin/python3", &Cancel::new()).unwrap();
        let library = folder.join("lib").join(real.name());
        fs::create_dir_all(&library).unwrap();
        fs::create_dir(folder.join("bin")).unwrap();
        for entry in fs::read_dir(Path::new("/usr/lib").join(real.name())).unwrap().flatten() {
            if entry.file_name() != "ensurepip" {
                symlink(entry.path(), library.join(entry.file_name())).unwrap();
            }
        }
        let path = folder.join("bin").join(real.name());
        fs::copy(&real.path, &path).unwrap();
        Interpreter { path, ..real }
    }

    #[test]
    fn a_python_that_cannot_make_environments_names_the_package_that_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let interpreter = python_without_ensurepip(folder.path());
        let installation = Installation {
            interpreter: &interpreter,
            project: folder.path(),
            requirements: &[],
            pip_options: &[],
            post_environment: &[],
            uv: false,
        };
        let target = folder.path().join("env");
        let created = installation.create(&target, folder.path(), &Cancel::new(), &mut |_, _| {});
        let error = created.unwrap_err().to_string();
        assert!(error.ends_with(&format!("install the package `{}-venv`", interpreter.name())), "{error}");
    }
}
