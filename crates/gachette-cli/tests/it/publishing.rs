//! Suites as apt meets them: the real apt-get and dpkg, in a root of their own.

use gachette_testkit::AptRoot;

use crate::chain::Chain;
use crate::serving::Serving;

/// The version of a package in a stack.
pub(crate) fn version(chain: &Chain, stack: &str, package: &str) -> String {
    let shown = chain.playground.json(&format!("stack show {stack}"));
    let packages = shown["packages"].as_array().unwrap();
    let found = packages.iter().find(|found| found["name"] == package).unwrap();
    found["version"].as_str().unwrap().to_owned()
}

/// Publishes a stack without a signature; what goes into a `.sources` file.
pub(crate) fn publish(chain: &Chain, serving: &Serving, stack: &str) -> String {
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
    apt.check(&["upgrade"]);
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
    // The rest of a file that was another is the rest of nothing.
    let rest = ["Range: bytes=6-", "If-Range: Thu, 01 Jan 1970 00:00:00 GMT"];
    let rest = serving.ask("GET /dists/default/124/Release", &rest, "");
    assert_eq!((rest.status, rest.body), (200, whole.body));
}

#[test]
fn without_a_key_a_suite_is_not_published_unless_asked_for() {
    let chain = Chain::new();
    let said = chain.playground.run("publish 124");
    assert!(said.code == 3 && said.stderr.contains("signing.keys"), "{}", said.stderr);
    assert!(!chain.playground.path("repository/dists").exists());
    let said = chain.playground.run("publish 9 --unsigned");
    assert!(
        said.code == 2 && said.stderr.contains("no stack or channel is called default/9"),
        "{} {}",
        said.code,
        said.stderr
    );
}

/// Two sealed stacks, 124 and 125, with another version of `dh-shop` each.
pub(crate) fn two_stacks() -> Chain {
    let chain = Chain::new();
    chain.playground.ok("quick 124 shop");
    chain.playground.ok("stack seal 124");
    chain.source.commit_file("shop.py", "print('open all day')\n");
    chain.playground.ok("stack create 125 --from 124");
    chain.playground.ok("quick 125 shop");
    chain.playground.ok("stack seal 125");
    chain
}

/// Moves the channel `live`; what goes into a `.sources` file.
pub(crate) fn promote(chain: &Chain, url: &str, stack: &str) -> String {
    let line = format!("--set publish.url={url} --format json promote {stack} --to live --unsigned");
    let changed: serde_json::Value = serde_json::from_str(&chain.playground.ok(&line)).unwrap();
    changed["published"]["source"].as_str().unwrap().to_owned()
}

#[test]
fn a_channel_brings_machines_forth_and_back() {
    let chain = two_stacks();
    let serving = Serving::start(&chain.playground, &["--no-auth"]);
    let url = format!("http://127.0.0.1:{}", serving.port);
    let apt = AptRoot::new();
    apt.preferences("Package: *\nPin: release n=default/live\nPin-Priority: 1001\n");
    for stack in ["124", "125", "124"] {
        apt.source(&promote(&chain, &url, stack));
        apt.check(&["update"]);
        apt.check(&["--allow-downgrades", "install", "dh-shop"]);
        assert_eq!(apt.installed("dh-shop"), Some(version(&chain, stack, "dh-shop")), "{stack}");
    }
    let log = chain.playground.ok("channel log live");
    assert_eq!(log.matches("moved to default/12").count(), 3, "{log}");
    assert!(chain.playground.ok("channel list").contains("default/124@"));
    let said = chain.playground.run("promote 124 --to lvie --unsigned");
    assert!(said.code == 0 && said.stderr.contains("did you mean `default/live`?"), "{}", said.stderr);
    assert!(!chain.playground.run("promote 124 --to lvie --unsigned").stderr.contains("did you mean"));
    // One name is one suite.
    let said = chain.playground.run("stack create live");
    assert!(said.code == 5 && said.stderr.contains("a channel is called default/live"), "{}", said.stderr);
    let said = chain.playground.run("promote 124 --to 125 --unsigned");
    assert!(said.code == 5 && said.stderr.contains("a stack is called default/125"), "{}", said.stderr);
}

