//! What a ref means, how much is fetched for it, and what is said when it is not there.

use gachette::git::Fault;
use gachette::working_copy::{Action, Event, Reason, WorkingCopyError};
use gachette_testkit::GitRepository;

use super::desk::{Desk, ask, assert_exact, expected};

fn depth(desk: &Desk) -> String {
    ask(&desk.base().join("web"), &["rev-list", "--count", "HEAD"])
}

#[test]
fn branches_tags_and_commits_are_found_by_every_name() {
    let repository = GitRepository::new();
    let first = repository.commit_file("a", "1");
    repository.tag("light").annotated_tag("heavy");
    repository.git(&["tag", "--annotate", "--message", "nested", "nested", "heavy"]);
    let main = repository.commit_file("a", "2");
    let other = repository.branch("feature/x_1").commit_file("b", "3");
    let pull = repository.branch("pull").commit_file("c", "4");
    repository.git(&["update-ref", "refs/pull/7/head", &pull]);
    repository.checkout("main").git(&["branch", "-D", "pull"]);
    let desk = Desk::new();
    let trees = [&first, &main, &other, &pull].map(|commit| (commit, expected(&repository.url(), commit)));
    for (name, commit, reference) in [
        ("", &main, Some("refs/heads/main")),
        ("HEAD", &main, Some("refs/heads/main")),
        ("origin/HEAD", &main, Some("refs/heads/main")),
        ("main", &main, Some("refs/heads/main")),
        ("origin/main", &main, Some("refs/heads/main")),
        ("feature/x_1", &other, Some("refs/heads/feature/x_1")),
        ("origin/feature/x_1", &other, Some("refs/heads/feature/x_1")),
        ("refs/heads/feature/x_1", &other, Some("refs/heads/feature/x_1")),
        ("light", &first, Some("refs/tags/light")),
        ("heavy", &first, Some("refs/tags/heavy")),
        ("nested", &first, Some("refs/tags/nested")),
        ("tags/heavy", &first, Some("refs/tags/heavy")),
        ("refs/pull/7/head", &pull, Some("refs/pull/7/head")),
        (&first, &first, None),
        (&other[..8], &other, None),
        (&pull.to_uppercase(), &pull, None),
    ] {
        for desk in [&desk, &Desk::new()] {
            let prepared =
                desk.prepare(&repository.url(), name).unwrap_or_else(|error| panic!("{name}: {error}"));
            let (_, tree) = trees.iter().find(|(known, _)| *known == commit).unwrap();
            assert_exact(&prepared, commit, tree, name);
            assert_eq!(prepared.reference.as_deref(), reference, "{name}");
            assert!(commit.starts_with(prepared.short.as_str()), "{name}");
        }
    }
}

#[test]
fn the_default_branch_may_be_any_and_may_change() {
    let repository = GitRepository::new();
    let main = repository.commit_file("a", "1");
    let trunk = repository.branch("trunk").commit_file("a", "2");
    let desk = Desk::new();
    assert_eq!(desk.prepare(&repository.url(), "").unwrap().commit.as_str(), trunk);
    repository.checkout("main");
    assert_eq!(desk.prepare(&repository.url(), "").unwrap().commit.as_str(), main);
    repository.git(&["checkout", "--quiet", "--detach", "trunk"]);
    let prepared = desk.prepare(&repository.url(), "").unwrap();
    assert_eq!((prepared.commit.as_str(), prepared.reference.as_deref()), (trunk.as_str(), Some("HEAD")));
}

#[test]
fn a_branch_goes_before_a_tag_of_the_same_name() {
    let repository = GitRepository::new();
    let first = repository.commit_file("a", "1");
    repository.tag("same");
    let second = repository.branch("same").commit_file("a", "2");
    repository.git(&["update-ref", "refs/heads/origin/x", &first]);
    repository.git(&["update-ref", "refs/heads/x", &second]);
    let desk = Desk::new();
    let commit = |name: &str| desk.prepare(&repository.url(), name).unwrap().commit.to_string();
    assert_eq!(commit("same"), second);
    assert_eq!(commit("tags/same"), first);
    assert_eq!(commit("origin/x"), second);
    assert_eq!(commit("refs/heads/origin/x"), first);
}

