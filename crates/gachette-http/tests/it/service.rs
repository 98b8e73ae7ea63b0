//! The API over a repository in a folder of its own.

use axum::Router;
use axum::body::Body;
use gachette::config::{Config, Signing};
use gachette_http::{Api, Client, TokenFile, router};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

/// A running API, and the folder it works in.
pub(crate) struct Service {
    _folder: TempDir,
    pub(crate) router: Router,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) kind: String,
    pub(crate) body: Value,
}

impl Service {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            meta_path: Some(folder.path().join("repository")),
            working_copies: folder.path().join("working_copies"),
            signing: Signing { folder: Some(folder.path().join("keys")), ..Signing::default() },
            ..Config::default()
        };
        let tokens = TokenFile::new(folder.path().join("tokens.json"));
        let router = router(Api::new(config, "ada@test", None).with_tokens(tokens));
        Self { _folder: folder, router }
    }

    pub(crate) fn client(&self) -> Client {
        Client::in_process(self.router.clone())
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request =
            request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_owned()));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, kind, body: serde_json::from_slice(&bytes).unwrap() }
    }
}
