//! What lint calls an error fails a build, and what fails a build is an error to lint.

use std::os::unix::fs::symlink;

use trebuchet::lint::lint;
use trebuchet::process::Cancel;
use trebuchet::{BuildError, develop};

use crate::project::{Project, run};

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
    ("files:\n  - {source: one, target: /srv/x}\n  - {source: two, target: /srv/x/below}", Some(5)),
    ("files:\n  - {source: folder, target: /srv/x/below}\n  - {source: two, target: /srv/x}", Some(5)),
    ("files: [{source: link-out, target: /srv/x}]", None),
    ("files: [{source: link-to-a-folder-outside, target: /srv/x}]", None),
    ("files: [{source: dangling-link, target: /srv/x}]", None),
    ("files: [{source: link-to-a-folder, target: /srv/x}]", None),
    ("files: [{source: link-to-a-folder/deep, target: /srv/x}]", Some(3)),
    ("files: [{source: link-to-a-folder-outside/passwd, target: /srv/x}]", Some(3)),
    ("files: [{source: pipe, target: /srv/x}]", Some(3)),
    ("environment: {name: env, requirements: [link-out]}", Some(3)),
    ("environment: {name: env, requirements: [pipe]}", Some(3)),
    ("extra_files: [{name: x, type: product, template: link-out}]", Some(3)),
];

/// Symbolic links of the project.
const LINKS: &[(&str, &str)] = &[
    ("link-out", "/etc/passwd"),
    ("link-to-a-folder-outside", "/etc"),
    ("dangling-link", "nowhere"),
    ("link-to-a-folder", "folder"),
];

#[test]
fn lint_and_build_agree() {
    for (text, line) in RECIPES {
        let missile = format!("{HEAD}{text}\n");
        let project =
            Project::with(&[(".missile.yml", &missile), ("one", "1"), ("two", "2"), ("folder/deep", "3")]);
        for (name, target) in LINKS {
            symlink(target, project.path().join(name)).unwrap();
        }
        run("mkfifo", &[project.path().join("pipe").to_str().unwrap()]);
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

#[test]
fn a_symbolic_link_is_packed_as_a_link_and_nothing_is_read_through_it() {
    let files = LINKS.iter().map(|(name, _)| format!("  - {{source: {name}, target: /srv/{name}}}\n"));
    let missile = format!("{HEAD}files:\n{}", files.collect::<String>());
    let project = Project::with(&[(".missile.yml", &missile), ("folder/deep", "3")]);
    for (name, target) in LINKS {
        symlink(target, project.path().join(name)).unwrap();
    }
    let report = lint(project.path(), ".missile.yml".as_ref()).unwrap();
    let warned: Vec<usize> = report.findings.iter().map(|finding| finding.line).collect();
    assert_eq!((report.errors(), warned), (0, vec![4, 5]), "{:#?}", report.findings);
    let build = project.build();
    let inside: Vec<String> =
        build.contents("dh-app").into_iter().filter(|path| path.starts_with("/srv/")).collect();
    assert_eq!(inside.len(), LINKS.len(), "{inside:?}");
    let tree = build.unpack("dh-app");
    for (name, target) in LINKS {
        let link = tree.path().join("srv").join(name);
        assert_eq!(std::fs::read_link(link).unwrap(), std::path::Path::new(target));
        let said = build.warnings().iter().filter(|text| text.contains(&format!("`{name}`"))).count();
        // Once for the code, once for what `files` names.
        assert_eq!(said, if target.starts_with('/') { 2 } else { 0 }, "{:?}", build.warnings());
    }
}

#[test]
fn develop_writes_nothing_through_a_link_of_the_recipe() {
    let outside = tempfile::tempdir().unwrap();
    let files = "files:\n  - {source: out, target: /srv/x}\n  - {source: one, target: /srv/x/one}\n";
    let project = Project::with(&[(".missile.yml", &format!("{HEAD}{files}")), ("one", "1")]);
    symlink(outside.path(), project.path().join("out")).unwrap();
    let trees = tempfile::tempdir().unwrap();
    let error = develop(&project.request(trees.path()), &Cancel::new(), &mut |_| ()).unwrap_err();
    assert!(matches!(error, BuildError::Stage { .. }), "{error}");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}
