//! What can be seen of a server: an id for each request, a line in the log, and numbers for Prometheus.

mod metrics;
mod request_id;
mod watch;

pub(crate) use metrics::Metrics;
pub(crate) use watch::watch;
