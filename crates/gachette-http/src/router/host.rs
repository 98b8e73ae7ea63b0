//! The machine that answers: whether it is fit for builds.

use axum::extract::State;
use gachette::host_check::{Pushing, look};
use gachette_core::host_check::{Vantage, judge};
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Json, Query};
use super::{Answer, Api, while_awaited};
use crate::wire::HostReport;

/// Who fetches commits.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Looked {
    /// Whether who asks pushes the commits of projects with `source: push`; then these are not asked for here.
    #[serde(default)]
    pushes: bool,
}

pub(super) async fn check(State(api): State<Api>, Query(looked): Query<Looked>) -> Answer<HostReport> {
    let pushing = if looked.pushes { Pushing::ByCaller } else { Pushing::Nobody };
    let facts = while_awaited(move |cancel| Ok(look(&api.config, pushing, cancel))).await?;
    Ok(Json(HostReport::new(judge(&facts, &Vantage::default()), Some(facts))))
}
