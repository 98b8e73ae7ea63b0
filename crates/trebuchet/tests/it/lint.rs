//! What lint finds, and how it is shown.

use std::fs;
use std::path::Path;

use trebuchet::lint::lint;

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// All findings as they are shown.
fn shown(files: &[(&str, &str)]) -> String {
    let project = project(files);
    let report = lint(project.path(), Path::new(".missile.yml")).unwrap();
    report.findings.iter().map(|finding| format!("{finding}\n")).collect()
}

const GOOD: &str = "\
name: sauce
type: application
port: 8080
environment: {name: sauce_env, requirements: [requirements.txt]}
extra_files:
  - {name: web, type: binary, template: deploy/web.sh}
services:
  - {name: web, type: systemd, binary_name: web}
";
const WEB: &str =
    "{% extends base_template %}\n{% block command_body %}exec serve {{ port }}{% endblock %}\n";

#[test]
fn a_good_project_has_no_findings_and_names_its_packages() {
    let project = project(&[(".missile.yml", GOOD), ("deploy/web.sh", WEB), ("requirements.txt", "flask\n")]);
    let report = lint(project.path(), Path::new(".missile.yml")).unwrap();
    assert_eq!(report.findings, []);
    let names: Vec<&str> = report.packages.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["dh-web", "dh-sauce-env", "dh-sauce"]);
    let absolute = project.path().join(".missile.yml");
    assert_eq!(lint(project.path(), &absolute).unwrap(), report);
}

#[test]
fn everything_that_would_fail_the_build_is_shown_at_its_place() {
    let missile = "\
name: sauce
type: application
environment:
  name: sauce_env
  requirements: [requirement.txt, nested.txt]
extra_files:
  - {name: web, type: binary, template: deploy/wep.sh}
  - {name: site, type: nginx, template: deploy/site.conf}
services:
  - {name: up, type: upstart, binary_name: web, envvar: {}}
files:
  - {source: nope, target: /usr/share/nope}
static_files:
  - {name: static, folders: [sttic]}
";
    let files = [
        (".missile.yml", missile),
        ("deploy/web.sh", WEB),
        ("deploy/site.conf", "server {\n\tlisten {{ prot }};\n}\n"),
        ("requirements.txt", "flask\n"),
        ("nested.txt", "-r missing.txt\n"),
        ("static/a.css", ""),
    ];
    insta::assert_snapshot!(shown(&files));
}

#[test]
fn an_unreadable_missile_is_shown_with_its_line() {
    let files = [(".missile.yml", "name: sauce\ntype: application\n  services: []\n")];
    insta::assert_snapshot!(shown(&files), @r"
    error: a `:` stands here where no key can be
     --> .missile.yml:3:11
      |
    3 |   services: []
      |           ^
    hint: align keys of one map, and quote a value that holds `: `
    ");
}

#[test]
fn a_problem_of_one_variant_names_the_variant_and_a_shared_one_is_said_once() {
    let missile = "\
default: {name: conf, type: configuration, host: h, extra_files: [{name: a, type: product, template: a.conf}, {name: b, type: product, template: b.conf}]}
live: {name_suffix: _live, port: 1}
";
    let files = [(".missile.yml", missile), ("a.conf", "{{ host }}:{{ port }}\n"), ("b.conf", "{% if %}\n")];
    insta::assert_snapshot!(shown(&files));
}

#[test]
fn what_is_shown_holds_no_control_characters_of_the_file() {
    let files = [(".missile.yml", "name: sauce\ntype: \"\\e[31mred\u{7}\"\n\"\u{1b}]0;x\": [\n")];
    let shown = shown(&files);
    assert!(!shown.replace('\n', "").contains(char::is_control), "{shown:?}");
}

#[test]
fn findings_are_listed_as_json_with_their_places() {
    let project = project(&[(".missile.yml", &GOOD.replace("port: 8080\n", "")), ("deploy/web.sh", WEB)]);
    let report = lint(project.path(), Path::new(".missile.yml")).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["packages"], serde_json::json!(["dh-web", "dh-sauce-env", "dh-sauce"]));
    let port = &json["problems"].as_array().unwrap()[1];
    assert_eq!(port["file"], "deploy/web.sh");
    assert_eq!((&port["line"], &port["column"]), (&2.into(), &39.into()));
    assert_eq!(port["severity"], "error");
}

