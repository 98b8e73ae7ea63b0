//! The `trebuchet` command as scripts and people use it.

use std::fs;
use std::io::{BufRead, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gachette_core::missile::{BuiltLine, schema_text};
use serde_json::Value;

fn trebuchet(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trebuchet"));
    command.current_dir(folder).env("HOME", folder).env("XDG_CACHE_HOME", folder.join(".cache"));
    command.env("SOURCE_DATE_EPOCH", "1700000000").stdin(Stdio::null());
    command
}

fn project(missile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".missile.yml"), missile).unwrap();
    fs::write(folder.path().join("a.conf"), "{{ host }}\n").unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    trebuchet(folder).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const VARIANTS: &str = "\
default: {name: web_conf, type: configuration, host: h, extra_files: [{name: a, type: product, template: a.conf}]}
live: {name_suffix: _live, host: l}
";

#[test]
fn build_announces_each_package_and_ends_with_the_file_names() {
    let project = project(VARIANTS);
    let built =
        run(project.path(), &["build", ".missile.yml", "--output", "out/new", "--app-version", "2.1-3"]);
    assert_eq!(built.status.code(), Some(0), "{}", stderr(&built));
    assert_eq!(
        stdout(&built),
        "Built: {'name': 'dh-web-conf', 'version': '2.1-3', 'file_name': 'dh-web-conf-2.1-3-all.deb'}\n\
         Built: {'name': 'dh-web-conf-live', 'version': '2.1-3', 'file_name': 'dh-web-conf-live-2.1-3-all.deb'}\n\
         ['dh-web-conf-2.1-3-all.deb', 'dh-web-conf-live-2.1-3-all.deb']\n"
    );
    for line in stdout(&built).lines().filter(|line| line.starts_with("Built:")) {
        let line: BuiltLine = line.parse().unwrap();
        assert!(project.path().join("out/new").join(line.file_name).is_file());
    }
}

#[test]
fn python_reads_the_announcements_as_the_values_they_hold() {
    let line = BuiltLine {
        name: "dh-it's".to_owned(),
        version: "\"1\"\\'\n".to_owned(),
        file_name: "é\u{7f}\u{a0}\u{2028}'\"\\x41".to_owned(),
    };
    let script = "import ast, json, sys\nprint(json.dumps(ast.literal_eval(sys.argv[1][7:])))";
    let output = Command::new("python3").args(["-c", script, &line.to_string()]).output().unwrap();
    assert_eq!(serde_json::from_slice::<BuiltLine>(&output.stdout).unwrap(), line);
}

#[test]
fn json_results_are_one_object_per_line() {
    let project = project(VARIANTS);
    let built = run(project.path(), &["build", ".missile.yml", "--format", "json", "--output", "out"]);
    let lines: Vec<Value> = stdout(&built).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["name"], "dh-web-conf-live");
    assert_eq!(lines[1]["version"], "1.0.0");
    let file = project.path().join("out").join(lines[1]["file_name"].as_str().unwrap());
    assert_eq!(lines[1]["size"], fs::metadata(file).unwrap().len());
    let linted = run(project.path(), &["lint", ".missile.yml", "--format", "json"]);
    let report: Value = serde_json::from_str(&stdout(&linted)).unwrap();
    assert_eq!(report["packages"], serde_json::json!(["dh-web-conf", "dh-web-conf-live"]));
}

#[test]
fn a_failure_is_answered_as_json_too() {
    let broken = "name: x\ntype: application\nbuild_assets: ['echo told; exit 3']\n";
    let (wrong, broken) = (project("name: x\ntype: aplication\n"), project(broken));
    for (project, arguments, kind, code) in [
        (&wrong, &["build", ".missile.yml"][..], "build_failed", 4),
        (&broken, &["build", ".missile.yml"], "build_failed", 4),
        (&wrong, &["build", "missing.yml"], "invalid", 2),
        (&wrong, &["build"], "invalid", 2),
    ] {
        assert_eq!(stdout(&run(project.path(), arguments)), "", "{arguments:?}");
        let failed = run(project.path(), &[arguments, &["--format", "json"]].concat());
        let answer: Value = serde_json::from_str(&stdout(&failed)).unwrap();
        assert_eq!((&answer["kind"], &answer["exit_code"]), (&kind.into(), &code.into()), "{answer}");
        assert_eq!(failed.status.code(), Some(code));
        let title = answer["title"].as_str().unwrap();
        assert!(stderr(&failed).contains(&format!("error: {title}\n")), "{}", stderr(&failed));
    }
    let answer = |project: &tempfile::TempDir| -> Value {
        let failed = run(project.path(), &["build", ".missile.yml", "--format=json"]);
        serde_json::from_str(&stdout(&failed)).unwrap()
    };
    assert_eq!(answer(&wrong)["problems"][0]["line"], 2);
    assert!(answer(&broken)["lines"].as_array().unwrap().contains(&"told".into()));
}

