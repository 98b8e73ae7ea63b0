//! What stands in the way of a promotion: all of it at once, and also for who only asks.

use std::fs;

use serde_json::{Value, json};

use crate::playground::{Playground, Said};
use crate::server::{token, with_token};
use crate::serving::Serving;
use crate::shop::{Shop, package};

/// What the channel asks for in these tests.
const ASKING: &str = "channels.live: {approvals: 3, required_checks: [smoke-tests, qa]}\n";

fn asking() -> Playground {
    let playground = Playground::with_configuration(&format!("meta_path: repository\n{ASKING}"));
    for stack in ["123", "124"] {
        playground.ok(&format!("stack create {stack}"));
        playground.ok(&format!("stack seal {stack}"));
    }
    playground
}

/// Runs it as somebody else than ada.
fn as_user(playground: &Playground, user: &str, line: &str) -> Said {
    let words: Vec<&str> = line.split(' ').collect();
    playground.said(&words, playground.command(&words).env("LOGNAME", user).output().unwrap())
}

/// What is answered as JSON whatever the exit code is.
fn answer(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}", said.stdout))
}

/// The kinds of what stands in the way, in order.
fn kinds(told: &Value) -> Vec<&str> {
    let obstacles = told["obstacles"].as_array().map(Vec::as_slice).unwrap_or_default();
    obstacles.iter().filter_map(|it| it["kind"].as_str()).collect()
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

const HELD: &str = "channel default/live is held by ada@";
const LACKING: &str = "channel default/live asks for what stack default/124 did not pass: smoke-tests, qa";

#[test]
fn a_promotion_that_is_refused_tells_all_that_stands_in_the_way() {
    let playground = asking();
    playground.run_words(&["promote", "--to", "live", "--hold", "the shop is full"]);
    let said = playground.run("promote 124 --to live --unsigned");
    assert_eq!(said.code, 5, "{}", said.stderr);
    let unapproved = "channel default/live asks for 3 approvals of stack default/124, and has those of ada@";
    has(&said.stderr, &[HELD, "the shop is full", unapproved, LACKING]);
    has(&said.stderr, &["--release`; others agree with `", "--approve`; once passed, note it with `"]);
    assert!(!said.stderr.contains("--force"), "force does not help here: {}", said.stderr);
    let told = answer(&playground.run("--format json promote 124 --to live --unsigned"));
    assert!(told["title"].as_str().unwrap().starts_with(HELD), "{told}");
    assert_eq!(told["lines"].as_array().unwrap().len(), 2, "{told}");
    // Forced past the checks, what is left is told.
    let said = playground.run("promote 124 --to live --unsigned --force why");
    has(&said.stderr, &[HELD, unapproved]);
    assert!(said.code == 5 && !said.stderr.contains("did not pass"), "{}", said.stderr);
    assert_eq!(playground.json("channel log live")["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn who_agrees_or_notes_a_check_hears_of_all_that_is_lacking_still() {
    let playground = asking();
    let said = playground.run("promote 124 --to live --approve");
    has(&said.stdout, &["default/124 is approved for default/live by ada@", "in the way stands still:\n- "]);
    has(&said.stdout, &["asks for 3 approvals of stack default/124, and has those of ada@", LACKING]);
    let line = "--format json promote 124 --to live --passed smoke-tests";
    let told = answer(&as_user(&playground, "ci", line));
    assert_eq!(kinds(&told), ["approvals", "checks"]);
    assert_eq!((&told["approvals"]["needed"], &told["lacking"]), (&json!(3), &json!([{"check": "qa"}])));
    assert_eq!(told["approvals"]["by"].as_array().unwrap().len(), 1);
    let said = as_user(&playground, "ci", "promote 124 --to live --passed qa");
    has(
        &said.stdout,
        &[
            "; all that default/live asks for passed; in the way stands still:\n- channel default/live asks for 3",
        ],
    );
    // Whoever moves it is the third.
    let said = as_user(&playground, "eve", "promote 124 --to live --approve");
    has(&said.stdout, &["may be moved to default/124 by anybody else, by the word of ada@", ", eve@"]);
    assert_eq!(playground.run("promote 124 --to live --unsigned").code, 5, "ada has said so already");
    let said = as_user(&playground, "bob", "promote 124 --to live --approve");
    has(&said.stdout, &["may be moved to default/124, by the word of ada@", ", bob@", ", eve@"]);
    playground.ok("promote 124 --to live --unsigned");
    // Of what it shows it is told what failed since, and nothing stands in the way.
    let told = answer(&playground.run("--format json promote 124 --to live --failed qa -m broken"));
    assert_eq!((kinds(&told).len(), &told["lacking"][0]["check"]), (0, &json!("qa")));
}

#[test]
fn who_asks_before_making_a_channel_is_told_of_its_name_and_who_asks_before_going_down_of_the_pin() {
    let shop = Shop::new(&[package("dh-web", "2", "")]);
    shop.stack("123", &[package("dh-web", "1", "")]);
    let playground = &shop.playground;
    for stack in ["123", "124"] {
        playground.ok(&format!("stack seal {stack}"));
    }
    for dry in ["", " --dry-run"] {
        let said = playground.run(&format!("promote 124 --to 123 --unsigned{dry}"));
        assert_eq!(said.code, 5, "{}", said.stderr);
        has(&format!("{}{}", said.stdout, said.stderr), &["a stack is called default/123 already"]);
    }
    playground.ok("promote 124 --to live --unsigned");
    let said = playground.run("promote 123 --to lvie --unsigned --dry-run");
    assert_eq!(said.code, 0, "{}", said.stderr);
    has(&said.stderr, &["default/lvie would be a new channel", "did you mean `default/live`?"]);
    for dry in [" --dry-run", ""] {
        let said = playground.run(&format!("promote 123 --to live --unsigned{dry}"));
        assert_eq!(said.code, 0, "{}", said.stderr);
        has(&said.stderr, &["1 package is lower than what hosts of default/live have: dh-web 1 after 2"]);
    }
}

#[test]
fn force_is_named_where_it_passes_all_that_stands_in_the_way() {
    let playground = asking();
    let line = "--set channels.live.approvals=0 promote 124 --to live --unsigned --dry-run";
    let force = "`--force REASON` moves the channel all the same";
    has(&playground.run(line).stdout, &[LACKING, force]);
    playground.ok("promote --to live --hold night");
    let said = playground.run(line);
    has(&said.stdout, &[HELD, LACKING]);
    assert!(!said.stdout.contains("--force"), "{}", said.stdout);
}

#[test]
fn who_asks_before_moving_is_told_everything_and_nothing_is_written() {
    let shop = Shop::new(&[package("dh-mail", "2", "Depends: exim4")]);
    shop.stack("123", &[package("dh-mail", "1", "Depends: postfix")]);
    let playground = &shop.playground;
    let settings = fs::read_to_string(playground.path("gachette.yml")).unwrap();
    playground.write("gachette.yml", &format!("{settings}channels.live.checked: true\n"));
    playground.ok("stack seal 123");
    let ask = "promote 123 --to live --unsigned --dry-run";
    let said = playground.run(ask);
    assert_eq!((said.code, said.stdout.starts_with("default/live can be moved to default/123@")), (0, true));
    assert_eq!(playground.run("channel log live").code, 2, "nothing was made");
    playground.ok("promote 123 --to live --unsigned");
    has(&playground.ok(ask), &["default/live shows default/123@", " already"]);
    playground.write("gachette.yml", &format!("{settings}{}", ASKING.replace('{', "{checked: true, ")));
    playground.run_words(&["promote", "--to", "live", "--hold", "night"]);
    let debs = fs::read_dir(playground.path("repository/debs")).unwrap().map(|file| file.unwrap().path());
    let file = debs.into_iter().find(|file| file.display().to_string().contains("dh-mail-2")).unwrap();
    let whole = fs::read(&file).unwrap();
    fs::write(&file, "").unwrap();
    let before = playground.json("repository log");
    let ask = "--format json promote 124 --to live --dry-run";
    let said = playground.run(ask);
    assert_eq!(said.code, 5, "{}", said.stderr);
    let told = answer(&said);
    let all = ["open", "held", "approvals", "checks", "packages", "installation", "signature"];
    assert_eq!(kinds(&told), all);
    assert_eq!((&told["possible"], &told["kind"]), (&json!(false), &json!("refused")));
    assert!(told["shows"].as_str().unwrap().starts_with("default/123@"), "{told}");
    let text = playground.run("promote 124 --to live --dry-run");
    has(
        &text.stdout,
        &[
            "cannot be moved to default/124@",
            "\n- revision ",
            "\n- channel default/live is held by",
            "\n- hosts that have stack default/123@",
            "  hint: seal the stack with",
        ],
    );
    has(&text.stderr, &["7 things stand in the way"]);
    assert_eq!(playground.json("repository log"), before);
    // One after the other is mended.
    fs::write(&file, &whole).unwrap();
    playground.ok("stack seal 124");
    let ask = "--format json promote 124 --to live --unsigned --dry-run";
    let rest = ["held", "approvals", "checks", "installation"];
    assert_eq!(kinds(&answer(&playground.run(ask))), rest);
    playground.ok("promote --to live --release");
    for user in ["eve", "bob"] {
        as_user(playground, user, "promote 124 --to live --approve");
    }
    playground.ok("promote 124 --to live --passed smoke-tests,qa");
    assert_eq!(kinds(&answer(&playground.run(ask))), ["installation"]);
    let words = ["promote", "124", "--to", "live", "--unsigned", "--force", "no mail is read"];
    assert_eq!(playground.run_words(&words).code, 0);
    assert_eq!(playground.run(ask).code, 0, "it is there");
}

#[test]
fn who_asks_is_told_of_an_edited_revision_and_asks_nothing_else_at_once() {
    let playground = asking();
    playground.ok("promote 123 --to other --unsigned");
    let ask = "--format json promote 124 --to other --unsigned --dry-run";
    assert_eq!(playground.run(ask).code, 0);
    let revision = playground.path("repository/domain/default/stacks/124/revisions/0000000002.json");
    let text = fs::read_to_string(&revision).unwrap();
    fs::write(&revision, text.replacen("\"reason\": \"\"", "\"reason\": \"x\"", 1)).unwrap();
    assert_ne!(fs::read_to_string(&revision).unwrap(), text);
    assert_eq!(kinds(&answer(&playground.run(ask))), ["edited"]);
    for wrong in ["--dry-run --approve", "--dry-run --passed qa", "--dry-run --force why"] {
        assert_eq!(playground.run(&format!("promote 124 --to live {wrong}")).code, 2, "{wrong}");
    }
    assert_eq!(playground.run("promote 199 --to live --dry-run").code, 2);
    assert_eq!(playground.run("promote --to live --dry-run").code, 2);
}

#[test]
fn whoever_may_build_may_ask_over_the_api() {
    let playground = asking();
    let serving = Serving::start(&playground, &[]);
    let there = format!("-H http://127.0.0.1:{}", serving.port);
    let build = token(&playground, "build");
    let said =
        with_token(&playground, &build, &format!("{there} promote 124 --to live --unsigned --dry-run"));
    assert_eq!(said.code, 5, "{}", said.stderr);
    has(&said.stdout, &["has those of of-build@", "did not pass"]);
    let ask = |query: &str, header: &str| {
        let line = format!("GET /api/v1/domains/default/channels/live/outlook?{query}");
        serving.ask(&line, &[header], "")
    };
    let bearer = format!("Authorization: Bearer {build}");
    let told = ask("stack=124&signature=unsigned", &bearer);
    assert_eq!((told.status, kinds(&told.json())), (200, vec!["approvals", "checks"]));
    assert_eq!(kinds(&ask("stack=124", &bearer).json()), ["approvals", "checks", "signature"]);
    let other = serving.ask("GET /api/v1/domains/shop/channels/live/outlook?stack=124", &[&bearer], "");
    assert_eq!(kinds(&other.json()), ["foreign"]);
    for (query, status) in [("stack=199", 404), ("stack=..", 400), ("", 400)] {
        assert_eq!(ask(query, &bearer).status, status, "{query}");
    }
    assert_eq!(ask("stack=124", "X-Request-Id: 1").status, 401);
    assert_eq!(playground.run("channel log live").code, 2, "nothing was made");
    let read = token(&playground, "read");
    assert_eq!(ask("stack=124", &format!("Authorization: Bearer {read}")).status, 403);
}
