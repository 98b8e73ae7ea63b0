//! The client of the API: one method an operation, whatever carries the requests.

mod bases;
mod events;
mod host;
mod keys;
mod operations;
mod push;
mod working_copies;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use gachette::host::Ssh;
use gachette::repository::writer_id;
use gachette_core::json_reason;
use gachette_core::stack::StackName;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_http::timeout::TimeoutBody;
use url::Url;

use crate::access::is_of_service;
use crate::router::IDEMPOTENCY_KEY;
use crate::transport::{self, Connection, Loss, Server, ServerAccess, Transport};
use crate::wire::{ClientHello, encoded};
use crate::{Problem, ProblemKind, Unfinished};

/// A client of the API.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    /// What is told when the other side fails.
    unfinished: Option<Arc<Unfinished>>,
}

/// The longest answer that is read into memory, in bytes; a stack of 100,000 packages fits.
const LONGEST_ANSWER: usize = 64 << 20;
/// How long the next piece of an answer that has begun may take.
const NEXT_PIECE_WITHIN: Duration = Duration::from_secs(20);

impl Client {
    /// A client of the router in this process.
    pub fn in_process(router: Router) -> Self {
        Self::over(Transport::InProcess(router))
    }

    /// A client of the API on another machine, reached by `ssh`, where `hello` says on whose behalf it works. The machine gets
    /// this program first when it has not got it.
    ///
    /// # Errors
    /// When the host cannot be reached, does not let us in, or cannot run the program.
    pub async fn ssh(ssh: &Ssh, hello: &ClientHello) -> Result<Self, Problem> {
        let connection = Connection::ssh(ssh, hello).await?;
        Ok(Self::over(Transport::Connection(connection)))
    }

    /// A client of another process of this program on this machine, which is started for it, and goes on with the builds that are
    /// detached when this client is gone.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn background(hello: &ClientHello) -> Result<Self, Problem> {
        Ok(Self::over(Transport::Connection(Connection::background(hello).await?)))
    }

    /// Whether this program was sent to the other side when it was connected to.
    pub fn was_sent(&self) -> bool {
        self.transport.was_sent()
    }

    /// Whether a connection to the host is there already, which the next `ssh` goes through.
    pub async fn has_connection(ssh: &Ssh) -> bool {
        transport::is_kept(ssh).await == Some(true)
    }

    /// Whether a server of this machine wants a token from this user, since it is one of a service, such as `www-data`. People are known
    /// by the socket.
    pub fn shows_token_at_socket() -> bool {
        is_of_service(rustix::process::geteuid().as_raw())
    }

    /// A client of a server of this machine, by its socket.
    ///
    /// # Errors
    /// When nobody listens there, or this user may not connect; when the token is none.
    pub async fn unix(path: &Path, token: Option<&str>) -> Result<Self, Problem> {
        Ok(Self::over(Transport::Connection(Connection::unix(path, token).await?)))
    }

    /// A client of a server, which is connected to when it is asked something.
    ///
    /// # Errors
    /// When what is needed for it cannot be read, or the token would cross the network in the clear.
    pub fn server(url: Url, access: &ServerAccess) -> Result<Self, Problem> {
        Ok(Self::over(Transport::Server(Box::new(Server::new(url, access)?))))
    }

    fn over(transport: Transport) -> Self {
        Self { transport, unfinished: None }
    }

    /// The same client for one purpose: when the other side fails, the problem is told with this.
    #[must_use]
    pub fn on_errand(&self, unfinished: Unfinished) -> Self {
        Self { transport: self.transport.clone(), unfinished: Some(Arc::new(unfinished)) }
    }

    async fn send(&self, request: Request<Body>) -> Result<http::Response<Body>, Problem> {
        self.transport.send(request).await.map_err(|problem| self.told(problem))
    }

    /// The problem, with what the other side was asked for when it is that one's.
    fn told(&self, problem: Problem) -> Problem {
        match &self.unfinished {
            Some(unfinished) => unfinished.told_of_host(problem),
            None => problem,
        }
    }

    /// Why an answer broke off in the middle.
    async fn broken(&self, loss: &Loss) -> Problem {
        self.told(self.transport.broken(loss).await)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.call(Method::GET, path, None::<&()>).await
    }

    /// Asks for something to be made: once, also where the transport has to ask twice.
    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Problem> {
        let mut request = request(Method::POST, path, Some(body))?;
        let key = HeaderValue::from_str(&writer_id()).map_err(Problem::invalid)?;
        request.headers_mut().insert(IDEMPOTENCY_KEY, key);
        self.answer(self.send(request).await?).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Problem> {
        let response = self.send(request(method, path, body)?).await?;
        self.answer(response).await
    }

    /// What an answer holds.
    async fn answer<T: DeserializeOwned>(&self, response: http::Response<Body>) -> Result<T, Problem> {
        let status = response.status();
        let bytes = self.collect(response.into_body()).await?;
        if status.is_success() {
            let bytes = if status == StatusCode::NO_CONTENT { Bytes::from_static(b"null") } else { bytes };
            return serde_json::from_slice(&bytes).map_err(|error| {
                let problem = self.transport.seen_from_here(unreadable(&error));
                self.told(problem)
            });
        }
        let problem = serde_json::from_slice(&bytes).unwrap_or_else(|_| unknown(status));
        Err(self.told(self.transport.seen_from_here(problem)))
    }

    /// Why there is no other answer than this one, which is no success.
    async fn refusal(&self, response: http::Response<Body>) -> Problem {
        match self.answer::<serde::de::IgnoredAny>(response).await {
            Err(problem) => problem,
            Ok(_) => unknown(StatusCode::OK),
        }
    }

    async fn collect(&self, body: Body) -> Result<Bytes, Problem> {
        let limited = http_body_util::Limited::new(steady(body), LONGEST_ANSWER);
        match limited.collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) => Err(self.broken(&Loss::of(error.as_ref())).await),
        }
    }
}

