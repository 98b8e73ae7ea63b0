//! Templates that want all memory or all time there is, filled in by the `trebuchet` command as its users run it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The most memory that `trebuchet` or any process of it may have had, in KiB: the bound, and what a program takes anyway.
const MOST: u64 = (256 + 128) * 1024;

fn project(template: &str) -> TempDir {
    let project = tempfile::tempdir().unwrap();
    let missile = "default: {name: w, type: configuration, ratio: 8.41e-21, text: \"\\u202e\\t'é\", \
                   extra_files: [{name: a, type: product, template: t}]}\n";
    fs::write(project.path().join(".missile.yml"), missile).unwrap();
    fs::write(project.path().join("t"), template).unwrap();
    project
}

/// Runs the command by way of Python, which tells on the last line what its largest process took.
fn trebuchet(folder: &Path, arguments: &[&str]) -> Output {
    const MEASURE: &str = "import resource, subprocess, sys\n\
        code = subprocess.call(sys.argv[1:])\n\
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\nsys.exit(code)\n";
    let mut command = Command::new("python3");
    command.args(["-c", MEASURE, env!("CARGO_BIN_EXE_trebuchet")]).args(arguments);
    command.current_dir(folder).env("HOME", folder).stdin(Stdio::null()).output().unwrap()
}

fn check_refused(template: &str, reason: &str) {
    let project = project(template);
    let output = trebuchet(project.path(), &["lint", ".missile.yml"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = format!("{template}: {said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "{text}");
    assert!(text.contains(&format!("error: {reason}\n --> t\n")), "{text}");
    let largest: u64 = said.lines().last().unwrap().parse().unwrap();
    assert!(largest < MOST, "{largest} KiB for {text}");
}

#[test]
fn a_template_that_wants_all_memory_is_refused_with_its_name_and_the_limit() {
    for template in [
        "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        "{% set n = namespace(s='x') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% set n = namespace(l=[]) %}{% for i in range(90) %}{% set n.l = n.l + ['x' * (99999999 - i)] %}{% endfor %}",
        "{% macro m(s, n) %}{% if n %}{{ m(s ~ s, n - 1) }}{% endif %}{% endmacro %}{{ m('x' * 9000000, 6) }}",
        "{% set a %}{{ 'x' * 99999999 }}{{ 'x' * 99999999 }}{{ 'x' * 99999999 }}{% endset %}{{ a|length }}",
        "{% set a = 'x' * 100000 %}{{ a.replace('x', a)|length }}",
        "{% set a = 'x' * 100000 %}{{ a|replace('x', a)|length }}",
        "{% set a = 'x' * 100000 %}{{ a|join(a)|length }}",
        "{{ (('x' * 99999999)|list)|length }}",
        "{{ (([1] * 99999999)|list)|length }}",
        "{{ '%999999999s'|format(1) }}",
        "{{ ('x\\n' * 1000000)|indent(10000)|length }}",
        "{{ ('x' * 99999999)|upper ~ ('y' * 99999999)|upper ~ ('z' * 99999999)|urlencode }}",
    ] {
        check_refused(template, "it takes more than 256 MiB of memory");
    }
}

#[test]
fn a_single_step_that_never_ends_is_ended() {
    let began = Instant::now();
    let template = "{% set n = namespace(l=[1] * 10000) %}{% for i in range(20) %}{% set n.l = n.l + n.l %}{% endfor %}\
                    {{ n.l|sum }}";
    check_refused(template, "it takes more than 10 s of computing time");
    assert!(began.elapsed() < Duration::from_secs(300));
}

#[test]
fn values_reach_a_template_as_they_are() {
    let template = "{{ ratio }} {{ text }} {{ context().ratio * 2 }}\n";
    let project = project(template);
    let built = trebuchet(project.path(), &["build", ".missile.yml", "--output", "out"]);
    assert!(built.status.success(), "{built:?}");
    let mut made = fs::read_dir(project.path().join("out")).unwrap().map(|entry| entry.unwrap().path());
    let package = made.find(|path| path.extension().is_some_and(|end| end == "deb")).unwrap();
    let unpacked =
        Command::new("dpkg-deb").arg("--extract").arg(package).arg(project.path().join("root")).status();
    assert!(unpacked.unwrap().success());
    let found =
        Command::new("grep").args(["-rh", "1.682", "root"]).current_dir(project.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "8.41e-21 \u{202e}\t'é 1.682e-20\n");
}
