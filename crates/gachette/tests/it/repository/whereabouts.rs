//! Which stacks and channels have a package, and had it.

use gachette::repository::{ChannelWish, Repository, Span, Standing};
use gachette_core::channel::ChannelPolicy;
use gachette_core::debian::PackageName;
use gachette_core::stack::{Head, StackRef};

use super::{by, record, reference, repository, stack};

/// Each find as `STACK VERSION FIRST-LAST STANDING`.
fn found(repository: &Repository, version: Option<&str>, span: Span) -> Vec<String> {
    let name: PackageName = "dh-web".parse().unwrap();
    let version = version.map(|version| version.parse().unwrap());
    let with = repository.stacks_with(&name, version.as_ref(), span).unwrap();
    assert!(with.damaged.is_empty(), "{:?}", with.damaged);
    let line = |found: &gachette::repository::StackWithPackage| {
        let first = found.first.map_or_else(String::new, |first| format!("{first}-"));
        format!("{} {} {first}{} {:?}", found.stack, found.version, found.revision, found.standing)
    };
    with.found.iter().map(line).collect()
}

fn add(repository: &Repository, name: &str, version: &str) {
    let package = super::gc::package(repository, "dh-web", version);
    repository.add_to_stack(&stack(name), &[package], &by()).unwrap();
}

fn create(repository: &Repository, name: &str, from: Option<&StackRef>) {
    repository.create_stack(&stack(name), from, &by()).unwrap();
}

#[test]
fn sealed_stacks_have_it_and_deleted_ones_had_it() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    create(&repository, "1", None);
    add(&repository, "1", "1.0");
    repository.add_to_stack(&stack("1"), &[record("dh-tool", "1")], &by()).unwrap();
    add(&repository, "1", "1.1");
    create(&repository, "2", Some(&reference("1")));
    repository.seal_stack(&stack("2"), &by()).unwrap();
    // The only one of its domain.
    create(&repository, "gone/3", Some(&reference("1@2")));
    repository.delete_stack(&stack("gone/3"), &by()).unwrap();

    let sealed = "default/2 1.1 2 Sealed";
    assert_eq!(found(&repository, None, Span::Now), ["default/1 1.1 4 Open", sealed]);
    assert!(found(&repository, Some("1.0"), Span::Now).is_empty());
    assert_eq!(
        found(&repository, Some("1.0"), Span::Ever),
        ["default/1 1.0 2-3 Earlier", "gone/3 1.0 1-1 Deleted"]
    );
    assert_eq!(
        found(&repository, Some("1.1"), Span::Ever),
        ["default/1 1.1 4-4 Open", "default/2 1.1 1-2 Sealed"]
    );
    // Made again, and empty: it had the package before, and has it not now.
    create(&repository, "gone/3", None);
    assert_eq!(found(&repository, Some("1.0"), Span::Ever)[1], "gone/3 1.0 1-1 Earlier");
    repository.rollback_stack(&stack("gone/3"), 1, &by()).unwrap();
    let again = ["default/1 1.0 2-3 Earlier", "gone/3 1.0 4-4 Open", "gone/3 1.0 1-1 Earlier"];
    assert_eq!(found(&repository, Some("1.0"), Span::Ever), again);
}

#[test]
fn channels_show_it_now_and_showed_it_before() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let live = stack("live").into();
    for (name, version) in [("1", "1.0"), ("2", "2.0")] {
        create(&repository, name, None);
        add(&repository, name, version);
        let sealed = Head::from(&repository.seal_stack(&stack(name), &by()).unwrap().entry);
        let wish = ChannelWish::Promote(&sealed);
        repository.change_channel(&live, &wish, &ChannelPolicy::default(), &by()).unwrap();
    }
    // No move: it goes on showing what it showed.
    repository.change_channel(&live, &ChannelWish::Hold, &ChannelPolicy::default(), &by()).unwrap();
    let shown = |span| {
        let with = repository.channels_with(&"dh-web".parse().unwrap(), None, span).unwrap();
        let line = |found: &gachette::repository::ChannelWithPackage| {
            format!("{} {} {} {}", found.channel, found.version, found.shows, found.until.is_none())
        };
        with.found.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(shown(Span::Now), ["default/live 2.0 default/2@3 true"]);
    let ever = ["default/live 2.0 default/2@3 true", "default/live 1.0 default/1@3 false"];
    assert_eq!(shown(Span::Ever), ever);
}

#[test]
fn what_cannot_be_read_is_told_and_hides_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    for name in ["1", "2"] {
        create(&repository, name, None);
        add(&repository, name, "1.0");
        add(&repository, name, "1.1");
    }
    let revision = folder.path().join("meta/domain/default/stacks/1/revisions/0000000002.json");
    std::fs::write(revision, "").unwrap();
    let ever = repository.stacks_with(&"dh-web".parse().unwrap(), None, Span::Ever).unwrap();
    assert!(ever.found.iter().all(|found| found.stack == stack("2")) && ever.found.len() == 2);
    assert_eq!(ever.damaged.iter().map(|damaged| &damaged.stack).collect::<Vec<_>>(), [&stack("1")]);
    let now = repository.stacks_with(&"dh-web".parse().unwrap(), None, Span::Now).unwrap();
    assert_eq!((now.found.len(), now.found[0].standing), (2, Standing::Open), "the newest can be read");
}
