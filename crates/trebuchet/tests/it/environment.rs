//! Environments: what is in them, when they are made anew, and that they are at home where they are installed.

use std::fs;
use std::path::Path;
use std::thread;

use trebuchet::{BuildRequest, Event};

use crate::project::{Build, Project, dpkg_root, files_naming, run};
use crate::wheel::wheel;

const MISSILE: &str = "name: app
type: application
environment:
  name: app_env
  type: python
  binary: python3
  requirements: [requirements.txt]
";

const ENVIRONMENT: &str = "/opt/trebuchet/app_env/env";

/// A project that requires these, with a wheel `first` and a wheel `second` beside it.
fn project(missile: &str, requirements: &str) -> Project {
    let project = Project::with(&[(".missile.yml", missile), ("requirements.txt", requirements)]);
    let wheels = project.path().join(".wheels");
    wheel(&wheels, "first", "1.0", &[]);
    wheel(&wheels, "second", "1.0", &[]);
    project
}

fn find_wheels(request: &mut BuildRequest) {
    request.pip_options.extend(["--find-links".to_owned(), ".wheels".to_owned()]);
}

fn steps(build: &Build) -> Vec<&str> {
    let step = |event: &'_ Event| matches!(event, Event::Step { .. });
    let steps = build.events.iter().filter(|event| step(event));
    steps.map(|event| if let Event::Step { text, .. } = event { text.as_str() } else { "" }).collect()
}

fn has(build: &Build, module: &str) -> bool {
    build.contents("dh-app-env").iter().any(|path| path.ends_with(&format!("/site-packages/{module}.py")))
}

#[test]
fn a_removed_requirement_is_gone_and_the_same_requirements_are_made_once() {
    let project = project(MISSILE, "first\nsecond\n");
    let cache = tempfile::tempdir().unwrap();
    let with_cache = |request: &mut BuildRequest| {
        find_wheels(request);
        request.cache = Some(cache.path().to_owned());
    };
    let both = project.build_with(with_cache);
    assert!(has(&both, "first") && has(&both, "second"));
    project.put("requirements.txt", "first\n");
    let one = project.build_with(with_cache);
    assert!(has(&one, "first") && !has(&one, "second"));
    project.put("requirements.txt", "first\nsecond\n");
    let again = project.build_with(with_cache);
    assert!(steps(&again).contains(&"the environment is in the cache"), "{:?}", steps(&again));
    assert_eq!(fs::read(both.file("dh-app-env")).unwrap(), fs::read(again.file("dh-app-env")).unwrap());

    // A new wheel in a folder that is searched is another input.
    wheel(&project.path().join(".wheels"), "first", "2.0", &[]);
    let newer = project.build_with(with_cache);
    assert!(newer.contents("dh-app-env").iter().any(|path| path.contains("/first-2.0.dist-info/")));
}

#[test]
fn an_environment_is_at_home_where_it_is_installed() {
    let project = project(MISSILE, "first\n");
    let build = project.build_with(find_wheels);
    let root = dpkg_root();
    root.pretend_installed(&build.field("dh-app-env", "Depends"), "3");
    root.install(&[build.file("dh-app-env")]);
    assert_eq!(root.check(&format!("{ENVIRONMENT}/bin/first-say"), &[]), "first 1.0\n");
    let activated = format!(". {ENVIRONMENT}/bin/activate; command -v python; pip --version");
    let said = root.check("sh", &["-c", &activated]);
    assert!(said.starts_with(&format!("{ENVIRONMENT}/bin/python\n")), "{said}");
    // Python's own reading of RECORD.
    let verify = "import base64, hashlib, importlib.metadata as m
for d in m.distributions():
    for f in d.files or []:
        if f.hash:
            digest = hashlib.new(f.hash.mode, f.locate().read_bytes()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b'=').decode() == f.hash.value, f
        else:
            assert f.locate().exists(), f
print('true')";
    assert_eq!(root.check(&format!("{ENVIRONMENT}/bin/python"), &["-I", "-c", verify]), "true\n");
    root.purge(&["dh-app-env"]);
    assert!(!root.path("opt/trebuchet").exists());
}

#[test]
fn binaries_are_shipped_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("binary");
    fs::write(&binary, b"\x00/usr/bin/python3\xff#!/bin/sh").unwrap();
    let project = project(MISSILE, "first\n");
    wheel(&project.path().join(".wheels"), "first", "3.0", &[("first.bin", &binary)]);
    let tree = project.build_with(find_wheels).unpack("dh-app-env");
    let find = format!(
        "cmp '{}' {}{ENVIRONMENT}/lib/python3*/site-packages/first.bin",
        binary.display(),
        tree.path().display()
    );
    run("sh", &["-c", &find]);
}

