//! The repository as a whole, and the configuration it is found by.

use axum::extract::State;
use gachette::config::Config;
use gachette::repository::{FsckMode, FsckReport, GcMode, GcReport, GcRequest, KEEP_FOR, RepositoryLog};
use gachette_core::log::LogRequest;
use jiff::Timestamp;

use super::extract::{Json, Query};
use super::{Answer, Api, blocking};
use crate::wire::{FsckRequest, GcOrder, RepositoryState};

pub(super) async fn configuration(State(api): State<Api>) -> Json<Config> {
    Json(api.config.without_secrets())
}

pub(super) async fn init(State(api): State<Api>) -> Answer<RepositoryState> {
    blocking(move || {
        let created = api.config.repository().is_err();
        let repository = api.config.made_repository()?;
        let shown = |path: &std::path::Path| path.display().to_string();
        Ok(RepositoryState {
            meta_path: repository.meta().map(shown).unwrap_or_default(),
            debs_path: shown(repository.debs()),
            created,
        })
    })
    .await
    .map(Json)
}

pub(super) async fn log(State(api): State<Api>, Query(wanted): Query<LogRequest>) -> Answer<RepositoryLog> {
    blocking(move || Ok(api.config.repository()?.log(&wanted)?)).await.map(Json)
}

pub(super) async fn fsck(State(api): State<Api>, Json(wish): Json<FsckRequest>) -> Answer<FsckReport> {
    let mode = if wish.repair { FsckMode::Repair } else { FsckMode::Check };
    blocking(move || Ok(api.config.repository()?.fsck(mode)?)).await.map(Json)
}

pub(super) async fn gc(State(api): State<Api>, Json(order): Json<GcOrder>) -> Answer<GcReport> {
    blocking(move || {
        let keep_for = order.keep_for.and_then(|period| period.duration().try_into().ok());
        let request = GcRequest {
            mode: if order.apply { GcMode::Remove } else { GcMode::Look },
            keep_for: keep_for.unwrap_or(KEEP_FOR),
            keep_indices: api.config.publish.settings().keep_indices,
            keep_unregistered: order.keep_unregistered,
            explain: order.explain,
            now: Timestamp::now(),
        };
        Ok(api.config.repository()?.gc(&request)?)
    })
    .await
    .map(Json)
}
