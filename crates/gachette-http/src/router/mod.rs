//! The router: which path and method lead to which operation.

mod bases;
mod buildinfo;
mod builds;
mod channels;
mod debs;
mod description;
mod entity_tag;
mod extract;
mod hooks;
mod host;
mod idempotency;
mod journal;
mod keys;
mod mirrors;
mod old_tree;
mod packages;
mod repository;
mod routes;
mod served_file;
mod stacks;
mod statements;
mod suites;
mod table;
mod tokens;
mod twin;
mod working_copies;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use gachette::Cancel;
use gachette::config::Config;
use gachette::operation::OperationError;
use http::{StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use self::extract::Json;
use self::hooks::Deliveries;
use self::idempotency::Answers;
pub(crate) use self::idempotency::HEADER as IDEMPOTENCY_KEY;
use self::journal::ServerFolder;
use crate::access::{Caller, TokenFile};
use crate::observe::Metrics;
use crate::outside::spawn_outside;
use crate::run::{BuildFolder, Runs};
use crate::{Problem, ProblemKind};

/// What the router serves: a configuration, on behalf of somebody.
#[derive(Clone)]
pub struct Api {
    config: Arc<Config>,
    pub(crate) author: Arc<str>,
    runs: Runs,
    tokens: TokenFile,
    metrics: Arc<Metrics>,
    answers: Answers,
    deliveries: Deliveries,
}

impl Api {
    /// Serves this configuration; what is changed is changed in this author's name. Builds are kept in this folder.
    pub fn new(config: Config, author: impl Into<Arc<str>>, builds: Option<BuildFolder>) -> Self {
        let tokens = TokenFile::of_this_user();
        Self {
            config: Arc::new(config),
            author: author.into(),
            runs: Runs::new(builds),
            tokens,
            metrics: Arc::default(),
            answers: Answers::default(),
            deliveries: Deliveries::default(),
        }
    }

    /// Keeps tokens in this file.
    #[must_use]
    pub fn with_tokens(self, tokens: TokenFile) -> Self {
        Self { tokens, ..self }
    }

    /// As a server, which knows the builds for its repository alone, carries out at most so many at the same time while others
    /// wait for their turn, takes up again what it did not end, and remembers which wishes it answered.
    #[must_use]
    pub fn of_server(self, builds_at_once: usize) -> Self {
        let place = self.config.meta_path.as_ref().unwrap_or(&self.config.working_copies);
        let server = place.display().to_string();
        self.answers.of_server();
        let api = Self { runs: self.runs.of_server(&server, builds_at_once), ..self };
        if let Err(error) = api.remember() {
            tracing::warn!(%error, "what is answered is forgotten when this server ends, as long as that is so");
        }
        api
    }

    /// The same with another configuration, for what begins from now on. Which repository it is for cannot be changed: the keys of
    /// that stay as they are, and are named when they would have changed.
    pub(crate) fn reconfigured(&self, mut config: Config) -> (Self, Vec<&'static str>) {
        let (now, mut kept) = (&self.config, Vec::new());
        let mut keep = |key, new: &mut Option<PathBuf>, now: &Option<PathBuf>| {
            if new != now {
                new.clone_from(now);
                kept.push(key);
            }
        };
        keep("meta_path", &mut config.meta_path, &now.meta_path);
        keep("debs_path", &mut config.debs_path, &now.debs_path);
        // Without a repository it is known by these.
        if now.meta_path.is_none() && config.working_copies != now.working_copies {
            config.working_copies.clone_from(&now.working_copies);
            kept.push("working_copies");
        }
        (Self { config: Arc::new(config), ..self.clone() }, kept)
    }

    /// Remembers what the server before this one answered, once that has ended, and from then on what this one answers.
    pub(crate) fn remember(&self) -> std::io::Result<()> {
        let Some(server) = self.runs.server().filter(|_| !self.answers.are_kept()) else { return Ok(()) };
        let folders = gachette::state::folder().join("servers");
        let taken = || std::io::Error::other(format!("another server remembers what concerns {server}"));
        let folder = ServerFolder::take(&folders, server)?.ok_or_else(taken)?;
        self.deliveries.adopt(&folder)?;
        self.answers.adopt(&folder)?;
        tracing::info!("what is answered is remembered beyond the end of this server");
        Ok(())
    }

    /// The tokens it knows.
    pub(crate) fn tokens(&self) -> TokenFile {
        self.tokens.clone()
    }

    /// What is counted of it.
    pub(crate) fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// The builds of this process.
    pub(crate) fn runs(&self) -> Runs {
        self.runs.clone()
    }
}

impl Caller {
    /// Who changes something, and why.
    fn by(&self, reason: &str) -> gachette_core::stack::By {
        gachette_core::stack::By::new(&*self.name).because(reason)
    }
}

/// The answer of a route.
type Answer<T> = Result<Json<T>, Problem>;

/// Which version of gachette answers, and for how long.
#[derive(Serialize, JsonSchema)]
struct Health {
    version: &'static str,
    state: HealthState,
}

/// Whether builds can be started.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum HealthState {
    /// They can.
    Serving,
    /// They cannot: it ends when those at work have.
    Ending,
}

impl Health {
    async fn of(State(api): State<Api>) -> Json<Self> {
        let state = if api.runs.is_closed() { HealthState::Ending } else { HealthState::Serving };
        Json(Self { version: env!("CARGO_PKG_VERSION"), state })
    }
}

/// Numbers for Prometheus.
async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], api.metrics.text(&api.runs))
}

/// All routes.
pub fn router(api: Api) -> Router {
    table::all(&api)
        .fallback(async || {
            Problem::new(ProblemKind::NotFound, "there is nothing at this address")
                .with_hint("the API is below /api/v1")
        })
        .method_not_allowed_fallback(async || Problem {
            status: StatusCode::METHOD_NOT_ALLOWED.as_u16(),
            ..Problem::invalid("this address does not take this method")
        })
        .with_state(api)
}

/// Runs an operation on a thread where it may wait for disks and programs.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OperationError> + Send + 'static,
) -> Result<T, Problem> {
    on_disk(work).await
}

/// The same, of what is ended when who asked for it is gone.
async fn while_awaited<T: Send + 'static>(
    work: impl FnOnce(&Cancel) -> Result<T, OperationError> + Send + 'static,
) -> Result<T, Problem> {
    let asker = Asker(Cancel::new());
    let cancel = asker.0.clone();
    blocking(move || work(&cancel)).await
}

/// Who waits for an answer; what was begun for it ends with it.
struct Asker(Cancel);

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The same, of what fails otherwise.
async fn on_disk<T: Send + 'static, E: Into<Problem> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Problem> {
    match spawn_outside(work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(error) => Err(Problem::new(ProblemKind::Internal, format!("the operation ended: {error}"))),
    }
}
