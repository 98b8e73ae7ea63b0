//! Applications without environment: which files they take, what is built on the way, and how they live on a host.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::project::{Project, dpkg_root, run};

const MISSILE: &str = "name: app\ntype: application\n";

fn code(build: &crate::project::Build) -> Vec<String> {
    let paths = build.contents("dh-app").into_iter();
    paths.filter_map(|path| path.strip_prefix("/opt/trebuchet/app/code/").map(str::to_owned)).collect()
}

#[test]
fn a_program_without_environment_runs_is_upgraded_and_purged() {
    let project = Project::example("plain-application");
    let root = dpkg_root();
    root.pretend_installed("coreutils", "9.1");
    root.install(&project.build().files());
    let report = root.check("/opt/trebuchet/bin/disk-report", &[]);
    assert!(
        report.lines().all(|line| line.contains(" is full: ") || line.contains(" has room: ")),
        "{report}"
    );
    assert_eq!(root.check("stat", &["--format=%a", "/etc/disk-report.conf"]), "640\n");

    // `files` in /etc are conffiles: the administrator's version stays.
    fs::write(root.path("etc/disk-report.conf"), "FULL_AT=0\n").unwrap();
    let next = project.build_with(|request| request.versions.app = "2.0".parse().unwrap());
    root.install(&next.files());
    assert_eq!(root.version("dh-disk-report").unwrap(), "2.0");
    assert!(root.check("/opt/trebuchet/bin/disk-report", &[]).contains(" is full: "));

    root.remove(&["dh-disk-report"]);
    assert!(root.path("etc/disk-report.conf").exists() && root.path("var/lib/disk-report").exists());
    root.purge(&["dh-disk-report"]);
    assert!(!root.path("etc/disk-report.conf").exists() && !root.path("var/lib/disk-report").exists());
}

#[test]
fn assets_are_built_in_a_copy_and_leave_the_project_as_it_was() {
    let project = Project::example("assets");
    let build = project.build();
    assert_eq!(project.git(&["status", "--porcelain", "--ignored"]), "");
    assert_eq!(
        build.contents("dh-handbook-pages"),
        ["first-day.html", "leaving.html"]
            .map(|page| format!("/opt/trebuchet/handbook_pages/static/public/{page}"))
    );
    let root = dpkg_root();
    root.install(&build.files());
    let page = root.check("cat", &["/opt/trebuchet/handbook_pages/static/public/first-day.html"]);
    assert!(page.contains("<h1>First day</h1>") && page.contains("Lunch is at &lt;12&gt;."), "{page}");
    let index = root.check("cat", &["/opt/trebuchet/handbook/code/public/index.txt"]);
    assert_eq!(index, "first-day.html\nleaving.html\n");
}

#[test]
fn a_failing_asset_step_ends_the_build_with_what_it_said() {
    let missile = format!("{MISSILE}build_assets: ['true', 'echo no paint left >&2; false; true']\n");
    let project = Project::with(&[(".missile.yml", &missile)]);
    let error = project.try_build(|_| {}).err().unwrap().to_string();
    assert!(error.contains("build_assets") && error.contains("no paint left"), "{error}");
}

#[test]
fn nested_git_folders_are_not_packaged() {
    let project =
        Project::with(&[(".missile.yml", MISSILE), (".env", "SECRET=1"), ("lib/.keep", ""), ("a.txt", "")]);
    fs::create_dir_all(project.path().join("lib/module/.git/objects")).unwrap();
    project.put("lib/module/.git/config", "");
    project.put("lib/other/.git", "gitdir: ../../x");
    project.put("lib/other/code.txt", "");
    assert_eq!(code(&project.build()), ["GIT_VERSION", "a.txt", "lib/.keep", "lib/other/code.txt"]);
}

#[test]
fn excluded_folders_may_be_globs() {
    let missile = format!("{MISSILE}exclude_folders: [docs, 'build-*', src/vendor]\n");
    let files = ["docs/a", "src/docs/a", "build-1/a", "src/vendor/a", "src/a", "vendor/a"];
    let files: Vec<_> =
        files.iter().map(|name| (*name, "")).chain([(".missile.yml", missile.as_str())]).collect();
    assert_eq!(code(&Project::with(&files).build()), ["GIT_VERSION", "src/a", "vendor/a"]);
}

