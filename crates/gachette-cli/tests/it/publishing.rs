//! Suites as apt meets them: the real apt-get and dpkg, in a root of their own.

use gachette_testkit::AptRoot;

use crate::chain::Chain;
use crate::serving::Serving;

/// The version of a package in a stack.
fn version(chain: &Chain, stack: &str, package: &str) -> String {
    let shown = chain.playground.json(&format!("stack show {stack}"));
    let packages = shown["packages"].as_array().unwrap();
    let found = packages.iter().find(|found| found["name"] == package).unwrap();
    found["version"].as_str().unwrap().to_owned()
}

/// Publishes a stack without a signature; what goes into a `.sources` file.
fn publish(chain: &Chain, serving: &Serving, stack: &str) -> String {
    let url = format!("http://127.0.0.1:{}", serving.port);
    let line = format!("--set publish.url={url} --format json publish {stack} --unsigned");
    let published: serde_json::Value = serde_json::from_str(&chain.playground.ok(&line)).unwrap();
    published["source"].as_str().unwrap().to_owned()
}

#[test]
fn apt_installs_exactly_what_a_stack_names() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let serving = Serving::start(playground, &["--no-auth"]);
    playground.ok("quick 124 shop");
    playground.ok("stack seal 124");
    chain.source.commit_file("shop.py", "print('open all day')\n");
    playground.ok("stack create 125 --from 124");
    playground.ok("quick 125 shop");
    let (old, new) = (version(&chain, "124", "dh-shop"), version(&chain, "125", "dh-shop"));
    assert_ne!(old, new);
    let (first, second) = (publish(&chain, &serving, "124"), publish(&chain, &serving, "125"));

    let apt = AptRoot::new();
    apt.source(&first);
    apt.check(&["update"]);
    apt.check(&["install", "dh-shop"]);
    assert_eq!(apt.installed("dh-shop").as_deref(), Some(&*old));
    apt.source(&second);
    apt.check(&["update"]);
    apt.check(&["dist-upgrade"]);
    assert_eq!(apt.installed("dh-shop").as_deref(), Some(&*new));
    // And back, when it is told that this may be.
    apt.source(&first);
    apt.preferences("Package: *\nPin: release o=gachette\nPin-Priority: 1001\n");
    apt.check(&["update"]);
    apt.check(&["--allow-downgrades", "dist-upgrade"]);
    assert_eq!(apt.installed("dh-shop").as_deref(), Some(&*old));
    let again = apt.check(&["update"]);
    assert!(again.lines().all(|line| !line.starts_with("Get:")), "nothing is fetched again: {again}");
}

#[test]
fn only_files_of_suites_are_served() {
    let chain = Chain::new();
    let serving = Serving::start(&chain.playground, &["--no-auth"]);
    publish(&chain, &serving, "124");
    chain.playground.write("repository/dists/default/124/.new-secret", "secret");
    let status = |path: &str| serving.ask(&format!("GET {path}"), &[], "").status;
    assert_eq!(status("/dists/default/124/Release"), 200);
    for path in [
        "/dists/default/124/.new-secret",
        "/dists/default/124/main/../.new-secret",
        "/dists/default/124/..%2f..%2f..%2fgachette.json",
        "/dists/default/124/%2e%2e/%2e%2e/%2e%2e/gachette.json",
        "/dists/default/124//etc/passwd",
        "/dists/default/124/main",
        "/dists/default/125/Release",
    ] {
        assert_eq!(status(path), 404, "{path}");
    }
    assert_eq!(status("/dists/..%2f/124/Release"), 400, "that is no domain");
    let whole = serving.ask("GET /dists/default/124/Release", &[], "");
    let changed = whole.header("last-modified").unwrap();
    let known =
        serving.ask("GET /dists/default/124/Release", &[&format!("If-Modified-Since: {changed}")], "");
    assert_eq!(known.status, 304);
    let part = serving.ask("GET /dists/default/124/Release", &["Range: bytes=0-5"], "");
    assert_eq!((part.status, part.text().as_str()), (206, "Origin"));
}

#[test]
fn without_a_key_a_suite_is_not_published_unless_asked_for() {
    let chain = Chain::new();
    let said = chain.playground.run("publish 124");
    assert!(said.code == 3 && said.stderr.contains("signing.keys"), "{}", said.stderr);
    assert!(!chain.playground.path("repository/dists").exists());
    let said = chain.playground.run("publish 9 --unsigned");
    assert!(
        said.code == 2 && said.stderr.contains("there is no stack default/9"),
        "{} {}",
        said.code,
        said.stderr
    );
}
