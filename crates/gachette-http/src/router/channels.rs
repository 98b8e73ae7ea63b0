//! Channels: list, show, log, move.

use axum::extract::State;
use gachette::operation::{self, ChannelChanged};
use gachette_core::apt::Suite;
use gachette_core::channel::ChannelEntry;
use gachette_core::stack::{Domain, StackName};

use super::extract::{Json, Path, Query};
use super::stacks::LogRange;
use super::{Answer, Api, blocking, while_awaited};
use crate::Problem;
use crate::access::Caller;
use crate::wire::ChangeChannel;

pub(super) async fn list(State(api): State<Api>, Path(domain): Path<Domain>) -> Answer<Vec<ChannelEntry>> {
    let channels = blocking(move || Ok(api.config.repository()?.channels(&domain)?)).await?;
    Ok(Json(channels.into_iter().map(|kept| kept.entry).collect()))
}

pub(super) async fn show(State(api): State<Api>, Path(name): Path<(Domain, String)>) -> Answer<ChannelEntry> {
    let channel = named(name)?;
    Ok(Json(blocking(move || Ok(api.config.repository()?.channel(&channel)?)).await?.entry))
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
    Json(wish): Json<ChangeChannel>,
) -> Answer<ChannelChanged> {
    let (channel, by) = (named(name)?, caller.by(&wish.reason));
    while_awaited(move |cancel| operation::change_channel(&api.config, &channel, &wish.order, &by, cancel))
        .await
        .map(Json)
}

fn named((domain, name): (Domain, String)) -> Result<Suite, Problem> {
    StackName::new(domain, &name).map(Suite::from).map_err(Problem::invalid)
}
