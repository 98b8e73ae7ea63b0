//! `source: push`: a host builds what only the machine at which the command is given may fetch.

use std::fs;
use std::path::PathBuf;

use gachette_testkit::{GitRepository, Sshd};

use crate::forge::{Family, name_submodule};
use crate::hosts::{Hosts, project};

impl Family {
    /// Names this commit as that of the submodule.
    fn take_lib(&self, commit: &str) {
        self.name_lib(&self.forge.url("lib.git"), commit);
    }

    fn name_lib(&self, address: &str, commit: &str) {
        name_submodule(&self.app, "vendor/lib", address, commit);
        self.forge.publish("app.git", &self.app);
    }
}

#[test]
fn commits_that_only_this_machine_may_fetch_are_pushed() {
    let source = project("true");
    let forge = Sshd::start();
    let url = forge.url(source.path());
    let hosts = Hosts::visited(&format!("projects.web.url: {url}\n"));
    hosts.ok("-H build1 stack create 124");
    let run = |line: &str| {
        let mut command = hosts.command(line);
        // The host has neither the key nor the knowledge of the forge's.
        let output = command.env("GIT_SSH_COMMAND", forge.ssh_command()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let refused = run("-H build1 quick 124 web");
    assert_eq!(refused.0, Some(4), "{}", refused.2);
    let pushed = run("-H build1 --set projects.web.source=push quick 124 web");
    assert_eq!(pushed.0, Some(0), "{}", pushed.2);
    let first = source.git(&["symbolic-ref", "--short", "HEAD"]);
    source.branch("feature").checkout("feature").commit_file("more.txt", "more\n");
    let again = run("-H build1 --set projects.web.source=push quick 124 web --ref feature");
    assert_eq!(again.0, Some(0), "{}", again.2);
    source.checkout(&first);
    source.git(&["branch", "--quiet", "-D", "feature"]);
    let gone = run("-H build1 --set projects.web.source=push quick 124 web --ref feature");
    assert_eq!(gone.0, Some(4), "a branch that is gone is gone there too: {}", gone.2);
    let unchanged = run("-H build1 --set projects.web.source=push prepare web");
    assert_eq!((unchanged.0, unchanged.1.trim()), (Some(0), source.head().as_str()), "{}", unchanged.2);
    let shown = run("-H build1 --format json package show dh-web").1;
    assert!(shown.contains(&url), "it says where it really comes from: {shown}");
}

#[test]
fn submodules_that_only_this_machine_may_fetch_are_pushed_in_every_depth() {
    let family = Family::new("push");
    let cloned = family.forge.run(&family.hosts, "-H build1 --set projects.web.source=clone quick 124 web");
    assert_eq!(cloned.code, 4, "the host has no access: {}", cloned.stderr);
    family.assert_prepared("main");
    let built = family.forge.ok(&family.hosts, "-H build1 quick 124 web");
    assert!(built.contains("stack default/124 is now at revision 2"), "{built}");
    assert_eq!(mirrors(&family).len(), 3, "no more than is needed");
}

#[test]
fn a_submodule_may_be_at_a_commit_that_is_in_no_branch() {
    let family = Family::new("push");
    family.assert_prepared("main");
    let kept = family.lib.head();
    let lost = family.lib.commit_file("lib.txt", "a commit that its branch forgets");
    family.forge.publish("lib.git", &family.lib);
    family.lib.git(&["reset", "--quiet", "--hard", &kept]);
    family.forge.publish("lib.git", &family.lib);
    family.take_lib(&lost);
    family.assert_prepared("main");
    // The project too, at such a commit.
    let (before, first) = (family.app.head(), family.app.git(&["rev-parse", "main~1"]));
    family.app.git(&["reset", "--quiet", "--hard", &first]);
    family.forge.publish("app.git", &family.app);
    family.assert_prepared(&before);
    family.assert_prepared("main");
}

#[test]
fn a_submodule_is_fetched_when_the_wanted_commit_names_it_and_not_before() {
    let family = Family::new("push");
    let with = family.app.head();
    family.app.git(&["config", "--file", ".gitmodules", "submodule.vendor/lib.update", "none"]);
    family.app.git(&["commit", "--quiet", "--all", "-m", "not wanted"]);
    family.forge.publish("app.git", &family.app);
    family.forge.ok(&family.hosts, "-H build1 prepare web");
    assert_eq!(mirrors(&family).len(), 1);
    family.assert_prepared(&with);
    assert_eq!(mirrors(&family).len(), 3);
}

/// The mirrors that the host has.
fn mirrors(family: &Family) -> Vec<PathBuf> {
    let folder = fs::read_dir(family.hosts.home().join(".cache/gachette/mirrors"));
    let paths = folder.into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "git")).collect()
}

#[test]
fn a_submodule_may_contain_the_project_that_contains_it() {
    let family = Family::new("push");
    name_submodule(&family.lib, "back/app", "../app.git", &family.app.git(&["rev-parse", "main~1"]));
    family.forge.publish("lib.git", &family.lib);
    family.take_lib(&family.lib.head());
    family.assert_prepared("main");
}

#[test]
fn submodules_of_a_project_of_this_machine_may_be_on_this_machine() {
    let (lib, app) = (GitRepository::new(), project("test -e vendor/lib/lib.txt"));
    lib.commit_file("lib.txt", "lib");
    name_submodule(&app, "vendor/lib", lib.path().to_str().unwrap(), &lib.head());
    let hosts = Hosts::visited(&format!("projects.web: {{url: '{}', source: push}}\n", app.path().display()));
    hosts.ok("-H build1 stack create 124");
    hosts.ok("-H build1 quick 124 web");
}

#[test]
fn a_submodule_with_a_hostile_address_is_refused_and_nothing_of_this_machine_is_sent() {
    let family = Family::new("push");
    let (secret, ran) = (GitRepository::new(), family.forge.folder("ran"));
    let commit = secret.commit_file("secret", "of this machine");
    let mut text = String::new();
    for address in [
        format!("ext::touch {}", ran.display()),
        "-u/bin/true".to_owned(),
        secret.path().display().to_string(),
        secret.url(),
        "../../../../../../../../../../../../x.git".to_owned(),
        "https://me:geheim@-host/a.git".to_owned(),
        "\u{1b}[2Jssh://host/a".to_owned(),
    ] {
        family.name_lib(&address, &commit);
        let refused = family.forge.run(&family.hosts, "-H build1 quick 124 web");
        assert_eq!(refused.code, 4, "{address}: {}", refused.stderr);
        assert!(!ran.exists(), "{address}: {}", refused.stderr);
        assert_eq!(mirrors(&family).len(), 0, "{address}: nothing is sent");
        let shown = refused.stderr.replace(&secret.path().display().to_string(), "[secret]");
        text += shown
            .lines()
            .filter(|line| !line.starts_with("  web: "))
            .fold(String::new(), |all, line| all + line + "\n")
            .as_str();
    }
    let shown = text.replace(&family.forge.sshd.port().to_string(), "[port]");
    assert!(!shown.contains("geheim"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_submodule_that_cannot_be_fetched_is_named() {
    let family = Family::new("push");
    family.name_lib(&family.forge.url("nowhere.git"), &family.lib.head());
    let refused = family.forge.run(&family.hosts, "-H build1 quick 124 web");
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    let named = format!("{} of the submodule `vendor/lib`", "[repositories]/nowhere.git");
    assert!(refused.stderr.lines().any(|line| line.ends_with(&named)), "{}", refused.stderr);
}
