//! What lies in the folder for what can be made again, and when it goes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use gachette_testkit::GitRepository;

use crate::hosts::{Hosts, project};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Has a file used last so many days ago.
fn age(path: &Path, days: u32) {
    File::options().append(true).open(path).unwrap().set_modified(SystemTime::now() - days * DAY).unwrap();
}

fn is_fresh(path: &Path) -> bool {
    path.metadata().unwrap().modified().unwrap().elapsed().unwrap_or_default() < DAY
}

/// The files in a folder that end so.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

/// Two projects that are pushed to a host, which builds them for the repository of this machine.
fn two_projects(web: &GitRepository, api: &GitRepository) -> Hosts {
    let projects = format!(
        "projects:\n  web: {{url: '{}', source: push}}\n  api: {{url: '{}', source: push}}\n",
        web.path().display(),
        api.path().display()
    );
    let hosts = Hosts::visited(&format!("hosts: build1\nrepository: here\n{projects}"));
    hosts.ok("stack create 124");
    hosts
}

#[test]
fn what_was_not_used_for_long_goes_on_either_side_and_what_is_used_stays() {
    let (web, api) = (project("true"), project("true"));
    api.write(".missile.yml", "name: api\ntype: application\n").commit("api");
    let hosts = two_projects(&web, &api);
    hosts.ok("quick 124 web");
    let there = hosts.home().join(".cache/gachette");
    let here = hosts.path("home/.cache/gachette");
    let [package] = &files(&there.join("built/debs"), ".deb")[..] else { panic!("one package is built") };
    let locks: Vec<PathBuf> =
        [&here, &there].iter().flat_map(|cache| files(&cache.join("mirrors"), ".lock")).collect();
    assert_eq!(locks.len(), 2);
    let mirrors: Vec<PathBuf> = locks.iter().map(|lock| lock.with_extension("git")).collect();

    // What is used again counts from then on.
    age(package, 6);
    locks.iter().for_each(|lock| age(lock, 29));
    hosts.ok("quick 124 web");
    assert!(is_fresh(package) && locks.iter().all(|lock| is_fresh(lock)));

    // Not more than once a day is looked.
    age(package, 8);
    locks.iter().for_each(|lock| age(lock, 31));
    hosts.ok("quick 124 api");
    assert!(package.exists() && mirrors.iter().all(|mirror| mirror.exists()));

    [&here, &there].iter().for_each(|cache| age(&cache.join("swept"), 2));
    let deadline = Instant::now() + Duration::from_secs(120);
    // A run that ends sooner than its sweep leaves the rest to the next one.
    while package.exists() || mirrors.iter().any(|mirror| mirror.exists()) {
        assert!(Instant::now() < deadline, "{package:?} {mirrors:?}");
        hosts.ok("quick 124 api");
    }
    assert_eq!(files(&there.join("built/debs"), ".deb").len(), 1, "that of the other project");
    let left = |cache: &Path| files(&cache.join("mirrors"), ".git").len();
    assert_eq!((left(&here), left(&there)), (1, 1));
    assert_eq!(files(&there.join("built/packages"), "web"), Vec::<PathBuf>::new());

    // It is made again when it is wanted again.
    hosts.ok("quick 124 web --rebuild");
    assert!(package.exists() && mirrors.iter().all(|mirror| mirror.exists()));
    assert!(hosts.ok("repository fsck").contains("clean: "));
}