#[test]
fn a_time_that_is_none_is_refused_before_anything_is_built() {
    let project = project(VARIANTS);
    for epoch in ["soon", "", "-1", "1.5", "99999999999999"] {
        let mut build = trebuchet(project.path());
        build.args(["build", ".missile.yml", "--output", "out", "--format", "json"]);
        let refused = build.env("SOURCE_DATE_EPOCH", epoch).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{epoch}: {}", stderr(&refused));
        assert!(
            stderr(&refused).contains(&format!("SOURCE_DATE_EPOCH is `{epoch}`")),
            "{}",
            stderr(&refused)
        );
        let answer: Value = serde_json::from_str(&stdout(&refused)).unwrap();
        assert_eq!((&answer["kind"], &answer["exit_code"]), (&"invalid".into(), &2.into()), "{answer}");
        assert_eq!(fs::read_dir(project.path().join("out")).unwrap().count(), 0);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let project = project(VARIANTS);
    for arguments in ["schema", "lint .missile.yml", "build .missile.yml --output out", "--help"] {
        let mut child = trebuchet(project.path());
        let child = child.args(arguments.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        // Gone before a word was said.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}: {}", stderr(&output));
        assert!(!stderr(&output).contains("error"), "{arguments}: {}", stderr(&output));
    }
    assert!(project.path().join("out/dh-web-conf-live-1.0.0-all.deb").is_file());
}

#[test]
fn a_dry_run_says_paths_and_versions_and_writes_nothing() {
    let project = project(VARIANTS);
    let planned =
        run(project.path(), &["build", ".missile.yml", "--dry-run", "--output", "out", "--app-version", "2"]);
    assert_eq!(
        stdout(&planned),
        format!(
            "dh-web-conf 2 {0}/dh-web-conf-2-all.deb\ndh-web-conf-live 2 {0}/dh-web-conf-live-2-all.deb\n",
            "out"
        )
    );
    assert!(!project.path().join("out").exists());
}

#[test]
fn lint_prints_the_packages_and_fails_with_the_code_of_a_failed_build() {
    let good = project(VARIANTS);
    let linted = run(good.path(), &["lint", ".missile.yml"]);
    assert_eq!(stdout(&linted), "Packages to be built: dh-web-conf,dh-web-conf-live\n");
    assert_eq!((linted.status.code(), stderr(&linted).as_str()), (Some(0), ""));
    let bad = project(&VARIANTS.replace("host: h", "hots: h"));
    for task in ["lint", "build"] {
        let failed = run(bad.path(), &[task, ".missile.yml"]);
        assert_eq!((failed.status.code(), stdout(&failed).as_str()), (Some(4), ""), "{task}");
        assert!(stderr(&failed).contains("a.conf:1"), "{task}: {}", stderr(&failed));
        assert!(stderr(&failed).contains("`host` is undefined"), "{task}: {}", stderr(&failed));
    }
}

#[test]
fn a_build_of_a_wrong_recipe_shows_what_lint_shows() {
    let project = project("name: x\ntype: aplication\n");
    let (linted, built) =
        (run(project.path(), &["lint", ".missile.yml"]), run(project.path(), &["build", ".missile.yml"]));
    assert_eq!(built.status.code(), Some(4));
    let shown = stderr(&linted);
    let finding = shown.split("\n\n").next().unwrap().to_owned();
    assert!(finding.contains("did you mean `application`?"), "{shown}");
    assert!(stderr(&built).contains(&finding), "{}", stderr(&built));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    let project = project(VARIANTS);
    Command::new("mkfifo").arg(project.path().join("pipe")).status().unwrap();
    for (arguments, says) in [
        (&["build"][..], "<MISSILE>"),
        (&["bild", ".missile.yml"], "build"),
        (&[], "Usage"),
        (&["build", ".missile.yml", "--outptu", "x"], "--output"),
        (&["build", ".missile.yml", "--app-version", "1_0"], "Debian version"),
        (&["build", ".missile.yml", "--arch", "../x"], "architecture"),
        (&["build", ".missile.yml", "--pip-options", "'x"], "a quote is not closed"),
        (&["build", ".missile.yml", "--web-callback", "nope"], "URL"),
        (&["lint", "missing.yml"], "missing.yml"),
        (&["lint", "."], "is a folder"),
        (&["lint", "pipe"], "is no regular file"),
        (&["build", "pipe"], "is no regular file"),
        (&["develop", "/dev/zero"], "is no regular file"),
    ] {
        let failed = run(project.path(), arguments);
        assert_eq!(failed.status.code(), Some(2), "{arguments:?}: {}", stderr(&failed));
        assert!(stderr(&failed).contains(says), "{arguments:?}: {}", stderr(&failed));
    }
}

#[test]
fn develop_stages_the_trees_and_packs_nothing() {
    let project = project(VARIANTS);
    let staged = run(project.path(), &["develop", ".missile.yml", "--build", "trees"]);
    assert_eq!(staged.status.code(), Some(0), "{}", stderr(&staged));
    let names: Vec<String> =
        stdout(&staged).lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["dh-web-conf", "dh-web-conf-live"]);
    let live = project.path().join("trees/dh-web-conf-live/etc/trebuchet/a_live.conf");
    assert_eq!(fs::read_to_string(live).unwrap(), "l\n");
}

#[test]
fn an_empty_version_counts_as_none() {
    let project = project(VARIANTS);
    let planned = run(project.path(), &["build", ".missile.yml", "--dry-run", "--app-version", ""]);
    assert!(stdout(&planned).starts_with("dh-web-conf 1.0.0 "), "{}", stderr(&planned));
}

#[test]
fn the_project_is_where_the_command_is_run_unless_said_otherwise() {
    let project = project("");
    let deep = project.path().join("deploy");
    fs::create_dir(&deep).unwrap();
    let missile =
        "name: x\ntype: configuration\nhost: h\nextra_files: [{name: a, type: product, template: a.conf}]\n";
    fs::write(deep.join("live.yml"), missile).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let folder = project.path().display().to_string();
    let absolute = deep.join("live.yml").display().to_string();
    for (from, arguments) in [
        (project.path(), vec!["lint", "deploy/live.yml"]),
        (outside.path(), vec!["lint", "deploy/live.yml", "--project", &folder]),
        (outside.path(), vec!["lint", &absolute, "--project", &folder]),
    ] {
        let linted = run(from, &arguments);
        assert_eq!(linted.status.code(), Some(0), "{arguments:?}: {}", stderr(&linted));
    }
    assert_eq!(run(outside.path(), &["lint", &absolute]).status.code(), Some(4));
}

#[test]
fn an_interrupted_build_ends_its_steps_and_says_so() {
    let project =
        project("name: x\ntype: application\nbuild_assets: ['echo $$ has begun; exec tail -f /dev/null']\n");
    let mut child = trebuchet(project.path())
        .args(["build", ".missile.yml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("has begun") || line.contains("echo") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the step never began");
    }
    let step = PathBuf::from("/proc").join(line.trim().split(' ').next().unwrap());
    let name = fs::read_to_string(step.join("comm")).unwrap_or_default();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("error: the build was cancelled"), "{rest}");
    // The number may be another process's by now; the one that ran is gone.
    assert!(!step.exists() || fs::read_to_string(step.join("comm")).unwrap_or_default() != name, "{name}");
}

