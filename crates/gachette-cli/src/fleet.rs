//! The same work on every host: one after the other, or at the same time.

use std::time::{Duration, Instant};

use futures::StreamExt;

use crate::error::Failure;
use crate::output::{Output, table};
use crate::session::Session;

/// The hosts of one command line; this machine alone when none is named.
pub(crate) struct Fleet {
    sessions: Vec<Session>,
    at_once: usize,
    /// Whether a host that failed stops those that have not begun.
    stops: bool,
    output: Output,
}

/// How the work on one host went.
struct Outcome {
    host: String,
    result: Result<(), Failure>,
    took: Duration,
}

impl Fleet {
    /// The hosts that the session's configuration names.
    pub(crate) fn of(session: Session) -> Result<Self, Failure> {
        let connection = &session.config.connection;
        let at_once = if connection.parallel { connection.pool_size.unwrap_or(usize::MAX).max(1) } else { 1 };
        let (stops, output) = (!connection.warn_only, session.output.clone());
        Ok(Self { sessions: session.hosts(), at_once, stops, output })
    }

    /// The same hosts, none of which is left out because another failed.
    pub(crate) fn without_stopping(self) -> Self {
        Self { stops: false, ..self }
    }

    /// The machine that has the repository, when the configuration says which; else as [`Fleet::of`].
    pub(crate) fn of_repository(session: Session) -> Result<Self, Failure> {
        if session.config.repository_at.is_none() {
            return Self::of(session);
        }
        let output = session.output.clone();
        Ok(Self { sessions: vec![session.at_repository()], at_once: 1, stops: true, output })
    }

    /// Does the work on every host. The first failure stops what has not begun, unless it is only to be warned about; an interrupt
    /// always does.
    pub(crate) async fn each(
        &self,
        work: impl AsyncFn(&Session) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if let [session] = self.sessions.as_slice() {
            return session.attended(work(session)).await;
        }
        let failed = std::cell::Cell::new(false);
        let on_one = async |session: &Session| {
            if failed.get() {
                return None;
            }
            let started = Instant::now();
            let result = session.attended(work(session)).await;
            if let Err(failure) = &result {
                failed.set(failed.get() || self.stops || failure.is_interrupt());
                session.output.report(failure);
            }
            let host = session.host().map(ToString::to_string).unwrap_or_default();
            Some(Outcome { host, result, took: started.elapsed() })
        };
        let placed = async |(place, session)| (place, on_one(session).await);
        let at_once = self.at_once.min(self.sessions.len());
        // The next begins when any ends, so that a slow host keeps only itself.
        let sessions = futures::stream::iter(self.sessions.iter().enumerate());
        let mut outcomes: Vec<(usize, Option<Outcome>)> =
            sessions.map(placed).buffer_unordered(at_once).collect().await;
        outcomes.sort_unstable_by_key(|(place, _)| *place);
        self.summarize(outcomes.into_iter().map(|(_, outcome)| outcome))
    }

    fn summarize(&self, outcomes: impl Iterator<Item = Option<Outcome>>) -> Result<(), Failure> {
        let mut first = Ok(());
        let rows: Vec<Vec<String>> = self
            .sessions
            .iter()
            .zip(outcomes)
            .map(|(session, outcome)| {
                let Some(Outcome { host, result, took }) = outcome else {
                    let host = session.host().map(ToString::to_string).unwrap_or_default();
                    return vec![host, "not begun".to_owned(), String::new()];
                };
                let said = match result {
                    Ok(()) => "done",
                    Err(failure) => {
                        first = std::mem::replace(&mut first, Ok(())).and(Err(failure.said().answered()));
                        "failed"
                    }
                };
                vec![host, said.to_owned(), format!("{:.1} s", took.as_secs_f64())]
            })
            .collect();
        self.output.note(&table(&["host", "outcome", "time"], rows));
        first
    }
}
