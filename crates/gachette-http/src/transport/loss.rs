//! How a connection that worked came to its end, from the error of whoever used it.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use http_body_util::LengthLimitError;
use tower_http::timeout::TimeoutError;

/// The end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing came for too long.
    Silent,
    /// It was closed.
    Closed,
    /// It is there, but did not answer a request for so long.
    Unanswered(Duration),
    /// An answer that had begun did not go on.
    Stopped,
    /// What came is not what gachette says.
    Garbled(String),
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("the connection was lost"),
            Self::Closed => f.write_str("the connection ended"),
            Self::Unanswered(time) => write!(f, "it has not answered for {} s", time.as_secs()),
            Self::Stopped => f.write_str("it stopped in the middle of an answer"),
            Self::Garbled(how) => write!(f, "what it sends is not what gachette says: {how}"),
        }
    }
}

impl Loss {
    /// What this error of the HTTP library means.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let causes: Vec<_> = std::iter::successors(Some(error), |&cause| cause.source()).collect();
        let http = || causes.iter().filter_map(|cause| cause.downcast_ref::<hyper::Error>());
        if causes.iter().any(|cause| cause.is::<LengthLimitError>()) {
            return Self::Garbled("an answer is longer than any may be".to_owned());
        }
        if causes.iter().any(|cause| cause.is::<TimeoutError>()) {
            return Self::Stopped;
        }
        if http().any(hyper::Error::is_timeout) {
            return Self::Silent;
        }
        let stream = || causes.iter().filter_map(|cause| cause.downcast_ref::<h2::Error>());
        if causes.iter().any(|cause| cause.is::<io::Error>())
            || stream().any(h2::Error::is_io)
            || http().any(|e| e.is_canceled() || e.is_closed())
        {
            return Self::Closed;
        }
        Self::Garbled(causes.last().map(ToString::to_string).unwrap_or_default())
    }
}
