//! Channels that ask for checks of others: what their programs note is what they are moved by.

use std::collections::BTreeSet;
use std::fs;

use gachette_core::Sha256Digest;
use serde_json::{Value, json};

use crate::documents::document;
use crate::playground::{Playground, Said};
use crate::server::{token, with_token};
use crate::serving::Serving;

/// Three sealed stacks, and a channel that asks for checks as the page shows.
fn asking() -> Playground {
    let asked = block("```yaml\n");
    let playground =
        Playground::with_configuration(&format!("meta_path: repository\nworking_copies: copies\n{asked}"));
    for stack in ["123", "124", "125"] {
        playground.ok(&format!("stack create {stack}"));
        playground.ok(&format!("stack seal {stack}"));
    }
    playground
}

/// The first block of the page on checks that begins like this.
fn block(start: &str) -> String {
    let page = document("docs/publishing.md");
    let part = page.split("### Checks of your own\n").nth(1).unwrap();
    part.split(start).nth(1).unwrap().split("```").next().unwrap().to_owned()
}

fn promote(playground: &Playground, stack: &str) -> Said {
    playground.run(&format!("promote {stack} --to live --unsigned"))
}

/// Notes something, for a reason.
fn note(playground: &Playground, line: &str, why: &str) -> Said {
    let words = line.split(' ').chain(["-m", why]);
    let said = playground.run_words(&["promote"].into_iter().chain(words).collect::<Vec<_>>());
    assert_eq!(said.code, 0, "{line}: {}", said.stderr);
    said
}

fn is_refused(said: &Said, words: &[&str]) {
    assert_eq!(said.code, 5, "{}{}", said.stdout, said.stderr);
    for words in words {
        assert!(said.stderr.contains(words), "{words}: {}", said.stderr);
    }
}

