//! Static entries: what their globs take.

use crate::project::Project;

/// What an application's static entry over `media` takes, with these further keys.
fn taken(keys: &str) -> Vec<String> {
    let missile = format!(
        "name: app\ntype: application\nstatic_files:\n  - name: media\n    folders:\n      - path: media\n{keys}"
    );
    let files = ["media/a.css", "media/b.js", "media/deep/down/c.css", "media/deep/d.map", "other/e.css"];
    let files: Vec<_> =
        files.iter().map(|name| (*name, "x")).chain([(".missile.yml", missile.as_str())]).collect();
    let build = Project::with(&files).build();
    assert!(build.contents("dh-app").contains(&"/opt/trebuchet/app/code/media/a.css".to_owned()));
    let paths = build.contents("dh-media").into_iter();
    paths.map(|path| path.strip_prefix("/opt/trebuchet/media/static/media/").unwrap().to_owned()).collect()
}

#[test]
fn a_static_folder_without_includes_or_excludes_is_taken_whole() {
    assert_eq!(taken(""), ["a.css", "b.js", "deep/d.map", "deep/down/c.css"]);
}

#[test]
fn two_excludes_both_count() {
    assert_eq!(taken("        excludes: ['*.map', '*.js']\n"), ["a.css", "deep/down/c.css"]);
}

#[test]
fn a_string_of_includes_is_one_glob() {
    assert_eq!(taken("        includes: '*.css'\n"), ["a.css", "deep/down/c.css"]);
}

#[test]
fn excludes_are_taken_from_what_is_included() {
    let keys = "        includes: ['*.css', '*.js']\n        excludes: 'deep'\n";
    assert_eq!(taken(keys), ["a.css", "b.js"]);
}

#[test]
fn an_entry_that_takes_nothing_is_told() {
    let missile = "name: app\ntype: application\nstatic_files: [{name: media, folders: [{path: absent}]}]\n";
    let build = Project::with(&[(".missile.yml", missile)]).build();
    assert_eq!(build.warnings().len(), 1, "{:?}", build.warnings());
    assert!(build.warnings()[0].contains("`absent`"));
}
