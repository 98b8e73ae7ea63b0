//! Projects to build: the repository's examples, and small ones made on the spot, each in a git repository of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gachette_testkit::DpkgRoot;
use trebuchet::deb::Compression;
use trebuchet::process::Cancel;
use trebuchet::{BuildError, BuildRequest, BuiltPackage, Event, build};

/// A project in a folder that goes away with it.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// What a build made and said.
pub(crate) struct Build {
    pub(crate) packages: Vec<BuiltPackage>,
    pub(crate) events: Vec<Event>,
    _output: Option<tempfile::TempDir>,
}

impl Project {
    /// A copy of an example of the repository, committed.
    pub(crate) fn example(name: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
        let project = Self { folder: tempfile::tempdir().unwrap() };
        run("cp", &["-r", &format!("{}/.", source.display()), project.path().to_str().unwrap()]);
        project.commit()
    }

    /// A project of these files, committed.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(name, text)| project.put(name, text));
        project.commit()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(self) -> Self {
        for arguments in
            [&["init", "-q"][..], &["add", "--all"], &["commit", "-q", "--allow-empty", "-m", "first"]]
        {
            let mut git = Command::new("git");
            git.arg("-C").arg(self.path()).args(arguments).env("HOME", self.path());
            for who in ["AUTHOR", "COMMITTER"] {
                git.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@example.com");
                git.env(format!("GIT_{who}_DATE"), "2024-02-03T04:05:06Z");
            }
            assert!(git.status().unwrap().success());
        }
        self
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let folder = self.path().to_str().unwrap();
        run("git", &[&["-C", folder], arguments].concat()).trim().to_owned()
    }

    /// What is to be built, without anything of the user's own settings.
    pub(crate) fn request(&self, output: &Path) -> BuildRequest {
        let mut request = BuildRequest::new(self.path(), ".missile.yml", output);
        request.pip_options = ["--isolated", "--no-cache-dir", "--no-index"].map(str::to_owned).to_vec();
        request.cache = Some(shared_cache());
        request.compression = Compression::Xz { level: 0 };
        request
    }

    pub(crate) fn try_build(&self, change: impl FnOnce(&mut BuildRequest)) -> Result<Build, BuildError> {
        let output = tempfile::tempdir().unwrap();
        let mut request = self.request(output.path());
        change(&mut request);
        let mut events = Vec::new();
        let packages = build(&request, &Cancel::new(), &mut |event| events.push(event))?;
        Ok(Build { packages, events, _output: Some(output) })
    }

    pub(crate) fn build_with(&self, change: impl FnOnce(&mut BuildRequest)) -> Build {
        self.try_build(change).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn build(&self) -> Build {
        self.build_with(|_| {})
    }
}

impl Build {
    /// The file of a package.
    pub(crate) fn file(&self, name: &str) -> &Path {
        let found = self.packages.iter().find(|package| package.name.as_str() == name);
        &found.unwrap_or_else(|| panic!("no {name} among {:?}", self.names())).path
    }

    /// The file of this name.
    pub(crate) fn path_of(&self, file_name: &str) -> &Path {
        &self.packages.iter().find(|package| package.file_name == file_name).unwrap().path
    }

    pub(crate) fn files(&self) -> Vec<&Path> {
        self.packages.iter().map(|package| package.path.as_path()).collect()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.packages.iter().map(|package| package.name.as_str()).collect()
    }

    /// The paths in a package, as dpkg-deb lists them, folders with a slash at the end, without those.
    pub(crate) fn contents(&self, name: &str) -> Vec<String> {
        let tar = format!("dpkg-deb --fsys-tarfile '{}' | tar -t", self.file(name).display());
        run("sh", &["-c", &tar])
            .lines()
            .filter(|line| !line.ends_with('/'))
            .map(|line| line[1..].to_owned())
            .collect()
    }

    /// Unpacks a package with its control files, and returns the folder.
    pub(crate) fn unpack(&self, name: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        run("dpkg-deb", &["-R", self.file(name).to_str().unwrap(), folder.path().to_str().unwrap()]);
        folder
    }

    /// A field of a package's control file.
    pub(crate) fn field(&self, name: &str, field: &str) -> String {
        run("dpkg-deb", &["-f", self.file(name).to_str().unwrap(), field]).trim_end().to_owned()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let text = |event: &'_ Event| match event {
            Event::Warning { text, .. } => Some(text.clone()),
            _ => None,
        };
        self.events.iter().filter_map(text).collect()
    }
}

/// Environments that tests share, since each takes seconds to make; kept for as long as these tests are the same program.
fn shared_cache() -> PathBuf {
    let program = std::env::current_exe().unwrap().metadata().unwrap().modified().unwrap();
    let age = program.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let cache = folder.join(format!("environments-{age}"));
    for other in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = other.file_name().into_string().unwrap_or_default();
        if name.starts_with("environments-") && other.path() != cache {
            // Of an earlier program; another test may be removing it too.
            let _ = fs::remove_dir_all(other.path());
        }
    }
    cache
}

/// A root to install into. Where files cannot belong to others than root, the service user is another name of root.
pub(crate) fn dpkg_root() -> DpkgRoot {
    let root = DpkgRoot::new();
    if !root.has_other_users() {
        for (file, line) in [("etc/passwd", "hero:x:0:0::/root:/bin/sh\n"), ("etc/group", "hero:x:0:\n")] {
            let text = fs::read_to_string(root.path(file)).unwrap();
            fs::write(root.path(file), text + line).unwrap();
        }
    }
    root
}

/// Runs a program that must succeed; gives what it printed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All files below a folder that hold these bytes.
pub(crate) fn files_naming(folder: &Path, needle: &str) -> Vec<PathBuf> {
    let output = Command::new("grep").args(["-rlF", "--", needle]).arg(folder).output().unwrap();
    String::from_utf8_lossy(&output.stdout).lines().map(PathBuf::from).collect()
}

/// What differs between the trees of two packages.
pub(crate) fn difference(left: &Path, right: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"dpkg-deb -R "$1" left; dpkg-deb -R "$2" right; diff -r left right | head -c 4000
        for side in left right; do (cd $side; find . -printf '%P %y %m %l\n' | sort) >$side.list; done
        diff left.list right.list"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).args([left, right].map(|path| path.canonicalize().unwrap()));
    String::from_utf8_lossy(&shell.current_dir(folder.path()).output().unwrap().stdout).into_owned()
}
