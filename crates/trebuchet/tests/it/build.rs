//! Builds: where they work, what they tell, and what they leave.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use trebuchet::process::Cancel;
use trebuchet::{BuildError, Event, build, develop, plan};

use crate::project::{Project, run};

const ASSETS: &str = "name: app\ntype: application\nbuild_assets: ['pwd > where']\n";

#[test]
fn the_build_folder_is_used_and_left_empty() {
    let project = Project::with(&[(".missile.yml", ASSETS)]);
    let folder = tempfile::tempdir().unwrap();
    let build = project.build_with(|request| request.build_dir = Some(folder.path().join("work")));
    let tree = build.unpack("dh-app");
    let worked_in = fs::read_to_string(tree.path().join("opt/trebuchet/app/code/where")).unwrap();
    assert!(worked_in.starts_with(folder.path().join("work").to_str().unwrap()), "{worked_in}");
    assert_eq!(fs::read_dir(folder.path().join("work")).unwrap().count(), 0);
}

#[test]
fn builds_at_once_in_one_build_folder_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let results = thread::scope(|scope| {
        let builds = [1, 2, 3, 4].map(|number| {
            let folder = folder.path();
            scope.spawn(move || {
                let text = format!("{number}\n");
                let missile = "name: app\ntype: application\nbuild_assets: [cp input output]\n";
                let project = Project::with(&[(".missile.yml", missile), ("input", &text)]);
                let build = project.build_with(|request| request.build_dir = Some(folder.to_owned()));
                let tree = build.unpack("dh-app");
                fs::read_to_string(tree.path().join("opt/trebuchet/app/code/output")).unwrap()
            })
        });
        builds.map(|build| build.join().unwrap())
    });
    assert_eq!(results, ["1\n", "2\n", "3\n", "4\n"]);
}

#[test]
fn a_build_does_not_pack_the_one_before() {
    let project = Project::with(&[(".missile.yml", "name: app\ntype: application\n"), ("a", "a")]);
    let into_project = |request: &mut trebuchet::BuildRequest| {
        request.output = project.path().join("build/packages");
        request.build_dir = Some(project.path().join("work"));
    };
    let first = project.build_with(into_project).packages;
    let second = project.build_with(into_project);
    assert_eq!(first[0].sha256, second.packages[0].sha256);
    assert!(!second.contents("dh-app").iter().any(|path| path.contains("packages") || path.contains("work")));
}

#[test]
fn without_a_version_all_say_the_same_one() {
    let build = Project::example("web-application").build();
    for package in &build.packages {
        let name = package.name.as_str();
        assert_eq!(package.version.as_str(), "1.0.0");
        assert_eq!(build.field(name, "Version"), "1.0.0");
        assert!(package.file_name.starts_with(&format!("{name}-1.0.0-")), "{}", package.file_name);
        assert_ne!(build.field(name, "Description"), "");
    }
}

#[test]
fn every_kind_of_package_has_the_version_asked_for() {
    let project = Project::example("web-application");
    let build = project.build_with(|request| {
        request.versions.app = "1:2.0-1".parse().unwrap();
        request.versions.env = "3".parse().unwrap();
        request.versions.service = "4".parse().unwrap();
        request.versions.static_files = "5".parse().unwrap();
        request.extra_description = Some("Built for the fair.\n\nBy hand.".to_owned());
    });
    let versions = build.names().into_iter().map(|name| build.field(name, "Version")).collect::<Vec<_>>();
    assert_eq!(versions, ["4", "4", "3", "1:2.0-1", "5"]);
    assert_eq!(build.field("dh-guestbook-server", "Depends"), "dh-guestbook (>= 1:2.0-1)");
    assert!(build.field("dh-guestbook", "Depends").contains("dh-guestbook-env (>= 3)"));
    for name in build.names() {
        let description = build.field(name, "Description");
        assert!(description.ends_with(" .\n Built for the fair.\n .\n By hand."), "{description}");
    }
}

#[test]
fn a_plan_builds_nothing() {
    let project = Project::example("configuration");
    let output = project.path().join("output");
    let planned = plan(&project.request(&output)).unwrap();
    let names: Vec<_> = planned.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names[..2], ["dh-guestbook-settings", "dh-guestbook-pages"]);
    assert!(!output.exists());
}

