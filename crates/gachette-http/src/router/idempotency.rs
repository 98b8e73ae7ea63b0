//! `Idempotency-Key`: a wish that is sent again, because its answer got lost, is carried out once. Answers are remembered by
//! this process for a day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use gachette_core::Sha256Digest;
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use http_body_util::{BodyExt, Limited};
use tokio::sync::OnceCell;

use crate::access::Caller;
use crate::{Problem, ProblemKind};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes.
const LONGEST: usize = 255;
/// The largest body of such a wish, and of its answer, in bytes.
const LARGEST: usize = 1 << 20;
/// How long an answer is remembered, and how many are.
const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 3600);
const REMEMBERED: usize = 10_000;

/// The answers that are remembered, by caller and key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<HashMap<(String, String), Wish>>>);

/// A wish, and its answer once it is there.
#[derive(Debug, Clone)]
struct Wish {
    since: Instant,
    digest: Sha256Digest,
    answer: Arc<OnceCell<Answer>>,
}

/// An answer that can be given again.
#[derive(Debug, Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Carries a wish with a key out once, and gives its answer to everybody who sends the same again.
pub(super) async fn once(State(answers): State<Answers>, request: Request, next: Next) -> Response {
    match answers.answer(request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

impl Answers {
    async fn answer(&self, request: Request, next: Next) -> Result<Response, Problem> {
        let Some(key) = request.headers().get(HEADER) else { return Ok(next.run(request).await) };
        let key = key.to_str().ok().filter(|key| (1..=LONGEST).contains(&key.len()));
        let wrong = || Problem::invalid("an Idempotency-Key is 1 to 255 visible characters");
        let key = key.ok_or_else(wrong)?.to_owned();
        let (parts, body) = request.into_parts();
        let broken = |_| Problem::invalid("the body of the request is too large, or broke off");
        let body = Limited::new(body, LARGEST).collect().await.map_err(broken)?.to_bytes();
        let wish = self.wish(&parts, key, &body)?;
        let carried_out = wish.answer.get_or_try_init(async || {
            let request = Request::from_parts(parts, Body::from(body));
            // It goes on when the client who sent it is gone: another may ask for its answer.
            let response = tokio::spawn(next.run(request)).await;
            let response = response.map_err(|error| {
                Err(Problem::new(ProblemKind::Internal, format!("the wish was not carried out: {error}")))
            })?;
            Answer::of(response).await
        });
        match carried_out.await {
            Ok(answer) => Ok(answer.clone().into_response()),
            // What failed by no fault of the wish may be tried again.
            Err(outcome) => outcome,
        }
    }

    /// The wish of this caller with this key: a new one, or the same again.
    fn wish(&self, parts: &Parts, key: String, body: &[u8]) -> Result<Wish, Problem> {
        let caller =
            parts.extensions.get::<Caller>().map_or_else(String::new, |caller| caller.name.to_string());
        let head =
            format!("{} {}\n{:?}\n", parts.method, parts.uri, parts.headers.get(http::header::IF_MATCH));
        let digest = Sha256Digest::of(&[head.as_bytes(), body].concat());
        let mut wishes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wishes.len() >= REMEMBERED {
            wishes.retain(|_, wish| wish.since.elapsed() < REMEMBERED_FOR);
        }
        if wishes.len() >= REMEMBERED {
            let title = "too many wishes with an Idempotency-Key are remembered";
            return Err(Problem::new(ProblemKind::Unavailable, title).retry_after(60));
        }
        let fresh = || Wish { since: Instant::now(), digest, answer: Arc::default() };
        let wish = wishes.entry((caller, key)).or_insert_with(fresh);
        if wish.since.elapsed() >= REMEMBERED_FOR {
            *wish = fresh();
        }
        if wish.digest != digest {
            return Err(Problem::invalid("this Idempotency-Key was used for another wish")
                .with_hint("take a new key for each wish, and the same when the same is sent again"));
        }
        Ok(wish.clone())
    }
}

impl Answer {
    /// The answer, to be remembered; an error holds one that is given, and forgotten.
    async fn of(response: Response) -> Result<Self, Result<Response, Problem>> {
        let (parts, body) = response.into_parts();
        let broken = |_| Err(Problem::new(ProblemKind::Internal, "the answer is too large"));
        let body = Limited::new(body, LARGEST).collect().await.map_err(broken)?.to_bytes();
        let (status, headers) = (parts.status, parts.headers.clone());
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Ok(Response::from_parts(parts, Body::from(body))));
        }
        Ok(Self { status, headers, body })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, self.headers, self.body).into_response()
    }
}
