//! Builds that are killed at any moment: the next one is right, whatever they left.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::project::{Project, difference, run};
use crate::wheel::wheel;

const MISSILE: &str = "name: app
type: application
environment: {name: app_env, type: python, binary: /usr/bin/python3, requirements: [requirements.txt]}
";

fn command(project: &Project, cache: &Path, output: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trebuchet"));
    command.args(["build", ".missile.yml", "--quiet", "--compression", "gzip"]);
    command.arg("--pip-options=--isolated --no-cache-dir --no-index --find-links .wheels");
    command.arg("--output").arg(output);
    command.current_dir(project.path()).env("XDG_CACHE_HOME", cache).env("HOME", cache);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_build_killed_at_any_moment_leaves_the_next_one_right() {
    let project = Project::with(&[(".missile.yml", MISSILE), ("requirements.txt", "first\n")]);
    wheel(&project.path().join(".wheels"), "first", "1.0", &[]);
    let folder = tempfile::tempdir().unwrap();
    let [cache, output, whole] = ["cache", "output", "whole"].map(|name| folder.path().join(name));

    // How long a build takes here, and what it makes.
    let start = Instant::now();
    assert!(command(&project, &cache, &whole).status().unwrap().success());
    let takes = start.elapsed();
    fs::remove_dir_all(&cache).unwrap();

    for moment in [1, 3, 5, 7, 9] {
        let mut build = command(&project, &cache, &output).spawn().unwrap();
        let deadline = Instant::now() + takes * moment / 10;
        while Instant::now() < deadline && build.try_wait().unwrap().is_none() {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        build.kill().unwrap();
        build.wait().unwrap();
        for file in fs::read_dir(&output).into_iter().flatten().flatten() {
            let path = file.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                run("dpkg-deb", &["--contents", path.to_str().unwrap()]);
            }
        }
    }
    assert!(command(&project, &cache, &output).status().unwrap().success());
    for name in ["dh-app-env-1.0.0-all.deb", "dh-app-1.0.0-all.deb"] {
        let same = fs::read(output.join(name)).unwrap() == fs::read(whole.join(name)).unwrap();
        assert!(same, "{name} differs:\n{}", difference(&output.join(name), &whole.join(name)));
    }
}

#[test]
fn the_temporary_folder_of_a_killed_build_is_removed_by_the_next_one() {
    let project = Project::with(&[(".missile.yml", MISSILE), ("requirements.txt", "first\n")]);
    wheel(&project.path().join(".wheels"), "first", "1.0", &[]);
    let folder = tempfile::tempdir().unwrap();
    let [cache, output, temporary] = ["cache", "output", "temporary"].map(|name| folder.path().join(name));
    fs::create_dir_all(temporary.join("trebuchet-notes")).unwrap();
    let left = || {
        let names = fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name != "trebuchet-notes").count()
    };
    let start = |recipe: &str| {
        fs::write(project.path().join(".missile.yml"), recipe).unwrap();
        command(&project, &cache, &output).env("TMPDIR", &temporary).spawn().unwrap()
    };
    let waits = MISSILE.lines().next().unwrap();
    let waits = format!("{waits}\ntype: application\nbuild_assets: ['echo $$ > FIFO; exec sleep 600']\n");
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut killed = start(&waits.replace("FIFO", fifo.to_str().unwrap()));
    let step = fs::read_to_string(&fifo).unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(left(), 1, "killed like this, it cannot clean up");
    assert!(start(MISSILE).wait().unwrap().success());
    assert_eq!(left(), 0);
    ends(step.trim());
    assert!(temporary.join("trebuchet-notes").is_dir());
}

/// Waits until the process has ended, as what a killed build started does.
fn ends(process: &str) {
    let stat = Path::new("/proc").join(process).join("stat");
    // Ended, but not yet taken note of by its new parent, it is a zombie.
    let runs = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']));
    let deadline = Instant::now() + Duration::from_secs(20);
    while fs::read_to_string(&stat).is_ok_and(runs) {
        assert!(Instant::now() < deadline, "the step {process} goes on");
        std::thread::yield_now();
    }
}

#[test]
fn the_trees_that_a_killed_staging_began_are_removed_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let [cache, trees, fifo] = ["cache", "trees", "fifo"].map(|name| folder.path().join(name));
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let waits = format!(
        "default: {{name: app, type: application}}\nlive:\n  name_suffix: _live\n  \
         build_assets: ['echo $$ > {}; exec sleep 600']\n",
        fifo.display()
    );
    let project = Project::with(&[(".missile.yml", &waits), ("index.html", "hello\n")]);
    let develop = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trebuchet"));
        command.args(["develop", ".missile.yml", "--quiet", "--output"]).arg(&trees);
        command.current_dir(project.path()).env("XDG_CACHE_HOME", &cache).env("TMPDIR", folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let names = || {
        let names =
            fs::read_dir(&trees).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let mut killed = develop();
    let step = fs::read_to_string(&fifo).unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();
    ends(step.trim());
    assert_eq!(names().len(), 2, "killed like this, it cannot clean up: {:?}", names());
    fs::write(project.path().join(".missile.yml"), "name: app\ntype: application\n").unwrap();
    assert!(develop().wait().unwrap().success());
    assert_eq!(names(), ["dh-app"]);
}
