//! What recipes mean, and what is said about those that mean nothing.

use serde_json::json;

use super::*;
use crate::missile::{ExtraFileTarget, PlannedKind, ServiceKind, Versions};

fn parse(text: &str) -> Missile {
    Missile::parse(text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}")).0
}

/// `line:column: message (hint)` of each problem.
fn problems(text: &str) -> Vec<String> {
    let problems = match Missile::parse(text) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    let hint = |problem: &Problem| problem.hint.as_deref().map(|h| format!(" ({h})")).unwrap_or_default();
    problems.iter().map(|problem| format!("{problem}{}", hint(problem))).collect()
}

const WEB: &str = "\
name: secret_sauce
type: application
environment:
  name: sauce_env
  type: python
  binary: python3.11
  requirements: [requirements.txt]
extra_files:
  - {name: web, type: binary, template: deploy/web.sh}
  - {name: site, type: nginx, template: deploy/nginx.conf}
services:
  - {name: web_worker, type: upstart, binary_name: web, env_var: {PORT: 8000}}
static_files:
  - name: sauce_static
    folders: [{path: static, includes: '*.css', excludes: [a, b]}]
";

#[test]
fn packages_are_planned_in_build_order() {
    let missile = parse(WEB);
    let planned = missile.plan(&Versions::default());
    let names: Vec<&str> = planned.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["dh-web-worker", "dh-sauce-env", "dh-secret-sauce", "dh-sauce-static"]);
    assert_eq!(planned[0].kind, PlannedKind::Service(0));
    assert_eq!(planned[0].depends[0].name.as_str(), "dh-secret-sauce");
    assert_eq!(planned[2].depends[0].name.as_str(), "dh-sauce-env");
    assert_eq!(planned[2].file_name(&"all".parse().unwrap()), "dh-secret-sauce-1.0.0-all.deb");
    assert_eq!(missile.variants[0].services[0].env_var["PORT"], "8000");
    assert_eq!(missile.variants[0].static_files[0].folders[0].includes, ["*.css"]);
}

#[test]
fn variants_merge_deeply_over_default_and_keep_the_order() {
    let missile = parse(
        "default: {name: conf, type: configuration, db: {host: a, port: 1}, list: [1, 2]}\n\
         live: {name_suffix: _live, db: {host: b, user: u}, list: [3]}\n\
         _test: {name_suffix: _test}\n\
         empty_one: {name_suffix: _e, db: null}\n",
    );
    let variants: Vec<_> = missile.variants.iter().map(|recipe| recipe.variant.as_deref().unwrap()).collect();
    assert_eq!(variants, ["default", "live", "_test", "empty_one"]);
    let live = &missile.variants[1];
    assert_eq!(live.settings["db"], json!({"host": "b", "port": 1, "user": "u"}));
    assert_eq!(live.settings["list"], json!([3]));
    assert_eq!(live.settings.keys().collect::<Vec<_>>(), ["db", "list"]);
    assert_eq!((live.full_name().as_str(), live.package.as_str()), ("conf_live", "dh-conf-live"));
    assert_eq!(missile.variants[3].settings["db"], json!(null));
}

#[test]
fn the_suffix_reaches_every_name_but_control_members() {
    let text = WEB.replace("type: application", "type: application\nname_suffix: _live");
    let text = text.replace("services:", "  - {name: postinst, type: debian, template: p}\nservices:");
    let recipe = &parse(&text).variants[0];
    assert_eq!(recipe.services[0].worker(), "dh_web_worker_live");
    assert_eq!(recipe.extra_files[0].path(), "/opt/trebuchet/bin/web_live");
    assert_eq!(recipe.extra_files[1].path(), "/etc/nginx/sites-available/site_live.conf");
    assert_eq!(recipe.extra_files[2].target(), ExtraFileTarget::Control("postinst".to_owned()));
    assert_eq!(recipe.environment_path(), "/opt/trebuchet/sauce_env_live/env");
    assert_eq!(recipe.code_path(), "/opt/trebuchet/secret_sauce_live/code");
}

