//! What a server serves: its API, by the configuration of now. That may be read again while it runs, for requests from then on.

use axum::{Router, middleware};
use gachette::config::Config;

use super::body::read_whole;
use crate::access::{Gate, gate};
use crate::observe;
use crate::{Api, Problem, router};

/// An API, and its routes as they are served to others.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) api: Api,
    pub(super) router: Router,
    gate: Gate,
}

impl Served {
    /// The routes of this API: watched, guarded, and with bodies of a reasonable size.
    pub(super) fn new(api: Api, guard: Gate) -> Self {
        let router = router(api.clone())
            .layer(middleware::from_fn(read_whole))
            .layer(middleware::map_response(async |answer| Problem::answered_by_server(answer)))
            .layer(middleware::from_fn_with_state(guard.clone(), gate))
            .layer(middleware::from_fn_with_state(api.metrics(), observe::watch));
        Self { api, router, gate: guard }
    }

    /// The same by another configuration. What a running server cannot change stays, and is told.
    pub(super) fn reconfigured(&self, config: Config) -> Self {
        let (api, kept) = self.api.reconfigured(config);
        for key in kept {
            tracing::warn!("`{key}` was changed, which needs a restart: until then it is what it was");
        }
        Self::new(api, self.gate.clone())
    }
}
