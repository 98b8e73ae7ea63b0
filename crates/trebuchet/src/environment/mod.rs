//! The virtual environment of an application: made once from everything that decides what is in it, kept in a cache, and
//! put wherever it is needed with every path in it true.
//!
//! The package's environment is at home in `/opt/trebuchet/NAME/env`; `build_assets` get a copy that works on this
//! machine. Nothing that is shipped names a folder of this machine.

mod cache;
mod fingerprint;
mod install;
mod interpreter;
mod placement;
mod record;
mod relocation;
mod requirements;
mod snapshot;
mod uv;

use std::env;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gachette_core::missile::Environment;

pub use interpreter::Interpreter;
pub use requirements::RequirementsError;

pub(crate) use install::activated;
pub(crate) use interpreter::is_installed;
pub(crate) use placement::{Placed, Placement};

use crate::io_error::{At as _, IoError};
use crate::process::{Cancel, ProcessError};
use crate::report::Report;
use cache::{Cache, Cached};
use fingerprint::Fingerprint;
use install::Installation;
use snapshot::Snapshot;

/// Reads a requirements file of the project and all it includes, to see whether everything is there.
pub(crate) fn check_requirements(project: &Path, file: &str) -> Result<(), RequirementsError> {
    requirements::read(project, &[file.to_owned()], &mut Fingerprint::default()).map(drop)
}

/// What sources that were compiled on this machine are said to have lain in.
const SOURCES: &str = "/usr/src/trebuchet";

/// Changes whenever environments come out differently from the same inputs.
const FORMAT: &str = "1";

/// Why an environment could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// No such interpreter is there.
    #[error("the interpreter `{binary}` is not installed on this machine")]
    NoInterpreter {
        /// As the recipe names it.
        binary: String,
    },
    /// The interpreter is there and does not work.
    #[error("the interpreter `{binary}` is no Python 3 that works: {source}")]
    Interpreter {
        /// As the recipe names it.
        binary: String,
        /// How it failed.
        source: ProcessError,
    },
    /// Debian ships the interpreter without what makes environments.
    #[error("`{}` cannot make virtual environments; install the package `{package}`", interpreter.display())]
    NoVenv {
        /// The interpreter.
        interpreter: PathBuf,
        /// Debian's package that lacks.
        package: String,
    },
    /// A requirements file cannot be used.
    #[error(transparent)]
    Requirements(#[from] RequirementsError),
    /// A file would carry the name of a folder of this machine to other hosts.
    #[error("`{}` in the environment names `{}`, a folder of this machine, and cannot be changed", file.display(), folder.display())]
    NamesFolder {
        /// The file, relative to the environment.
        file: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// A program failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Something on disk could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
    /// Its user wanted it to end while it waited for another build.
    #[error("cancelled while another build made the same environment")]
    Cancelled,
}

/// What an environment is made from, beside the recipe's own words.
pub(crate) struct EnvironmentRequest<'a> {
    pub(crate) project: &'a Path,
    pub(crate) pip_options: &'a [String],
    pub(crate) cache: &'a Path,
}

/// An environment that is ready to be put somewhere.
pub(crate) struct PreparedEnvironment {
    cached: Cached,
    /// The package that brings the interpreter, when one does.
    pub(crate) interpreter_package: Option<String>,
}

impl PreparedEnvironment {
    /// Takes the recipe's environment from the cache, or makes it.
    pub(crate) fn prepare(
        recipe: &Environment,
        request: &EnvironmentRequest<'_>,
        cancel: &Cancel,
        report: &mut Report<'_>,
    ) -> Result<Self, EnvironmentError> {
        let interpreter = Interpreter::find(recipe.binary.as_deref().unwrap_or("python3"), cancel)?;
        if interpreter.package.is_none() {
            report.warning(&format!(
                "no package owns the interpreter `{0}`, so nothing will depend on it: the hosts that this is \
                 installed on must have it at `{0}`",
                interpreter.path.display()
            ));
        }
        let uv = install::uv_is_there(cancel)?;
        let mut fingerprint = fingerprint_of(recipe, request, &interpreter, uv)?;
        let requirements = requirements::read(request.project, &recipe.requirements, &mut fingerprint)?;
        let installation = Installation {
            interpreter: &interpreter,
            project: request.project,
            requirements: &requirements,
            pip_options: request.pip_options,
            post_environment: &recipe.post_environment,
            uv,
        };
        let cached = cached(request, &fingerprint.digest().to_string()[..32], &installation, cancel, report)?;
        Ok(Self { cached, interpreter_package: interpreter.package })
    }

