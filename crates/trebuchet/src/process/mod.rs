//! Starts other programs and sees them through to their end, whatever they do: every child leads a process group of its
//! own, has nothing to read on its standard input, and is ended with all its descendants on cancellation or timeout.
//!
//! Which program, with which arguments, is the caller's business; no shell is ever put between.
//!
//! # When this very process is killed with `kill -9`
//! A program that begins with [`watch_over`] has another process end its children then. `PR_SET_PDEATHSIG` would not do: it
//! needs a wrapper program, fires when the *thread* that started the child ends, and does not reach grandchildren. In other
//! programs the children's pipes break, which ends most of them at their next line. And [`Process::hold`] lets a child
//! keep a lock of ours: the file lock on that descriptor is free only when the child is gone too, so that the next run
//! cannot race with an orphan.

mod cancel;
mod error;
mod in_path;
mod lines;
mod run;
mod running;
#[cfg(test)]
mod tests;
mod watchdog;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use cancel::Cancel;
pub use error::ProcessError;
pub use in_path::in_path;
pub use running::kill_all;
pub use watchdog::watch_over;

use lines::{Cut, Lines};

/// The variables of this process that hold secrets of its user: no program that is started here is given them.
pub const SECRETS: [&str; 2] = ["GACHETTE_PASSPHRASE", "GACHETTE_TOKEN"];

/// Which of its two streams a program wrote a line to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A program that ended well.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How long it ran.
    pub duration: Duration,
    /// The last lines it wrote, of both streams.
    pub last_lines: Vec<String>,
}

/// A program that ended well, with all it wrote to its standard output.
#[derive(Debug, Clone)]
pub struct Captured {
    /// Its standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// The last lines of its standard error.
    pub last_lines: Vec<String>,
}

impl Captured {
    /// Its standard output as text, without the last line end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches(['\n', '\r']).to_owned()
    }
}

/// A program to be started, with its arguments, environment and folder.
///
/// ```
/// # use trebuchet::process::{Cancel, Process};
/// let mut lines = Vec::new();
/// Process::new("printf").arg("%s\\n").args(["$(id)", "; b"]).run(&Cancel::new(), &mut |_, line| lines.push(line.to_owned()))?;
/// assert_eq!(lines, ["$(id)", "; b"]);
/// # Ok::<(), trebuchet::process::ProcessError>(())
/// ```
#[derive(Clone)]
pub struct Process {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, Option<OsString>)>,
    environment_cleared: bool,
    directory: Option<PathBuf>,
    timeout: Option<Duration>,
    silence: Option<Duration>,
    kept_lines: usize,
    output_limit: usize,
    held: Option<Arc<File>>,
    /// Whether it begins only once its watcher knows it.
    waits: bool,
}

