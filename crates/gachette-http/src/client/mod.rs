//! The client of the API: one method an operation, whatever carries the requests.

mod events;
mod operations;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use crate::{Problem, ProblemKind};

/// A client of the API.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
}

/// What carries requests to the API.
#[derive(Clone)]
enum Transport {
    /// The router in this process: no socket, no copy.
    InProcess(Router),
}

/// The longest answer that is read into memory, in bytes; a stack of 100,000 packages fits.
const LONGEST_ANSWER: usize = 256 << 20;

impl Client {
    /// A client of the router in this process.
    pub fn in_process(router: Router) -> Self {
        Self { transport: Transport::InProcess(router) }
    }

    async fn send(&self, request: Request<Body>) -> Result<http::Response<Body>, Problem> {
        match &self.transport {
            Transport::InProcess(router) => match router.clone().oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            },
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.call(Method::GET, path, None::<&()>).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Problem> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Problem> {
        let response = self.send(request(method, path, body)?).await?;
        let status = response.status();
        let bytes = collect(response.into_body()).await?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|error| unreadable(&error));
        }
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|_| unknown(status)))
    }
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

async fn collect(body: Body) -> Result<Bytes, Problem> {
    let limited = http_body_util::Limited::new(body, LONGEST_ANSWER);
    match limited.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(Problem::new(ProblemKind::Internal, format!("the answer broke off: {error}"))),
    }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::new(ProblemKind::Internal, format!("the answer cannot be read: {error}"))
        .with_hint("the other side may be another version of gachette")
}

fn unknown(status: StatusCode) -> Problem {
    Problem::new(ProblemKind::Internal, format!("the other side answered {status} without saying why"))
}

/// A value as one segment of a path or a query's value, percent-encoded.
fn encoded(text: &str) -> String {
    let kept = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'@');
    text.bytes().map(|b| if kept(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
