//! The machine that answers: whether it is fit for builds.

use axum::extract::State;
use gachette::Cancel;
use gachette::host_check::{Pushing, look};
use gachette_core::host_check::{Vantage, judge};
use schemars::JsonSchema;
use serde::Deserialize;

use super::extract::{Json, Query};
use super::{Answer, Api, blocking};
use crate::wire::HostReport;

/// Who fetches commits.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Looked {
    /// Whether who asks pushes the commits of projects with `source: push`; then these are not asked for here.
    #[serde(default)]
    pushes: bool,
}

/// Ends what was begun for somebody who is gone.
struct EndsWithCaller(Cancel);

impl Drop for EndsWithCaller {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

pub(super) async fn check(State(api): State<Api>, Query(looked): Query<Looked>) -> Answer<HostReport> {
    let pushing = if looked.pushes { Pushing::ByCaller } else { Pushing::Nobody };
    let ends = EndsWithCaller(Cancel::new());
    let cancel = ends.0.clone();
    let facts = blocking(move || Ok(look(&api.config, pushing, &cancel))).await?;
    Ok(Json(HostReport::new(judge(&facts, &Vantage::default()), Some(facts))))
}