impl Process {
    /// The program `program`, looked up in `PATH` when it holds no `/`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            environment_cleared: false,
            directory: None,
            timeout: None,
            silence: None,
            kept_lines: 20,
            output_limit: 64 << 20,
            held: None,
            waits: false,
        }
    }

    /// A step of a recipe for `sh -e`. It may do anything, for as long as it likes; so it begins only once whoever ends it when this
    /// process is killed knows of it ([`watch_over`]).
    pub fn step(script: &str) -> Self {
        Self { waits: true, ..Self::new("sh").args(["-e", "-c", script]) }
    }

    /// Adds one argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets one environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    /// Takes one environment variable away.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), None));
        self
    }

    /// Begins with an empty environment instead of ours; what was set before this call stays set.
    pub fn env_clear(mut self) -> Self {
        self.environment_cleared = true;
        self
    }

    /// Runs in this folder.
    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// Ends the program when it runs longer than this.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Ends the program when it says nothing for this long, however long it may run.
    pub fn silence(mut self, longest: Option<Duration>) -> Self {
        self.silence = longest;
        self
    }

    /// How many of the last lines are kept for errors; 20 when not said.
    pub fn keep_lines(mut self, count: usize) -> Self {
        self.kept_lines = count;
        self
    }

    /// The most bytes [`Process::output`] accepts; 64 MiB when not said.
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = bytes;
        self
    }

    /// Gives the child this open file as its standard input, so that a lock on it lives as long as the child does, even
    /// if this process is killed. The file's position should be at its end: a child that reads then finds nothing.
    pub fn hold(mut self, file: Arc<File>) -> Self {
        self.held = Some(file);
        self
    }

    /// Gives the child this file to read as its standard input, from where the file's position is.
    pub fn input(self, file: File) -> Self {
        self.hold(Arc::new(file))
    }

    /// Runs the program to its end, each line of its output going to `on_line` as it comes.
    ///
    /// A line ends with `\n`, `\r\n` or a lone `\r` (progress that overwrites itself). Bytes that are not UTF-8 are
    /// replaced, and a line is cut at 8 KiB.
    ///
    /// # Errors
    /// When it cannot be started, ends with another status than 0, runs out of time or is cancelled.
    pub fn run(
        &self,
        cancel: &Cancel,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Finished, ProcessError> {
        let (mut stdout, mut stderr) = (Lines::default(), Lines::default());
        let mut tail = lines::Tail::new(self.kept_lines);
        let ended = run::run(self, cancel, &mut |stream, chunk| {
            let lines = if stream == Stream::Stdout { &mut stdout } else { &mut stderr };
            lines.read(chunk, &mut |cut| {
                tail.push(&cut);
                if let Cut::Line(line) | Cut::Progress(line) = cut {
                    on_line(stream, line);
                }
            });
            Ok(())
        })?;
        self.judge(ended, tail.into_lines())
    }

    /// Runs the program to its end and returns its standard output whole.
    ///
    /// # Errors
    /// As [`Process::run`], and when it writes more than the limit.
    pub fn output(&self, cancel: &Cancel) -> Result<Captured, ProcessError> {
        let (mut stdout, mut stderr) = (Vec::new(), Lines::default());
        let mut tail = lines::Tail::new(self.kept_lines);
        let ended = run::run(self, cancel, &mut |stream, chunk| {
            match (stream, chunk) {
                (Stream::Stdout, Some(chunk)) if stdout.len() + chunk.len() > self.output_limit => {
                    let (command, limit) = (self.to_string(), self.output_limit);
                    return Err(ProcessError::TooMuchOutput { command, limit });
                }
                (Stream::Stdout, chunk) => stdout.extend_from_slice(chunk.unwrap_or_default()),
                (Stream::Stderr, chunk) => {
                    stderr.read(chunk, &mut |cut| tail.push(&cut));
                }
            }
            Ok(())
        })?;
        let finished = self.judge(ended, tail.into_lines())?;
        Ok(Captured { stdout, last_lines: finished.last_lines })
    }

    fn judge(&self, ended: run::Ended, last_lines: Vec<String>) -> Result<Finished, ProcessError> {
        let command = self.to_string();
        match ended.how {
            run::How::Exited(status) if status.success() => {
                Ok(Finished { duration: ended.duration, last_lines })
            }
            run::How::Exited(status) => Err(ProcessError::Failed { command, status, last_lines }),
            run::How::TimedOut(after) => Err(ProcessError::TimedOut { command, after, last_lines }),
            run::How::FellSilent(after) => Err(ProcessError::FellSilent { command, after, last_lines }),
            run::How::AskedTheTerminal => Err(ProcessError::AskedTheTerminal { command, last_lines }),
            run::How::Cancelled => Err(ProcessError::Cancelled { command }),
        }
    }
}

impl fmt::Display for Process {
    /// The command as one would type it, quoted where needed; never the environment, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in std::iter::once(&self.program).chain(&self.arguments).enumerate() {
            let word = word.to_string_lossy();
            let separator = if index == 0 { "" } else { " " };
            let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%^{}~".contains(c);
            match !word.is_empty() && word.chars().all(plain) {
                true => write!(f, "{separator}{word}")?,
                false => {
                    write!(f, "{separator}'{}'", word.escape_debug().to_string().replace("\\'", "'\\''"))?
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Process({self})")
    }
}
