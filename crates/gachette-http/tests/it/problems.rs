//! Every error is a problem document, whatever was wrong with the request.

use http::Method;

use crate::service::Service;

#[tokio::test]
async fn whatever_is_wrong_is_answered_with_a_problem_document() {
    let service = Service::new();
    for (method, path, body, status) in [
        (Method::GET, "/nowhere", "", 404),
        (Method::PUT, "/health", "", 405),
        (Method::POST, "/domains/default/stacks", "{", 400),
        (Method::POST, "/domains/default/stacks", "{}", 422),
        (Method::POST, "/domains/default/stacks", r#"{"name": "1", "colour": "red"}"#, 422),
        (Method::POST, "/domains/default/stacks", r#"{"name": "../1"}"#, 422),
        (Method::POST, "/domains/default/stacks", r#"{"name": "1", "name": "2"}"#, 400),
        (Method::POST, "/domains/..%2f/stacks", r#"{"name": "1"}"#, 400),
        (Method::GET, "/domains/default/stacks/1?revision=x", "", 400),
        (Method::GET, "/domains/default/stacks/1", "", 404),
        (Method::GET, "/packages/..%2fetc", "", 400),
        (Method::POST, "/builds", r#"{"kind": "prepare", "name": "x", "url": "ext::sh"}"#, 422),
        (Method::GET, "/builds/20260101T000000Z-00000000", "", 404),
        (Method::GET, "/builds/nothing", "", 400),
    ] {
        let answer = service.ask(method.clone(), path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body}: {}", answer.body);
        assert_eq!(answer.kind, "application/problem+json", "{method} {path}");
        assert_eq!(answer.body["status"], status, "{method} {path}");
        assert!(answer.body["title"].as_str().is_some_and(|title| !title.is_empty()), "{method} {path}");
    }
}

#[tokio::test]
async fn what_cannot_be_taken_apart_is_told_with_where_it_is_described() {
    let service = Service::new();
    for (method, path, body, title) in [
        (Method::POST, "/builds", "{", "the body is no JSON: "),
        (Method::POST, "/builds", r#"{"kind": "zap"}"#, "the body is not as described: kind: "),
        (
            Method::GET,
            "/builds?limit=x",
            "",
            "the query is not as described: limit: a whole number is expected",
        ),
        (Method::GET, "/domains/..%2f/stacks", "", "the address is not as described: `../` is no domain"),
    ] {
        let answer = service.ask(method, path, body).await;
        assert!(answer.body["title"].as_str().unwrap().starts_with(title), "{}", answer.body);
        assert!(answer.body["hint"].as_str().unwrap().contains("/openapi.json"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_package_that_is_asked_about_and_not_in_the_stack_is_not_found() {
    let service = Service::new();
    let made = service.ask(Method::POST, "/domains/default/stacks", r#"{"name": "124"}"#).await;
    assert!(made.status.is_success(), "{}", made.body);
    let check = "/domains/default/stacks/124/check";
    let answer = service.ask(Method::POST, check, r#"{"part": {"only": ["dh-web"]}}"#).await;
    assert_eq!(answer.status.as_u16(), 404, "{}", answer.body);
    assert_eq!(answer.body["title"], "package `dh-web` is not in stack default/124");
}
