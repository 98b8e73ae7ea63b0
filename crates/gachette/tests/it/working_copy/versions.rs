//! Versions made from commits, judged by dpkg.

use std::process::Command;

use gachette::working_copy::WorkingCopyError;
use gachette_core::debian::Version;
use gachette_core::git::{CommitFacts, Description, GitRef, RefName, VersionScheme};
use gachette_testkit::GitRepository;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use trebuchet::process::Cancel;

use super::desk::{Desk, ask};

fn dpkg(arguments: &[&str]) -> bool {
    Command::new("dpkg").args(arguments).env("LC_ALL", "C").status().unwrap().success()
}

/// dpkg calls it a version, and says nothing about it.
fn assert_valid(version: &Version) {
    let output = Command::new("dpkg").args(["--validate-version", version.as_str()]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{version}: {output:?}");
}

fn assert_before(earlier: &Version, later: &Version) {
    assert!(
        dpkg(&["--compare-versions", earlier.as_str(), "lt", later.as_str()]),
        "{earlier} is not before {later}"
    );
    assert!(earlier < later, "{earlier} {later}");
}

fn facts(digits: u64, count: u64, time: i64, tag: Option<(&str, u64)>) -> CommitFacts {
    let commit: gachette_core::git::Commit = format!("{digits:040x}").parse().unwrap();
    let short = format!("{digits:016x}")[..7].parse().unwrap();
    let description = tag.map(|(tag, distance)| Description { tag: tag.to_owned(), distance });
    CommitFacts { commit, short, time, count: Some(count), description }
}

fn version(scheme: VersionScheme, facts: &CommitFacts) -> Version {
    scheme.version(facts, None).unwrap()
}

fn check(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn every_ref_makes_a_version_that_dpkg_accepts() {
    let refs = "(a|Z|9|/|_|-|\\.|\\+|é|;|=|feature|%|0){1,40}";
    let judged = check(150).run(&refs, |name| {
        prop_assume!(name.parse::<RefName>().is_ok());
        let git_ref: GitRef = name.parse().unwrap();
        assert_valid(&VersionScheme::Rev.version(&facts(7 << 40, 1, 0, None), Some(&git_ref)).unwrap());
        Ok(())
    });
    judged.unwrap();
    for name in ["_", "é", "a_", "a-", "___/___", "9", "1.0", "+", "+-+", &"x".repeat(500), &"a".repeat(40)]
    {
        let git_ref: GitRef = name.parse().unwrap();
        assert_valid(&VersionScheme::Rev.version(&facts(7 << 40, 1, 0, None), Some(&git_ref)).unwrap());
    }
    // No ref, or an empty one: no dangling `-`.
    assert_valid(
        &VersionScheme::Rev.version(&facts(0, 1, 0, None), GitRef::optional("").unwrap().as_ref()).unwrap(),
    );
}

#[test]
fn a_commit_sorts_after_those_it_descends_from() {
    let any = (
        1..200_000_u64,
        1..5_000_u64,
        0..4_000_000_000_i64,
        0..4_000_000_000_i64,
        any::<u64>(),
        any::<u64>(),
    );
    let judged = check(60).run(&any, |(count, more, time, later_time, digits, others)| {
        let (earlier, later) =
            (facts(digits, count, time, None), facts(others, count + more, later_time, None));
        for scheme in [VersionScheme::Count, VersionScheme::Describe] {
            assert_before(&version(scheme, &earlier), &version(scheme, &later));
            assert_valid(&version(scheme, &later));
        }
        // Side by side, the later one counts.
        if time < later_time {
            let beside = facts(others, count, later_time, None);
            assert_before(&version(VersionScheme::Count, &earlier), &version(VersionScheme::Count, &beside));
        }
        // Whoever turns from `rev` to `count` is upgraded.
        assert_before(&version(VersionScheme::Rev, &later), &version(VersionScheme::Count, &earlier));
        Ok(())
    });
    judged.unwrap();
}

#[test]
fn described_versions_follow_tags_and_distance() {
    let order = [
        ("v1.2-alpha1", 0),
        ("v1.2-beta", 0),
        ("v1.2-rc1", 0),
        ("v1.2-rc1", 3),
        ("v1.2-rc2", 0),
        ("v1.2", 0),
        ("v1.2", 1),
        ("v1.2", 9),
        ("v1.2", 10),
        ("v1.2.1", 0),
        ("release/1.3", 0),
        ("web_1.4-1", 0),
        ("web_1.4-1", 1),
    ];
    let versions = order.map(|tag| version(VersionScheme::Describe, &facts(0xabc << 52, 5, 0, Some(tag))));
    for pair in versions.windows(2) {
        assert_before(&pair[0], &pair[1]);
        assert_valid(&pair[1]);
    }
}

#[test]
fn versions_of_a_real_history_sort_by_time() {
    let repository = GitRepository::new();
    let mut commits = repository.commit_many(130);
    repository.tag("v1.0-rc1").tag("latest");
    commits.push(repository.commit_file("a", "1"));
    repository.annotated_tag("v1.0");
    commits.extend(repository.commit_many(12));
    let desk = Desk::new();
    for scheme in [VersionScheme::Count, VersionScheme::Describe] {
        let mut versions = Vec::new();
        for commit in [&commits[3], &commits[120], &commits[129], &commits[130], &commits[132], &commits[142]]
        {
            let prepared = desk.prepare(&repository.url(), commit).unwrap();
            versions.push(prepared.version(scheme, &Cancel::new(), &mut |_| {}).unwrap());
        }
        versions.windows(2).for_each(|pair| assert_before(&pair[0], &pair[1]));
        let last = versions[5].as_str();
        match scheme {
            VersionScheme::Describe => assert_eq!(last, format!("1.0+12.g{}", &commits[142][..7])),
            _ => assert!(last.starts_with("0.0.1+143.20231115"), "{last}"),
        }
    }
}

fn described(desk: &Desk, repository: &GitRepository) -> String {
    let prepared = desk.prepare(&repository.url(), "").unwrap();
    prepared.version(VersionScheme::Describe, &Cancel::new(), &mut |_| {}).unwrap().to_string()
}

#[test]
fn described_versions_follow_the_tags_of_the_remote_repository() {
    let repository = GitRepository::new();
    let first = repository.commit_file("a", "1");
    repository.annotated_tag("v30.0");
    let second = repository.commit_file("a", "2");
    let desk = Desk::new();
    assert_eq!(described(&desk, &repository), format!("30.0+1.g{}", &second[..7]));
    repository.tag("v31.0");
    assert_eq!(described(&desk, &repository), "31.0", "a tag on a commit that is here");
    repository.git(&["tag", "--force", "v31.0", &first]);
    repository.git(&["tag", "--delete", "v30.0"]);
    assert_eq!(described(&desk, &repository), format!("31.0+1.g{}", &second[..7]), "a tag that moved");
    repository.git(&["tag", "--delete", "v31.0"]);
    repository.git(&["tag", "v31.0/rc1", &second]);
    assert_eq!(described(&desk, &repository), "1", "a folder of tags where a tag was");
    repository.git(&["tag", "--delete", "v31.0/rc1"]);
    ask(&desk.base().join("web"), &["tag", "v99"]);
    assert!(described(&desk, &repository).starts_with("0.0.0+2."), "no tag there, and one of a build here");
}

#[test]
fn tags_that_are_the_same_there_are_not_fetched() {
    let repository = GitRepository::new();
    repository.commit_many(150);
    repository.tag("v1.0").annotated_tag("v1.0-a").commit_file("a", "1");
    let desk = Desk::new();
    described(&desk, &repository);
    let mut events = Vec::new();
    let prepared = desk.prepare(&repository.url(), "").unwrap();
    prepared.version(VersionScheme::Describe, &Cancel::new(), &mut |event| events.push(event)).unwrap();
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn what_counts_commits_is_refused_where_the_remote_repository_lacks_them() {
    let repository = GitRepository::new();
    repository.commit_many(20);
    repository.tag("v1.0").commit_many(2);
    let shallow = repository.path().parent().unwrap().join("shallow");
    let url = format!("file://{}", shallow.display());
    let parent = repository.path().parent().unwrap();
    for (depth, is_whole) in [(3, false), (22, true)] {
        ask(parent, &["clone", "--quiet", &format!("--depth={depth}"), &repository.url(), "shallow"]);
        assert!(shallow.join(".git/shallow").exists(), "git cuts even where the history begins");
        let desk = Desk::new();
        let prepared = desk.prepare(&url, "").unwrap();
        for scheme in [VersionScheme::Count, VersionScheme::Describe] {
            let version = prepared.version(scheme, &Cancel::new(), &mut |_| {});
            if is_whole {
                let begin = if scheme == VersionScheme::Count { "0.0.1+22." } else { "1.0+2.g" };
                assert!(version.as_ref().unwrap().as_str().starts_with(begin), "{version:?}");
            } else {
                let error = version.unwrap_err();
                assert!(matches!(error, WorkingCopyError::ShallowRemote { .. }), "{error}");
            }
        }
        assert!(prepared.version(VersionScheme::Rev, &Cancel::new(), &mut |_| {}).is_ok());
        std::fs::remove_dir_all(&shallow).unwrap();
    }
}
