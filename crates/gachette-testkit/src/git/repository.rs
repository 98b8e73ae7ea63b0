//! A git repository to work with, whose commits are the same on every machine and every day.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

/// A git repository in a temporary folder, with its branch `main` checked out. Every method panics when git fails.
///
/// ```
/// let repository = gachette_testkit::GitRepository::new();
/// let commit = repository.commit_file("README", "hello\n");
/// assert_eq!(commit, repository.git(&["rev-parse", "main"]));
/// ```
#[derive(Debug)]
pub struct GitRepository {
    path: PathBuf,
    clock: AtomicI64,
    _folder: TempDir,
}

impl GitRepository {
    /// A repository without any commit.
    pub fn new() -> Self {
        Self::with_object_format("sha1")
    }

    /// A repository whose commits are named by another hash, `sha256`.
    pub fn with_object_format(format: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("repository");
        let repository = Self { path, clock: AtomicI64::new(1_700_000_000), _folder: folder };
        std::fs::create_dir(&repository.path).expect("a folder for the repository");
        let format = format!("--object-format={format}");
        repository.git(&["init", "--quiet", "--template=", "--initial-branch=main", &format]);
        repository
    }

    /// The folder, with `.git` and the files of the branch that is checked out.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its address, `file://…`.
    pub fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }

    /// Runs git in the repository, and returns what it printed without the last line end.
    pub fn git(&self, arguments: &[&str]) -> String {
        let date = format!("{} +0000", self.clock.load(Ordering::Relaxed));
        let output = hermetic_git()
            .args(arguments)
            .current_dir(&self.path)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .expect("git is installed");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {}\n{errors}", output.status);
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Writes a file, which the next [`GitRepository::commit`] takes up.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().expect("a path below the repository")).expect("a folder");
        std::fs::write(path, content).expect("a file is written");
        self
    }

    /// Commits all there is, a minute after the commit before, and returns the commit.
    pub fn commit(&self, message: &str) -> String {
        self.clock.fetch_add(60, Ordering::Relaxed);
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.head()
    }

    /// Writes one file and commits.
    pub fn commit_file(&self, path: &str, content: impl AsRef<[u8]>) -> String {
        self.write(path, content).commit(path)
    }

    /// Makes so many commits on the branch that is checked out, quickly, and returns them, the oldest first.
    pub fn commit_many(&self, count: usize) -> Vec<String> {
        let begin = self.clock.load(Ordering::Relaxed);
        let branch = self.git(&["symbolic-ref", "HEAD"]);
        let mut stream = String::new();
        for index in 1..=count {
            let time = begin + 60 * index as i64;
            let message = format!("commit {index} at {time}");
            stream += &format!("commit {branch}\ncommitter T <t@example.org> {time} +0000\n");
            stream += &format!("data {}\n{message}\n", message.len());
            if index == 1 && !self.git(&["for-each-ref", &branch]).is_empty() {
                stream += &format!("from {branch}^0\n");
            }
            stream += &format!("M 100644 inline many\ndata {}\n{message}\n\n", message.len());
        }
        self.clock.store(begin + 60 * count as i64, Ordering::Relaxed);
        let input = self.path.join(".git/fast-import");
        std::fs::write(&input, stream).expect("a file is written");
        let status = hermetic_git()
            .args(["fast-import", "--quiet", "--force"])
            .current_dir(&self.path)
            .stdin(std::fs::File::open(&input).expect("the file is there"))
            .status();
        assert!(status.expect("git is installed").success(), "git fast-import");
        self.git(&["reset", "--quiet", "--hard"]);
        let commits = self.git(&["rev-list", "--reverse", &format!("--max-count={count}"), "HEAD"]);
        commits.lines().map(str::to_owned).collect()
    }

    /// Makes a branch here and checks it out.
    pub fn branch(&self, name: &str) -> &Self {
        self.git(&["checkout", "--quiet", "-b", name]);
        self
    }

    /// Checks a branch or commit out.
    pub fn checkout(&self, name: &str) -> &Self {
        self.git(&["checkout", "--quiet", "--force", name]);
        self
    }

    /// Sets a tag on the present commit.
    pub fn tag(&self, name: &str) -> &Self {
        self.git(&["tag", name]);
        self
    }

    /// Sets a tag with a message of its own on the present commit.
    pub fn annotated_tag(&self, name: &str) -> &Self {
        self.git(&["tag", "--annotate", "--message", name, name]);
        self
    }

    /// Adds a submodule at `path`; the next commit takes it up.
    pub fn add_submodule(&self, path: &str, url: &str) -> &Self {
        self.git(&["submodule", "--quiet", "add", "--force", "--", url, path]);
        self
    }

    /// The present commit.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }
}

impl Default for GitRepository {
    fn default() -> Self {
        Self::new()
    }
}

/// The program git without anybody's configuration, for use on fixtures and on what was made from them.
pub fn hermetic_git() -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .args(["-c", "protocol.file.allow=always", "-c", "commit.gpgSign=false", "-c", "gc.auto=0"])
        .args(["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"])
        .envs([("HOME", "/nonexistent"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null")])
        .envs([("GIT_AUTHOR_NAME", "T"), ("GIT_AUTHOR_EMAIL", "t@example.org")])
        .envs([("GIT_COMMITTER_NAME", "T"), ("GIT_COMMITTER_EMAIL", "t@example.org")])
        .envs([("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")])
        .stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_steps_make_the_same_commits_on_every_day() {
        let history = || {
            let repository = GitRepository::new();
            repository.commit_file("a", "1");
            repository.branch("b").commit_file("dir/c", "2");
            repository.commit_many(3);
            repository.tag("light").annotated_tag("heavy").head()
        };
        assert_eq!(history(), history());
    }

    #[test]
    fn many_commits_go_on_from_where_the_branch_is() {
        let repository = GitRepository::new();
        let first = repository.commit_file("a", "1");
        let many = repository.commit_many(120);
        assert_eq!(many.len(), 120);
        assert_eq!(repository.git(&["rev-list", "--count", "HEAD"]), "121");
        assert_eq!(repository.git(&["rev-parse", "HEAD~120"]), first);
        assert!(repository.path().join("many").exists());
    }
}