#[test]
fn a_second_interrupt_ends_the_build_and_its_steps_at_once() {
    // Told to end, it says so and goes on.
    let step = "trap \"echo told\" TERM; echo $$ has begun; while :; do sleep 600 & wait $! || :; done";
    let project = project(&format!("name: x\ntype: application\nbuild_assets: ['{step}']\n"));
    let mut build = trebuchet(project.path());
    let build = build.args(["build", ".missile.yml"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = build.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let interrupt = || Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let begun = lines.find(|line| line.ends_with(" has begun") && !line.contains("echo")).unwrap();
    let stat = Path::new("/proc").join(begun.trim().split(' ').next().unwrap()).join("stat");
    assert!(stat.exists() && interrupt().success());
    assert!(lines.any(|line| line.trim() == "told") && interrupt().success());
    // Ended by the signal itself, it says nothing more, as it does of a build that was cancelled in order.
    assert!(!lines.any(|line| line.contains("cancelled")));
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    let began = std::time::Instant::now();
    // Ended, but not yet taken note of by its new parent, it is a zombie.
    let runs = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']));
    while fs::read_to_string(&stat).is_ok_and(runs) {
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "the step {begun} goes on");
        std::thread::yield_now();
    }
}

#[test]
fn the_schema_in_the_documentation_is_the_one_that_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run(folder.path(), &["schema"]);
    assert_eq!(stdout(&printed), schema_text());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/missile.schema.json");
    let kept = fs::read_to_string(kept).unwrap();
    assert!(kept == schema_text(), "run `cargo run -p trebuchet -- schema > docs/missile.schema.json`");
}

#[test]
fn a_full_disk_is_called_so_with_the_file_that_does_not_fit() {
    let project = project("name: web\ntype: application\n");
    // No compressor makes this fit.
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (state >> 56) as u8
    });
    fs::write(project.path().join("large"), noise.take(4 << 20).collect::<Vec<u8>>()).unwrap();
    fs::create_dir(project.path().join("out")).unwrap();
    // A disk of its own, which nobody else sees; this takes root.
    let script = "mount -t tmpfs -o size=1m tmpfs out && exec \"$0\" build .missile.yml --output out";
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_trebuchet")])
        .current_dir(project.path());
    let failed = command.env("HOME", project.path()).env("XDG_CACHE_HOME", project.path()).output().unwrap();
    assert_eq!(failed.status.code(), Some(4), "{}", stderr(&failed));
    assert!(stderr(&failed).contains("out: the disk is full"), "{}", stderr(&failed));
}
