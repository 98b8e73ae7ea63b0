//! What packages do on a host when they come, change and go.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use gachette_testkit::DpkgRoot;

use crate::project::{Build, Project, dpkg_root};

/// A host whose `initctl` notes what it is told.
fn host_with_upstart() -> DpkgRoot {
    let root = dpkg_root();
    let initctl = root.path("usr/local/bin/initctl");
    fs::write(&initctl, "#!/bin/sh\necho \"$*\" >>/told\n").unwrap();
    fs::set_permissions(&initctl, fs::Permissions::from_mode(0o755)).unwrap();
    root
}

/// What `initctl` was told since the last time.
fn told(root: &DpkgRoot) -> Vec<String> {
    let told = root.path("told");
    let text = fs::read_to_string(&told).unwrap_or_default();
    // It may not be there.
    let _ = fs::remove_file(told);
    text.lines().map(str::to_owned).collect()
}

fn stops_around_an_upgrade(root: &DpkgRoot, build: &Build, name: &str) -> Vec<String> {
    root.install(&[build.file(name)]);
    told(root);
    root.install(&[build.file(name)]);
    let events = told(root);
    let stops = events.iter().filter_map(|event| event.strip_prefix("emit ")?.strip_suffix("_STOP_ALL"));
    let mut stops: Vec<_> = stops.map(str::to_owned).collect();
    stops.dedup();
    stops
}

#[test]
fn services_are_stopped_before_their_package_changes() {
    let missile = "name: app\ntype: application
extra_files: [{name: run, type: binary, template: run.sh}]
services: [{name: worker, type: upstart, binary_name: run}]
static_files: [{name: media, folders: [{path: media}]}]
";
    let project = Project::with(&[(".missile.yml", missile), ("run.sh", "#!/bin/sh\n"), ("media/a", "")]);
    let build = project.build();
    let root = host_with_upstart();
    root.install(&[build.file("dh-app")]);
    assert_eq!(stops_around_an_upgrade(&root, &build, "dh-worker"), ["worker"]);
    assert_eq!(stops_around_an_upgrade(&root, &build, "dh-media"), ["media"]);
    assert_eq!(stops_around_an_upgrade(&root, &build, "dh-app"), ["worker"]);

    let settings = "name: settings\ntype: configuration\napplications: {one: {a: 1}, two: {a: 2}}\n";
    let settings = Project::with(&[(".missile.yml", settings)]).build();
    assert_eq!(stops_around_an_upgrade(&root, &settings, "dh-settings"), ["one", "two", "one", "two"]);

    let plain = Project::with(&[(".missile.yml", "name: plain\ntype: application\n")]).build();
    assert_eq!(stops_around_an_upgrade(&root, &plain, "dh-plain"), Vec::<String>::new());
}

#[test]
fn what_was_stopped_is_started_again() {
    let missile = "name: settings\ntype: configuration\napplications: {one: {a: 1}}\n";
    let build = Project::with(&[(".missile.yml", missile)]).build();
    let root = host_with_upstart();
    root.install(&build.files());
    assert_eq!(told(&root), ["emit one_STOP_ALL", "emit --no-wait one_START_ALL"]);
    root.remove(&["dh-settings"]);
    assert_eq!(told(&root), ["emit one_STOP_ALL"]);
}

#[test]
fn the_recipes_lines_run_in_each_script_and_stop_at_a_fault() {
    let missile = "name: app\ntype: application
debian_scripts:
  preinst: ['echo preinst \"$1\" >>/ran', 'test -d /opt/trebuchet']
  postinst: [echo postinst >>/ran, 'ls /opt/trebuchet/app/code/a >/dev/null']
  prerm: ['echo prerm \"$1\" >>/ran']
  postrm: ['echo postrm \"$1\" >>/ran']
";
    let project = Project::with(&[(".missile.yml", missile), ("a", "")]);
    let root = dpkg_root();
    root.install(&project.build().files());
    root.purge(&["dh-app"]);
    let ran = fs::read_to_string(root.path("ran")).unwrap();
    assert_eq!(ran, "preinst install\npostinst\nprerm remove\npostrm remove\npostrm purge\n");

    project.put(
        ".missile.yml",
        "name: app\ntype: application\ndebian_scripts: {postinst: ['false', echo on >>/on]}\n",
    );
    let failed = root.dpkg_install(&project.build().files());
    assert!(!failed.status.success() && !root.path("on").exists());
}

#[test]
fn a_script_that_was_interrupted_can_run_again() {
    let project = Project::example("web-application");
    let build = project.build();
    let root = dpkg_root();
    root.install(&[build.file("dh-guestbook-static")]);
    for (script, word) in [("preinst", "install"), ("postinst", "configure"), ("prerm", "remove")] {
        for name in build.names() {
            let tree = build.unpack(name);
            let file = tree.path().join("DEBIAN").join(script);
            if file.exists() {
                fs::copy(file, root.path("script")).unwrap();
                root.check("sh", &["/script", word]);
                root.check("sh", &["/script", word]);
            }
        }
    }
}

#[test]
fn a_control_member_of_the_recipe_takes_the_place_of_ours() {
    let missile = "name: app\ntype: application
extra_files:
  - {name: postinst, type: debian, template: own.sh}
  - {name: triggers, type: debian, template: triggers}
";
    let files = [
        (".missile.yml", missile),
        ("own.sh", "#!/bin/sh\necho {{ name }} >/own\n"),
        ("triggers", "activate-noawait x\n"),
    ];
    let build = Project::with(&files).build();
    let root = dpkg_root();
    root.install(&build.files());
    assert_eq!(fs::read_to_string(root.path("own")).unwrap(), "app\n");
    let tree = build.unpack("dh-app");
    assert_eq!(fs::read_to_string(tree.path().join("DEBIAN/triggers")).unwrap(), "activate-noawait x\n");
    assert!(build.warnings().iter().any(|warning| warning.contains("postinst")));
}

#[test]
fn plain_units_of_a_recipe_are_enabled_and_disabled_again() {
    let unit =
        "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
    let missile =
        "name: app\ntype: application\nextra_files: [{name: nightly, type: systemd, template: unit}]\n";
    let build = Project::with(&[(".missile.yml", missile), ("unit", unit)]).build();
    let root = dpkg_root();
    root.install(&build.files());
    let enabled = root.path("etc/systemd/system/multi-user.target.wants/nightly.service");
    assert!(enabled.symlink_metadata().is_ok());
    root.remove(&["dh-app"]);
    assert!(enabled.symlink_metadata().is_err());
}