#[test]
fn a_hundred_commits_are_fetched_and_more_only_where_they_are_needed() {
    let repository = GitRepository::new();
    let many = repository.commit_many(1500);
    let desk = Desk::new();
    // A local path in git-clone(1) is not shallow; here it is, as `file://`.
    let local = repository.path().display().to_string();
    for url in [repository.url(), local] {
        assert_eq!(desk.prepare(&url, "main").unwrap().commit.as_str(), many[1499]);
        assert_eq!(depth(&desk), "100", "{url}");
    }
    // An old commit is fetched alone where the server hands out commits by name.
    assert_eq!(desk.prepare(&repository.url(), &many[700]).unwrap().commit.as_str(), many[700]);
    assert_eq!(depth(&desk), "100");
    // By a short name it must be searched: 100, then 1000 commits of every branch.
    let (prepared, events) = desk.prepare_telling(&repository.url(), &many[800][..9]);
    assert_eq!(prepared.unwrap().commit.as_str(), many[800]);
    let depths: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Deepening { depth } = event { Some(*depth) } else { None })
        .collect();
    assert_eq!(depths, [Some(100), Some(1000)]);
    assert_eq!(desk.prepare(&repository.url(), &many[3]).unwrap().commit.as_str(), many[3]);
    assert_eq!(desk.prepare(&repository.url(), "main").unwrap().commit.as_str(), many[1499]);
}

#[test]
fn a_server_that_hands_out_no_commit_by_name_is_searched() {
    let repository = GitRepository::new();
    let many = repository.commit_many(1200);
    // Protocol 2 hands out everything; the older ones only what a ref names.
    let desk = Desk::new().setting("protocol.version=0");
    for commit in [&many[1100], &many[5]] {
        assert_eq!(desk.prepare(&repository.url(), commit).unwrap().commit.as_str(), commit);
    }
    let missing = "0123456789".repeat(4);
    let error = desk.refused(&repository.url(), &missing).to_string();
    assert!(error.contains(&missing) && error.contains(&repository.url()), "{error}");
}

#[test]
fn what_is_there_already_is_not_fetched_again() {
    let repository = GitRepository::new();
    let commit = repository.commit_file("a", "1");
    repository.tag("v1");
    let desk = Desk::new();
    assert_eq!(desk.prepare(&repository.url(), "main").unwrap().action, Action::Cloned);
    for name in ["main", "v1", "", &commit[..7]] {
        let (prepared, events) = desk.prepare_telling(&repository.url(), name);
        assert_eq!(prepared.unwrap().action, Action::AlreadyThere, "{name}");
        assert!(!events.iter().any(|event| matches!(event, Event::Fetching { .. })), "{events:?}");
    }
    repository.commit_file("a", "2");
    assert_eq!(desk.prepare(&repository.url(), "main").unwrap().action, Action::Fetched);
    // A whole commit does not even need the server.
    let url = repository.url();
    drop(repository);
    let prepared = desk.prepare(&url, &commit).unwrap();
    assert_eq!((prepared.action, prepared.commit.as_str()), (Action::AlreadyThere, commit.as_str()));
}

#[test]
fn branches_and_tags_may_move_anywhere() {
    let repository = GitRepository::new();
    let first = repository.commit_file("a", "1");
    repository.commit_file("a", "2");
    repository.annotated_tag("moving");
    let desk = Desk::new();
    drop(desk.prepare(&repository.url(), "main").unwrap());
    repository.git(&["reset", "--quiet", "--hard", &first]);
    let rewritten = repository.commit_file("b", "3");
    repository.git(&["tag", "--force", "moving"]);
    for name in ["main", "moving"] {
        let prepared = desk.prepare(&repository.url(), name).unwrap();
        assert_exact(&prepared, &rewritten, &expected(&repository.url(), &rewritten), name);
    }
    // A branch `a` gives way to a branch `a/b`, which git cannot keep side by side.
    repository.git(&["branch", "a"]);
    drop(desk.prepare(&repository.url(), "a").unwrap());
    repository.git(&["branch", "-D", "a"]);
    let next = repository.branch("a/b").commit_file("c", "4");
    assert_eq!(desk.prepare(&repository.url(), "a/b").unwrap().commit.as_str(), next);
    assert!(matches!(desk.refused(&repository.url(), "a"), WorkingCopyError::RefNotFound { .. }));
}

#[test]
fn a_missing_ref_is_an_error_with_names_that_are_like_it() {
    let repository = GitRepository::new();
    repository.commit_file("a", "1");
    repository.git(&["branch", "feature/login"]);
    repository.tag("v1.0");
    let desk = Desk::new();
    for (name, near) in [("mian", "main"), ("origin/login", "feature/login"), ("v1.1", "v1.0")] {
        let error = desk.refused(&repository.url(), name);
        let text =
            format!("there is no branch, tag or commit `{name}` in {}; is it {near}?", repository.url());
        assert_eq!(error.to_string(), text);
        assert!(error.hint().unwrap().contains("git ls-remote"), "{error}");
    }
    for name in ["zzzzzz", "abcdef0", &"abcdef01".repeat(5)] {
        let error = desk.refused(&repository.url(), name);
        assert!(error.to_string().ends_with(&format!("`{name}` in {}", repository.url())), "{error}");
    }
    assert!(!desk.base().join("web").exists(), "nothing is left of a clone that failed");
}

