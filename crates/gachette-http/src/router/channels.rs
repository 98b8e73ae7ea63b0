//! Channels: list, show, log, move.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gachette::Cancel;
use gachette::operation::{self, ChannelOrder, OutlookRequest, PromotionOutlook};
use gachette::repository::{ChannelLog, ChannelLogRange};
use gachette_core::apt::Suite;
use gachette_core::channel::ChannelEntry;
use gachette_core::stack::{Domain, StackName};
use http::HeaderMap;

use super::extract::{Json, Path, Query};
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
    Query(range): Query<ChannelLogRange>,
) -> Answer<ChannelLog> {
    let channel = named(name)?;
    blocking(move || Ok(api.config.repository()?.log_channel(&channel, &range)?)).await.map(Json)
}

pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<(Domain, String)>,
    headers: HeaderMap,
    Json(wish): Json<ChangeChannel>,
) -> Result<impl IntoResponse, Problem> {
    let (channel, by) = (named(name)?, caller.by(&wish.reason));
    if caller.role < Role::Release {
        check_answers(&api, &caller, &channel, &wish.order)?;
    }
    let expected = entity_tag::expected(&headers);
    let change = move |cancel: &Cancel| {
        let repository = api.config.repository()?.expecting(expected);
        operation::change_channel(&api.config, &repository, &channel, &wish.order, &by, cancel)
    };
    let changed = while_awaited(change).await?;
    Ok(([entity_tag::of(&changed.hash)], Json(changed)))
}

pub(super) async fn outlook(
    State(api): State<Api>,
    caller: Caller,
    Path(name): Path<(Domain, String)>,
    Query(request): Query<OutlookRequest>,
) -> Answer<PromotionOutlook> {
    let (channel, by) = (named(name)?, caller.by(""));
    let look = move |cancel: &Cancel| {
        let repository = api.config.repository()?;
        operation::promotion_outlook(&api.config, &repository, &channel, &request, &by, cancel)
    };
    while_awaited(look).await.map(Json)
}

/// Refuses what is no answer to what a channel asks for: what runs the checks need not be what moves it.
fn check_answers(api: &Api, caller: &Caller, channel: &Suite, order: &ChannelOrder) -> Result<(), Problem> {
    let asked = api.config.channel_policy(channel).required_checks;
    let results = match order {
        ChannelOrder::Check { results, .. } if !asked.is_empty() => results,
        _ => return Err(caller.lacks(Role::Release)),
    };
    match results.keys().find(|check| !asked.contains(check)) {
        Some(check) => {
            let hint = format!(
                "channel {channel} asks for no check `{check}`, and such are noted with the role release"
            );
            Err(caller.lacks(Role::Release).with_hint(hint))
        }
        None => Ok(()),
    }
}

fn named((domain, name): (Domain, String)) -> Result<Suite, Problem> {
    StackName::new(domain, &name).map(Suite::from).map_err(Problem::invalid)
}
