//! `/openapi.json` says what the router does.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::service::Service;

async fn document(service: &Service) -> Value {
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let response = service.router.clone().oneshot(request).await.unwrap();
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn each_route_takes_the_methods_that_are_described_and_no_others() {
    let service = Service::new();
    let document = document(&service).await;
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 20, "{paths:?}");
    for (path, item) in paths {
        let filled = path.replace(['{', '}'], "");
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let request = Request::builder().method(method).uri(&filled).body(Body::empty()).unwrap();
            let status = service.router.clone().oneshot(request).await.unwrap().status();
            let described = item.get(method.to_lowercase()).is_some();
            assert_eq!(status != StatusCode::METHOD_NOT_ALLOWED, described, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn the_client_asks_for_nothing_that_is_not_described() {
    let document = document(&Service::new()).await;
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let client = concat!(
        include_str!("../../src/client/bases.rs"),
        include_str!("../../src/client/operations.rs"),
        include_str!("../../src/client/events.rs"),
        include_str!("../../src/client/host.rs"),
        include_str!("../../src/client/keys.rs"),
        include_str!("../../src/client/push.rs"),
        include_str!("../../src/client/working_copies.rs")
    );
    let mut asked = 0;
    for text in client.split("\"/api/v1/").skip(1) {
        let path = text.split(['"', '?']).next().unwrap();
        let shape = |path: &str| -> Vec<String> {
            path.split('/')
                .map(|part| if part.contains('{') { "*".to_owned() } else { part.to_owned() })
                .collect()
        };
        let found = described.iter().any(|known| {
            let known = known.trim_start_matches("/api/v1/");
            shape(known) == shape(path) || shape(known).starts_with(&shape(path))
        });
        assert!(found, "{path}");
        asked += 1;
    }
    assert!(asked > 12, "{asked}");
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document(&Service::new()).await;
    let text = document.to_string();
    let mut count = 0;
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
        count += 1;
    }
    assert!(count > 50, "{count}");
}

#[tokio::test]
async fn the_tags_of_what_can_be_changed_and_the_events_of_builds_are_described() {
    let document = document(&Service::new()).await;
    let headers = |operation: &Value| -> Vec<String> {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let headers = parameters.filter(|parameter| parameter["in"] == "header");
        headers.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    };
    let paths = &document["paths"];
    let stack = &paths["/api/v1/domains/{domain}/stacks/{stack}"]["get"];
    let change = &paths["/api/v1/domains/{domain}/stacks/{stack}/revisions"]["post"];
    assert_eq!(headers(stack), ["If-None-Match"]);
    assert_eq!(headers(change), ["If-Match", "Idempotency-Key"]);
    for operation in [stack, change] {
        assert!(operation["responses"]["200"]["headers"]["ETag"].is_object(), "{operation}");
    }
    assert!(stack["responses"]["304"].is_object() && change["responses"]["412"].is_object());
    for (path, method, header) in [
        ("/api/v1/domains/{domain}/channels/{channel}", "get", "If-None-Match"),
        ("/api/v1/domains/{domain}/channels/{channel}/entries", "post", "If-Match"),
        ("/api/v1/bases/{base}", "get", "If-None-Match"),
        ("/api/v1/bases/{base}/entries", "post", "If-Match"),
        ("/api/v1/keys/{key}/certificate", "get", "If-None-Match"),
        ("/api/v1/keys/{key}/expiry", "put", "If-Match"),
    ] {
        assert_eq!(headers(&paths[path][method])[0], header, "{path}");
    }
    let events =
        &paths["/api/v1/builds/{id}/events"]["get"]["responses"]["200"]["content"]["text/event-stream"];
    let event = &events["schema"]["properties"]["data"]["contentSchema"]["$ref"];
    let described = document.pointer(event.as_str().unwrap().trim_start_matches('#')).unwrap();
    let text = serde_json::to_string(&gachette::event::Event::Notice { text: "x".to_owned() }).unwrap();
    let kind = serde_json::from_str::<Value>(&text).unwrap()["event"].clone();
    let kinds: Vec<&Value> = described["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| &kind["properties"]["event"]["const"])
        .collect();
    assert!(kinds.contains(&&kind), "{kinds:?}");
}

#[tokio::test]
async fn whatever_is_made_may_be_asked_for_again_with_its_key() {
    let document = document(&Service::new()).await;
    let takes_a_key = |operation: &Value| {
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.any(|parameter| parameter["name"] == "Idempotency-Key")
    };
    let posts = document["paths"].as_object().unwrap().iter().filter_map(|(path, item)| {
        let post = item.get("post")?;
        (!takes_a_key(post)).then_some(path.as_str())
    });
    // To ask, to check, to collect and to end may be done twice; a delivery is known by its own id.
    let others = [
        "/api/v1/builds/{id}/cancel",
        "/api/v1/domains/{domain}/stacks/{stack}/check",
        "/api/v1/domains/{domain}/suites/{suite}/verify",
        "/api/v1/repository/fsck",
        "/api/v1/repository/gc",
        "/hooks/{name}",
    ];
    assert_eq!(posts.collect::<BTreeSet<_>>(), BTreeSet::from(others));
}

#[tokio::test]
async fn the_texts_of_a_wish_for_a_key_are_described() {
    let document = document(&Service::new()).await;
    let followed = |schema: &Value| match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap().clone(),
        None => schema.clone(),
    };
    let body = &document["paths"]["/api/v1/keys/{key}/expiry"]["put"]["requestBody"]["content"];
    let end = followed(&followed(&body["application/json"]["schema"])["properties"]["expires"]);
    assert_eq!(end["anyOf"], serde_json::json!([{"const": "never"}, {"format": "date-time"}]), "{end}");
    let body = &document["paths"]["/api/v1/keys"]["post"]["requestBody"]["content"];
    let email = &followed(&body["application/json"]["schema"])["properties"]["email"];
    assert_eq!(email["maxLength"], 254, "{email}");
    assert!(email["pattern"].as_str().unwrap().contains('@'), "{email}");
}

#[tokio::test]
async fn names_in_paths_have_the_form_that_is_taken() {
    let document = document(&Service::new()).await;
    for (name, path) in [
        ("domain", "/api/v1/domains/{domain}/stacks/{stack}"),
        ("package", "/api/v1/packages/{package}"),
        ("base", "/api/v1/bases/{base}"),
        ("key", "/api/v1/keys/{key}/certificate"),
        ("architecture", "/api/v1/packages/{package}/versions/{version}/{architecture}/statement"),
    ] {
        let item = &document["paths"][path];
        let mut parameters = [&item["parameters"], &item["get"]["parameters"]]
            .into_iter()
            .flat_map(|listed| listed.as_array().into_iter().flatten());
        let named = parameters.find(|parameter| parameter["name"] == name).unwrap();
        assert!(named["schema"]["pattern"].is_string(), "{path}: {named}");
    }
}