#[test]
fn old_spellings_of_known_keys_are_understood() {
    let recipe = &parse(
        "name: 0755\ntype: application\nexclude_folders:\nservices: []\nenvironment: ~\napplications: []\n\
         build_assets: make\nextra_files:\n- {name: a, type: custom, template: ./t, target_path: /etc/x/, \
         target_is_executable: yes, target_extension: .ini}\n\
         files: [{source: a/b, target: /usr/share/x/, mode: 0640, owner: root:adm}]\n\
         ",
    )
    .variants[0];
    assert_eq!(recipe.package.as_str(), "dh-0755");
    assert_eq!(
        (recipe.extra_files[0].path().as_str(), recipe.extra_files[0].mode()),
        ("/etc/x/a.ini", 0o755)
    );
    assert_eq!((recipe.files[0].target.as_str(), recipe.files[0].mode), ("/usr/share/x/b", Some(0o640)));
    assert_eq!(recipe.build_assets, ["make"]);
}

#[test]
fn old_flags_are_flags_in_settings_and_text_in_names_and_keys() {
    let recipe = &parse(
        "name: no\ntype: configuration\ndescription: 'off'\ndebug: no\nquoted: 'no'\n\
         countries: {no: Norway, on: yes}\napplications: {web: {cache: Off}}\n\
         extra_files: [{name: run, type: binary, template: t}]\n\
         services: [{name: on, binary_name: run, env_var: {DEBUG: no, COUNTRY: 'no'}}]\n",
    )
    .variants[0];
    assert_eq!((recipe.package.as_str(), recipe.services[0].package.as_str()), ("dh-no", "dh-on"));
    assert_eq!(recipe.settings["debug"], json!(false));
    assert_eq!(recipe.settings["quoted"], json!("no"));
    assert_eq!(recipe.settings["countries"], json!({"no": "Norway", "on": true}));
    assert_eq!(recipe.template_context(&recipe.extra_files[0])["web"], json!({"cache": false}));
    let exports = recipe.configuration_text();
    for line in ["DEBUG='False'", "QUOTED='no'", "COUNTRIES_NO='Norway'", "WEB_CACHE='False'"] {
        assert!(exports.contains(&format!("export {line}\n")), "{exports}");
    }
    let variables = &recipe.services[0].env_var;
    assert_eq!((variables["DEBUG"].as_str(), variables["COUNTRY"].as_str()), ("False", "no"));
}

#[test]
fn a_service_without_a_type_is_upstart_as_it_always_was() {
    let recipe = &parse(&WEB.replace("type: upstart, ", "")).variants[0];
    assert_eq!(recipe.services[0].kind, ServiceKind::Upstart);
}

#[test]
fn settings_that_share_a_new_keys_name_stay_settings() {
    let (missile, warnings) = Missile::parse(
        "name: x\ntype: configuration\nuser: {name: bob}\nfiles: [a, b]\npriority: high\ndescription: [1]\n",
    )
    .unwrap();
    let recipe = &missile.variants[0];
    assert_eq!(recipe.user.as_str(), "hero");
    assert_eq!(recipe.settings.keys().collect::<Vec<_>>(), ["user", "files", "priority", "description"]);
    assert_eq!(warnings.len(), 4);
}

