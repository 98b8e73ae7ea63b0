//! Builds: start, look at, follow, cancel.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures::Stream;
use gachette::operation::{
    BuildRequest, Context, Missing, Origin, PrepareRequest, QuickRequest, SourceRequest, build, make,
    prepare, quick,
};
use http::StatusCode;

use super::extract::{Json, Path};
use super::{Answer, Api};
use crate::Problem;
use crate::access::{Caller, Role};
use crate::run::{Build, BuildId, BuildKind, Run, Work};
use crate::wire::{BuildOrder, CloneUrl, MakeOrder, StartBuild};

/// How long a stream of events may be silent; then a line without meaning is sent.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) async fn start(
    State(api): State<Api>,
    caller: Caller,
    Json(order): Json<StartBuild>,
) -> Result<(StatusCode, Json<Build>), Problem> {
    // A recipe may run anything: whose it is, is for the configuration to say.
    if order.names_an_address() && caller.role < Role::Admin {
        let problem = caller.lacks(Role::Admin);
        return Err(problem.with_hint("projects of the server's configuration are built without a url"));
    }
    let (kind, subject) = match &order {
        StartBuild::Prepare { name, .. } => (BuildKind::Prepare, name.to_string()),
        StartBuild::Build(order) => (BuildKind::Build, order.name.to_string()),
        StartBuild::Make(order) => (BuildKind::Make, order.project.clone()),
        StartBuild::Quick { project, .. } => (BuildKind::Quick, project.clone()),
    };
    let work = work(&api, &caller, order);
    Ok((StatusCode::ACCEPTED, Json(api.runs.start(kind, subject, work)?)))
}

pub(super) async fn list(State(api): State<Api>) -> Json<Vec<Build>> {
    Json(api.runs.list())
}

pub(super) async fn show(State(api): State<Api>, Path(id): Path<BuildId>) -> Answer<Build> {
    Ok(Json(api.runs.shown(&*api.runs.find(&id)?)))
}

pub(super) async fn cancel(State(api): State<Api>, Path(id): Path<BuildId>) -> Answer<Build> {
    let run = api.runs.find(&id)?;
    run.cancel();
    Ok(Json(api.runs.shown(&run)))
}

/// All events from the first, then new ones as they come, until the build ends.
pub(super) async fn events(
    State(api): State<Api>,
    Path(id): Path<BuildId>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, Problem> {
    let run = api.runs.find(&id)?;
    let followed = run.follow();
    let stream = futures::stream::unfold(
        (run, followed, 0),
        async |(run, mut followed, next): (Arc<Run>, _, usize)| {
            let progress =
                *tokio::sync::watch::Receiver::wait_for(&mut followed, |p| p.ended || p.events > next)
                    .await
                    .ok()?;
            if next >= progress.events {
                return None;
            }
            let event = SseEvent::default().data(run.event(next)?);
            Some((Ok(event), (run, followed, next + 1)))
        },
    );
    // A proxy in between takes silence for an end.
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn work(api: &Api, caller: &Caller, order: StartBuild) -> Work {
    let config = Arc::clone(&api.config);
    let by = match &order {
        StartBuild::Quick { reason, .. } => caller.by(reason),
        _ => caller.by(""),
    };
    Box::new(move |cancel, on_event| {
        let mut context = Context { config: &config, cancel, on_event };
        match order {
            StartBuild::Prepare { name, url, reference, pushed } => {
                let url = url.map(CloneUrl::into_url);
                prepare(&mut context, &PrepareRequest { name, url, reference, origin: origin(pushed) })
            }
            StartBuild::Build(order) => build(&mut context, &build_request(*order)),
            StartBuild::Make(order) => {
                let missing = if order.plan { Missing::Plan } else { Missing::Build };
                make(&mut context, &source_request(order), missing)
            }
            StartBuild::Quick {
                stack, project, reference, url, path_to_missile, rebuild, pushed, ..
            } => {
                let order =
                    MakeOrder { project, reference, url, path_to_missile, rebuild, pushed, plan: false };
                quick(&mut context, &QuickRequest { stack, source: source_request(order), by })
            }
        }
    })
}

fn origin(pushed: bool) -> Origin {
    if pushed { Origin::Mirror } else { Origin::Remote }
}

fn source_request(order: MakeOrder) -> SourceRequest {
    let MakeOrder { project, reference, url, path_to_missile, rebuild, pushed, plan: _ } = order;
    let (url, origin) = (url.map(CloneUrl::into_url), origin(pushed));
    SourceRequest { project, reference, url, path_to_missile, rebuild, origin }
}

fn build_request(order: BuildOrder) -> BuildRequest {
    let BuildOrder {
        name,
        path_to_missile,
        app_version,
        env_version,
        service_version,
        static_version,
        web_callback,
    } = order;
    BuildRequest {
        name,
        path_to_missile,
        app_version,
        env_version,
        service_version,
        static_version,
        web_callback,
    }
}
