//! Folders of suites of which nothing is known: they are told, and left to who may publish or remove them.

use std::fs;

use gachette::repository::{
    ChannelWish, Fault, Finding, FsckMode, PublishRequest, PublishSubject, Repository,
};
use gachette_core::channel::ChannelPolicy;
use gachette_core::stack::Head;

use super::fsck::tree;
use super::gc::collect;
use super::publish::{NAME, publish, stocked};
use super::{by, memory_folder, stack};

fn found(repository: &Repository, mode: FsckMode) -> Vec<Finding> {
    repository.fsck(mode).unwrap().findings
}

#[test]
fn a_suite_whose_state_is_lost_is_told_until_it_is_published_again() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 3);
    publish(&repository);
    let entry = Head::from(&repository.seal_stack(&stack(NAME), &by()).unwrap().entry);
    let channel = stack("shop/live").into();
    let (wish, policy) = (ChannelWish::Promote(&entry), ChannelPolicy::default());
    repository.change_channel(&channel, &wish, &policy, &by()).unwrap();
    let subject = PublishSubject::Channel(channel);
    let request = PublishRequest { subject, settings: Default::default(), signers: None, looked_for: None };
    repository.publish(&request).unwrap();
    assert_eq!(found(&repository, FsckMode::Check), []);

    let (meta, dists) = (folder.path().join("meta"), folder.path().join("meta/dists"));
    fs::remove_dir_all(meta.join("domain/shop/suites")).unwrap();
    let before = tree(&dists);
    let lost = found(&repository, FsckMode::Repair);
    let paths: Vec<&str> = lost.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths, ["domain/shop/suites/124.json", "domain/shop/suites/live.json"]);
    for (finding, name) in lost.iter().zip([NAME, "shop/live"]) {
        assert!(finding.fault == Fault::Missing && finding.matters() && !finding.mended, "{finding:?}");
        assert!(
            finding.hint.as_ref().unwrap().contains(&format!("`gachette publish {name}`")),
            "{finding:?}"
        );
    }
    assert_eq!(tree(&dists), before, "what is served is not changed");
    publish(&repository);
    repository.publish(&request).unwrap();
    assert_eq!(found(&repository, FsckMode::Check), []);
    assert_eq!(tree(&dists), before);
}

#[test]
fn a_suite_that_nobody_published_is_told_and_left_alone() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 3);
    publish(&repository);
    let dists = folder.path().join("meta/dists");
    for planted in ["shop/evil", "elsewhere/live", "x y/z", "shop/x y"] {
        fs::create_dir_all(dists.join(planted).join("main")).unwrap();
        fs::write(dists.join(planted).join("Release"), "Suite: mine\n").unwrap();
    }
    fs::write(dists.join("shop/notes"), "mine").unwrap();
    std::os::unix::fs::symlink("/", dists.join("shop/link")).unwrap();
    // A publisher who was refused leaves nothing that a client could fetch.
    fs::create_dir(dists.join("shop/empty")).unwrap();
    let before = tree(&dists.join("x y"));
    let told = found(&repository, FsckMode::Repair);
    let mut paths: Vec<&str> = told.iter().map(|finding| finding.path.as_str()).collect();
    paths.sort_unstable();
    let expected = ["elsewhere/live", "shop/evil", "shop/link", "shop/notes", "shop/x y", "x y"];
    assert_eq!(paths, expected.map(|path| format!("dists/{path}")));
    for finding in &told {
        let is_suite = !["dists/shop/link", "dists/shop/notes"].contains(&finding.path.as_str());
        assert!(finding.fault == Fault::Unknown && !finding.matters(), "{finding:?}");
        let advice = finding.hint.as_deref().unwrap_or_default();
        assert_eq!(advice.contains("remove it, unless somebody needs it"), is_suite, "{finding:?}");
    }
    assert_eq!(tree(&dists.join("x y")), before);
}

#[test]
fn of_a_deleted_stack_a_suite_without_its_state_goes_when_it_is_collected() {
    let folder = memory_folder();
    let repository = stocked(folder.path(), 3);
    publish(&repository);
    repository.delete_stack(&stack(NAME), &by()).unwrap();
    fs::remove_dir_all(folder.path().join("meta/domain/shop/suites")).unwrap();
    let told = found(&repository, FsckMode::Repair);
    assert!(told.len() == 1 && told[0].path == "dists/shop/124", "{told:?}");
    assert!(told[0].hint.as_ref().unwrap().contains("`gachette repository gc --apply`"), "{told:?}");
    assert_eq!(collect(&repository, 15).suites, [stack(NAME).into()]);
    assert_eq!(found(&repository, FsckMode::Check), []);
}