#[test]
fn versions_that_go_down_are_told_and_come_with_the_pin_that_the_page_shows() {
    let chain = two_stacks();
    let serving = Serving::start(&chain.playground, &["--no-auth"]);
    let url = format!("http://127.0.0.1:{}", serving.port);
    let of = |stack: &str| version(&chain, stack, "dh-shop");
    let less = ["--compare-versions", &of("124"), "lt", &of("125")];
    let is_less = std::process::Command::new("dpkg").args(less).status().unwrap().success();
    let (low, high) = if is_less { ("124", "125") } else { ("125", "124") };
    let apt = AptRoot::new();
    apt.source(&promote(&chain, &url, high));
    apt.check(&["update"]);
    apt.check(&["install", "dh-shop"]);
    let said = chain.playground.run(&format!("--set publish.url={url} promote {low} --to live --unsigned"));
    let told = format!("dh-shop {} after {}", of(low), of(high));
    let words = ["2 packages are lower than what hosts of default/live have: ", &told, "with a pin"];
    assert!(words.iter().all(|words| said.stderr.contains(words)), "{}", said.stderr);
    let upgraded = || {
        apt.check(&["update"]);
        apt.check(&["--allow-downgrades", "upgrade"]);
        apt.installed("dh-shop")
    };
    assert_eq!(upgraded(), Some(of(high)));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/publishing.md");
    let page = std::fs::read_to_string(page).unwrap();
    let pin = page.split("```\n").find(|block| block.starts_with("Package: *")).unwrap();
    apt.preferences(pin);
    assert_eq!(upgraded(), Some(of(low)));
    let line = format!("--set publish.url={url} --format json promote {high} --to live --unsigned");
    let changed: serde_json::Value = serde_json::from_str(&chain.playground.ok(&line)).unwrap();
    assert_eq!(changed.get("lower"), None, "it goes up");
    assert_eq!(upgraded(), Some(of(high)));
}

#[test]
fn a_channel_moves_when_nobody_holds_it_and_enough_agree() {
    let chain = two_stacks();
    let playground = &chain.playground;
    let refused = |line: &str, words: &str| {
        let said = playground.run(line);
        assert!(said.code == 5 && said.stderr.contains(words), "{line}: {} {}", said.code, said.stderr);
    };
    playground.ok("stack create 126 --from 125");
    refused("promote 126 --to live --unsigned", "revision 1 of stack default/126 is not sealed");
    refused("promote 124@1 --to live --unsigned", "of one that is sealed only the last revision is");
    refused("--set channels.live.approvals=2 promote 124 --to live --unsigned", "asks for 2 approvals");
    let other = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let output = playground.command(&words).env("LOGNAME", "eve").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    other("promote 124 --to live --approve");
    playground.ok("--set channels.live.approvals=2 promote 124 --to live --unsigned");
    playground.run_words(&["promote", "--to", "live", "--hold", "the shop is full"]);
    refused("promote 125 --to live --unsigned", "is held by");
    assert!(playground.run("promote 125 --to live --unsigned").stderr.contains("the shop is full"));
    playground.ok("promote --to live --release");
    playground.ok("promote 125 --to live --unsigned");
    assert_eq!(playground.run("promote --to live").code, 2);
    assert_eq!(playground.run("promote 124 --to live --hold why").code, 2);
    assert_eq!(playground.run("channel log nothing").code, 2);
    playground.ok("repository fsck");
}

#[test]
fn a_channel_does_not_move_to_a_stack_of_which_a_package_file_is_lost() {
    let chain = two_stacks();
    let playground = &chain.playground;
    let file =
        std::fs::read_dir(playground.path("repository/debs")).unwrap().map(|file| file.unwrap().path());
    let newer = format!("dh-shop-{}-", version(&chain, "125", "dh-shop"));
    let file = file.into_iter().find(|file| file.display().to_string().contains(&newer)).unwrap();
    let (whole, named) = (std::fs::read(&file).unwrap(), file.file_name().unwrap().to_str().unwrap());
    playground.ok("promote 124 --to live --unsigned");
    let refused = |line: &str, words: &str| {
        let said = playground.run(line);
        assert_eq!(said.code, 5, "{line}: {}", said.stderr);
        for words in [named, words, "`gachette repository import FOLDER`", "`gachette repository fsck`"] {
            assert!(said.stderr.contains(words), "{line}: {}", said.stderr);
        }
    };
    // Before anything is kept of its indices, then with all of it kept, and then with what is kept although its suite is lost.
    for round in 0..3 {
        std::fs::remove_file(&file).unwrap();
        refused("promote 125 --to live --unsigned", "is lost");
        std::fs::write(&file, &whole[1..]).unwrap();
        refused("promote 125 --to live --unsigned", "bytes long, and was");
        refused("promote 125 --to fresh --unsigned", "bytes long, and was");
        std::fs::write(&file, &whole).unwrap();
        playground.ok("publish 125 --unsigned");
        if round == 1 {
            std::fs::remove_dir_all(playground.path("repository/dists/default/125/main")).unwrap();
        }
    }
    playground.ok("stack create 126 --from 125");
    std::fs::remove_file(&file).unwrap();
    refused("publish 126 --unsigned", "is lost");
    refused("stack seal 126", "is lost");
    assert_eq!(playground.run("channel log fresh").code, 2, "nothing is made for what is refused");
    assert!(playground.ok("channel list").contains("default/124@"));
    std::fs::write(&file, &whole).unwrap();
    playground.ok("promote 125 --to live --unsigned");
    playground.ok("publish 126 --unsigned");
    playground.ok("stack seal 126");
}

