//! Environments that uv fills. It is no Debian package, so these tests get it from the Python package index, once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::project::{dpkg_root, files_naming, run};
use crate::wheel::wheel;

const ENVIRONMENT: &str = "/opt/trebuchet/app_env/env";

/// The folder of the program `uv`.
fn uv() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let place = folder.join("uv");
    if !place.exists() {
        let new = tempfile::tempdir_in(folder).unwrap();
        let target = new.path().to_str().unwrap();
        run("/usr/bin/python3", &["-m", "pip", "install", "--quiet", "--target", target, "uv<1"]);
        // Another test may have been faster.
        if fs::rename(new.path(), &place).is_ok() {
            let _ = new.keep();
        }
    }
    place.join("bin")
}

/// A project that requires the wheel `first`, for an environment of this interpreter.
fn project(interpreter: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let missile = format!(
        "name: app\ntype: application\nenvironment:\n  name: app_env\n  type: python\n  binary: {interpreter}\n  \
         requirements: [requirements.txt]\n"
    );
    fs::write(folder.path().join(".missile.yml"), missile).unwrap();
    fs::write(folder.path().join("requirements.txt"), "first\n").unwrap();
    wheel(&folder.path().join(".wheels"), "first", "1.0", &[]);
    folder
}

/// Builds it where uv is in `PATH`; gives the environment's package.
fn build(project: &Path) -> PathBuf {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trebuchet"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PIP_")) {
        command.env_remove(name);
    }
    let path = std::env::join_paths([&uv(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    command.current_dir(project).env("HOME", project).env("PATH", path);
    command.env("XDG_CACHE_HOME", project.join(".cache")).env("SOURCE_DATE_EPOCH", "1700000000");
    command.args(["build", ".missile.yml", "--output", "out", "--env-version", "1.0"]);
    let output = command.args(["--pip-options", "--no-index --find-links .wheels"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("with uv"), "{said}");
    project.join("out/dh-app-env-1.0-all.deb")
}

fn unpacked(package: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run("dpkg-deb", &["-x", package.to_str().unwrap(), folder.path().to_str().unwrap()]);
    folder
}

#[test]
fn an_environment_that_uv_filled_is_at_home_where_it_is_installed() {
    let project = project("/usr/bin/python3");
    let package = build(project.path());
    let tree = unpacked(&package);
    let installer = format!(
        "{}{ENVIRONMENT}/lib/python3*/site-packages/first-1.0.dist-info/INSTALLER",
        tree.path().display()
    );
    assert_eq!(run("sh", &["-c", &format!("cat {installer}")]).trim(), "uv");
    assert_eq!(files_naming(tree.path(), project.path().to_str().unwrap()), Vec::<PathBuf>::new());
    let root = dpkg_root();
    let python = run("dpkg-deb", &["-f", package.to_str().unwrap(), "Depends"]);
    root.pretend_installed(python.trim(), "3");
    root.install(&[&package]);
    assert_eq!(root.check(&format!("{ENVIRONMENT}/bin/first-say"), &[]), "first 1.0\n");
    // Python's own reading of RECORD.
    let verify = "import base64, hashlib, importlib.metadata as m
for f in m.distribution('first').files:
    if f.hash:
        digest = hashlib.new(f.hash.mode, f.locate().read_bytes()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b'=').decode() == f.hash.value, f
    else:
        assert f.locate().exists(), f
print(m.version('first'))";
    assert_eq!(root.check(&format!("{ENVIRONMENT}/bin/python"), &["-I", "-c", verify]), "1.0\n");
}

#[test]
fn a_python_that_cannot_make_environments_gets_them_from_uv() {
    let folder = tempfile::tempdir().unwrap();
    let name = fs::canonicalize("/usr/bin/python3").unwrap().file_name().unwrap().to_owned();
    let library = folder.path().join("lib").join(&name);
    fs::create_dir_all(&library).unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    for entry in fs::read_dir(Path::new("/usr/lib").join(&name)).unwrap().flatten() {
        if entry.file_name() != "ensurepip" {
            symlink(entry.path(), library.join(entry.file_name())).unwrap();
        }
    }
    let interpreter = folder.path().join("bin").join(&name);
    fs::copy(Path::new("/usr/bin").join(&name), &interpreter).unwrap();
    let project = project(interpreter.to_str().unwrap());
    let tree = unpacked(&build(project.path()));
    let environment = tree.path().join(&ENVIRONMENT[1..]);
    assert_eq!(fs::read_link(environment.join("bin/python")).unwrap(), interpreter);
    assert!(environment.join("bin/first-say").exists() && !environment.join("bin/pip").exists());
}
