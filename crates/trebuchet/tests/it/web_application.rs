//! The web application of the examples: environment, code, services, and all of it running where it was installed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use gachette_testkit::DpkgRoot;

use crate::project::{Build, Project, dpkg_root, files_naming, run};

/// The packages that systemd hosts install, in the order they were built.
const ON_SYSTEMD: [&str; 4] =
    ["dh-guestbook-server", "dh-guestbook-env", "dh-guestbook", "dh-guestbook-static"];

fn python_package() -> String {
    let version = run("/usr/bin/python3", &["-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]);
    version.trim().to_owned()
}

#[test]
fn its_packages_are_built_in_order_and_need_each_other() {
    let project = Project::example("web-application");
    let build = project.build();
    assert_eq!(
        build.names(),
        [
            "dh-guestbook-server",
            "dh-guestbook-server-upstart",
            "dh-guestbook-env",
            "dh-guestbook",
            "dh-guestbook-static"
        ]
    );
    assert_eq!(build.field("dh-guestbook-server", "Depends"), "dh-guestbook (>= 1.0.0)");
    assert_eq!(build.field("dh-guestbook", "Depends"), "dh-guestbook-env (>= 1.0.0)");
    assert_eq!(build.field("dh-guestbook-env", "Depends"), python_package());
    assert_eq!(build.field("dh-guestbook-env", "Architecture"), "all");
    let contents = build.contents("dh-guestbook");
    for path in ["GIT_VERSION", "guestbook/server.py", "static/README"] {
        assert!(
            contents.contains(&format!("/opt/trebuchet/guestbook/code/{path}")),
            "{path} in {contents:?}"
        );
    }
    assert!(!contents.iter().any(|path| path.contains("/.") || path.contains("/tests/")), "{contents:?}");
    assert!(contents.contains(&"/opt/trebuchet/bin/guestbook_server".to_owned()));
    assert_eq!(
        build.contents("dh-guestbook-static"),
        ["/opt/trebuchet/guestbook_static/static/static/site.css"]
    );
    let tree = build.unpack("dh-guestbook");
    let version =
        std::fs::read_to_string(tree.path().join("opt/trebuchet/guestbook/code/GIT_VERSION")).unwrap();
    assert_eq!(version.trim(), project.git(&["rev-parse", "--short", "HEAD"]));
}

#[test]
fn it_serves_where_it_is_installed_and_leaves_nothing_when_removed() {
    let build = Project::example("web-application").build();
    let settings = Project::example("configuration").build();
    let root = dpkg_root();
    root.pretend_installed(&python_package(), "3");
    let mut files: Vec<_> = ON_SYSTEMD.iter().map(|name| build.file(name)).collect();
    files.push(settings.file("dh-guestbook-settings-staging"));
    root.install(&files);
    let owner = if root.has_other_users() { "hero\n" } else { "root\n" };
    assert_eq!(root.check("stat", &["--format=%U", "/var/log/trebuchet"]), owner);

    let (mut server, answer) = talk(&root, "Ada");
    assert!(answer.contains("Our guestbook (staging)") && answer.contains("Welcome, Ada!"), "{answer}");
    server.kill().unwrap();
    server.wait().unwrap();

    let compiled = "find /opt/trebuchet -name '*.pyc' | head -1";
    assert_ne!(root.check("sh", &["-c", compiled]), "", "python was compiled where it is installed");
    root.install(&files);
    root.remove(&ON_SYSTEMD);
    assert!(!root.path("opt/trebuchet").exists());
    root.purge(&ON_SYSTEMD);
}

/// Starts the installed program with the installed configuration, and talks to it from inside of the root.
fn talk(root: &DpkgRoot, guest: &str) -> (Child, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    std::fs::write(root.path("etc/trebuchet/local_override"), format!("export GUESTBOOK_PORT={port}\n"))
        .unwrap();
    let mut command = root.command("/opt/trebuchet/bin/guestbook_server");
    command.env("CONFIG", "/etc/trebuchet/guestbook_settings_staging.conf");
    let mut server = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, format!("listening on port {port}\n"));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = guest.len();
    write!(stream, "POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{guest}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (server, answer)
}

#[test]
fn nothing_that_is_shipped_names_a_folder_of_this_machine() {
    let project = Project::example("web-application");
    let build = project.build();
    let folders = [project.path().to_str().unwrap(), "trebuchet-", "/environments/"];
    for name in build.names() {
        let tree = build.unpack(name);
        for folder in folders {
            let found = files_naming(tree.path(), folder);
            assert!(found.is_empty(), "{name} names {folder}: {found:?}");
        }
        assert!(!build.contents(name).iter().any(|path| path.ends_with(".pyc")), "{name}");
    }
}

#[test]
fn the_units_satisfy_systemd() {
    let build = Project::example("web-application").build();
    let tree = build.unpack("dh-guestbook-server");
    let application = build.unpack("dh-guestbook");
    let units = tree.path().join("usr/lib/systemd/system");
    let unit = units.join("dh_guestbook_server@.service");
    let target = units.join("dh_guestbook_server.target");
    // The program has to be there for systemd to be content.
    let text = std::fs::read_to_string(&unit).unwrap();
    let binary = application.path().join("opt/trebuchet/bin/guestbook_server");
    assert!(text.contains("ExecStart=/opt/trebuchet/bin/guestbook_server\n"), "{text}");
    let here = text.replace("/opt/trebuchet/bin/guestbook_server", binary.to_str().unwrap());
    let here = here.replace("User=hero", "User=root");
    std::fs::write(&unit, here).unwrap();
    let instance = units.join("dh_guestbook_server@live.service");
    std::fs::rename(&unit, &instance).unwrap();
    let mut verify = std::process::Command::new("systemd-analyze");
    verify.arg("verify").arg("--man=no").arg("--recursive-errors=no").args([&instance, &target]);
    let output = verify.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}\n{text}");
}

#[test]
fn a_service_is_enabled_for_every_configuration_and_disabled_on_removal() {
    let build = Project::example("web-application").build();
    let settings = Project::example("configuration").build();
    let root = dpkg_root();
    root.pretend_installed(&python_package(), "3");
    root.install(&[settings.file("dh-guestbook-settings-live")]);
    root.install(&ON_SYSTEMD[..3].iter().map(|name| build.file(name)).collect::<Vec<_>>());
    root.install(&[settings.file("dh-guestbook-settings-staging")]);
    let enabled = || {
        let wants = root.run("ls", &["/etc/systemd/system/dh_guestbook_server.target.wants"]);
        String::from_utf8(wants.stdout).unwrap()
    };
    assert_eq!(
        enabled(),
        "dh_guestbook_server@guestbook_settings_live.service\n\
         dh_guestbook_server@guestbook_settings_staging.service\n"
    );
    root.remove(&["dh-guestbook-settings-live"]);
    assert_eq!(enabled(), "dh_guestbook_server@guestbook_settings_staging.service\n");
    root.remove(&["dh-guestbook-server"]);
    assert_eq!(enabled(), "");
    let wanted = root.path("etc/systemd/system/multi-user.target.wants/dh_guestbook_server.target");
    assert!(wanted.symlink_metadata().is_err());
}

#[test]
fn the_upstart_jobs_are_one_worker_and_its_controller() {
    let build: Build = Project::example("web-application").build();
    assert_eq!(
        build.contents("dh-guestbook-server-upstart"),
        [
            "/etc/init/dh_guestbook_server_upstart.conf",
            "/etc/init/dh_guestbook_server_upstart_controller.conf"
        ]
    );
    let tree = build.unpack("dh-guestbook-server-upstart");
    let read = |name: &str| std::fs::read_to_string(tree.path().join("etc/init").join(name)).unwrap();
    let controller = read("dh_guestbook_server_upstart_controller.conf");
    for word in ["guestbook_server_upstart_START_ALL", "TREBUCHET_STOP_ALL", "/etc/trebuchet/disabled/"] {
        assert!(controller.contains(word), "{word} in {controller}");
    }
    assert!(read("dh_guestbook_server_upstart.conf").contains("exec /opt/trebuchet/bin/guestbook_server"));
}
