//! Gives each request its id, and when it is answered, counts it and writes a line about it: from where, by whom, for what, with which
//! answer, and why when it is a refusal. Neither queries, headers nor bodies are logged: they may hold secrets.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::{Metrics, request_id};
use crate::access::{Caller, Origin};
use crate::problem::Reason;

/// Watches one request.
pub(crate) async fn watch(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id::of(request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // One number for each route: paths without one could be as many as a client likes.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = next.run(request).await;
    response.headers_mut().insert(request_id::HEADER, id.clone());
    let (status, took) = (response.status(), started.elapsed());
    metrics.answered(&method, &route, status, took);
    let known = response.extensions();
    let caller = known.get::<Caller>().map_or("-", |caller| &*caller.name);
    let from = known.get::<Origin>().map(tracing::field::display);
    let why = known.get::<Reason>().map(|reason| &*reason.0);
    let milliseconds = took.as_micros() as f64 / 1000.0;
    let (id, path) = (id.to_str().unwrap_or_default(), path.escape_debug());
    if status.is_server_error() {
        tracing::warn!(id, from, caller, %method, %path, status = status.as_u16(), milliseconds, why, "request");
    } else {
        tracing::info!(id, from, caller, %method, %path, status = status.as_u16(), milliseconds, why, "request");
    }
    response
}
