//! A folder with a configuration and a home of its own, in which the real program runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A repository in `repository`.
const CONFIGURATION: &str = "meta_path: repository\nworking_copies: working_copies\n";

/// Where one test plays.
pub(crate) struct Playground {
    folder: TempDir,
}

/// What one run of the program left: its exit code and what it said.
pub(crate) struct Said {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output, with the folder's name and times taken out.
    pub(crate) stdout: String,
    /// Standard error, likewise.
    pub(crate) stderr: String,
}

impl Playground {
    /// With a repository in `repository`, and nothing else configured.
    pub(crate) fn new() -> Self {
        Self::with_configuration(CONFIGURATION)
    }

    /// The same where something is remembered of files that did not change; none on a machine that has no such place.
    pub(crate) fn remembering() -> Option<Self> {
        let places = [std::env::temp_dir(), "/dev/shm".into()];
        places.iter().find(|place| is_remembered(place)).map(|place| Self::below(place, CONFIGURATION))
    }

    /// With this configuration.
    pub(crate) fn with_configuration(text: &str) -> Self {
        Self::below(&std::env::temp_dir(), text)
    }

    /// The same in a folder of this one.
    pub(crate) fn below(place: &Path, text: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("gachette-test-").tempdir_in(place).unwrap();
        let playground = Self { folder };
        playground.write("gachette.yml", text);
        std::fs::create_dir(playground.path("home")).unwrap();
        playground
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The program, about to run with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.as_user(Command::new(program()), words)
    }

    /// The command with these words more, in the folder and environment of a user.
    pub(crate) fn as_user(&self, mut command: Command, words: &[&str]) -> Command {
        command.args(words).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.path("home")).env("LOGNAME", "ada").env("LC_ALL", "C.UTF-8");
        command.stdin(std::process::Stdio::null());
        command
    }

    /// Runs the program with the words of this line, split at spaces.
    pub(crate) fn run(&self, line: &str) -> Said {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs the program with these words.
    pub(crate) fn run_words(&self, words: &[&str]) -> Said {
        self.said(words, self.command(words).output().unwrap())
    }

    /// What the run with these words left.
    pub(crate) fn said(&self, words: &[&str], output: Output) -> Said {
        let Output { status, stdout, stderr } = output;
        let code = status.code().unwrap_or_else(|| panic!("{words:?} was ended by a signal: {status}"));
        Said { code, stdout: self.tidied(&stdout), stderr: self.tidied(&stderr) }
    }

    /// Runs the program, which must succeed; its standard output.
    pub(crate) fn ok(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, 0, "gachette {line}\n{}{}", said.stdout, said.stderr);
        said.stdout
    }

    /// Runs the program with `--format json`, which must succeed; its result.
    pub(crate) fn json(&self, line: &str) -> serde_json::Value {
        let words: Vec<&str> = ["--format", "json"].into_iter().chain(line.split_whitespace()).collect();
        let output = self.command(&words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "gachette {line}\n{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Text without what differs from run to run.
    fn tidied(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let folder: &Path = self.folder.path();
        text.replace(&folder.display().to_string(), "[folder]")
    }
}

impl Said {
    /// A transcript for snapshots: the exit code, then both streams.
    pub(crate) fn transcript(&self) -> String {
        let mut text = format!("exit code {}\n", self.code);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                text.push_str(&format!("-- {name}\n{}\n", stream.trim_end()));
            }
        }
        text
    }
}

/// The program that is tested: the one that was built with the tests, or the one that `GACHETTE_TEST_PROGRAM` names.
pub(crate) fn program() -> PathBuf {
    let built = || env!("CARGO_BIN_EXE_gachette").into();
    std::env::var_os("GACHETTE_TEST_PROGRAM").map_or_else(built, PathBuf::from)
}

/// Whether something is remembered of what lies at this path: whether times there are of this machine's clock.
pub(crate) fn is_remembered(path: &Path) -> bool {
    let output = Command::new("stat").args(["--file-system", "--format=%T"]).arg(path).output().unwrap();
    let kind = String::from_utf8(output.stdout).unwrap();
    ["ext2/ext3", "tmpfs", "xfs", "btrfs", "f2fs", "bcachefs", "zfs"].contains(&kind.trim())
}

/// A step of a recipe that waits until this file is there, or its folder is not.
pub(crate) fn until_let_go(file: &Path) -> String {
    let folder = file.parent().unwrap().display();
    format!("while [ -d {folder} ] && [ ! -e {} ]; do sleep 0.05; done", file.display())
}

/// Snapshot filters for what differs from run to run.
pub(crate) fn filters() -> Vec<(&'static str, &'static str)> {
    vec![
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "[time]"),
        (r"ada@\S+", "ada@[host]"),
        (r"\b[0-9a-f]{64}\b", "[sha256]"),
        (r"\b[0-9A-F]{40}\b", "[fingerprint]"),
        (r"\d+\.\d (s|KiB)\b", "[n] $1"),
        (r"\b\d+ ms\b", "[n] ms"),
        (r"\b\d+ MB of room\b", "[n] MB of room"),
    ]
}

/// Compares a transcript with the snapshot of the test.
#[macro_export]
macro_rules! assert_transcript {
    ($said:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(true);
        settings.set_omit_expression(true);
        for (pattern, text) in $crate::playground::filters() {
            settings.add_filter(pattern, text);
        }
        settings.bind(|| insta::assert_snapshot!($said.transcript()));
    }};
}
