//! Runs the `git` program so that nothing it meets can make it ask, run or hang.
//!
//! Git asks nobody for passwords or host keys, runs no hook and no file system monitor, follows no transport that is a
//! program (`ext::`), gives up on servers that fell silent, and does not see the variables that would point it to
//! another repository. What its user configured for themselves stays: credential helpers, `core.sshCommand`, proxies,
//! `insteadOf`, LFS filters.
//!
//! Which commands are run, and what for, is left to [`crate::working_copy`].

mod error;
mod hardening;
mod locks;
mod remote;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gachette_core::git::GitUrl;
use gachette_core::without_secrets;
use trebuchet::process::{Cancel, Process, Stream};

pub use error::{Fault, GitError, GitFailure, Submodule};
pub(crate) use locks::remove_locks;
pub use remote::{RemoteRef, RemoteRefs};

/// The `git` program of this machine.
#[derive(Debug, Clone, Default)]
pub struct Git {
    environment: Vec<(OsString, OsString)>,
    patience: Option<Duration>,
    stand_ins: Vec<StandIn>,
    within: Option<Duration>,
    ssh_command: Arc<OnceLock<Option<OsString>>>,
}

/// A folder that git reads where it would ask the server of an address.
#[derive(Debug, Clone)]
struct StandIn {
    address: String,
    folder: PathBuf,
}

impl Git {
    /// Git with the environment of this process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an environment variable for git and all it starts, such as `HOME` or `GIT_SSH_COMMAND`.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self.ssh_command = Arc::default();
        self
    }

    /// How long a server may say nothing before it is given up; five minutes when not said.
    pub fn patience(mut self, longest_silence: Duration) -> Self {
        self.patience = Some(longest_silence);
        self
    }

    /// Reads the repository in this folder wherever git would ask the server of this address, for submodules too.
    pub fn instead_of(mut self, address: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        self.stand_ins.push(StandIn { address: address.into(), folder: folder.into() });
        self
    }

    /// How long any command may take in all; as long as it takes when not said.
    pub fn within(mut self, longest: Duration) -> Self {
        self.within = Some(longest);
        self
    }

    /// A git command, `fetch` and the like, to be given its arguments.
    pub fn command(&self, subcommand: &str) -> GitCommand<'_> {
        GitCommand {
            git: self,
            arguments: subcommand.split(' ').map(OsString::from).collect(),
            settings: Vec::new(),
            folder: None,
            url: None,
            held: None,
            remote: false,
        }
    }

    fn silence(&self) -> Duration {
        self.patience.unwrap_or(Duration::from_secs(300))
    }
}

/// A git command that is being put together.
#[derive(Debug)]
pub struct GitCommand<'a> {
    git: &'a Git,
    arguments: Vec<OsString>,
    settings: Vec<String>,
    folder: Option<&'a Path>,
    url: Option<&'a GitUrl>,
    held: Option<Arc<File>>,
    remote: bool,
}

impl<'a> GitCommand<'a> {
    /// Adds an argument. One that is a value must be of a type that cannot begin with `-`, or stand behind `--`.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Runs in this folder.
    pub fn folder(mut self, folder: &'a Path) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Sets a configuration value, `key=value`, for this command.
    pub fn setting(mut self, setting: impl Into<String>) -> Self {
        self.settings.push(setting.into());
        self
    }

    /// Says that this command talks to the server of this repository: its credentials go along, a silent server is
    /// given up, and errors name the address.
    pub fn remote(mut self, url: &'a GitUrl) -> Self {
        (self.url, self.remote) = (Some(url), true);
        self
    }

    /// Says which repository this command is about: should git or a filter of the user's (LFS) talk to its server, its
    /// credentials are at hand.
    pub fn about(mut self, url: &'a GitUrl) -> Self {
        self.url = Some(url);
        self
    }

    /// Keeps this open file, and so a lock on it, in git's hands until it ends.
    pub fn hold(mut self, file: &Arc<File>) -> Self {
        self.held = Some(Arc::clone(file));
        self
    }

    /// Gives git this file to read as its standard input, which is then not [held](Self::hold) for a lock.
    pub fn input(mut self, file: File) -> Self {
        self.held = Some(Arc::new(file));
        self
    }

    /// Runs git, its progress going to `on_line`.
    ///
    /// # Errors
    /// When git is missing, fails, or is cancelled.
    pub fn run(self, cancel: &Cancel, on_line: &mut dyn FnMut(&str)) -> Result<(), GitError> {
        let process = self.process();
        let result = process.run(cancel, &mut |_: Stream, line| {
            on_line(&without_secrets(line));
        });
        result.map(drop).map_err(|error| self.failed(error))
    }

    /// Runs git, and returns what it printed without the last line end.
    ///
    /// # Errors
    /// As [`GitCommand::run`].
    pub fn output(self, cancel: &Cancel) -> Result<String, GitError> {
        let captured = self.process().output(cancel).map_err(|error| self.failed(error))?;
        Ok(captured.text())
    }

    /// Runs git, and returns what it printed byte for byte.
    ///
    /// # Errors
    /// As [`GitCommand::run`].
    pub fn bytes(self, cancel: &Cancel) -> Result<Vec<u8>, GitError> {
        self.process().output(cancel).map(|captured| captured.stdout).map_err(|error| self.failed(error))
    }

    /// The command as a process that can be run.
    pub fn process(&self) -> Process {
        let mut process =
            hardening::process(self.git, self.url).args(hardening::settings(self.git, self.url));
        for setting in &self.settings {
            process = process.args(["-c", setting]);
        }
        process = process.args(&self.arguments);
        // Our own current folder may be gone, and git goes nowhere from there; no address is relative to it.
        process = process.current_dir(self.folder.unwrap_or(Path::new("/")));
        if let Some(folder) = self.folder {
            // Where the folder is no repository, git must not take one around it for it.
            if let Some(around) = folder.parent() {
                process = process.env("GIT_CEILING_DIRECTORIES", around);
            }
        }
        if let Some(file) = &self.held {
            process = process.hold(Arc::clone(file));
        }
        let silence = self.remote.then(|| self.git.silence());
        process.output_limit(256 << 20).silence(silence).timeout(self.git.within)
    }

    fn failed(&self, error: trebuchet::process::ProcessError) -> GitError {
        // Without what hardens it, a command can be read, and typed again.
        let command = Process::new("git").args(&self.arguments).to_string();
        GitError::from_process(error, command, self.url, self.folder)
    }
}
