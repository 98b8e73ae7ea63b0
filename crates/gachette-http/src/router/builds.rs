//! Builds: start, look at, follow, cancel.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::unfold;
use futures::{Stream, StreamExt};
use gachette::operation::{
    BuildRequest, Compare, Context, ImportRequest, ImportSource, Missing, OperationError, Origin,
    PrepareRequest, QuickRequest, SourceRequest, build, check_sources, import, make, prepare, quick,
};
use gachette_core::stack::By;
use http::{HeaderMap, HeaderName, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::sleep;

use super::extract::{Json, Path, Query};
use super::stacks::LogRange;
use super::{Answer, Api, on_disk};
use crate::Problem;
use crate::access::{Caller, Role};
use crate::run::{Attachment, Build, BuildId, Ordered, Work};
use crate::wire::{BuildOrder, CloneUrl, ImportFrom, ImportOrder, MakeOrder, StartBuild};

/// How many events go out as one piece at most, when they are there. A frame of HTTP/2 for each would be taken for an attack.
const TOGETHER: usize = 1_000;
/// How long is waited for more to go out with them. Without it, a reader as quick as the step would get a frame for each.
const GATHERS: Duration = Duration::from_millis(5);
/// The header by which a client says which event it saw last.
const LAST_EVENT_ID: &str = "last-event-id";
/// How long a stream of events may be silent; then a line without meaning is sent.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many lines of a log are shown, when it is not said and at most.
const LOG_LINES: usize = 20;
const MOST_LOG_LINES: usize = 10_000;

/// What the client who orders is to the build.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Ordering {
    /// Whether it goes on when its client is gone, also where builds end with their client; on a server all go on.
    #[serde(default)]
    detach: bool,
}

/// Which part of a log.
#[derive(Deserialize, JsonSchema)]
pub(super) struct EndOfLog {
    /// The last so many lines.
    last: Option<usize>,
}

pub(super) async fn start(
    State(api): State<Api>,
    caller: Caller,
    Query(ordering): Query<Ordering>,
    Json(order): Json<StartBuild>,
) -> Result<(StatusCode, Json<Build>), Problem> {
    let attachment = if ordering.detach { Attachment::Detached } else { Attachment::Attached };
    on_disk(move || begin(&api, &caller, order, attachment)).await
}

/// Begins what is ordered, if the caller may order it. It waits for the disk.
pub(super) fn begin(
    api: &Api,
    caller: &Caller,
    order: StartBuild,
    attachment: Attachment,
) -> Result<(StatusCode, Json<Build>), Problem> {
    // A recipe may run anything: whose it is, is for the configuration to say.
    if order.names_an_address() && caller.role < Role::Admin {
        let problem = caller.lacks(Role::Admin);
        return Err(match order {
            StartBuild::Import(_) => problem,
            _ => problem.with_hint("projects of the server's configuration are built without a url"),
        });
    }
    match &order {
        StartBuild::Import(ImportOrder { from: ImportFrom::Apt { sources, .. }, .. }) => {
            check_sources(sources)?;
        }
        StartBuild::Import(ImportOrder { from: ImportFrom::Files { paths }, .. }) if paths.is_empty() => {
            return Err(OperationError::Invalid("no package file is named".to_owned()).into());
        }
        _ => {}
    }
    let ordered = Ordered { order, by: caller.name.to_string(), attachment };
    let work = work(api, &ordered);
    Ok((StatusCode::ACCEPTED, Json(api.runs.start(&ordered, work)?)))
}

impl Api {
    /// Takes up again what this server did not end before it ended itself.
    pub(crate) fn take_up_builds(&self) {
        self.runs.take_up(|ordered| work(self, ordered));
    }
}

pub(super) async fn list(State(api): State<Api>, Query(range): Query<LogRange>) -> Answer<Vec<Build>> {
    let newest = range.limit.unwrap_or(usize::MAX);
    on_disk(move || Ok::<_, Problem>(api.runs.list().into_iter().take(newest).collect())).await.map(Json)
}