#[test]
fn symbolic_links_are_packed_as_links_and_never_followed() {
    let project = Project::with(&[(".missile.yml", MISSILE), ("data/a", "a")]);
    symlink("/etc", project.path().join("etc")).unwrap();
    symlink("../../../root", project.path().join("data/up")).unwrap();
    symlink("data/a", project.path().join("inner")).unwrap();
    let build = project.build();
    assert_eq!(code(&build), ["GIT_VERSION", "data/a", "data/up", "etc", "inner"]);
    let tree = build.unpack("dh-app");
    let code = tree.path().join("opt/trebuchet/app/code");
    assert_eq!(fs::read_link(code.join("etc")).unwrap().to_str(), Some("/etc"));
    assert_eq!(fs::read_link(code.join("inner")).unwrap().to_str(), Some("data/a"));
    let warnings = build.warnings().join("\n");
    assert!(warnings.contains("`etc` leads out") && warnings.contains("`data/up` leads out"), "{warnings}");
    assert!(!warnings.contains("inner"), "{warnings}");
}

#[test]
fn links_of_the_project_lead_no_step_out_of_the_copy() {
    let outside = tempfile::tempdir().unwrap();
    let missile = format!("{MISSILE}build_assets: ['echo built > built']\n");
    let project = Project::with(&[(".missile.yml", &missile)]);
    symlink(outside.path(), project.path().join("public")).unwrap();
    project.build();
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    assert!(!project.path().join("built").exists());
}

#[test]
fn files_from_outside_of_the_project_are_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let missile = format!("{MISSILE}files: [{{source: out/secret, target: /etc/x}}]\n");
    let project = Project::with(&[(".missile.yml", &missile)]);
    symlink(outside.path(), project.path().join("out")).unwrap();
    let error = project.try_build(|_| {}).err().unwrap().to_string();
    assert!(error.contains("out/secret") && error.contains("symbolic link"), "{error}");
    for source in ["../secret", "/etc/passwd", "a/../../secret"] {
        project.put(".missile.yml", &format!("{MISSILE}files: [{{source: '{source}', target: /etc/x}}]\n"));
        let error = project.try_build(|_| {}).err().unwrap().to_string();
        assert!(error.contains(source), "{error}");
    }
}

#[test]
fn a_target_outside_of_the_package_is_refused() {
    for target in ["../../etc/x", "/etc/../../x", "/etc/\u{1}x"] {
        let target = serde_json::to_string(target).unwrap();
        let files = format!("files: [{{source: a, target: {target}}}]\n");
        let extra = format!("extra_files: [{{name: x, type: custom, template: a, target_path: {target}}}]\n");
        for part in [files, extra] {
            let missile = format!("{MISSILE}{part}");
            let project = Project::with(&[(".missile.yml", &missile), ("a", "")]);
            assert!(project.try_build(|_| {}).is_err(), "{missile}");
        }
    }
}

#[test]
fn owners_and_modes_are_not_the_builders() {
    let project =
        Project::with(&[(".missile.yml", MISSILE), ("run", "#!/bin/sh\n"), ("data", ""), ("d/x", "")]);
    let set = |name: &str, mode| {
        fs::set_permissions(project.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("run", 0o4777);
    set("data", 0o666);
    set("d", 0o700);
    let build = project.build();
    let tar = format!("dpkg-deb --fsys-tarfile {} | tar -tv", build.file("dh-app").display());
    for line in run("sh", &["-c", &tar]).lines() {
        let expected = match line.rsplit(' ').next().unwrap() {
            path if path.ends_with('/') => "drwxr-xr-x root/root",
            path if path.ends_with("/run") => "-rwxr-xr-x root/root",
            _ => "-rw-r--r-- root/root",
        };
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn a_project_without_repository_or_without_commits_is_built_all_the_same() {
    let project = Project::with(&[(".missile.yml", MISSILE), ("a", "")]);
    fs::remove_dir_all(project.path().join(".git")).unwrap();
    let without = project.build();
    assert_eq!(code(&without), ["a"]);
    project.git(&["init", "-q"]);
    let empty = project.build();
    assert_eq!(code(&empty), ["a"]);
    assert_eq!(without.packages[0].sha256, empty.packages[0].sha256);
    assert_eq!(empty.warnings(), Vec::<String>::new());
    // A repository that git cannot read is told.
    fs::write(project.path().join(".git/HEAD"), "what").unwrap();
    let broken = project.build();
    assert!(broken.warnings()[0].contains("which commit this is"), "{:?}", broken.warnings());
}
