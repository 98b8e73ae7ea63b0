//! A folder of working copies, a git without anybody's configuration, and the judge of what was prepared: git itself.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use gachette::git::Git;
use gachette::working_copy::{Event, Prepared, WorkingCopy, WorkingCopyError};
use gachette_core::git::GitRef;
use gachette_testkit::hermetic_git;
use tempfile::TempDir;
use trebuchet::process::Cancel;

pub(super) struct Desk {
    folder: TempDir,
    git: Git,
    settings: usize,
}

impl Desk {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        Self { git: quiet_git(&home), folder, settings: 0 }
    }

    /// With another environment variable for git.
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.git = self.git.env(name, value);
        self
    }

    /// With one more setting of the user's git.
    pub(super) fn setting(mut self, setting: &str) -> Self {
        let (key, value) = setting.split_once('=').unwrap();
        let index = self.settings;
        self.settings += 1;
        self.env("GIT_CONFIG_COUNT", &(index + 1).to_string())
            .env(&format!("GIT_CONFIG_KEY_{index}"), key)
            .env(&format!("GIT_CONFIG_VALUE_{index}"), value)
    }

    pub(super) fn git(&self) -> Git {
        self.git.clone()
    }

    pub(super) fn base(&self) -> PathBuf {
        self.folder.path().join("copies")
    }

    pub(super) fn copy(&self, name: &str) -> WorkingCopy {
        WorkingCopy::new(name.parse().unwrap(), self.base()).with_git(self.git())
    }

    pub(super) fn prepare(&self, url: &str, git_ref: &str) -> Result<Prepared, WorkingCopyError> {
        self.prepare_telling(url, git_ref).0
    }

    pub(super) fn prepare_telling(
        &self,
        url: &str,
        git_ref: &str,
    ) -> (Result<Prepared, WorkingCopyError>, Vec<Event>) {
        let git_ref = GitRef::optional(git_ref).unwrap();
        let mut events = Vec::new();
        let url = url.parse().unwrap();
        let prepared =
            self.copy("web").prepare(&url, git_ref.as_ref(), &Cancel::new(), &mut |event| events.push(event));
        (prepared, events)
    }

    /// The error of a preparation that must fail.
    pub(super) fn refused(&self, url: &str, git_ref: &str) -> WorkingCopyError {
        self.prepare(url, git_ref).expect_err("it must not be prepared")
    }
}

pub(super) fn quiet_git(home: &Path) -> Git {
    Git::new().env("HOME", home).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null")
}

/// All there is in a folder, but for what belongs to git: kind, content and whether it can be run.
pub(super) type Tree = BTreeMap<Vec<u8>, (char, bool, Vec<u8>)>;

pub(super) fn tree(top: &Path) -> Tree {
    let mut found = Tree::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            // The top's repository, and the files that say where a submodule's is.
            if entry.file_name() == ".git" && (folder == top || kind.is_file()) {
                continue;
            }
            let value = if kind.is_dir() {
                folders.push(path.clone());
                ('d', false, Vec::new())
            } else if kind.is_symlink() {
                ('l', false, fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec())
            } else {
                let runs = path.metadata().unwrap().permissions().mode() & 0o100 != 0;
                ('f', runs, fs::read(&path).unwrap())
            };
            found.insert(path.strip_prefix(top).unwrap().as_os_str().as_bytes().to_vec(), value);
        }
    }
    found
}

/// What a fresh, whole clone has at a commit.
pub(super) fn expected(url: &str, commit: &str) -> Tree {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("clone");
    let git = |folder: &Path, arguments: &[&str]| {
        let output = hermetic_git().args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    git(folder.path(), &["clone", "--quiet", "--no-checkout", "--template=", url, "clone"]);
    git(&top, &["fetch", "--quiet", "origin", commit]);
    git(&top, &["checkout", "--quiet", "--detach", commit]);
    git(&top, &["submodule", "--quiet", "update", "--init", "--recursive"]);
    tree(&top)
}

/// Asks git about a working copy.
pub(super) fn ask(folder: &Path, arguments: &[&str]) -> String {
    let output = hermetic_git().args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// The working copy is exactly this commit: git says so, and so do its files.
pub(super) fn assert_exact(prepared: &Prepared, commit: &str, expected: &Tree, case: &str) {
    assert_eq!(prepared.commit.as_str(), commit, "{case}");
    let path = prepared.path();
    assert_eq!(ask(path, &["rev-parse", "HEAD"]), commit, "{case}");
    let status = ask(path, &["status", "--porcelain", "--ignored", "--untracked-files=all"]);
    assert_eq!(status, "", "{case}");
    let found = tree(path);
    let names =
        |tree: &Tree| tree.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(expected), "{case}");
    assert!(&found == expected, "{case}: the content differs");
}
