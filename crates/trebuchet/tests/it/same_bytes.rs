//! The same commit gives the same bytes, whoever builds it, where and when.

use std::fs;

use crate::project::{Build, Project, difference, run};

fn bytes(build: &Build) -> Vec<(String, Vec<u8>)> {
    build
        .packages
        .iter()
        .map(|package| (package.file_name.clone(), fs::read(&package.path).unwrap()))
        .collect()
}

/// A copy with other inodes, file order, times and permission bits for everybody but the owner.
fn copied_by_another(project: &Project) -> tempfile::TempDir {
    let copy = tempfile::Builder::new().prefix("another builder's ").tempdir().unwrap();
    let script = r#"umask 077
        cd "$1"
        find . -mindepth 1 -type d | sort -r | while read -r folder; do mkdir -p "$2/$folder"; done
        find . -type f | sort -r | while read -r file; do
            cp "$file" "$2/$file"
            [ -x "$file" ] || chmod 600 "$2/$file"
        done
        find "$2" -name .git -prune -o -exec touch -d 2001-01-01 {} +"#;
    let [from, to] = [project.path(), copy.path()].map(|path| path.to_str().unwrap());
    run("sh", &["-ec", script, "sh", from, to]);
    copy
}

fn builds_alike(example: &str) {
    let project = Project::example(example);
    let first = project.build();
    let copy = copied_by_another(&project);
    let elsewhere = tempfile::tempdir().unwrap();
    let second = project.build_with(|request| {
        request.project = copy.path().to_owned();
        request.build_dir = Some(elsewhere.path().join("a/b"));
        request.cache = Some(elsewhere.path().join("cache"));
    });
    for ((name, left), (_, right)) in bytes(&first).into_iter().zip(bytes(&second)) {
        let paths = [&first, &second].map(|build| build.path_of(&name));
        assert!(left == right, "{name} differs:\n{}", difference(paths[0], paths[1]));
    }
}

#[test]
fn a_configuration_is_the_same_for_every_builder() {
    builds_alike("configuration");
}

#[test]
fn an_application_with_environment_is_the_same_for_every_builder() {
    builds_alike("web-application");
}

#[test]
fn built_assets_are_the_same_for_every_builder() {
    builds_alike("assets");
}

#[test]
fn the_time_in_packages_is_the_commits() {
    let build = Project::example("plain-application").build();
    let tar = format!(
        "TZ=UTC dpkg-deb --fsys-tarfile {} | tar -tv --full-time",
        build.file("dh-disk-report").display()
    );
    for line in run("sh", &["-c", &tar]).lines() {
        assert!(line.contains("2024-02-03 04:05:06"), "{line}");
    }
}
