//! Tokens: list, create, revoke.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;

use super::extract::{Json, Path};
use super::idempotency::Secret;
use super::{Api, on_disk};
use crate::Problem;
use crate::access::TokenName;
use crate::wire::{CreateToken, CreatedToken, TokenSummary};

pub(super) async fn list(State(api): State<Api>) -> Result<Json<Vec<TokenSummary>>, Problem> {
    on_disk(move || api.tokens.list()).await.map(Json)
}

pub(super) async fn create(
    State(api): State<Api>,
    Json(wish): Json<CreateToken>,
) -> Result<(StatusCode, Extension<Secret>, Json<CreatedToken>), Problem> {
    let created = on_disk(move || api.tokens.create(wish)).await?;
    Ok((StatusCode::CREATED, Extension(Secret), Json(created)))
}

pub(super) async fn revoke(
    State(api): State<Api>,
    Path(name): Path<TokenName>,
) -> Result<StatusCode, Problem> {
    on_disk(move || api.tokens.revoke(&name)).await?;
    Ok(StatusCode::NO_CONTENT)
}