#[test]
fn an_empty_repository_and_one_without_its_default_branch_say_so() {
    let repository = GitRepository::new();
    let desk = Desk::new();
    for name in ["", "main", "abc1234"] {
        let error = desk.refused(&repository.url(), name);
        assert!(matches!(error, WorkingCopyError::EmptyRepository { .. }), "{name}: {error}");
    }
    repository.commit_file("a", "1");
    repository.git(&["symbolic-ref", "HEAD", "refs/heads/gone"]);
    let error = desk.refused(&repository.url(), "").to_string();
    assert_eq!(error, format!("the default branch of {} does not exist; it has main", repository.url()));
    drop(desk.prepare(&repository.url(), "main").unwrap());
}

#[test]
fn a_short_commit_that_means_several_is_refused_with_all_of_them() {
    let repository = GitRepository::new();
    let mut commits = repository.commit_many(900);
    commits.sort();
    let pair =
        commits.windows(2).find(|pair| pair[0][..4] == pair[1][..4]).expect("900 commits share four digits");
    let error = Desk::new().refused(&repository.url(), &pair[0][..4]);
    let WorkingCopyError::AmbiguousCommit { candidates, .. } = &error else { panic!("{error}") };
    assert!(pair.iter().all(|commit| candidates.contains(commit)), "{error}");
}

#[test]
fn a_tag_that_marks_no_commit_is_refused() {
    let repository = GitRepository::new();
    repository.commit_file("a", "1");
    repository.git(&["tag", "blob", "HEAD:a"]);
    repository.git(&["tag", "--annotate", "--message", "tree", "tree", "HEAD^{tree}"]);
    for name in ["blob", "tree"] {
        let error = Desk::new().refused(&repository.url(), name);
        assert!(error.to_string().contains(&format!("`refs/tags/{name}`")), "{error}");
        assert!(error.to_string().ends_with("is no commit"), "{error}");
    }
}

#[test]
fn commits_may_be_named_by_sha256() {
    let repository = GitRepository::with_object_format("sha256");
    let commit = repository.commit_file("a", "1");
    assert_eq!(commit.len(), 64);
    for name in ["", &commit, &commit[..10]] {
        assert_eq!(Desk::new().prepare(&repository.url(), name).unwrap().commit.as_str(), commit);
    }
}

#[test]
fn another_address_is_cloned_afresh_and_a_bad_one_loses_nothing() {
    let (one, two) = (GitRepository::new(), GitRepository::new());
    let first = one.commit_file("a", "1");
    let second = two.commit_file("b", "2");
    let desk = Desk::new();
    let prepared = desk.prepare(&one.url(), "").unwrap();
    std::fs::write(prepared.path().join("mine"), "").unwrap();
    drop(prepared);
    let error = desk.refused("file:///nowhere/at/all", "");
    let WorkingCopyError::Git(git) = &error else { panic!("{error}") };
    assert_eq!(git.fault(), Some(Fault::RepositoryNotFound));
    assert!(error.to_string().starts_with("there is no such repository: file:///nowhere/at/all"), "{error}");
    assert!(desk.refused(&two.url(), "missing").to_string().contains("`missing`"));
    assert!(desk.base().join("web/mine").exists(), "a failed clone leaves what was there");
    let (prepared, events) = desk.prepare_telling(&two.url(), "");
    let prepared = prepared.unwrap();
    assert_exact(&prepared, &second, &expected(&two.url(), &second), "after another address");
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Cloning { why: Reason::UrlChanged { from }, .. } if *from == one.url()
    )));
    drop(prepared);
    assert_eq!(desk.prepare(&one.url(), "").unwrap().commit.as_str(), first);
}

#[test]
fn many_fetches_do_not_pile_up() {
    let repository = GitRepository::new();
    repository.commit_file("a", "0");
    let desk = Desk::new().setting("fetch.unpackLimit=1").setting("gc.autoPackLimit=3");
    let packs = desk.base().join("web/.git/objects/pack");
    for round in 0..8 {
        drop(desk.prepare(&repository.url(), "").unwrap());
        let count = std::fs::read_dir(&packs)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "pack"));
        assert!(count.count() <= 4, "round {round}");
        repository.commit_file("a", round.to_string());
    }
}
