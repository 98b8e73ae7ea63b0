//! `Idempotency-Key`: a wish that is sent again, because its answer got lost, is carried out once. Answers are remembered for a
//! day, by a server also beyond its end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use gachette_core::Sha256Digest;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Limited};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::journal::{Journal, ServerFolder};
use crate::access::Caller;
use crate::{Problem, ProblemKind};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes.
const LONGEST: usize = 255;
/// The largest body of such a wish, and of its answer, in bytes.
const LARGEST: usize = 1 << 20;
/// How long an answer is remembered, and how many are.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);
const REMEMBERED: usize = 10_000;

/// The answers that are remembered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<Remembered>>);

/// By caller and key, and where they are written down.
#[derive(Debug, Default)]
struct Remembered {
    wishes: HashMap<(String, String), Wish>,
    journal: Option<Journal<Entry>>,
}

/// An answer as it is written down.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    caller: String,
    key: String,
    since: Timestamp,
    digest: Sha256Digest,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// A wish, and its answer once it is there.
#[derive(Debug, Clone)]
struct Wish {
    since: Timestamp,
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
    /// Those that were given before, and are written down from here on.
    pub(super) fn of_server(folder: &ServerFolder) -> std::io::Result<Self> {
        let (journal, entries) = Journal::open(folder, "answers", |entry: &Entry| !is_over(entry.since))?;
        let wishes =
            entries.into_iter().map(|entry| ((entry.caller.clone(), entry.key.clone()), entry.wish()));
        let remembered = Remembered { wishes: wishes.collect(), journal: Some(journal) };
        Ok(Self(Arc::new(Mutex::new(remembered))))
    }

    async fn answer(&self, request: Request, next: Next) -> Result<Response, Problem> {
        let Some(key) = request.headers().get(HEADER) else { return Ok(next.run(request).await) };
        let is_visible = |key: &&str| key.bytes().all(|byte| byte.is_ascii_graphic());
        let key = key.to_str().ok().filter(|key| (1..=LONGEST).contains(&key.len())).filter(is_visible);
        let wrong = || Problem::invalid("an Idempotency-Key is 1 to 255 visible characters");
        let key = key.ok_or_else(wrong)?.to_owned();
        let (parts, body) = request.into_parts();
        let broken = |_| Problem::invalid("the body of the request is too large, or broke off");
        let body = Limited::new(body, LARGEST).collect().await.map_err(broken)?.to_bytes();
        let who = (caller_of(&parts), key);
        let wish = self.wish(&parts, &who, &body)?;
        let carried_out = wish.answer.get_or_try_init(async || {
            let request = Request::from_parts(parts, Body::from(body));
            // It goes on when the client who sent it is gone: another may ask for its answer.
            let response = tokio::spawn(next.run(request)).await;
            let response = response.map_err(|error| {
                Err(Problem::new(ProblemKind::Internal, format!("the wish was not carried out: {error}")))
            })?;
            let answer = Answer::of(response).await?;
            self.write_down(&who, &wish, &answer);
            Ok(answer)
        });
        match carried_out.await {
            Ok(answer) => Ok(answer.clone().into_response()),
            // What failed by no fault of the wish may be tried again.
            Err(outcome) => outcome,
        }
    }

    /// The wish of this caller with this key: a new one, or the same again.
    fn wish(&self, parts: &Parts, who: &(String, String), body: &[u8]) -> Result<Wish, Problem> {
        let head =
            format!("{} {}\n{:?}\n", parts.method, parts.uri, parts.headers.get(http::header::IF_MATCH));
        let digest = Sha256Digest::of(&[head.as_bytes(), body].concat());
        let wishes = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).wishes;
        if wishes.len() >= REMEMBERED {
            wishes.retain(|_, wish| !is_over(wish.since));
        }
        if wishes.len() >= REMEMBERED {
            let title = "too many wishes with an Idempotency-Key are remembered";
            return Err(Problem::new(ProblemKind::Unavailable, title).retry_after(60));
        }
        let fresh = || Wish { since: Timestamp::now(), digest, answer: Arc::default() };
        let wish = wishes.entry(who.clone()).or_insert_with(fresh);
        if is_over(wish.since) {
            *wish = fresh();
        }
        if wish.digest != digest {
            return Err(Problem::invalid("this Idempotency-Key was used for another wish")
                .with_hint("take a new key for each wish, and the same when the same is sent again"));
        }
        Ok(wish.clone())
    }

    fn write_down(&self, who: &(String, String), wish: &Wish, answer: &Answer) {
        let Remembered { wishes, journal } = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(journal), Some(entry)) = (journal, Entry::of(who, wish, answer)) {
            journal.add(&entry, || {
                let known = wishes.iter().filter(|(_, wish)| !is_over(wish.since));
                // The cell of the newest has its answer only after this.
                let known = known.filter_map(|(who, wish)| Entry::of(who, wish, wish.answer.get()?));
                let mut all: Vec<Entry> = known.chain(Entry::of(who, wish, answer)).collect();
                all.sort_unstable_by_key(|entry| entry.since);
                all
            });
        }
    }
}

fn is_over(since: Timestamp) -> bool {
    Timestamp::now().duration_since(since) >= REMEMBERED_FOR
}

fn caller_of(parts: &Parts) -> String {
    parts.extensions.get::<Caller>().map_or_else(String::new, |caller| caller.name.to_string())
}

impl Entry {
    /// An answer as it is written down; none when it is no text.
    fn of((caller, key): &(String, String), wish: &Wish, answer: &Answer) -> Option<Self> {
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        let headers =
            answer.headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?)));
        Some(Self {
            caller: caller.clone(),
            key: key.clone(),
            since: wish.since,
            digest: wish.digest,
            status: answer.status.as_u16(),
            headers: headers.collect(),
            body: String::from_utf8(answer.body.to_vec()).ok()?,
        })
    }

    fn wish(self) -> Wish {
        let header = |(name, value): (String, String)| {
            Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
        };
        let answer = Answer {
            status: StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: self.headers.into_iter().filter_map(header).collect(),
            body: self.body.into(),
        };
        Wish { since: self.since, digest: self.digest, answer: Arc::new(OnceCell::from(answer)) }
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
