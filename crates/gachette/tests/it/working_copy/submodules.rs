//! Submodules: put in place, followed when they move, and taken away again, at every depth.

use std::fs;

use gachette::git::Fault;
use gachette::working_copy::WorkingCopyError;
use gachette_testkit::GitRepository;

use super::desk::{Desk, ask, assert_exact, expected};

/// A repository `app` with `lib` in it, which has `leaf` in it.
struct Family {
    leaf: GitRepository,
    lib: GitRepository,
    app: GitRepository,
    plain: String,
}

fn family() -> Family {
    let [leaf, lib, app] = [0; 3].map(|_| GitRepository::new());
    leaf.commit_file("leaf", "1");
    lib.commit_file("lib", "1");
    lib.add_submodule("deep/leaf", &leaf.url()).commit("leaf");
    let plain = app.commit_file("app", "1");
    app.add_submodule("vendor/lib", &lib.url()).commit("lib");
    Family { leaf, lib, app, plain }
}

impl Family {
    /// Moves the submodule to the newest commit of its repository.
    fn update(&self) -> String {
        self.app.git(&["submodule", "--quiet", "update", "--init", "--recursive", "--remote"]);
        self.app.commit("newest lib")
    }

    fn assert_prepared(&self, desk: &Desk, git_ref: &str, commit: &str, case: &str) {
        let prepared =
            desk.prepare(&self.app.url(), git_ref).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_exact(&prepared, commit, &expected(&self.app.url(), commit), case);
    }
}

#[test]
fn submodules_are_there_in_every_depth_and_gone_where_they_are_not_in_the_commit() {
    let family = family();
    let (desk, with) = (Desk::new(), family.app.head());
    for round in ["first", "again"] {
        family.assert_prepared(&desk, "main", &with, round);
        assert!(desk.base().join("web/vendor/lib/deep/leaf/leaf").exists());
        family.assert_prepared(&desk, &family.plain, &family.plain, round);
        assert!(!desk.base().join("web/vendor").exists());
    }
    family.lib.commit_file("lib", "2");
    let newer = family.update();
    family.assert_prepared(&desk, "main", &newer, "moved on");
    family.assert_prepared(&desk, &with, &with, "moved back");
}

#[test]
fn whatever_was_done_in_a_submodule_is_undone() {
    let family = family();
    let (desk, commit) = (Desk::new(), family.app.head());
    family.assert_prepared(&desk, "", &commit, "first");
    let lib = desk.base().join("web/vendor/lib");
    let modules = desk.base().join("web/.git/modules/vendor/lib");
    let messes: [(&str, &dyn Fn()); 9] = [
        ("changed files", &|| {
            fs::write(lib.join("lib"), "changed").unwrap();
            fs::write(lib.join("deep/leaf/leaf"), "changed").unwrap();
            fs::write(lib.join("deep/leaf/.new"), "").unwrap();
        }),
        ("overlooked changes", &|| {
            ask(&lib, &["update-index", "--assume-unchanged", "lib"]);
            fs::write(lib.join("lib"), "hidden").unwrap();
        }),
        ("a commit of one's own", &|| {
            ask(&lib, &["commit", "--quiet", "--allow-empty", "--message", "mine"]);
            ask(&lib, &["checkout", "--quiet", "-b", "mine"]);
        }),
        ("a removed submodule", &|| fs::remove_dir_all(&lib).unwrap()),
        ("a submodule without its link", &|| fs::remove_file(lib.join(".git")).unwrap()),
        ("a repository in its place", &|| {
            fs::remove_dir_all(&lib).unwrap();
            fs::create_dir(&lib).unwrap();
            ask(&lib, &["init", "--quiet"]);
        }),
        ("locks of killed commands", &|| {
            fs::write(modules.join("index.lock"), "").unwrap();
            fs::write(modules.join("modules/deep/leaf/HEAD.lock"), "").unwrap();
            fs::write(lib.join("lib"), "changed").unwrap();
        }),
        ("a torn repository", &|| fs::remove_dir_all(modules.join("objects")).unwrap()),
        ("a clone that was killed", &|| {
            fs::remove_dir_all(&modules).unwrap();
            fs::create_dir_all(modules.join("objects")).unwrap();
            fs::write(desk.base().join("web/.git/gachette/writing-submodules"), "").unwrap();
        }),
    ];
    for (case, mess) in messes {
        mess();
        family.assert_prepared(&desk, "", &commit, case);
    }
}

#[test]
fn a_submodule_may_change_its_address_and_its_kind() {
    let family = family();
    let desk = Desk::new();
    family.assert_prepared(&desk, "", &family.app.head(), "first");
    let other = GitRepository::new();
    other.commit_file("other", "elsewhere");
    family.app.git(&["submodule", "--quiet", "set-url", "vendor/lib", &other.url()]);
    family.app.git(&["submodule", "--quiet", "sync"]);
    let moved = family.update();
    family.assert_prepared(&desk, "", &moved, "another address");
    family.app.git(&["rm", "--quiet", "--force", "vendor/lib"]);
    let file = family.app.commit_file("vendor/lib", "a file now");
    family.assert_prepared(&desk, "", &file, "a file");
    family.assert_prepared(&desk, &moved, &moved, "a submodule again");
}