/// Recipes with one of the problems they have, as `line:column: message (hint)`; nothing when they have none.
const PROBLEMS: &[(&str, &str)] = &[
    ("", "1:1: the recipe is empty (begin with `name: …` and `type: application`)"),
    ("- a\n", "1:1: a recipe must be a map, not a list (begin with `name: …` and `type: application`)"),
    ("name: x\n", "1:1: the recipe has no `type` (add a line `type: …` to it)"),
    (
        "name: x\ntype: aplication\n",
        "2:7: `aplication` is not one of `application` and `configuration` (did you mean `application`?)",
    ),
    (
        "name: ../x\ntype: application\n",
        "1:7: `../x` is no name: it must not begin with `-` or `.` (write for example `x`)",
    ),
    (
        "name: Web\ntype: application\n",
        "1:7: the package's name would be wrong: `dh-Web` is no package name: only lower-case letters, digits, `+`, `-` and `.` are allowed (write it in lower case: `web`)",
    ),
    (
        "name: x\ntype: application\nextra_file: []\n",
        "3:1: `extra_file` is taken as a setting (did you mean the key `extra_files`?)",
    ),
    (
        "name: x\ntype: application\ndebug: no\n",
        "3:8: `no` is read as false here, as older tools did (write `false`, or quote it if text is meant)",
    ),
    (
        "name: x\ntype: configuration\napplications:\n  web:\n    debug: [On]\n",
        "5:13: `On` is read as true here, as older tools did (write `true`, or quote it if text is meant)",
    ),
    (
        "name: x\ntype: configuration\nport: 22:22\n",
        "3:7: `22:22` is text here, where older tools read another number (quote it if text is meant)",
    ),
    ("name: x\ntype: configuration\nport: 80:80\nopens: 08:30\nday: 2020-01-01\n", ""),
    ("name: x\ntype: application\ndebug: 'no'\n", ""),
    (
        "name: x\ntype: application\nservices: [{name: a, binary_nam: b}]\n",
        "3:12: services entry has no `binary_name`",
    ),
    (
        "name: x\ntype: application\nservices: [{name: a, binary_nam: b}]\n",
        "3:22: services entry knows no key `binary_nam` (did you mean `binary_name`?)",
    ),
    (
        "name: x\ntype: application\nservices: [{name: a, binary_name: b}]\n",
        "3:35: the service `a` runs `b`, which no extra file is (add an extra_files entry of this name)",
    ),
    (
        "name: x\ntype: application\nservices: {a: b}\n",
        "3:11: `services` must be a list, not a map (begin each entry with `- `)",
    ),
    (
        "name: x\ntype: application\nname_suffix: /../y\n",
        "3:14: `/../y` is no suffix (only letters, digits, `_`, `-`, `+` and `.` are allowed)",
    ),
    (
        "name: x\ntype: application\nenvironment: {name: x}\n",
        "3:21: the package `dh-x` would be built twice (give the parts of a recipe different names)",
    ),
    (
        "default: {name: x, type: application}\nb: {k: 1}\n",
        "1:17: the package `dh-x` would be built twice (give the variant `b` a `name_suffix` of its own)",
    ),
    (
        "default: 1\n",
        "1:1: `default` must be a map, not a number (it holds the recipe that all variants share)",
    ),
    (
        "name: x\ntype: application\nextra_files: [{name: a, type: custom, template: /etc/passwd}]\n",
        "3:49: `/etc/passwd` is an absolute path; it must be relative to the project",
    ),
    (
        "name: x\ntype: application\nextra_files: [{name: a, type: nginx, template: a/../../b}]\n",
        "3:48: the path `a/../../b` leads out with `..`",
    ),
    (
        "name: x\ntype: configuration\napplications: {'a;b': 1}\n",
        "3:16: `a;b` is no name: only letters, digits, `_`, `-`, `+` and `.` are allowed",
    ),
];

#[test]
fn problems_say_where_and_what_to_do() {
    for (text, expected) in PROBLEMS {
        let found = problems(text);
        assert!(
            if expected.is_empty() { found.is_empty() } else { found.iter().any(|line| line == expected) },
            "{text}\nexpected {expected}\nfound {found:#?}"
        );
    }
}

#[test]
fn a_problem_in_a_variant_points_at_the_variants_line() {
    let found = problems(
        "default:\n  name: x\n  type: application\n  extra_files: [{name: a, type: nginx, template: t}]\n\
         live:\n  name_suffix: _l\n  services:\n    - name: w\n      binary_name: b\n",
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("9:20: the service `w` runs `b`"), "{found:?}");
}

#[test]
fn what_is_wrong_in_default_is_said_once() {
    let found = problems("default: {name: x}\na: {name_suffix: a}\nb: {name_suffix: b}\n");
    let of_default: Vec<_> = found.iter().filter(|line| line.starts_with("1:")).collect();
    assert_eq!(of_default.len(), 1, "{found:?}");
}

#[test]
fn bytes_that_are_no_utf_8_are_pointed_at() {
    let problems = Missile::parse_bytes(b"name: x\nk: \xe9\n").unwrap_err();
    assert_eq!((problems[0].place.line, problems[0].place.column), (2, 4));
}

#[test]
fn what_is_missing_or_misnamed_is_said_with_a_way_out() {
    for (text, hint) in [
        ("name: my app\ntype: application\n", "write for example `my_app`"),
        ("type: application\n", "add a line `name: …` to it"),
        ("name: a\ntype: application\nuser: Root\n", "write for example `root`"),
        (
            "name: a\ntype: application\nextra_files: [{name: x, type: custom, template: t}]\n",
            "add a line `target_path: …` to it",
        ),
        (
            "name: a\ntype: application\nservices: [{name: x, type: openrc, binary_name: y}]\n",
            "choose one of them",
        ),
        ("name: a\ntype: application\nenvironment: {name: e, type: ruby}\n", "write `python`"),
    ] {
        let problems = Missile::parse(text).expect_err(text);
        let hints: Vec<&str> = problems.iter().filter_map(|problem| problem.hint.as_deref()).collect();
        assert!(hints.contains(&hint), "{text}: {problems:?}");
    }
}
