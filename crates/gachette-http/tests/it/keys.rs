//! Signing keys over the API: no answer holds a secret.

use gachette::signing::Certificate;
use http::{Method, StatusCode};
use serde_json::json;

use crate::service::Service;

#[tokio::test]
async fn a_key_is_made_listed_extended_and_its_certificate_handed_out() {
    let service = Service::new();
    let wish = json!({"name": "archive", "email": "archive@example.org", "expires": "2100-01-01T00:00:00Z"});
    let made = service.ask(Method::POST, "/keys", &wish.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let fingerprint = made.body["certificate"]["fingerprint"].as_str().unwrap();
    assert_eq!(made.body["certificate"]["user_id"], "archive <archive@example.org>");
    assert_eq!(made.body["certificate"]["expires"], "2100-01-01T00:00:00Z");
    for name in ["archive", fingerprint] {
        let certificate = service.client().certificate(&name.parse().unwrap()).await.unwrap();
        let certificate = Certificate::parse_all(&certificate, "a test").unwrap().remove(0);
        assert_eq!(certificate.fingerprint().to_string(), fingerprint);
    }
    let path = format!("/keys/{fingerprint}/expiry");
    let extended = service.ask(Method::PUT, &path, r#"{"expires": "never"}"#).await;
    assert_eq!((extended.status, &extended.body["certificate"]["expires"]), (StatusCode::OK, &json!(null)));
    let listed = service.ask(Method::GET, "/keys", "").await;
    assert_eq!(listed.body, json!([extended.body]));
}

#[tokio::test]
async fn a_key_ends_in_three_years_when_nobody_says_otherwise() {
    let service = Service::new();
    let made = service.ask(Method::POST, "/keys", r#"{"name": "archive"}"#).await;
    let time = |name: &str| made.body["certificate"][name].as_str().unwrap()[..10].to_owned();
    let year = |text: String| text[..4].parse::<u32>().unwrap();
    assert_eq!(year(time("expires")), year(time("created")) + 3);
}

#[tokio::test]
async fn wrong_wishes_are_refused_each_with_its_status() {
    let service = Service::new();
    service.ask(Method::POST, "/keys", r#"{"name": "archive"}"#).await;
    let elsewhere = "%2Fetc%2Fssl%2Fkey.asc";
    let held = "gpg:0123456789ABCDEF0123456789ABCDEF01234567";
    for (method, path, body, status) in [
        (Method::POST, "/keys", r#"{"name": "archive"}"#, StatusCode::CONFLICT),
        (Method::POST, "/keys", r#"{"name": "../x"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (Method::POST, "/keys", r#"{"name": "b", "email": "x"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (
            Method::POST,
            "/keys",
            r#"{"name": "b", "expires": "2000-01-01T00:00:00Z"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            Method::POST,
            "/keys",
            r#"{"name": "b", "expires": "2200-01-01T00:00:00Z"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (Method::POST, "/keys", r#"{"name": "b", "secret": "x"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (
            Method::PUT,
            "/keys/archive/expiry",
            r#"{"expires": "2000-01-01T00:00:00Z"}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (Method::PUT, "/keys/nothing/expiry", r#"{"expires": "never"}"#, StatusCode::NOT_FOUND),
        (Method::GET, "/keys/nothing/certificate", "", StatusCode::NOT_FOUND),
        (Method::GET, &format!("/keys/{elsewhere}/certificate"), "", StatusCode::NOT_FOUND),
        (Method::GET, &format!("/keys/{held}/certificate"), "", StatusCode::NOT_FOUND),
        (Method::GET, "/certificates", "", StatusCode::CONFLICT),
    ] {
        let answer = service.ask(method.clone(), path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.body);
    }
}
