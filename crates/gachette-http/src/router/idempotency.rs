//! `Idempotency-Key`: a wish that is sent again, because its answer got lost, is carried out once. Answers are remembered for a
//! day, by a server also beyond its end; those that hold a [secret](Secret) for ten minutes, and in memory alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
use crate::problem::Reason;
use crate::{Problem, ProblemKind};

pub(crate) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes.
const LONGEST: usize = 255;
/// The largest body of such a wish, and of its answer, in bytes.
const LARGEST: usize = 1 << 20;
/// How long an answer with a secret is remembered: its client asks again soon, or never.
const SECRET_FOR: Duration = Duration::from_secs(600);
/// How long any other answer is remembered, how many of one client are, and of all.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);
const REMEMBERED_OF_ONE: usize = 1000;
const REMEMBERED: usize = 10_000;

/// An extension of an answer that holds a secret: it is never written down.
#[derive(Clone, Copy)]
pub(super) struct Secret;

/// The answers that are remembered. Some hold secrets, so none is ever printed.
#[derive(Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<Remembered>>);

/// Whose a wish is, and its key.
type Who = (String, String);

/// The wishes, and where they are written down.
#[derive(Default)]
struct Remembered {
    wishes: HashMap<Who, Wish>,
    journal: Option<Journal<Entry>>,
    /// Whether a server remembers them.
    is_servers: bool,
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
#[derive(Clone)]
struct Wish {
    since: Timestamp,
    digest: Sha256Digest,
    answer: Arc<OnceCell<Answer>>,
}

/// An answer that can be given again.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    is_secret: bool,
    /// Why it is a refusal, for the log; of what an earlier server answered it is not known.
    reason: Option<Reason>,
}