#[test]
fn a_binary_that_names_a_folder_of_this_machine_is_refused() {
    let missile = format!(
        "{MISSILE}  post_environment: ['printf \"\\\\000$VIRTUAL_ENV\" > \"$VIRTUAL_ENV/lib/odd.bin\"']\n"
    );
    let error = project(&missile, "first\n").try_build(find_wheels).err().unwrap().to_string();
    assert!(error.contains("`lib/odd.bin`") && error.contains("a folder of this machine"), "{error}");
}

#[test]
fn steps_after_the_installation_see_the_environment_activated() {
    let missile = format!(
        "{MISSILE}  post_environment: ['first-say > \"$VIRTUAL_ENV/said\"', 'touch $(dirname $(command -v python))/by-step']\n"
    );
    let tree = project(&missile, "first\n").build_with(find_wheels).unpack("dh-app-env");
    let environment = tree.path().join(&ENVIRONMENT[1..]);
    assert_eq!(fs::read_to_string(environment.join("said")).unwrap(), "first 1.0\n");
    assert!(environment.join("bin/by-step").exists());
}

#[test]
fn only_machine_code_makes_an_environment_native() {
    let project = project(MISSILE, "first\n");
    assert_eq!(project.build_with(find_wheels).field("dh-app-env", "Architecture"), "all");
    let asked = project.build_with(|request| {
        find_wheels(request);
        request.architecture = Some("arm64".parse().unwrap());
    });
    assert_eq!(asked.field("dh-app-env", "Architecture"), "arm64");
    assert!(asked.file("dh-app-env").ends_with("dh-app-env-1.0.0-arm64.deb"));
    wheel(&project.path().join(".wheels"), "first", "2.0", &[("first.so", Path::new("/bin/true"))]);
    let native = project.build_with(find_wheels).field("dh-app-env", "Architecture");
    assert_eq!(native, run("dpkg", &["--print-architecture"]).trim());
}

#[test]
fn two_builds_at_once_make_the_environment_once() {
    let project = project(MISSILE, "first\n");
    let cache = tempfile::tempdir().unwrap();
    let build = || {
        project.build_with(|request| {
            find_wheels(request);
            request.cache = Some(cache.path().to_owned());
        })
    };
    let builds =
        thread::scope(|scope| [scope.spawn(build), scope.spawn(build)].map(|build| build.join().unwrap()));
    let made = |build: &&Build| steps(build).iter().any(|step| step.starts_with("installing what"));
    assert_eq!(builds.iter().filter(made).count(), 1);
    let bytes = builds.each_ref().map(|build| fs::read(build.file("dh-app-env")).unwrap());
    assert!(bytes[0] == bytes[1]);
}

#[test]
fn an_editable_requirement_leads_to_the_installed_code() {
    let project = project(MISSILE, "-e ./library\n");
    project.put(
        "library/setup.py",
        "from setuptools import setup\nsetup(name='library', py_modules=['library'])\n",
    );
    project.put("library/library.py", "print('from', __file__)\n");
    let build = project.build_with(|request| request.pip_options.push("--no-build-isolation".to_owned()));
    let tree = build.unpack("dh-app-env");
    assert_eq!(files_naming(tree.path(), project.path().to_str().unwrap()), Vec::<std::path::PathBuf>::new());
    let root = dpkg_root();
    root.pretend_installed(&build.field("dh-app-env", "Depends"), "3");
    root.install(&[build.file("dh-app-env"), build.file("dh-app")]);
    let said = root.check(&format!("{ENVIRONMENT}/bin/python"), &["-c", "import library"]);
    assert_eq!(said, "from /opt/trebuchet/app/code/library/library.py\n");
}

#[test]
fn an_interpreter_of_no_package_is_taken_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let python = folder.path().join("python3");
    fs::copy(fs::canonicalize("/usr/bin/python3").unwrap(), &python).unwrap();
    let missile = MISSILE.replace("binary: python3", &format!("binary: {}", python.display()));
    let build = project(&missile, "first\n").build_with(find_wheels);
    assert_eq!(build.field("dh-app-env", "Depends"), "");
    let warnings = build.warnings().join("\n");
    assert!(
        warnings.contains("no package owns") && warnings.contains(python.to_str().unwrap()),
        "{warnings}"
    );
}

#[test]
fn what_pip_says_is_told_when_it_fails() {
    let error = project(MISSILE, "nowhere-to-be-found\n").try_build(find_wheels).err().unwrap().to_string();
    assert!(error.contains("No matching distribution found for nowhere-to-be-found"), "{error}");
    let missing = MISSILE.replace("requirements.txt", "absent.txt");
    let error = project(&missing, "").try_build(find_wheels).err().unwrap().to_string();
    assert!(error.contains("absent.txt"), "{error}");
}
