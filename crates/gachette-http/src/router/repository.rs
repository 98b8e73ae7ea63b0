//! The repository as a whole, and the configuration it is found by.

use axum::extract::State;
use gachette::config::Config;
use gachette::repository::{FsckMode, FsckReport};

use super::extract::Json;
use super::{Answer, Api, blocking};
use crate::wire::{FsckRequest, RepositoryState};

pub(super) async fn configuration(State(api): State<Api>) -> Json<Config> {
    Json(Config::clone(&api.config))
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

pub(super) async fn fsck(State(api): State<Api>, Json(wish): Json<FsckRequest>) -> Answer<FsckReport> {
    let mode = if wish.repair { FsckMode::Repair } else { FsckMode::Check };
    blocking(move || Ok(api.config.repository()?.fsck(mode)?)).await.map(Json)
}