    /// The environment at home in `home`, for a project whose code is in `code`.
    pub(crate) fn placed(&self, home: &Path, code: &Path) -> Result<Placement<'_>, EnvironmentError> {
        Placement::new(&self.cached.folder, &self.cached.snapshot, home, code)
    }

    /// Whether it holds files that are compiled for one architecture.
    pub(crate) fn is_native(&self) -> bool {
        self.cached.snapshot.native
    }
}

/// The environment with everything installed, from the cache or made now.
fn cached(
    request: &EnvironmentRequest<'_>,
    key: &str,
    installation: &Installation<'_>,
    cancel: &Cancel,
    report: &mut Report<'_>,
) -> Result<Cached, EnvironmentError> {
    let cache = Cache::open(request.cache)?;
    let (cached, was_there) = cache.get(key, cancel, report, |work, report| {
        let empty = empty(&cache, installation, cancel, report)?;
        let tool = if installation.uv { "uv" } else { "pip" };
        report.step(&format!("installing what the environment requires, with {tool}"));
        let (environment, scratch) = (work.join("env"), work.join("tmp"));
        Placement::new(&empty.folder, &empty.snapshot, &environment, request.project)?
            .copy_to(&environment)?;
        std::fs::create_dir(&scratch).at(&scratch)?;
        installation.install(&environment, &scratch, cancel, &mut |_, line| report.line(line))?;
        // It may be as large as what was compiled in it, and the next build needs nothing of it.
        std::fs::remove_dir_all(&scratch).at(&scratch)?;
        Snapshot::take(work, request.project, cache.folder())
    })?;
    if was_there {
        report.step("the environment is in the cache");
    } else {
        cache.sweep(SystemTime::now());
    }
    Ok(cached)
}

/// The interpreter's environment before anything is installed into it, which is the same for all projects.
fn empty(
    cache: &Cache,
    installation: &Installation<'_>,
    cancel: &Cancel,
    report: &mut Report<'_>,
) -> Result<Cached, EnvironmentError> {
    let key = fingerprint_of_interpreter(installation.interpreter, installation.uv).digest().to_string();
    let (cached, _) = cache.get(&key[..32], cancel, report, |work, report| {
        report.step(&format!("making an empty environment of {}", installation.interpreter.path.display()));
        installation.create(&work.join("env"), work, cancel, &mut |_, line| report.line(line))?;
        Snapshot::take(work, installation.project, cache.folder())
    })?;
    Ok(cached)
}

fn fingerprint_of_interpreter(interpreter: &Interpreter, uv: bool) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    fingerprint.add("format", FORMAT.as_bytes());
    fingerprint.add("machine", env::consts::ARCH.as_bytes());
    fingerprint.add("interpreter", interpreter.path.as_os_str().as_encoded_bytes());
    fingerprint.add("version", interpreter.version.as_bytes());
    fingerprint.add("abi", interpreter.abi.as_bytes());
    fingerprint.add("installer", if uv { b"uv" } else { b"pip" });
    fingerprint
}

/// Everything but the requirements that decides what is in an environment.
fn fingerprint_of(
    recipe: &Environment,
    request: &EnvironmentRequest<'_>,
    interpreter: &Interpreter,
    uv: bool,
) -> Result<Fingerprint, IoError> {
    let mut fingerprint = fingerprint_of_interpreter(interpreter, uv);
    let mut settings: Vec<_> = env::vars().filter(|(name, _)| name.starts_with("PIP_")).collect();
    settings.sort();
    for (name, value) in &settings {
        fingerprint.add("setting", format!("{name}={value}").as_bytes());
    }
    for option in request.pip_options {
        fingerprint.add("option", option.as_bytes());
    }
    for step in &recipe.post_environment {
        fingerprint.add("step", step.as_bytes());
    }
    let options = settings.into_iter().map(|(_, value)| value).chain(request.pip_options.iter().cloned());
    requirements::add_option_paths(request.project, options, &mut fingerprint)?;
    requirements::add_step_paths(request.project, &recipe.post_environment, &mut fingerprint)?;
    Ok(fingerprint)
}