pub(super) async fn show(State(api): State<Api>, Path(id): Path<BuildId>) -> Answer<Build> {
    on_disk(move || api.runs.show(&id)).await.map(Json)
}

pub(super) async fn cancel(State(api): State<Api>, Path(id): Path<BuildId>) -> Answer<Build> {
    on_disk(move || api.runs.cancel(&id)).await.map(Json)
}

/// Says to proxies whether they may gather an answer before they pass it on.
const NOT_BUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// All events from the first, or from the one after the `Last-Event-ID`, then new ones as they come, until the build ends. Who has
/// seen the last of them is told that there is nothing more, and need not ask again
/// (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
pub(super) async fn events(
    State(api): State<Api>,
    Path(id): Path<BuildId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last_seen = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse::<usize>().ok());
    let seen = last_seen.unwrap_or(0);
    let mut events = Box::pin(api.runs.events(&id).await?.enumerate().skip(seen).peekable());
    if last_seen.is_some() {
        let runs = api.runs.clone();
        let has_ended = !on_disk(move || runs.show(&id)).await?.state.is_under_way();
        if has_ended && events.as_mut().peek().await.is_none() {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    let stream = events.map(|(index, event)| {
        Ok::<_, Infallible>(SseEvent::default().id((index + 1).to_string()).data(event))
    });
    // A proxy in between takes silence for an end.
    let told = Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // nginx, and who goes by its word, keeps pieces of an answer together for a while unless it is told not to.
    let told = ([(NOT_BUFFERED, "no")], told).into_response();
    Ok(told.map(|body| {
        let events = Box::pin(body.into_data_stream().fuse());
        Body::from_stream(unfold(events, async |mut events| Some((gathered(&mut events).await?, events))))
    }))
}

/// What comes within a while from the first on, as one piece; nothing at the end.
async fn gathered(
    events: &mut (impl Stream<Item = Result<Bytes, axum::Error>> + Unpin),
) -> Option<Result<Bytes, axum::Error>> {
    let mut pieces = vec![events.next().await?];
    let mut while_lasts = pin!(sleep(GATHERS));
    while pieces.len() < TOGETHER {
        // Also where the runtime has this task make way in the middle.
        tokio::select! {
            biased;
            Some(piece) = events.next() => pieces.push(piece),
            () = &mut while_lasts => break,
        }
    }
    Some(joined(pieces))
}

/// All of them as one piece.
fn joined(pieces: Vec<Result<Bytes, axum::Error>>) -> Result<Bytes, axum::Error> {
    let pieces: Vec<Bytes> = pieces.into_iter().collect::<Result<_, _>>()?;
    Ok(pieces.concat().into())
}

/// The end of a build's log.
pub(super) async fn log(
    State(api): State<Api>,
    Path(id): Path<BuildId>,
    Query(part): Query<EndOfLog>,
) -> Result<String, Problem> {
    let lines = part.last.unwrap_or(LOG_LINES).min(MOST_LOG_LINES);
    on_disk(move || api.runs.end_of_log(&id, lines)).await
}

fn work(api: &Api, ordered: &Ordered) -> Work {
    let config = Arc::clone(&api.config);
    let Ordered { order, by, .. } = ordered.clone();
    let by = By::new(by);
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
            StartBuild::Import(ImportOrder { from, stack, verify, reason }) => {
                let source = match from {
                    ImportFrom::Folder { path } => ImportSource::Folder(path.into()),
                    ImportFrom::Files { paths } => {
                        ImportSource::Files(paths.into_iter().map(Into::into).collect())
                    }
                    ImportFrom::Apt { sources, unsigned, architectures } => {
                        ImportSource::Apt { sources, unsigned, architectures }
                    }
                };
                let compare = if verify { Compare::Bytes } else { Compare::Size };
                import(&mut context, &ImportRequest { source, stack, compare, by: by.because(reason) })
            }
            StartBuild::Quick {
                stack,
                project,
                reference,
                url,
                path_to_missile,
                rebuild,
                pushed,
                reason,
            } => {
                let by = by.because(reason);
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
