//! Commits and refs that are called alike: when they get one version, and what is said when that cannot be.

use crate::chain::Chain;

/// The versions in the stack.
fn versions(chain: &Chain) -> Vec<String> {
    let shown = chain.playground.json("stack show 124");
    let packages = shown["packages"].as_array().unwrap().iter();
    packages.map(|package| package["version"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn refs_that_fold_into_one_text_share_a_version_only_where_they_share_the_commit() {
    let chain = Chain::new();
    chain.source.branch("a/b").branch("a-b");
    chain.playground.ok("quick 124 config --ref a/b");
    let of_first = versions(&chain);
    assert!(of_first[0].ends_with("-a-b"), "{of_first:?}");
    let again = chain.playground.ok("quick 124 config --ref a-b");
    assert!(again.contains("0 packages built, 2 already there"), "{again}");
    assert_eq!(versions(&chain), of_first);
    chain.source.checkout("a-b");
    chain.source.commit_file("config.yml", "name: shop_config\ntype: configuration\nother: 1\n");
    chain.playground.ok("quick 124 config --ref a-b");
    let of_second = versions(&chain);
    assert!(of_second.iter().any(|version| !of_first.contains(version)), "{of_second:?}");
}

#[test]
fn two_commits_that_get_one_version_are_told_apart_and_the_second_is_refused() {
    let chain = Chain::new();
    let quick = |tag: &str| {
        chain
            .playground
            .run(&format!("--set projects.config.version_scheme=describe quick 124 config --ref {tag}"))
    };
    let first = chain.source.tag("v1.2").head();
    assert_eq!(quick("v1.2").code, 0);
    let second = chain.source.commit_file("config.yml", "name: shop_config\ntype: configuration\nother: 1\n");
    chain.source.tag("release1.2");
    let said = quick("release1.2");
    let why = format!("it is of commit {first} (v1.2), and this one of commit {second} (release1.2)");
    assert_eq!((said.code, said.stderr.contains(&why)), (5, true), "{}", said.stderr);
    assert!(
        said.stderr.contains("hint: two commits have got one version: build by another ref or tag"),
        "{}",
        said.stderr
    );
    assert_eq!(versions(&chain), ["1.2", "1.2"]);
    // The way out that the hint names.
    assert_eq!(chain.playground.run("quick 124 config --ref release1.2").code, 0);
}

#[test]
fn a_commit_that_is_built_with_something_else_says_so() {
    let chain = Chain::new();
    chain.playground.ok("quick 124 config");
    let said = chain.playground.run("--set projects.config.compression=gzip quick 124 config");
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(
        said.stderr.contains("hint: the commit is the same, but not what it was built with"),
        "{}",
        said.stderr
    );
}
