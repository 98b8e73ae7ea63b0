//! What a submodule's relative address means: the same to us as to git.

use gachette_core::git::submodule_address;
use gachette_testkit::{GitRepository, hermetic_git};

const PARENTS: [&str; 11] = [
    "https://example.org/team/app.git",
    "https://me@example.org:8443/app/",
    "ssh://git@example.org:2222/team/app",
    "git@example.org:team/app.git",
    "git@[::1]:app.git",
    "host:a",
    "git://example.org/a//b",
    "file:///srv/git/app.git",
    "/srv/git/app.git",
    "/srv",
    "/",
];

const ADDRESSES: [&str; 25] = [
    "../lib.git",
    "./lib.git",
    "../../lib.git",
    "../../../lib",
    "../../../../lib",
    "../../../../../../lib",
    "../lib/",
    "./../lib",
    ".././lib",
    "../",
    "./",
    "../a/../b",
    "./.././../x/",
    ".../x",
    "..",
    ".",
    ".lib",
    "..lib",
    "lib",
    "/srv/lib",
    "https://example.org/lib",
    "git@example.org:lib",
    "../lib:x",
    "..//lib",
    ".//lib",
];

/// What `git submodule init` makes of addresses in a repository that was cloned from there; `None` when it refuses.
fn by_git(parent: &str, addresses: &[&str]) -> Option<Vec<String>> {
    let repository = GitRepository::new();
    let modules = addresses.iter().enumerate().map(|(number, address)| {
        let name = format!("{number:02}");
        format!("[submodule \"{name}\"]\n\tpath = {name}\n\turl = \"{address}\"\n")
    });
    repository.write(".gitmodules", modules.collect::<String>());
    let links = (0..addresses.len()).map(|number| format!("160000,{},{number:02}", "1".repeat(40)));
    let links: Vec<String> = links.flat_map(|link| ["--cacheinfo".to_owned(), link]).collect();
    let words: Vec<&str> =
        ["update-index", "--add"].into_iter().chain(links.iter().map(String::as_str)).collect();
    repository.git(&words);
    repository.git(&["config", "remote.origin.url", parent]);
    let init = hermetic_git().args(["submodule", "--quiet", "init"]).current_dir(repository.path()).output();
    let listed = ["config", "--get-regexp", r"^submodule\..*\.url$"];
    let value = |line: &str| line.split_once(' ').unwrap().1.to_owned();
    init.unwrap().status.success().then(|| repository.git(&listed).lines().map(value).collect())
}

#[test]
fn a_relative_address_is_what_git_makes_of_it() {
    for parent in PARENTS {
        let ours = ADDRESSES.map(|address| (address, submodule_address(parent, address)));
        let (good, refused): (Vec<_>, Vec<_>) = ours.iter().partition(|(_, address)| address.is_some());
        let [written, made]: [Vec<&str>; 2] = [
            good.iter().map(|(text, _)| *text).collect(),
            good.iter().filter_map(|(_, made)| made.as_deref()).collect(),
        ];
        assert_eq!(by_git(parent, &written).unwrap(), made, "{written:?} in {parent}");
        for (written, _) in refused {
            assert_eq!(by_git(parent, &[written]), None, "{written} in {parent}");
        }
    }
}
