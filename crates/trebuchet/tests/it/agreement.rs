//! What lint calls an error fails a build, and what fails a build is an error to lint.

use trebuchet::lint::lint;

use crate::project::Project;

const HEAD: &str = "name: app\ntype: application\n";

/// Keys of a recipe, and the line that is to blame in it; none when it builds.
const RECIPES: &[(&str, Option<usize>)] = &[
    ("description: \"x \\e[31mred\"", Some(3)),
    ("description: \"first\\n\\nthird\\ttab\"", None),
    ("files:\n  - {source: one, target: /etc/x}\n  - {source: two, target: /etc/x}", Some(5)),
    ("files:\n  - {source: folder, target: /srv}\n  - {source: two, target: /srv/deep}", Some(5)),
    ("files:\n  - {source: one, target: /etc/x}\n  - {source: one, target: /etc/x}", None),
    ("files: [{source: one, target: '/etc/end /x '}]", Some(3)),
    ("files: [{source: one, target: '/srv/end /x '}]", None),
    (
        "extra_files: [{name: x, type: product, template: one}]\nfiles: [{source: one, target: /etc/trebuchet/x.conf}]",
        Some(4),
    ),
    ("static_files: [{name: st, folders: [nope]}]", None),
    ("build_assets: [mkdir nope]\nstatic_files: [{name: st, folders: [nope]}]", None),
    ("debian_scripts: {postinst: ['if x; then']}", Some(3)),
    ("debian_scripts: {postinst: ['if true; then', 'true', 'fi']}", None),
    ("build_assets: [\"echo 'open\"]", Some(3)),
    ("files: [{source: absent, target: /etc/x}]", Some(3)),
];

#[test]
fn lint_and_build_agree() {
    for (text, line) in RECIPES {
        let missile = format!("{HEAD}{text}\n");
        let project =
            Project::with(&[(".missile.yml", &missile), ("one", "1"), ("two", "2"), ("folder/deep", "3")]);
        let report = lint(project.path(), ".missile.yml".as_ref()).unwrap();
        let lines: Vec<usize> =
            report.findings.iter().take(report.errors()).map(|found| found.line).collect();
        assert_eq!(lines, Vec::from_iter(*line), "{text}: {:#?}", report.findings);
        let built = project.try_build(|_| {}).map(|build| build.packages);
        assert_eq!(built.is_err(), line.is_some(), "{text}: {built:?}");
    }
}

#[test]
fn a_build_names_the_line_of_a_script_that_no_shell_can_read() {
    let missile = format!("{HEAD}debian_scripts:\n  postinst:\n    - 'true'\n    - if x; then\n");
    let project = Project::with(&[(".missile.yml", &missile)]);
    let error = project.try_build(|_| {}).map(|build| build.packages).unwrap_err().to_string();
    assert!(error.contains("6:7: a shell cannot read this"), "{error}");
}
