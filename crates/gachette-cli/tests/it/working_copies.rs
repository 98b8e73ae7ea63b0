//! `gachette working-copy`, here, on a host and on a server.

use crate::chain::Chain;
use crate::hosts::{Hosts, project, wait_until};
use crate::server_builds::Busy;

#[test]
fn working_copies_are_listed_shown_and_removed() {
    let chain = Chain::new();
    let playground = &chain.playground;
    let said = playground.run("working-copy list");
    assert_eq!((said.code, said.stdout.trim()), (0, ""), "{}", said.stderr);
    assert!(
        said.stderr.contains("`gachette prepare` makes one") && !playground.path("working_copies").exists()
    );
    playground.ok("quick 124 shop --ref main");
    playground.ok(&format!("prepare mine --url {}", chain.source.path().display()));
    let listed = playground.json("working-copy list");
    let commit = chain.source.head();
    for (at, name, project) in [(0, "mine", None), (1, "shop_main", Some("shop"))] {
        let copy = &listed[at];
        assert_eq!((copy["name"].as_str(), copy["project"].as_str()), (Some(name), project), "{listed}");
        assert_eq!((&copy["ref"], &copy["commit"]), (&"refs/heads/main".into(), &commit.as_str().into()));
        assert_eq!((copy["in_use"].as_bool(), copy["last_use"]["since"].is_string()), (Some(false), true));
        assert_eq!(playground.json(&format!("working-copy show {name}")), *copy);
    }
    let table = playground.ok("working-copy list");
    assert!(table.starts_with("WORKING COPY  PROJECT  REF "), "{table}");
    assert!(table.contains(&commit[..12]) && table.lines().count() == 3, "{table}");
    let shown = playground.ok("working-copy show shop_main");
    assert!(shown.contains("state    ready\nproject  shop\n") && shown.contains(&commit), "{shown}");
    let removed = playground.ok("working-copy remove mine shop_main");
    assert_eq!(removed, "working copy mine is removed\nworking copy shop_main is removed\n");
    assert_eq!(playground.json("working-copy list"), serde_json::json!([]));
    for line in ["working-copy show mine", "working-copy remove mine"] {
        let said = playground.run(line);
        assert_eq!((said.code, said.stderr.contains("no working copy `mine`")), (2, true), "{}", said.stderr);
    }
    playground.ok("quick 124 shop --ref main");
}

#[test]
fn one_that_a_build_works_in_is_not_removed_from_a_server() {
    let busy = Busy::new(&["--builds", "1"]);
    let build = busy.start("a");
    let step = || busy.playground.json(&format!("builds show {}", build["id"].as_str().unwrap()));
    wait_until("the step begins", || step()["log_end"].to_string().contains("building assets"));
    let ask = |method: &str, name: &str| {
        busy.serving.ask(&format!("{method} /api/v1/working-copies{name}"), &[], "")
    };
    let listed = ask("GET", "").json();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["project"], &listed[0]["in_use"]),
        (&"a".into(), &"a".into(), &true.into())
    );
    assert_eq!(ask("GET", "/a").json(), listed[0]);
    let refused = ask("DELETE", "/a");
    assert_eq!((refused.status, refused.header("content-type")), (409, Some("application/problem+json")));
    assert!(refused.json()["title"].as_str().unwrap().contains("is in use by process"), "{refused:?}");
    assert_eq!(refused.json()["kind"], "refused", "no build failed: {refused:?}");
    busy.let_go();
    busy.reaches(&build["id"], "succeeded");
    assert_eq!(
        (ask("DELETE", "/a").status, ask("DELETE", "/a").status, ask("GET", "/a").status),
        (204, 404, 404)
    );
    assert_eq!(ask("DELETE", "/..%2f..%2fhome").status, 400);
    assert!(busy.playground.path("home").exists());
    let again = busy.start("a");
    busy.reaches(&again["id"], "succeeded");
}

#[test]
fn those_of_a_host_are_seen_and_removed_from_here() {
    let source = project("true");
    let hosts = Hosts::visited(&format!("projects.web.url: {}\n", source.path().display()));
    hosts.ok("-H build1 prepare web");
    assert!(hosts.ok("-H build1 working-copy list").contains("refs/heads/main"));
    hosts.ok("-H build1 working-copy remove web");
    assert!(hosts.ok("-H build1 working-copy list").is_empty());
}