#[test]
fn what_is_told_says_what_and_how_far() {
    let build = Project::example("configuration").build();
    let told: Vec<_> = build
        .events
        .iter()
        .map(|event| match event {
            Event::Planned { packages } => format!("planned {}", packages.len()),
            Event::PackageStarted { index, total, .. } => format!("{} of {total}", index + 1),
            Event::PackageBuilt { package, .. } => format!("built {}", package.name),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(told[..3], ["planned 6", "1 of 6", "built dh-guestbook-settings"]);
    assert_eq!(told[11..], ["6 of 6", "built dh-guestbook-pages-live"]);
}

#[test]
fn each_package_is_announced_and_a_failing_announcement_aborts_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut bodies = Vec::new();
        // The first attempt is refused, so the first package comes twice.
        for answer in ["500", "200", "200"] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            write!(stream, "HTTP/1.1 {answer} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            let request = String::from_utf8(request).unwrap();
            bodies.push(request.rsplit("\r\n").next().unwrap().to_owned());
        }
        bodies
    });
    let build = Project::example("assets").build_with(|request| {
        request.web_callback = Some(format!("http://{address}/built").parse().unwrap());
    });
    assert_eq!(build.packages.len(), 2);
    let body =
        |name: &str| format!(r#"{{"name":"{name}","version":"1.0.0","file_name":"{name}-1.0.0-all.deb"}}"#);
    assert_eq!(server.join().unwrap(), [body("dh-handbook"), body("dh-handbook"), body("dh-handbook-pages")]);
    let failed = |event: &&Event| matches!(event, Event::CallbackFailed { attempt: 1, again: true, .. });
    assert_eq!(build.events.iter().filter(failed).count(), 1);
}

#[test]
fn develop_stages_the_trees_that_would_be_packed_and_packs_nothing() {
    let project = Project::example("plain-application");
    let output = tempfile::tempdir().unwrap();
    let request = project.request(output.path());
    // A second time over the first.
    for _ in 0..2 {
        let staged = develop(&request, &Cancel::new(), &mut |_| {}).unwrap();
        assert_eq!(staged.len(), 1);
        assert!(staged[0].folder.ends_with("dh-disk-report"));
    }
    assert_eq!(fs::read_dir(output.path()).unwrap().count(), 1);
    let built = project.build().unpack("dh-disk-report");
    let listing = "find . ! -path './DEBIAN/md5sums' ! -path ./DEBIAN ! -path . -printf '%P %y %m\\n' | sort";
    let list =
        |folder: &std::path::Path| run("sh", &["-c", &format!("cd '{}' && {listing}", folder.display())]);
    assert_eq!(list(&output.path().join("dh-disk-report")), list(built.path()));
}

#[test]
fn develop_leaves_folders_that_are_not_its_own() {
    let project = Project::example("plain-application");
    let output = tempfile::tempdir().unwrap();
    fs::create_dir(output.path().join("dh-disk-report")).unwrap();
    fs::write(output.path().join("dh-disk-report/mine"), "").unwrap();
    let error = develop(&project.request(output.path()), &Cancel::new(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, BuildError::NotStaged(_)), "{error}");
    assert!(output.path().join("dh-disk-report/mine").exists());
}

#[test]
fn a_cancelled_build_ends_its_programs_and_leaves_no_folder() {
    let missile = "name: app\ntype: application\nbuild_assets: ['echo begun; sleep 1000']\n";
    let project = Project::with(&[(".missile.yml", missile)]);
    let folder = tempfile::tempdir().unwrap();
    let output = tempfile::tempdir().unwrap();
    let mut request = project.request(output.path());
    request.build_dir = Some(folder.path().to_owned());
    let cancel = Cancel::new();
    let result = build(&request, &cancel, &mut |event| {
        if matches!(&event, Event::Output { line, .. } if line == "begun") {
            cancel.cancel();
        }
    });
    assert!(matches!(result, Err(BuildError::Cancelled)), "{result:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(output.path()).unwrap().count(), 0);
}

#[test]
fn a_wrong_missile_is_told_with_its_places() {
    let project = Project::with(&[(".missile.yml", "name: a b\ntype: nothing\n")]);
    let error = project.try_build(|_| {}).err().unwrap().to_string();
    assert!(error.contains("\n  1:7: `a b`") && error.contains("\n  2:7: "), "{error}");
}
