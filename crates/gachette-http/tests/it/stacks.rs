//! Stacks through the API.

use gachette_core::log::LogRequest;
use gachette_core::stack::{StackName, StackRef};
use gachette_http::ProblemKind;
use gachette_http::wire::Change;
use http::Method;

use crate::service::Service;

#[tokio::test]
async fn the_client_asks_for_what_the_router_answers() {
    let service = Service::new();
    let client = service.client();
    let stack: StackName = "web/124".parse().unwrap();
    let created = client.create_stack(&stack, None, "because").await.unwrap();
    assert_eq!((created.revision, created.changed), (1, true));
    assert!(!client.create_stack(&stack, None, "").await.unwrap().changed);
    assert_eq!(client.domains().await.unwrap(), ["web".parse().unwrap()]);
    assert_eq!(client.stacks(stack.domain()).await.unwrap().found[0].author, "ada@test");
    assert_eq!(client.change(&stack, Change::Seal, "").await.unwrap().revision, 2);
    assert!(client.stack(&stack.clone().into()).await.unwrap().sealed);
    assert!(!client.stack(&stack.at(1)).await.unwrap().sealed);
    assert_eq!(client.log(&stack, Some(1)).await.unwrap().found[0].number, 2);
    assert_eq!(client.diff(&stack.at(1), &StackRef::from(stack.clone()), 10).await.unwrap().unchanged, 0);
    let refused = client.change(&stack, Change::Rollback(1), "").await.unwrap_err();
    assert_eq!((refused.kind, refused.status), (ProblemKind::Refused, 409));
    assert!(client.change(&stack, Change::Delete, "").await.unwrap().changed, "no channel shows it");
    assert!(client.packages().await.unwrap().is_empty());
    assert!(client.fsck(gachette::repository::FsckMode::Check).await.unwrap().is_clean());
}

#[tokio::test]
async fn two_clients_racing_on_one_stack_both_get_a_right_answer() {
    let service = Service::new();
    let stack: StackName = "124".parse().unwrap();
    let create = async |client: gachette_http::Client| client.create_stack(&stack, None, "").await.unwrap();
    let (one, two) = tokio::join!(create(service.client()), create(service.client()));
    assert_eq!((one.revision, two.revision), (1, 1));
    assert!(one.changed != two.changed, "one of them made it");
}

#[tokio::test]
async fn health_names_the_version() {
    let answer = Service::new().ask(Method::GET, "/health", "").await;
    assert_eq!(answer.body["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(answer.body["state"], "serving");
}

#[tokio::test]
async fn a_whole_number_is_one_however_it_is_written() {
    let service = Service::new();
    let stack: StackName = "124".parse().unwrap();
    service.client().create_stack(&stack, None, "").await.unwrap();
    let roll_back = async |number: &str| {
        let body = format!(r#"{{"change": {{"rollback": {number}}}}}"#);
        service.ask(Method::POST, "/domains/default/stacks/124/revisions", &body).await.status.as_u16()
    };
    for number in ["1", "1.0", "1e0"] {
        assert_eq!(roll_back(number).await, 200, "{number}");
    }
    for number in ["1.5", "-1.0", "1e300", "\"1\""] {
        assert_eq!(roll_back(number).await, 422, "{number}");
    }
}

#[tokio::test]
async fn the_log_of_the_repository_is_asked_for_by_domain_author_and_time_and_has_an_end() {
    let service = Service::new();
    let client = service.client();
    let [one, two]: [StackName; 2] = ["web/1", "2"].map(|name| name.parse().unwrap());
    for stack in [&one, &two] {
        client.create_stack(stack, None, "a & b").await.unwrap();
        client.change(stack, Change::Seal, "").await.unwrap();
    }
    let numbers = async |query: &str| {
        let answer = service.ask(Method::GET, &format!("/repository/log{query}"), "").await;
        assert_eq!(answer.status.as_u16(), 200, "{query}");
        let entries = answer.body["entries"].as_array().unwrap();
        let numbers =
            entries.iter().map(|entry| format!("{}@{}", entry["name"].as_str().unwrap(), entry["number"]));
        (numbers.collect::<Vec<_>>(), answer.body["cut"].as_bool().unwrap())
    };
    let all = ["default/2@2", "default/2@1", "web/1@2", "web/1@1"];
    let none: [&str; 0] = [];
    for (query, expected, cut) in [
        ("", &all[..], false),
        ("?limit=1", &all[..1], true),
        ("?limit=18446744073709551615", &all, false),
        ("?domain=web", &all[2..], false),
        ("?by=ada%40elsewhere&since=2026-01-01", &all, false),
        ("?by=eve", &none, false),
        ("?until=2020-01-01T00:00:00Z", &none, false),
    ] {
        let (told, was_cut) = numbers(query).await;
        assert_eq!(
            (told.iter().map(String::as_str).collect::<Vec<_>>(), was_cut),
            (expected.to_vec(), cut),
            "{query}"
        );
    }
    for query in ["since=october", "limit=-1", "domain=..%2Fx"] {
        let answer = service.ask(Method::GET, &format!("/repository/log?{query}"), "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.kind.as_str()),
            (400, "application/problem+json"),
            "{query}"
        );
    }
    let wanted = LogRequest {
        domain: Some(one.domain().clone()),
        by: Some("ada & eve@test".to_owned()),
        since: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        until: Some("2999-01-01".parse().unwrap()),
        limit: Some(7),
    };
    assert!(client.repository_log(&wanted).await.unwrap().entries.is_empty());
    let wanted = LogRequest { by: Some("ada".to_owned()), ..wanted };
    let log = client.repository_log(&wanted).await.unwrap();
    assert_eq!((log.entries.len(), log.entries[1].reason.as_str()), (2, "a & b"));
}