/// The same body, which fails when the next piece of it does not come.
fn steady(body: Body) -> Body {
    Body::new(TimeoutBody::new(NEXT_PIECE_WITHIN, body))
}

/// The address of a stack.
fn path(stack: &StackName) -> String {
    format!("/api/v1/domains/{}/stacks/{}", encoded(stack.domain().as_str()), encoded(stack.name()))
}

fn request(method: Method, path: &str, body: Option<&impl Serialize>) -> Result<Request<Body>, Problem> {
    let builder = Request::builder().method(method).uri(path);
    let request = match body {
        None => builder.body(Body::empty()),
        Some(body) => {
            let bytes = serde_json::to_vec(body).map_err(|error| unreadable(&error))?;
            builder.header(header::CONTENT_TYPE, "application/json").body(Body::from(bytes))
        }
    };
    request.map_err(Problem::invalid)
}

fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::new(ProblemKind::Internal, format!("the answer cannot be read: {}", json_reason(error)))
        .with_hint("the other side may be another version of gachette")
}

/// What an answer means that is none of gachette's.
fn unknown(status: StatusCode) -> Problem {
    let (kind, hint) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => (
            ProblemKind::HostFailed,
            "a proxy in between takes nothing as long as this (`client_max_body_size` of nginx)",
        ),
        StatusCode::GATEWAY_TIMEOUT => (
            ProblemKind::HostFailed,
            "a proxy in between did not wait for the answer (`proxy_read_timeout` of nginx); gachette may still be at work",
        ),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => (
            ProblemKind::HostFailed,
            "a proxy in between cannot reach gachette: see whether `gachette serve` runs behind it",
        ),
        _ => (
            ProblemKind::Internal,
            "it is no answer of gachette's: see who answers there, such as a proxy in between",
        ),
    };
    Problem::new(kind, format!("the other side answered {status} without saying why")).with_hint(hint)
}
