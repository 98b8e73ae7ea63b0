//! Numbers for Prometheus, in its text format (version 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};

use crate::run::{BuildState, Runs};

/// Methods that are counted by their names; there are no others in the API.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

/// What is counted of a server.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<Answered, (u64, f64)>>,
    connections: AtomicUsize,
}

/// What requests are counted by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

impl Metrics {
    /// A request was answered.
    pub(super) fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let method = METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other");
        let key = Answered { method, route: route.to_owned(), status: status.as_u16() };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, seconds) = requests.entry(key).or_default();
        *count += 1;
        *seconds += took.as_secs_f64();
    }

    /// A connection was made.
    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection ended.
    pub(crate) fn disconnected(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// All of it, and what `runs` know.
    pub(crate) fn text(&self, runs: &Runs) -> String {
        let mut text = String::new();
        let builds = runs.ours();
        head(&mut text, "gachette_builds", "gauge", "Builds that wait or run.");
        for state in [BuildState::Queued, BuildState::Running] {
            let count = builds.iter().filter(|build| build.state == state).count();
            sample(&mut text, "gachette_builds", &[("state", &state.to_string())], count);
        }
        let ended = runs.tally().all();
        head(
            &mut text,
            "gachette_build_duration_seconds",
            "summary",
            "Builds that ended, from order to end.",
        );
        for ((kind, state), ended) in &ended {
            let labels = [("kind", &*kind.to_string()), ("state", &*state.to_string())];
            sample(&mut text, "gachette_build_duration_seconds_sum", &labels, ended.seconds);
            sample(&mut text, "gachette_build_duration_seconds_count", &labels, ended.count);
        }
        head(
            &mut text,
            "gachette_http_request_duration_seconds",
            "summary",
            "Requests, until their answer began.",
        );
        for (answered, (count, seconds)) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            let status = answered.status.to_string();
            let labels = [("method", answered.method), ("route", &*answered.route), ("status", &*status)];
            sample(&mut text, "gachette_http_request_duration_seconds_sum", &labels, *seconds);
            sample(&mut text, "gachette_http_request_duration_seconds_count", &labels, *count);
        }
        head(&mut text, "gachette_http_connections", "gauge", "Connections that are open.");
        sample(&mut text, "gachette_http_connections", &[], self.connections.load(Ordering::Relaxed));
        head(&mut text, "gachette_info", "gauge", "The version that runs.");
        sample(&mut text, "gachette_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        text
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// A line of a number. Labels are names of our own: nothing in them needs to be escaped.
fn sample(text: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(text, "{name}{braces} {value}");
}
