//! APT suites: publishing them, and their files for apt.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gachette::operation::{self, Published};
use gachette_core::stack::{Domain, StackName, StackRef};
use http::{Request, header};
use tower_http::services::ServeFile;

use super::extract::{Json, Path};
use super::{Answer, Api, blocking};
use crate::wire::PublishStack;
use crate::{Problem, ProblemKind};

pub(super) async fn publish(
    State(api): State<Api>,
    Path((domain, name)): Path<(Domain, String)>,
    Json(wish): Json<PublishStack>,
) -> Answer<Published> {
    let stack = StackName::new(domain, &name).map_err(Problem::invalid)?;
    let named = StackRef { stack, revision: wish.revision };
    let publish = move || {
        let subject = operation::published_as(&api.config, named)?;
        operation::publish(&api.config, subject, wish.signature)
    };
    blocking(publish).await.map(Json)
}

/// A file of a suite, as apt asks for it: whole or a part of it, and only when it changed.
pub(super) async fn file(
    State(api): State<Api>,
    Path((domain, name, file)): Path<(Domain, String, String)>,
    mut request: Request<Body>,
) -> Result<Response, Problem> {
    // apt asks for the rest of what it has in part if that is still the same file. To give it the whole is always right; what
    // serves the file would give it the rest of another.
    if request.headers_mut().remove(header::IF_RANGE).is_some() {
        request.headers_mut().remove(header::RANGE);
    }
    // A plain name may come to mean an older file.
    if file.contains('/') && !file.contains("/by-hash/") {
        request.headers_mut().remove(header::IF_MODIFIED_SINCE);
    }
    let missing = || Problem::new(ProblemKind::NotFound, "there is no such file in a suite");
    let suite = StackName::new(domain, &name).map_err(|_| missing())?;
    // Names of unfinished files begin with a dot, and nothing leads upwards.
    if file.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
        return Err(missing());
    }
    let repository = blocking(move || api.config.repository()).await?;
    let root = repository.meta().ok_or_else(missing)?;
    let path = root.join("dists").join(suite.domain().as_str()).join(suite.name()).join(file);
    if !tokio::fs::metadata(&path).await.is_ok_and(|found| found.is_file()) {
        return Err(missing());
    }
    match ServeFile::new(path).try_call(request).await {
        Ok(response) if response.status() != http::StatusCode::NOT_FOUND => Ok(response.into_response()),
        _ => Err(missing()),
    }
}
