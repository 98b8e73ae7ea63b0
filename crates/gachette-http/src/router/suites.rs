//! APT suites: publishing them, and their files for apt.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gachette::operation::{self, Published};
use gachette::repository::SuiteSummary;
use gachette_core::stack::{Domain, StackName, StackRef};
use http::Request;
use http::header::IF_MODIFIED_SINCE;

use super::extract::{Json, Path};
use super::served_file::served;
use super::{Answer, Api, blocking};
use crate::wire::PublishStack;
use crate::{Problem, ProblemKind};

/// The suites of a domain.
pub(super) async fn list(State(api): State<Api>, Path(domain): Path<Domain>) -> Answer<Vec<SuiteSummary>> {
    blocking(move || Ok(api.config.repository()?.suites(&domain)?)).await.map(Json)
}

pub(super) async fn publish(
    State(api): State<Api>,
    Path((domain, name)): Path<(Domain, String)>,
    Json(wish): Json<PublishStack>,
) -> Answer<Published> {
    let stack = StackName::new(domain, &name).map_err(Problem::invalid)?;
    let named = StackRef { stack, revision: wish.revision };
    let publish = move || {
        if wish.as_it_is {
            return operation::publish_as_it_is(&api.config, named.stack.into());
        }
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
    // A plain name may come to mean an older file.
    if file.contains('/') && !file.contains("/by-hash/") {
        request.headers_mut().remove(IF_MODIFIED_SINCE);
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
    served(&path, request, missing).await
}
