//! Errors on the wire: RFC 9457 problem documents. The one place where a kind, a hint and an HTTP status are attached.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use gachette::operation::OperationError;
use http::{HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Unfinished;
use crate::access::TokenError;

/// Which kind of thing went wrong: clients decide by this, people read the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The request names something that does not exist.
    NotFound,
    /// The request cannot be understood.
    Invalid,
    /// The configuration lacks what the request needs, or is wrong.
    Configuration,
    /// A build failed: its recipe, one of its steps, or fetching its source.
    BuildFailed,
    /// It was refused: a sealed stack, a different file for a known version.
    Refused,
    /// A host could not be reached, or failed.
    HostFailed,
    /// It was cancelled.
    Cancelled,
    /// It is not known who asks.
    Unauthenticated,
    /// Who asks may not do this.
    Forbidden,
    /// What was to be changed was changed by somebody else.
    Changed,
    /// Who asks has asked too often.
    TooManyRequests,
    /// It cannot be done now: there is too much to do, or the server is about to end.
    Unavailable,
    /// A fault of gachette's own, or of the machine it runs on.
    Internal,
}

/// What hints call the file of the configuration.
const CONFIGURATION: &str = "gachette.yml";
/// What a server's hints about it end with.
const RELOAD: &str = "; then have the server read it again, with `systemctl reload gachette` or SIGHUP";

/// One error, as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The kind of error.
    pub kind: ProblemKind,
    /// What is wrong, in one line, with the values concerned.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// More lines: places in a recipe, the end of a program's output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// The build log that holds the rest, on the machine that built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Box<str>>,
    /// After how many seconds it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Whether the other side never got the request; only this side knows.
    #[serde(skip)]
    pub never_sent: bool,
    /// What the other side was asked for when it failed; only this side knows.
    #[serde(skip)]
    pub unfinished: Option<Box<Unfinished>>,
}

impl ProblemKind {
    /// The HTTP status of this kind.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Configuration | Self::BuildFailed | Self::Refused | Self::Cancelled => StatusCode::CONFLICT,
            Self::HostFailed => StatusCode::BAD_GATEWAY,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Changed => StatusCode::PRECONDITION_FAILED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Problem {
    /// A problem of this kind, without hint.
    pub fn new(kind: ProblemKind, title: impl Into<String>) -> Self {
        let status = kind.status().as_u16();
        Self {
            kind,
            title: title.into(),
            status,
            hint: None,
            lines: Vec::new(),
            log: None,
            retry_after: None,
            never_sent: false,
            unfinished: None,
        }
    }

    /// With this hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// To be tried again after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same, of a server: what is put into its configuration is of use once that was read again.
    #[must_use]
    pub(crate) fn on_server(mut self) -> Self {
        let lacks = |hint: &&mut String| hint.contains(CONFIGURATION) && !hint.ends_with(RELOAD);
        if let Some(hint) = self.hint.as_mut().filter(lacks) {
            hint.push_str(RELOAD);
        }
        self
    }

    /// An answer, as a server gives it.
    pub(crate) fn answered_by_server(mut answer: Response) -> Response {
        match answer.extensions_mut().remove::<Self>() {
            Some(problem) => problem.on_server().into_response(),
            None => answer,
        }
    }

    /// A request that cannot be understood.
    pub fn invalid(title: impl ToString) -> Self {
        Self::new(ProblemKind::Invalid, title.to_string())
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        use gachette::operation::FaultKind;
        let kind = match error.kind() {
            FaultKind::NotFound => ProblemKind::NotFound,
            FaultKind::Invalid => ProblemKind::Invalid,
            FaultKind::Configuration => ProblemKind::Configuration,
            FaultKind::Build => ProblemKind::BuildFailed,
            FaultKind::Refused => ProblemKind::Refused,
            FaultKind::Changed => ProblemKind::Changed,
            FaultKind::Cancelled => ProblemKind::Cancelled,
            FaultKind::Internal => ProblemKind::Internal,
        };
        let (title, lines) = error.told();
        Self { hint: error.hint(), lines, ..Self::new(kind, title) }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let problem = |kind| Self::new(kind, error.to_string());
        match &error {
            TokenError::Taken(name) => problem(ProblemKind::Refused).with_hint(format!(
                "if it was lost, take it back with `gachette token revoke {name}`, and make it again"
            )),
            TokenError::Missing(_) => problem(ProblemKind::NotFound),
            TokenError::File(file) => match file.hint() {
                Some(hint) => problem(ProblemKind::Configuration).with_hint(hint),
                None => problem(ProblemKind::Internal),
            },
            TokenError::Malformed { .. } => problem(ProblemKind::Internal).with_hint(
                "bring the file back from a backup; or move it away, and make the tokens anew with `gachette token create`",
            ),
        }
    }
}

/// Why a request was answered with a problem, for the log.
#[derive(Debug, Clone)]
pub(crate) struct Reason(pub(crate) Arc<str>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (retry_after, reason) = (self.retry_after, Reason(self.title.as_str().into()));
        let mut response = (status, Json(&self)).into_response();
        response.extensions_mut().insert(reason);
        if self.hint.as_ref().is_some_and(|hint| hint.contains(CONFIGURATION)) {
            response.extensions_mut().insert(self);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
