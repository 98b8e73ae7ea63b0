//! HTTP/2 over one connection, whatever it is made of. Any number of requests are under way at once.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderValue, Request, Response};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

use super::loss::Loss;
use super::server::authorization;
use super::ssh::Line;
use crate::{Problem, ProblemKind};

/// After how long without a frame the other side is asked whether it is there.
const ASK_AFTER: Duration = Duration::from_secs(5);
/// How long its answer may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A connection that was made.
#[derive(Clone)]
pub(crate) struct Connection {
    requests: http2::SendRequest<Body>,
    far_end: Arc<FarEnd>,
    /// The token that is shown with each request.
    authorization: Option<HeaderValue>,
}

/// Who is at the other end.
pub(super) enum FarEnd {
    /// A program behind `ssh`.
    Ssh(Box<Line>),
    /// A server of this machine.
    Socket(PathBuf),
    /// A process that was started for this.
    Background,
}

impl FarEnd {
    /// Why the connection is gone, as far as it is known.
    async fn lost(&self, loss: &Loss) -> Problem {
        match self {
            Self::Ssh(line) => line.lost(loss).await,
            Self::Socket(path) => {
                let title = format!("unix://{}: {loss}", path.display());
                Problem::new(ProblemKind::HostFailed, title)
            }
            Self::Background => {
                Problem::new(ProblemKind::Internal, format!("the process in the background: {loss}"))
            }
        }
    }
}

impl Connection {
    /// Speaks HTTP/2 over `stream`.
    pub(super) async fn start<S>(stream: S, far_end: FarEnd) -> Result<Self, Problem>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let handshake = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(ASK_AFTER)
            .keep_alive_timeout(ANSWER_WITHIN)
            .keep_alive_while_idle(true)
            .adaptive_window(true)
            .handshake(TokioIo::new(stream));
        match handshake.await {
            Ok((requests, driver)) => {
                // Its end is seen by the requests.
                tokio::spawn(driver);
                Ok(Self { requests, far_end: Arc::new(far_end), authorization: None })
            }
            Err(error) => Err(far_end.lost(&Loss::of(&error)).await),
        }
    }

    /// Connects to a server of this machine, and shows it the token.
    ///
    /// # Errors
    /// When nobody listens there, or this user may not connect; when the token is none.
    pub(crate) async fn unix(path: &Path, token: Option<&str>) -> Result<Self, Problem> {
        let authorization = token.map(authorization).transpose()?;
        let failed = |error: std::io::Error| {
            let hint = match error.kind() {
                ErrorKind::PermissionDenied => {
                    "only the socket's user and group may connect: see `ls -l` of it"
                }
                _ => "see whether `gachette serve` runs, and listens there",
            };
            let title =
                format!("cannot connect to unix://{}: {}", path.display(), gachette::io_reason(&error));
            Problem::new(ProblemKind::HostFailed, title).with_hint(hint)
        };
        let stream = UnixStream::connect(path).await.map_err(failed)?;
        let connection = Self::start(stream, FarEnd::Socket(path.to_owned())).await?;
        Ok(Self { authorization, ..connection })
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Problem> {
        let mut requests = self.requests.clone();
        let mut request = absolute(request)?;
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        if let Err(error) = requests.ready().await {
            return Err(self.lost(&Loss::of(&error)).await);
        }
        match requests.send_request(request).await {
            Ok(response) => Ok(response.map(Body::new)),
            Err(error) => Err(self.lost(&Loss::of(&error)).await),
        }
    }

    /// Whether somebody else is responsible for what happens at the other end.
    pub(super) fn is_far(&self) -> bool {
        !matches!(*self.far_end, FarEnd::Background)
    }

    /// Whether the program was sent to the other side when it was connected to.
    pub(super) fn was_sent(&self) -> bool {
        matches!(&*self.far_end, FarEnd::Ssh(line) if line.was_sent())
    }

    /// Why the connection is gone.
    pub(super) async fn lost(&self, loss: &Loss) -> Problem {
        self.far_end.lost(loss).await
    }
}

/// HTTP/2 names scheme and host in each request; behind a connection of our own they mean nothing.
fn absolute(request: Request<Body>) -> Result<Request<Body>, Problem> {
    let (mut parts, body) = request.into_parts();
    let mut uri = parts.uri.into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(Authority::from_static("gachette"));
    uri.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
    parts.uri = Uri::from_parts(uri).map_err(|error| {
        Problem::new(ProblemKind::Internal, format!("the request has no address: {error}"))
    })?;
    Ok(Request::from_parts(parts, body))
}
