//! Bases: list, show, log, take anew.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gachette::Cancel;
use gachette::operation::{self, BaseState};
use gachette_core::base::{BaseEntry, BaseName, BaseRef};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Json, Path, Query};
use super::stacks::LogRange;
use super::{Answer, Api, blocking, entity_tag, while_awaited};
use crate::Problem;
use crate::access::Caller;

/// Which entry of a base.
#[derive(Deserialize, JsonSchema)]
pub(super) struct AtEntry {
    number: Option<u64>,
}

pub(super) async fn list(State(api): State<Api>) -> Answer<Vec<BaseState>> {
    blocking(move || operation::bases(&api.config)).await.map(Json)
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(base): Path<BaseName>,
    Query(at): Query<AtEntry>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let base = BaseRef { base, number: at.number };
    let (entry, hash) = blocking(move || Ok(api.config.repository()?.hashed_base(&base)?)).await?;
    Ok(entity_tag::answer(&headers, &hash, Json(entry)))
}

pub(super) async fn log(
    State(api): State<Api>,
    Path(base): Path<BaseName>,
    Query(range): Query<LogRange>,
) -> Answer<Vec<BaseEntry>> {
    blocking(move || Ok(api.config.repository()?.log_base(&base, range.limit)?)).await.map(Json)
}

pub(super) async fn update(
    State(api): State<Api>,
    caller: Caller,
    Path(base): Path<BaseName>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let (by, expected) = (caller.by(""), entity_tag::expected(&headers));
    let update = move |cancel: &Cancel| {
        let repository = api.config.made_repository()?.expecting(expected);
        operation::update_base(&api.config, &repository, &base, &by, cancel)
    };
    let updated = while_awaited(update).await?;
    Ok(([entity_tag::of(&updated.hash)], Json(updated)))
}
