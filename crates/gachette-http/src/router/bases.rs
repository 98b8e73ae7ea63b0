//! Bases: list, show, log, take anew.

use axum::extract::State;
use gachette::operation::{self, BaseState, BaseUpdated};
use gachette_core::base::{BaseEntry, BaseName, BaseRef};
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Json, Path, Query};
use super::stacks::LogRange;
use super::{Answer, Api, blocking, while_awaited};
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
) -> Answer<BaseEntry> {
    let base = BaseRef { base, number: at.number };
    blocking(move || Ok(api.config.repository()?.base(&base)?)).await.map(Json)
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
) -> Answer<BaseUpdated> {
    let by = caller.by("");
    while_awaited(move |cancel| operation::update_base(&api.config, &base, &by, cancel)).await.map(Json)
}