#[test]
fn steps_and_script_lines_that_no_shell_can_read_are_shown_and_none_is_run() {
    let missile = "\
name: sauce
type: application
build_assets:
  - touch made
  - echo 'open
  - -n
debian_scripts:
  preinst: ['if true', then, touch made, fi]
  postinst:
    - touch made
    - if true; then
    - echo $(
";
    let project = project(&[(".missile.yml", missile)]);
    let report = lint(project.path(), Path::new(".missile.yml")).unwrap();
    let places: Vec<usize> = report.findings.iter().map(|finding| finding.line).collect();
    assert_eq!(places, [5, 12], "{:#?}", report.findings);
    assert!(report.findings.iter().all(|finding| finding.message.starts_with("a shell cannot read this: ")));
    assert!(!project.path().join("made").exists());
}

#[test]
fn a_service_without_a_binary_is_the_missiles_fault_alone() {
    let missile = "name: a\ntype: application\nservices:\n  - {name: web, type: systemd, binary_name: wep}\n";
    insta::assert_snapshot!(shown(&[(".missile.yml", missile)]), @r"
    error: the service `web` runs `wep`, which no extra file is
     --> .missile.yml:4:45
      |
    4 |   - {name: web, type: systemd, binary_name: wep}
      |                                             ^^^
    hint: add an extra_files entry of this name
    ");
}

#[test]
fn packages_that_cannot_stand_side_by_side_are_warned_of() {
    let missile = "\
default: {name: a, type: configuration, files: [{source: f, target: /etc/same}, {source: f, target: /srv/d/}]}
live: {name_suffix: _live, conflicts: dh-a}
test: {name_suffix: _test, files: [{source: f, target: /srv/d/f}]}
";
    insta::assert_snapshot!(shown(&[(".missile.yml", missile), ("f", "")]), @r"
    warning: `dh-a-test` and `dh-a` both install `/srv/d/f`: only one of them can be on a host
     --> .missile.yml:3:56
      |
    3 | test: {name_suffix: _test, files: [{source: f, target: /srv/d/f}]}
      |                                                        ^^^^^^^^
    hint: name it after the variant, or say so with `conflicts`
    ");
}

#[test]
fn lines_that_an_extra_file_drops_and_interpreters_that_are_not_there_are_warned_of() {
    let missile = "\
name: a
type: application
environment: {name: env, binary: python9.99}
debian_scripts: {postinst: ['true']}
extra_files: [{name: postinst, type: debian, template: t}, {name: prerm, type: debian, template: t}]
";
    insta::assert_snapshot!(shown(&[(".missile.yml", missile), ("t", "#!/bin/sh\n")]), @r"
    warning: there is no interpreter `python9.99` on this machine
     --> .missile.yml:3:34
      |
    3 | environment: {name: env, binary: python9.99}
      |                                  ^^^^^^^^^^
    hint: install it where the recipe is built, or leave `binary` out to get `python3`

    warning: this takes the place of the lines in `debian_scripts.postinst`
     --> .missile.yml:5:22
      |
    5 | extra_files: [{name: postinst, type: debian, template: t}, {name: prerm, type: debian, template: t}]
      |                      ^^^^^^^^
    hint: keep one of the two
    ");
}

#[test]
fn what_comes_after_an_entry_that_cannot_be_read_is_shown_in_its_own_place() {
    let missile = "\
name: a
type: application
build_assets:
  - [no, step]
  - echo 'open
environment:
  name: env
  requirements: [../out.txt, absent.txt]
extra_files:
  - {name: one, type: binry, template: one.sh}
  - {name: two, type: binary, template: absent.sh}
files:
  - {source: /absolute, target: /etc/x}
  - {source: absent, target: /etc/y}
services:
  - {name: one, type: cron, binary_name: two}
  - {name: two, type: systemd, binary_name: missing}
static_files:
  - {name: static, folders: [../up, {path: sttic}]}
";
    let project = project(&[(".missile.yml", missile), ("one.sh", "")]);
    let report = lint(project.path(), Path::new(".missile.yml")).unwrap();
    let found = |part: &str| {
        let found = report.findings.iter().find(|finding| finding.message.contains(part));
        let found = found.unwrap_or_else(|| panic!("{part}: {:#?}", report.findings));
        let source: String = found
            .excerpt
            .iter()
            .flat_map(|line| line.chars())
            .skip(found.column - 1)
            .take(found.width)
            .collect();
        (found.line, source)
    };
    for (part, line, underlined) in [
        ("a shell cannot read this", 5, "echo 'open"),
        ("no requirements file `absent.txt`", 8, "absent.txt"),
        ("no template `absent.sh`", 11, "absent.sh"),
        ("no file `absent`", 14, "absent"),
        ("the service `two` runs", 17, "missing"),
    ] {
        assert_eq!(found(part), (line, underlined.to_owned()), "{part}");
    }
}