#[test]
fn a_suite_of_which_a_package_file_is_lost_is_not_published_already() {
    let chain = two_stacks();
    let playground = &chain.playground;
    playground.ok("publish 124 --unsigned");
    playground.ok("promote 124 --to live --unsigned");
    let debs = std::fs::read_dir(playground.path("repository/debs")).unwrap();
    let older = format!("dh-shop-{}-", version(&chain, "124", "dh-shop"));
    let mut files = debs.map(|file| file.unwrap().path());
    let file = files.find(|file| file.display().to_string().contains(&older)).unwrap();
    let (whole, named) = (std::fs::read(&file).unwrap(), file.file_name().unwrap().to_str().unwrap());
    let refused = |words: &str| {
        for line in
            ["publish 124 --unsigned", "publish live --unsigned", "publish 124@2 --unsigned", "publish --all"]
        {
            let said = playground.run(line);
            assert_eq!(said.code, 5, "{line}: {}{}", said.stdout, said.stderr);
            for words in [named, words, "`gachette repository import FOLDER`"] {
                assert!(said.stderr.contains(words), "{line}: {}", said.stderr);
            }
        }
    };
    std::fs::remove_file(&file).unwrap();
    refused("is lost");
    std::fs::write(&file, &whole[1..]).unwrap();
    refused("bytes long, and was");
    std::fs::write(&file, &whole).unwrap();
    for suite in ["124", "live"] {
        let said = playground.run(&format!("publish {suite} --unsigned"));
        assert!(said.code == 0 && said.stderr.contains("already"), "{}", said.stderr);
    }
}

#[test]
fn a_suite_that_lags_behind_its_channel_does_not_get_a_package_file_that_is_lost() {
    let chain = two_stacks();
    let playground = &chain.playground;
    let newer = format!("dh-shop-{}-all.deb", version(&chain, "125", "dh-shop"));
    let (file, live) =
        (playground.path("repository/debs").join(&newer), playground.path("repository/dists/default/live"));
    playground.ok("publish 125 --unsigned");
    playground.ok("promote 124 --to live --unsigned");
    // The channel moves, and its suite cannot be written.
    let aside = playground.path("aside");
    std::fs::rename(&live, &aside).unwrap();
    std::fs::write(&live, "in the way").unwrap();
    let said = playground.run("promote 125 --to live --unsigned");
    assert!(
        said.code == 1 && said.stderr.contains("its suite is not written"),
        "{} {}",
        said.code,
        said.stderr
    );
    std::fs::remove_file(&live).unwrap();
    std::fs::rename(&aside, &live).unwrap();
    let whole = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let before = std::fs::read(live.join("Release")).unwrap();
    for line in ["promote 125 --to live --unsigned", "publish live --unsigned", "publish live --unsigned"] {
        let said = playground.run(line);
        assert!(said.code == 5 && said.stderr.contains(&newer), "{line}: {}", said.stderr);
        assert_eq!(std::fs::read(live.join("Release")).unwrap(), before, "{line}");
    }
    std::fs::write(&file, whole).unwrap();
    playground.ok("promote 125 --to live --unsigned");
    assert_ne!(std::fs::read(live.join("Release")).unwrap(), before);
}

#[test]
fn what_was_edited_of_what_is_known_of_a_suite_gets_into_no_other() {
    let chain = two_stacks();
    let playground = &chain.playground;
    let newer = format!("dh-shop-{}-all.deb", version(&chain, "125", "dh-shop"));
    let file = playground.path("repository/debs").join(&newer);
    let whole = std::fs::read(&file).unwrap();
    playground.ok("publish 125 --unsigned");
    let state = playground.path("repository/domain/default/suites/125.json");
    let known = std::fs::read_to_string(&state).unwrap();
    let listed: serde_json::Value = serde_json::from_str(&known).unwrap();
    let size = listed["indices"]["main/binary-all/Packages"]["size"].as_u64().unwrap();
    let (sizes, none) = (format!("\"size\":{size}"), "\"architectures\":[");
    let end = known.find(none).unwrap() + known[known.find(none).unwrap()..].find(']').unwrap();
    let without = format!("{}{none}{}", &known[..known.find(none).unwrap()], &known[end..]);
    for (number, edited) in [known.replace(&sizes, "\"size\":1"), without].into_iter().enumerate() {
        assert_ne!(edited, known);
        std::fs::write(&state, edited).unwrap();
        std::fs::remove_file(&file).unwrap();
        let to = format!("promote 125 --to live{number} --unsigned");
        let said = playground.run(&to);
        assert!(said.code == 5 && said.stderr.contains(&newer), "{} {}", said.code, said.stderr);
        std::fs::write(&file, &whole).unwrap();
        playground.ok(&to);
        let release = std::fs::read_to_string(
            playground.path(&format!("repository/dists/default/live{number}/Release")),
        );
        let release = release.unwrap();
        assert!(release.contains("Architectures: all"), "{release}");
        assert!(
            release.lines().any(|line| line.ends_with(&format!(" {size} main/binary-all/Packages"))),
            "{release}"
        );
    }
}
