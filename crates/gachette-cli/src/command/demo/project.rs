//! The project of the demo: a git repository with a few small files, and a configuration beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gachette::Cancel;
use trebuchet::process::Process;

use crate::error::Failure;

const FILES: &[(&str, &str)] = &[
    (".missile.yml", include_str!("../../../demo/project/missile.yml")),
    ("config.missile.yml", include_str!("../../../demo/project/config.missile.yml")),
    ("config/nginx.conf", include_str!("../../../demo/project/nginx.conf")),
    ("deploy/hello.sh", include_str!("../../../demo/project/hello.sh")),
    ("greet.sh", include_str!("../../../demo/project/greet.sh")),
];
const CONFIGURATION: &str = include_str!("../../../demo/gachette.yml");

/// The demo's git repository.
pub(super) struct Project {
    folder: PathBuf,
}

impl Project {
    /// Makes the folder, which must not be there or be empty, with the project and the configuration.
    pub(super) fn make(folder: &Path) -> Result<Self, Failure> {
        if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Failure::usage(format!("the folder {} is not empty", folder.display()))
                .with_hint("name a folder that is not there yet: `gachette demo FOLDER`"));
        }
        let project = Self { folder: folder.join("hello") };
        for (name, text) in FILES {
            project.write(name, text)?;
        }
        write(&folder.join("gachette.yml"), CONFIGURATION)?;
        project.git(&["init", "--quiet", "--initial-branch=main"])?;
        project.git(&["add", "--all"])?;
        project.git(&["commit", "--quiet", "--message=Say hello"])?;
        Ok(project)
    }

    /// The names of its files.
    pub(super) fn files(&self) -> String {
        FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("\n")
    }

    /// Changes a line of the application, and commits.
    pub(super) fn change_a_line(&self) -> Result<String, Failure> {
        let text = fs::read_to_string(self.folder.join("greet.sh"))?;
        self.write("greet.sh", &text.replace("Hello, ", "A very good day to you, "))?;
        self.git(&["commit", "--all", "--message=Greet with more joy"])
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write(&self.folder.join(name), text)
    }

    /// Runs git as somebody of the demo, whatever the user has configured.
    fn git(&self, arguments: &[&str]) -> Result<String, Failure> {
        let mut git = Process::new("git").args(arguments).current_dir(&self.folder);
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
            ("GIT_AUTHOR_NAME", "Demo"),
            ("GIT_AUTHOR_EMAIL", "demo@example.org"),
            ("GIT_COMMITTER_NAME", "Demo"),
            ("GIT_COMMITTER_EMAIL", "demo@example.org"),
        ] {
            git = git.env(name, value);
        }
        git.output(&Cancel::new()).map(|captured| captured.text()).map_err(Failure::fault)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(unwritable(folder))?;
    fs::write(path, text).map_err(unwritable(path))
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    move |error| {
        let reason = gachette::io_reason(&error);
        Failure::usage(format!("{}: {reason}", path.display()))
            .with_hint("name a folder where you may write: `gachette demo FOLDER`")
    }
}