fn shown(playground: &Playground) -> String {
    playground.json("channel list")[0]["state"]["shows"]["stack"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_channel_is_moved_once_what_it_asks_for_passed_and_back_without_asking_again() {
    let playground = asking();
    let said = promote(&playground, "123");
    is_refused(&said, &["stack default/123 did not pass: smoke-tests, security-scan"]);
    let hint = said.stderr.split('`').find(|part| part.starts_with("gachette promote")).unwrap().to_owned();
    assert_eq!(playground.run("channel log live").code, 2, "nothing is made for what is refused");
    // What the hint says is what helps.
    playground.ok(hint.strip_prefix("gachette ").unwrap());
    assert_eq!(promote(&playground, "123").code, 0);
    let said = note(&playground, "124 --to live --passed smoke-tests", "https://ci/run/17");
    assert!(said.stdout.contains("smoke-tests passed for default/124"), "{}", said.stdout);
    assert!(
        said.stdout.contains("; default/live asks for what it did not pass: security-scan"),
        "{}",
        said.stdout
    );
    is_refused(&promote(&playground, "124"), &["stack default/124 did not pass: security-scan\n"]);
    let said = note(&playground, "124 --to live --passed security-scan", "https://ci/run/18");
    assert!(said.stdout.contains("; all that default/live asks for passed"), "{}", said.stdout);
    // The newest word counts.
    note(&playground, "124 --to live --failed smoke-tests", "https://ci/run/19");
    let words = ["did not pass: smoke-tests (failed at 20", "as ada@", "said: https://ci/run/19)"];
    is_refused(&promote(&playground, "124"), &words);
    note(&playground, "124 --to live --passed smoke-tests", "https://ci/run/20");
    assert_eq!(promote(&playground, "124").code, 0);
    // Noise about what may come next lets nothing be forgotten.
    for run in 0..70 {
        note(&playground, &format!("125 --to live --failed check-{run}"), "noise");
    }
    let state = &playground.json("channel list")[0]["state"]["checks"];
    assert_eq!(state.as_array().unwrap().len(), 64, "a state does not grow for ever");
    for stack in ["123", "124", "123"] {
        assert_eq!(promote(&playground, stack).code, 0, "{stack}");
        assert_eq!(shown(&playground), format!("default/{stack}"));
    }
    playground.ok("repository fsck");
}

#[test]
fn what_the_page_on_checks_shows_is_so() {
    let playground = asking();
    for (line, lacking) in block("```console\n").lines().zip(["security-scan", "security-scan", ""]) {
        let mut words = line.strip_prefix("$ gachette ").unwrap().split(' ').collect::<Vec<_>>();
        let reason = words.pop().unwrap().trim_matches('"');
        let said = playground.run_words(&[&words[..], &[reason]].concat());
        let rest = format!("asks for what it did not pass: {lacking}\n");
        let expected = if lacking.is_empty() { "all that default/live asks for passed\n" } else { &rest };
        assert!(said.code == 0 && said.stdout.ends_with(expected), "{line}: {}{}", said.stdout, said.stderr);
        assert_eq!(promote(&playground, "124").code, if lacking.is_empty() { 0 } else { 5 });
    }
    assert_eq!(shown(&playground), "default/124");
}

#[test]
fn what_is_lacking_is_passed_over_by_force_and_that_is_written_down() {
    let playground = asking();
    note(&playground, "124 --to live --failed smoke-tests", "it does not start");
    is_refused(&promote(&playground, "124"), &["`--force REASON` moves the channel all the same"]);
    let words = "promote 124 --to live --unsigned -m moved --force".split(' ').chain(["123 loses orders"]);
    let said = playground.run_words(&words.collect::<Vec<_>>());
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("forced: not passed: smoke-tests, security-scan"), "{}", said.stderr);
    assert!(!said.stderr.contains("nothing had to be forced"), "{}", said.stderr);
    let log = &playground.json("channel log live")["entries"];
    let reason = "moved; forced (not passed: smoke-tests, security-scan): 123 loses orders";
    assert_eq!(log[0]["reason"], reason);
    // Force opens nothing else: it is held, and needs a reason.
    playground.run_words(&["promote", "--to", "live", "--hold", "no"]);
    is_refused(&playground.run("promote 125 --to live --unsigned --force why"), &["is held by"]);
    playground.ok("promote --to live --release");
    assert_eq!(
        playground.run_words(&["promote", "125", "--to", "live", "--unsigned", "--force", " "]).code,
        2
    );
    note(&playground, "125 --to live --passed smoke-tests,security-scan", "all is well");
    let said = playground.run("promote 125 --to live --unsigned --force why");
    assert!(said.code == 0 && said.stderr.contains("nothing had to be forced"), "{}", said.stderr);
    is_refused(&promote(&playground, "124"), &["did not pass"]);
    // Both kinds of checks at once: there is no base, so nobody knows whether it can be installed.
    let both = "--set channels.live.checked=yes promote 124 --to live --unsigned";
    is_refused(&playground.run(both), &["smoke-tests"]);
    playground.ok(&format!("{both} --force why"));
    let reason =
        playground.json("channel log live -n 1")["entries"][0]["reason"].as_str().unwrap().to_owned();
    let start = "forced (not passed: smoke-tests, security-scan): why; forced (";
    assert!(reason.starts_with(start) && reason.ends_with("): why"), "{reason}");
}

#[test]
fn the_log_and_the_list_of_channels_tell_of_checks() {
    let playground = asking();
    note(&playground, "123 --to live --passed smoke-tests,security-scan", "run 1");
    assert_eq!(promote(&playground, "123").code, 0);
    let said = note(&playground, "124 --to live --passed smoke-test --failed security-scan,qa", "run 2");
    assert!(said.stderr.contains("no check `smoke-test`; did you mean `smoke-tests`?"), "{}", said.stderr);
    assert!(said.stderr.contains("no check `qa`\n"), "{}", said.stderr);
    note(&playground, "123 --to live --failed smoke-tests", "run 3");
    let log = playground.ok("channel log live");
    let words = "smoke-test passed, qa, security-scan failed for default/124@2";
    assert!(log.contains(words) && log.contains("run 2"), "{log}");
    let list = playground.ok("channel list");
    assert!(list.contains(&format!("{words}; smoke-tests failed for default/123@2")), "{list}");
    let state = &playground.json("channel list")[0]["state"]["checks"];
    let of =
        |check: &str| state.as_array().unwrap().iter().filter(|it| it["check"] == check).collect::<Vec<_>>();
    assert_eq!(of("smoke-tests").len(), 1, "{state}");
    assert_eq!((&of("qa")[0]["outcome"], &of("qa")[0]["reason"]), (&json!("failed"), &json!("run 2")));
    // The same word again is no entry, and another is.
    let length = || playground.json("channel log live")["entries"].as_array().unwrap().len();
    let before = length();
    note(&playground, "123 --to live --failed smoke-tests", "run 3");
    assert_eq!(length(), before);
    note(&playground, "123 --to live --failed smoke-tests", "run 4");
    assert_eq!(length(), before + 1);
    for wrong in
        ["--passed qa --failed qa", "--passed ../qa", "--passed qa --approve", "--passed qa --force x"]
    {
        assert_eq!(playground.run(&format!("promote 124 --to live {wrong}")).code, 2, "{wrong}");
    }
    playground.ok("stack create 126");
    let said = playground.run("promote 126 --to live --passed qa");
    is_refused(&said, &["revision 1 of stack default/126 is not sealed"]);
}

#[test]
fn a_token_for_builds_notes_the_checks_that_are_asked_for_and_moves_nothing() {
    let playground = asking();
    let serving = Serving::start(&playground, &[]);
    let there = format!("-H http://127.0.0.1:{}", serving.port);
    let [read, build, release] = ["read", "build", "release"].map(|role| token(&playground, role));
    let code = |token: &str, line: &str| with_token(&playground, token, &format!("{there} {line}")).code;
    let passed = "promote 124 --to live --passed smoke-tests,security-scan";
    assert_eq!((code(&read, passed), code(&build, passed)), (5, 0));
    for line in [
        "promote 124 --to live --unsigned",
        "promote 124 --to live --approve",
        "promote --to live --hold why",
        "promote --to live --release",
        // Nobody asks for that, and it would make a channel, or fill its ledger.
        "promote 124 --to live --passed smoke-tests,qa",
        "promote 124 --to stable --passed smoke-tests",
    ] {
        let said = with_token(&playground, &build, &format!("{there} {line}"));
        is_refused(&said, &["this needs the role release"]);
    }
    let said = with_token(&playground, &build, &format!("{there} promote 124 --to live --failed qa"));
    is_refused(
        &said,
        &["channel default/live asks for no check `qa`, and such are noted with the role release"],
    );
    assert_eq!(code(&release, "promote 124 --to stable --passed smoke-tests"), 0);
    assert_eq!(code(&release, "promote 124 --to live --failed qa"), 0);
    assert_eq!(code(&release, "promote 124 --to live --unsigned"), 0);
    let log = &playground.json("channel log live")["entries"];
    let authors: BTreeSet<&str> =
        log.as_array().unwrap().iter().filter_map(|it| it["author"].as_str()).collect();
    assert!(authors.iter().any(|author| author.starts_with("of-build@")), "{log}");
}

#[test]
fn checks_are_noted_over_the_api_as_any_change_of_a_channel() {
    let playground = asking();
    let serving = Serving::start(&playground, &["--no-auth"]);
    let line = "POST /api/v1/domains/default/channels/live/entries";
    let ask = |header: &str, body: &Value| serving.ask(line, &[header], &body.to_string());
    let order = |results: Value| json!({"order": {"kind": "check", "stack": "124", "results": results}, "reason": "https://ci/run/17"});
    let passed = order(json!({"smoke-tests": "passed", "scan": "failed"}));
    let first = ask("Idempotency-Key: 17", &passed);
    assert_eq!((first.status, ask("Idempotency-Key: 17", &passed).body), (200, first.body.clone()));
    let noted = first.json();
    assert_eq!(noted["lacking"], json!([{"check": "security-scan"}]));
    assert_eq!(noted["unasked"], json!([{"check": "scan"}]));
    assert_eq!((&noted["newest"]["format"], &noted["newest"]["number"]), (&json!(2), &json!(1)));
    let promote = json!({"order": {"kind": "promote", "stack": "124", "signature": "unsigned"}});
    let refused = ask("X-Request-Id: 1", &promote);
    assert_eq!((refused.status, &refused.json()["kind"]), (409, &json!("refused")));
    let seen = serving.ask("GET /api/v1/domains/default/channels/live", &[], "");
    assert_eq!(seen.json()["state"]["checks"].as_array().unwrap().len(), 2);
    let tag = format!("If-Match: {}", first.header("etag").unwrap());
    let rest = order(json!({"security-scan": "passed"}));
    let second = ask(&tag, &rest);
    assert_eq!((second.status, second.json().get("lacking")), (200, None));
    assert_eq!(ask(&tag, &rest).status, 412);
    let twice = json!({"order": {"kind": "check", "stack": "124", "results": {}}}).to_string();
    let twice = twice.replace("{}", r#"{"security-scan": "failed", "security-scan": "passed"}"#);
    let said = serving.ask(line, &[], &twice);
    assert_eq!(said.status, 400, "{}", said.json());
    assert!(said.json()["title"].as_str().unwrap().contains("`security-scan` is given twice at line 1"));
    for wrong in [json!({}), json!({"../x": "passed"}), json!({"x": "maybe"}), json!(["x"])] {
        assert_eq!(ask("X-Request-Id: 2", &order(wrong.clone())).status, 422, "{wrong}");
    }
    let many: serde_json::Map<String, Value> = (0..65).map(|n| (format!("c{n}"), json!("passed"))).collect();
    assert_eq!(ask("X-Request-Id: 3", &order(Value::Object(many))).status, 422);
    assert_eq!(ask("X-Request-Id: 4", &promote).status, 200);
}

#[test]
fn an_entry_that_was_edited_behind_a_newer_one_is_not_believed() {
    let playground = asking();
    note(&playground, "124 --to live --passed smoke-tests", "run 1");
    note(&playground, "124 --to live --failed security-scan", "run 2");
    note(&playground, "123 --to live --passed smoke-tests", "run 3");
    let entry = "domain/default/channels/live/0000000002.json";
    let path = playground.path(&format!("repository/{entry}"));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("failed", "passed")).unwrap();
    let told = format!(
        "did not pass: smoke-tests, security-scan; what was noted longer ago is not believed, since {entry} is damaged: it is not the \
         entry that the next one, 3, names: one of them was edited"
    );
    for (more, numbers) in [("", vec![3, 2, 1]), (" --before 3", vec![2, 1])] {
        let said = playground.run(&format!("--format json channel log live{more}"));
        let log: Value = serde_json::from_str(&said.stdout).unwrap();
        let shown: Vec<_> = log["entries"].as_array().unwrap().iter().map(|entry| &entry["number"]).collect();
        assert_eq!(
            (said.code, shown),
            (5, numbers.iter().map(|number| json!(number)).collect::<Vec<_>>().iter().collect())
        );
        let damaged = log["damaged"].as_array().unwrap();
        assert!(damaged.len() == 1 && damaged[0].as_str().unwrap().starts_with(entry), "{damaged:?}");
        assert!(
            said.stderr.contains(entry) && said.stderr.contains("the log is not whole"),
            "{}",
            said.stderr
        );
    }
    assert_eq!(playground.run("channel log live -n 1").code, 0, "the newest is as it was");
    // Of many that are lost it is told at once, and the others are shown.
    let far = playground.path("repository/domain/default/channels/live/9999999999.json");
    fs::copy(&path, &far).unwrap();
    let said = playground.run("--format json channel log live");
    let log: Value = serde_json::from_str(&said.stdout).unwrap();
    let counts = ["entries", "damaged"].map(|list| log[list].as_array().unwrap().len());
    assert_eq!((said.code, counts), (5, [3, 3]), "{}", said.stderr);
    assert!(
        said.stderr.contains("0000000004.json is damaged: the file is lost, and 9999999994 more"),
        "{}",
        said.stderr
    );
    fs::remove_file(&far).unwrap();
    for line in ["124 --to live --unsigned", "124 --to live --unsigned --dry-run"] {
        let said = playground.run(&format!("promote {line}"));
        assert!(
            said.code == 5 && format!("{}{}", said.stdout, said.stderr).contains(&told),
            "{}",
            said.stderr
        );
    }
    assert_eq!(shown(&playground), "");
    // That keeps nobody from noting it again, from moving the channel by force, or from deleting what it never showed.
    assert!(playground.ok("promote 124 --to live --approve").contains(&told));
    note(&playground, "124 --to live --passed smoke-tests", "run 4");
    playground.ok("--yes stack delete 125");
    assert_eq!(playground.run("promote 124 --to live --unsigned --force hurry").code, 0);
    let said = playground.run("--yes stack delete 124");
    assert!(said.code == 5 && said.stderr.contains("shows it"), "{}", said.stderr);
    fs::write(&path, text).unwrap();
    let newest = playground.json("promote 124 --to live --failed security-scan");
    assert_eq!(newest["lacking"][0]["check"], "security-scan");
}

#[test]
fn a_stack_that_a_channel_may_go_back_to_is_kept_also_behind_an_entry_that_was_edited() {
    let playground = Playground::with_configuration("meta_path: repository\nworking_copies: copies\n");
    for stack in ["123", "124", "125"] {
        playground.ok(&format!("stack create {stack}"));
        playground.ok(&format!("stack seal {stack}"));
    }
    for stack in ["123", "124"] {
        assert_eq!(promote(&playground, stack).code, 0);
    }
    playground.ok("promote --to live --hold night");
    playground.ok("promote --to live --release");
    let path = playground.path("repository/domain/default/channels/live/0000000003.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("night", "never")).unwrap();
    for (stack, why) in [("124", "shows it"), ("123", "showed it before")] {
        let said = playground.run(&format!("--yes stack delete {stack}"));
        assert!(said.code == 5 && said.stderr.contains(why), "{}", said.stderr);
    }
    playground.ok("--yes stack delete 125");
}

#[test]
fn what_is_configured_for_all_channels_of_a_name_holds_where_a_domain_says_more_and_near_names_are_told() {
    let playground = Playground::with_configuration(
        "meta_path: repository\nworking_copies: copies\nchannels:\n  staging: {required_checks: [smoke-tests]}\n  default/staging: {approvals: 1}\n",
    );
    playground.ok("stack create 124");
    playground.ok("stack seal 124");
    is_refused(&playground.run("promote 124 --to staging --unsigned"), &["did not pass: smoke-tests"]);
    let said = playground.run("promote 124 --to stagign --unsigned");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("did you mean `default/staging`?"), "{}", said.stderr);
    playground
        .write("gachette.yml", "meta_path: repository\nchannels.live.required_checks:\n#  - smoke-tests\n");
    let said = playground.run("promote 124 --to live --unsigned");
    assert!(
        said.code == 3 && said.stderr.contains("`channels.live.required_checks` has no value"),
        "{} {}",
        said.code,
        said.stderr
    );
}

#[test]
fn a_log_that_is_too_long_for_one_answer_is_cut_and_gone_on_with() {
    let playground = asking();
    note(&playground, "124 --to live --passed smoke-tests", "run 1");
    let folder = playground.path("repository/domain/default/channels/live");
    let mut before = fs::read(folder.join("0000000001.json")).unwrap();
    let first: Value = serde_json::from_slice(&before).unwrap();
    for number in 2..=300 {
        let mut entry = first.clone();
        entry["previous"] = Sha256Digest::of(&before).to_string().into();
        entry["number"] = number.into();
        entry["reason"] = "x".repeat(100_000).into();
        before = entry.to_string().into_bytes();
        fs::write(folder.join(format!("{number:010}.json")), &before).unwrap();
    }
    let (mut told, mut before) = (Vec::new(), "-n 1000".to_owned());
    loop {
        let said = playground.run(&format!("--format json channel log live {before}"));
        assert_eq!(said.code, 0, "{}", said.stderr);
        let log: Value = serde_json::from_str(&said.stdout).unwrap();
        told.extend(log["entries"].as_array().unwrap().iter().filter_map(|entry| entry["number"].as_u64()));
        let way = said.stderr.split('`').find(|part| part.starts_with("--before "));
        assert_eq!(log["cut"], way.is_some(), "{}", said.stderr);
        match way {
            Some(way) => before = way.to_owned(),
            None => break,
        }
    }
    assert_eq!(told, (1..=300).rev().collect::<Vec<u64>>());
    let few = playground.json("channel log live -n 2 --before 3");
    assert_eq!((few["entries"].as_array().unwrap().len(), &few["cut"]), (2, &json!(false)));
    let said = playground.run("channel log live -n 2");
    assert!(!said.stderr.contains("goes on"), "{}", said.stderr);
}
