//! Channels: list, show, log, move.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gachette::Cancel;
use gachette::operation::{self, ChannelOrder};
use gachette_core::apt::Suite;
use gachette_core::channel::ChannelEntry;
use gachette_core::stack::{Domain, StackName};
use http::HeaderMap;

use super::extract::{Json, Path, Query};
use super::stacks::LogRange;
use super::{Answer, Api, blocking, entity_tag, while_awaited};
use crate::Problem;
use crate::access::{Caller, Role};
use crate::wire::ChangeChannel;

pub(super) async fn list(State(api): State<Api>, Path(domain): Path<Domain>) -> Answer<Vec<ChannelEntry>> {
    let channels = blocking(move || Ok(api.config.repository()?.channels(&domain)?)).await?;
    Ok(Json(channels.into_iter().map(|kept| kept.entry).collect()))
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(name): Path<(Domain, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let channel = named(name)?;
    let kept = blocking(move || Ok(api.config.repository()?.channel(&channel)?)).await?;
    Ok(entity_tag::answer(&headers, &kept.hash, Json(kept.entry)))
}

pub(super) async fn log(
    State(api): State<Api>,
    Path(name): Path<(Domain, String)>,
    Query(range): Query<LogRange>,
) -> Answer<Vec<ChannelEntry>> {
    let channel = named(name)?;
    let log = blocking(move || Ok(api.config.repository()?.log_channel(&channel, range.limit)?)).await?;
    Ok(Json(log.into_iter().map(|kept| kept.entry).collect()))
}

pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<(Domain, String)>,
    headers: HeaderMap,
    Json(wish): Json<ChangeChannel>,
) -> Result<impl IntoResponse, Problem> {
    let (channel, by) = (named(name)?, caller.by(&wish.reason));
    // What runs the checks that a channel asks for need not be what moves it.
    let asks_for_checks = || !api.config.channel_policy(&channel).required_checks.is_empty();
    let is_answer = matches!(wish.order, ChannelOrder::Check { .. }) && asks_for_checks();
    if !is_answer && caller.role < Role::Release {
        return Err(caller.lacks(Role::Release));
    }
    let expected = entity_tag::expected(&headers);
    let change = move |cancel: &Cancel| {
        let repository = api.config.repository()?.expecting(expected);
        operation::change_channel(&api.config, &repository, &channel, &wish.order, &by, cancel)
    };
    let changed = while_awaited(change).await?;
    Ok(([entity_tag::of(&changed.hash)], Json(changed)))
}

fn named((domain, name): (Domain, String)) -> Result<Suite, Problem> {
    StackName::new(domain, &name).map(Suite::from).map_err(Problem::invalid)
}
