//! Configurations: what is in their packages, and how they live on a host.

use std::fs;

use crate::project::{Project, dpkg_root, run};

#[test]
fn two_variants_live_side_by_side_through_upgrade_removal_and_purge() {
    let project = Project::example("configuration");
    let first = project.build();
    assert_eq!(
        first.names(),
        [
            "dh-guestbook-settings",
            "dh-guestbook-pages",
            "dh-guestbook-settings-staging",
            "dh-guestbook-pages-staging",
            "dh-guestbook-settings-live",
            "dh-guestbook-pages-live"
        ]
    );
    let root = dpkg_root();
    root.install(&first.files());
    let title = |variant: &str| {
        let source =
            format!(". /etc/trebuchet/guestbook_settings{variant}.conf; echo \"$TITLE $GUESTBOOK_PORT\"");
        root.check("sh", &["-c", &source])
    };
    assert_eq!(title("_live"), "Our guestbook 8000\n");
    assert_eq!(title("_staging"), "Our guestbook (staging) 8001\n");
    assert!(root.path("usr/share/guestbook_live/maintenance.html").exists());
    assert!(
        root.files("dh-guestbook-pages-live")
            .contains(&"/usr/share/guestbook_live/maintenance.html".to_owned())
    );

    // The administrator changed a rendered file: the next version replaces it and asks nobody.
    let settings = root.path("etc/trebuchet/guestbook_settings_live.conf");
    fs::write(&settings, "export TITLE=mine\n").unwrap();
    let missile = fs::read_to_string(project.path().join(".missile.yml")).unwrap();
    project.put(".missile.yml", &missile.replace("Our guestbook\n", "It's new; $(reboot)\n"));
    let second = project.build_with(|request| request.versions.app = "1.1".parse().unwrap());
    root.install(&[second.file("dh-guestbook-settings-live")]);
    assert_eq!(root.version("dh-guestbook-settings-live").unwrap(), "1.1");
    assert_eq!(title("_live"), "It's new; $(reboot) 8000\n");

    // What is removed takes its settings along: a worker would be started for every file that stays.
    root.remove(&["dh-guestbook-settings-staging", "dh-guestbook-pages-staging"]);
    assert!(!root.path("etc/trebuchet/guestbook_settings_staging.conf").exists());
    assert_eq!(title("_live"), "It's new; $(reboot) 8000\n");
    let all: Vec<_> = first.names();
    root.purge(&all);
    for name in all {
        assert_eq!(root.status(name), None, "{name}");
    }
    assert!(!root.path("usr/share/guestbook_live").exists());
}

#[test]
fn a_configuration_ships_no_git_version() {
    let build = Project::example("configuration").build();
    for name in build.names() {
        assert!(!build.contents(name).iter().any(|path| path.contains("GIT_VERSION")), "{name}");
    }
}

#[test]
fn what_a_static_entry_takes_is_not_in_the_main_package_too() {
    let build = Project::example("configuration").build();
    assert_eq!(
        build.contents("dh-guestbook-settings-live"),
        [
            "/etc/guestbook/guestbook_logging_live.ini",
            "/etc/nginx/sites-available/guestbook_site_live.conf",
            "/etc/trebuchet/guestbook_settings_live.conf"
        ]
    );
    assert_eq!(build.contents("dh-guestbook-pages-live"), ["/usr/share/guestbook_live/maintenance.html"]);
}

#[test]
fn every_part_of_a_shell_survives_in_a_setting() {
    let value = "a'b\"c $(touch /tmp/x) `id` \\n ;&|<> é";
    let missile =
        format!("name: odd\ntype: configuration\nvalue: {}\n", serde_json::to_string(value).unwrap());
    let project = Project::with(&[(".missile.yml", &missile)]);
    let tree = project.build().unpack("dh-odd");
    let source = format!(". {}/etc/trebuchet/odd.conf; printf %s \"$VALUE\"", tree.path().display());
    assert_eq!(run("sh", &["-c", &source]), value);
}
