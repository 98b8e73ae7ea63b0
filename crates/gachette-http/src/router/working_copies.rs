//! Working copies: list, show, remove.

use axum::extract::State;
use gachette::operation::{self, WorkingCopyState};
use gachette_core::git::WorkingCopyName;
use http::StatusCode;

use super::extract::{Json, Path};
use super::{Answer, Api, blocking};
use crate::Problem;

pub(super) async fn list(State(api): State<Api>) -> Answer<Vec<WorkingCopyState>> {
    blocking(move || operation::working_copies(&api.config)).await.map(Json)
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(name): Path<WorkingCopyName>,
) -> Answer<WorkingCopyState> {
    blocking(move || operation::working_copy(&api.config, &name)).await.map(Json)
}

pub(super) async fn remove(
    State(api): State<Api>,
    Path(name): Path<WorkingCopyName>,
) -> Result<StatusCode, Problem> {
    blocking(move || operation::remove_working_copy(&api.config, &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}