/// Carries a wish with a key out once, and gives its answer to everybody who sends the same again.
pub(super) async fn once(State(answers): State<Answers>, request: Request, next: Next) -> Response {
    match answers.answer(request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

impl Answers {
    /// Remembers what the server before answered too, and writes all down from here on.
    pub(super) fn adopt(&self, folder: &ServerFolder) -> std::io::Result<()> {
        let (mut journal, before) = Journal::open(folder, "answers", |entry: &Entry| !is_over(entry.since))?;
        let remembered = &mut *self.hold();
        let here = remembered.entries();
        // The newest first: more than are remembered may have been written down.
        for entry in before.into_iter().rev() {
            let who = (entry.caller.clone(), entry.key.clone());
            if !remembered.is_full_for(&who.0) {
                remembered.wishes.entry(who).or_insert_with(|| entry.wish());
            }
        }
        here.iter().for_each(|entry| journal.add(entry, || remembered.entries()));
        remembered.journal = Some(journal);
        Ok(())
    }

    /// They are those of a server.
    pub(super) fn of_server(&self) {
        self.hold().is_servers = true;
    }

    /// Whether they are written down.
    pub(super) fn are_kept(&self) -> bool {
        self.hold().journal.is_some()
    }

    fn hold(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (answers, request) = (self.clone(), Request::from_parts(parts, Body::from(body)));
        // All of it goes on when the client who sent it is gone: another may ask for its answer.
        let carried_out = tokio::spawn(async move { answers.carry_out(&who, &wish, request, next).await });
        carried_out.await.unwrap_or_else(|error| {
            Err(Problem::new(ProblemKind::Internal, format!("the wish was not carried out: {error}")))
        })
    }

    /// Carries a wish out, unless that was done before; its answer.
    async fn carry_out(
        &self,
        who: &Who,
        wish: &Wish,
        request: Request,
        next: Next,
    ) -> Result<Response, Problem> {
        let carried_out = wish.answer.get_or_try_init(async || {
            let mut answer = next.run(request).await;
            // What is remembered is what a server says.
            if self.hold().is_servers {
                answer = Problem::answered_by_server(answer);
            }
            let answer = Answer::of(answer).await?;
            self.write_down(who, wish, &answer);
            if answer.is_secret {
                tokio::spawn(self.clone().forget(who.clone(), wish.clone(), SECRET_FOR));
            }
            Ok(answer)
        });
        match carried_out.await {
            Ok(answer) => Ok(answer.clone().into_response()),
            // What failed by no fault of the wish may be tried again.
            Err(outcome) => outcome,
        }
    }

    /// The wish of this caller with this key: a new one, or the same again.
    fn wish(&self, parts: &Parts, who: &Who, body: &[u8]) -> Result<Wish, Problem> {
        let head =
            format!("{} {}\n{:?}\n", parts.method, parts.uri, parts.headers.get(http::header::IF_MATCH));
        let digest = Sha256Digest::of(&[head.as_bytes(), body].concat());
        let mut remembered = self.hold();
        remembered.make_room(who)?;
        let fresh = || Wish { since: Timestamp::now(), digest, answer: Arc::default() };
        let wish = remembered.wishes.entry(who.clone()).or_insert_with(fresh);
        if is_over(wish.since) {
            *wish = fresh();
        }
        if wish.digest != digest {
            return Err(Problem::invalid("this Idempotency-Key was used for another wish")
                .with_hint("take a new key for each wish, and the same when the same is sent again"));
        }
        Ok(wish.clone())
    }

    /// Forgets a wish after a while.
    async fn forget(self, who: Who, wish: Wish, after: Duration) {
        tokio::time::sleep(after).await;
        let wishes = &mut self.hold().wishes;
        // A newer one may have its key.
        if wishes.get(&who).is_some_and(|there| Arc::ptr_eq(&there.answer, &wish.answer)) {
            wishes.remove(&who);
        }
    }

    fn write_down(&self, who: &Who, wish: &Wish, answer: &Answer) {
        let mut remembered = self.hold();
        let Some(entry) = Entry::of(who, wish, answer) else { return };
        let Some(mut journal) = remembered.journal.take() else { return };
        // The cell of the newest has its answer only after this.
        journal
            .add(&entry, || remembered.entries().into_iter().chain(Entry::of(who, wish, answer)).collect());
        remembered.journal = Some(journal);
    }
}

impl Remembered {
    /// Those that were answered, the oldest first.
    fn entries(&self) -> Vec<Entry> {
        let known = self.wishes.iter().filter(|(_, wish)| !is_over(wish.since));
        let mut all: Vec<Entry> =
            known.filter_map(|(who, wish)| Entry::of(who, wish, wish.answer.get()?)).collect();
        all.sort_unstable_by_key(|entry| entry.since);
        all
    }

    /// Whether there is room for one more of this caller.
    fn is_full_for(&self, caller: &str) -> bool {
        let own = self.wishes.keys().filter(|(owner, _)| owner == caller);
        self.wishes.len() >= REMEMBERED || own.count() >= REMEMBERED_OF_ONE
    }

    /// Makes room for a wish, if it is a new one, of which its caller loses the oldest that was answered.
    fn make_room(&mut self, who: &Who) -> Result<(), Problem> {
        if self.wishes.contains_key(who) || !self.is_full_for(&who.0) {
            return Ok(());
        }
        self.wishes.retain(|_, wish| !is_over(wish.since));
        if self.is_full_for(&who.0) {
            let answered = self.wishes.iter().filter(|(_, wish)| wish.answer.initialized());
            let own = answered.filter(|((caller, _), _)| *caller == who.0);
            let oldest = own.min_by_key(|(_, wish)| wish.since).map(|(who, _)| who.clone());
            let title = "too many wishes with an Idempotency-Key are remembered";
            let full = || Problem::new(ProblemKind::Unavailable, title).retry_after(60);
            self.wishes.remove(&oldest.ok_or_else(full)?);
        }
        Ok(())
    }
}

fn is_over(since: Timestamp) -> bool {
    Timestamp::now().duration_since(since) >= REMEMBERED_FOR
}

fn caller_of(parts: &Parts) -> String {
    parts.extensions.get::<Caller>().map_or_else(String::new, |caller| caller.name.to_string())
}

impl Entry {
    /// An answer as it is written down; none when it is no text, or holds a secret.
    fn of((caller, key): &Who, wish: &Wish, answer: &Answer) -> Option<Self> {
        if answer.is_secret {
            return None;
        }
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
            is_secret: false,
            reason: None,
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
        let is_secret = parts.extensions.get::<Secret>().is_some();
        let reason = parts.extensions.get::<Reason>().cloned();
        Ok(Self { status, headers, body, is_secret, reason })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.headers, self.body).into_response();
        if let Some(reason) = self.reason {
            response.extensions_mut().insert(reason);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use tokio::sync::Semaphore;
    use tower::ServiceExt;

    use super::*;

    /// A route that counts how often it is asked, and answers when it is let go.
    struct Slow {
        asked: Arc<AtomicUsize>,
        go: Arc<Semaphore>,
        router: Router,
    }

    impl Slow {
        fn new(answers: &Answers) -> Self {
            let (asked, go) = (Arc::<AtomicUsize>::default(), Arc::new(Semaphore::new(0)));
            let (counted, awaited) = (Arc::clone(&asked), Arc::clone(&go));
            let route = post(async move || {
                counted.fetch_add(1, Ordering::Relaxed);
                awaited.acquire().await.unwrap().forget();
                "done"
            });
            let router = Router::new().route("/", route.layer(from_fn_with_state(answers.clone(), once)));
            Self { asked, go, router }
        }

        fn ask(&self, key: &str) -> impl Future<Output = Response> + use<> {
            let request = http::Request::post("/").header(HEADER, key).body(Body::empty()).unwrap();
            let answer = self.router.clone().oneshot(request);
            async move { answer.await.unwrap_or_else(|never| match never {}) }
        }
    }

    #[tokio::test]
    async fn a_wish_whose_client_goes_away_is_not_carried_out_again() {
        let slow = Slow::new(&Answers::default());
        let (mut first, mut second) = (Box::pin(slow.ask("k")), Box::pin(slow.ask("k")));
        while slow.asked.load(Ordering::Relaxed) == 0 {
            assert!(futures::poll!(&mut first).is_pending() && futures::poll!(&mut second).is_pending());
            tokio::task::yield_now().await;
        }
        drop(first);
        slow.go.add_permits(2);
        assert_eq!((second.await.status(), slow.ask("k").await.status()), (StatusCode::OK, StatusCode::OK));
        assert_eq!(slow.asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn who_sends_too_many_loses_his_own_oldest_alone() {
        let answers = Answers::default();
        let slow = Slow::new(&answers);
        slow.go.add_permits(REMEMBERED);
        let theirs = Wish { since: Timestamp::now(), digest: Sha256Digest::of(b""), answer: Arc::default() };
        answers.hold().wishes.insert(("ben".to_owned(), "0".to_owned()), theirs);
        for number in 0..=REMEMBERED_OF_ONE {
            assert_eq!(slow.ask(&number.to_string()).await.status(), StatusCode::OK);
        }
        assert_eq!(answers.hold().wishes.len(), REMEMBERED_OF_ONE + 1);
        for (key, asked) in [("1000", 1001), ("1", 1001), ("0", 1002)] {
            slow.ask(key).await;
            assert_eq!(slow.asked.load(Ordering::Relaxed), asked, "{key}");
        }
    }

    #[tokio::test]
    async fn an_answer_with_a_secret_is_never_written_down_and_soon_forgotten() {
        let folders = tempfile::tempdir().unwrap();
        let folder = ServerFolder::take(folders.path(), "/srv/meta").unwrap().unwrap();
        let answers = Answers::default();
        answers.adopt(&folder).unwrap();
        let asked = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&asked);
        let create = async move || {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            (axum::Extension(Secret), format!("opensesame {number}"))
        };
        let route = post(create).layer(from_fn_with_state(answers.clone(), once));
        let router = Router::new().route("/", route);
        let ask = async || {
            let request = http::Request::post("/").header(HEADER, "k").body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            answer.into_body().collect().await.unwrap().to_bytes()
        };
        assert_eq!((ask().await, ask().await), ("opensesame 0".into(), "opensesame 0".into()));
        let files = std::fs::read_dir(folders.path()).unwrap().map(|entry| entry.unwrap().path());
        let files = files.flat_map(|folder| std::fs::read_dir(folder).unwrap());
        let texts: Vec<String> =
            files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        assert!(texts.len() >= 2 && !texts.concat().contains("opensesame"), "{texts:?}");
        let (who, wish) =
            answers.hold().wishes.iter().map(|(who, wish)| (who.clone(), wish.clone())).next().unwrap();
        answers.clone().forget(who, wish, Duration::ZERO).await;
        assert_eq!((ask().await, asked.load(Ordering::Relaxed)), ("opensesame 1".into(), 2));
    }
}