#[test]
fn a_submodule_deep_in_its_history_is_found() {
    let family = family();
    family.leaf.commit_many(300);
    let many = family.lib.commit_many(400);
    family.app.git(&["submodule", "--quiet", "update", "--init", "--remote"]);
    family.app.git(&["-C", "vendor/lib", "checkout", "--quiet", &many[3]]);
    let commit = family.app.commit("an old lib");
    family.assert_prepared(&Desk::new(), "", &commit, "the server hands out commits by name");
    let old = Desk::new().setting("protocol.version=0");
    family.assert_prepared(&old, "", &commit, "it does not");
}

#[test]
fn an_address_may_be_relative_to_that_of_the_repository() {
    let app = GitRepository::new();
    app.commit_file("app", "1");
    let lib = GitRepository::new();
    lib.commit_file("lib", "1");
    let sibling = app.path().parent().unwrap().join("lib.git");
    ask(sibling.parent().unwrap(), &["clone", "--quiet", "--bare", &lib.url(), sibling.to_str().unwrap()]);
    app.add_submodule("lib", "../lib.git");
    let commit = app.commit("lib");
    let desk = Desk::new();
    let prepared = desk.prepare(&app.url(), "").unwrap();
    assert_eq!(prepared.commit.as_str(), commit);
    assert_eq!(fs::read_to_string(prepared.path().join("lib/lib")).unwrap(), "1");
}

#[test]
fn a_submodule_whose_address_is_a_program_runs_nothing() {
    let family = family();
    let ran = family.app.path().parent().unwrap().join("ran");
    for address in [format!("ext::touch {}", ran.display()), "fd::7".to_owned(), "-u/bin/true".to_owned()] {
        family.app.git(&["config", "--file", ".gitmodules", "submodule.vendor/lib.url", &address]);
        family.app.commit("an address that is a program");
        // Even a user who allows it for themselves does not allow it here.
        let error = Desk::new().env("GIT_ALLOW_PROTOCOL", "file:ext:fd").refused(&family.app.url(), "");
        assert!(!ran.exists(), "{address}: {error}");
        assert!(matches!(error, WorkingCopyError::Git(_)), "{address}: {error}");
        if address.starts_with("ext") {
            let WorkingCopyError::Git(git) = &error else { unreachable!() };
            assert_eq!(git.fault(), Some(Fault::TransportNotAllowed), "{error}");
        }
    }
}

#[test]
fn what_is_not_wanted_and_what_has_no_address_stays_an_empty_folder() {
    let family = family();
    family.app.git(&["config", "--file", ".gitmodules", "submodule.vendor/lib.update", "none"]);
    let commit = family.app.commit("not wanted");
    family.assert_prepared(&Desk::new(), "", &commit, "update = none");
    fs::remove_file(family.app.path().join(".gitmodules")).unwrap();
    let commit = family.app.commit("no address");
    let desk = Desk::new();
    let prepared = desk.prepare(&family.app.url(), "").unwrap();
    assert_eq!(prepared.commit.as_str(), commit);
    assert_eq!(fs::read_dir(prepared.path().join("vendor/lib")).unwrap().count(), 0);
}

#[test]
fn a_failure_of_a_submodule_names_the_submodule() {
    let family = family();
    let other = GitRepository::new();
    other.commit_file("other", "1");
    let good = family.app.add_submodule("a/other", &other.url()).commit("two submodules");
    let desk = Desk::new();
    family.assert_prepared(&desk, "", &good, "before");
    let cases = [
        ("/nonexistent/sub.git", Fault::RepositoryNotFound),
        ("ext::sh -c true", Fault::TransportNotAllowed),
        ("https://me:geheim@127.0.0.1:1/sub.git", Fault::Network),
    ];
    for (address, fault) in cases {
        family.app.git(&["config", "--file", ".gitmodules", "submodule.vendor/lib.url", address]);
        family.app.git(&["update-index", "--cacheinfo", &format!("160000,{},vendor/lib", "1".repeat(40))]);
        family.app.git(&["add", ".gitmodules"]);
        family.app.git(&["commit", "--quiet", "-m", address]);
        for (desk, case) in [(&desk, "refreshed"), (&Desk::new(), "cloned")] {
            let (refused, events) = desk.prepare_telling(&family.app.url(), "");
            let error = refused.expect_err("it must not be prepared");
            assert!(
                !format!("{error} {error:?} {events:?}").contains("geheim"),
                "{case}: {error} {events:?}"
            );
            let WorkingCopyError::Git(git) = &error else { panic!("{address}: {error}") };
            assert_eq!(git.fault(), Some(fault), "{case}: {error}");
            let first = error.to_string().lines().next().unwrap().to_owned();
            let shown = address.replace("me:geheim@", "");
            assert!(first.ends_with(&format!(": {shown} of the submodule `vendor/lib`")), "{case}: {first}");
            assert!(!first.contains(&family.app.url()), "{case}: {first}");
        }
    }
}

#[test]
fn a_failure_of_a_submodule_in_a_submodule_names_that_one() {
    let family = family();
    family.lib.git(&["config", "--file", ".gitmodules", "submodule.deep/leaf.url", "/nonexistent/leaf.git"]);
    family.lib.commit("a leaf that is not there");
    family.app.git(&["submodule", "--quiet", "update", "--init", "--remote"]);
    family.app.commit("newest lib");
    let error = Desk::new().refused(&family.app.url(), "").to_string();
    let first = error.lines().next().unwrap();
    assert!(first.ends_with("/nonexistent/leaf.git of the submodule `deep/leaf`"), "{error}");
}
