//! Whether anything goes on in a connection: one in which nothing does is closed.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

/// What goes on in a connection.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    requests: usize,
    /// Those of them whose answers are being sent: with these it is the client's turn.
    answers: usize,
    /// Whether there was a request yet.
    known: bool,
    last: Instant,
}

/// A request that is being answered.
pub(super) struct Busy(Activity);

/// A body whose request is being answered until its end. It is asked for more when the client has taken what there was.
struct BusyBody {
    body: Body,
    busy: Busy,
}

impl Activity {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { requests: 0, answers: 0, known: false, last: Instant::now() })))
    }

    /// A request begins.
    pub(super) fn begin(&self) -> Busy {
        self.change(|state| {
            state.requests += 1;
            state.known = true;
        });
        Busy(self.clone())
    }

    /// Since when no request is being answered; none while one is.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        self.change(|state| (state.requests == 0).then_some(state.last))
    }

    /// Returns when nothing went on for so long: there was no request, or nothing of its answer was taken. The `first` request must
    /// come sooner than those after it.
    pub(super) async fn idle(&self, first: Duration, later: Duration) {
        loop {
            let (busy, known, last) =
                self.change(|state| (state.requests > state.answers, state.known, state.last));
            let longest = if known { later } else { first };
            let until = if busy { Instant::now() + longest } else { last + longest };
            if !busy && until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Busy {
    /// The request is being answered until the end of this body.
    pub(super) fn until_end_of(self, body: Body) -> Body {
        self.0.change(|state| {
            state.answers += 1;
            state.last = Instant::now();
        });
        Body::new(BusyBody { body, busy: self })
    }
}

impl Drop for BusyBody {
    fn drop(&mut self) {
        self.busy.0.change(|state| state.answers -= 1);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.requests -= 1;
            state.last = Instant::now();
        });
    }
}

impl HttpBody for BusyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.busy.0.change(|state| state.last = Instant::now());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use http_body_util::BodyExt;

    use super::*;

    /// Whether nothing has gone on for so long by now.
    fn is_idle(activity: &Activity, longest: Duration) -> bool {
        activity.idle(longest, longest).now_or_never().is_some()
    }

    #[tokio::test]
    async fn a_request_is_waited_for_and_a_client_who_does_not_read_is_not() {
        let activity = Activity::new();
        let (one, two) = (activity.begin(), activity.begin());
        assert!(!is_idle(&activity, Duration::ZERO));
        let mut unread = one.until_end_of(Body::from("much"));
        assert!(!is_idle(&activity, Duration::ZERO), "the other one is still being answered");
        let other = two.until_end_of(Body::from("much"));
        assert!(is_idle(&activity, Duration::ZERO));
        let before = activity.change(|state| state.last);
        assert!(unread.frame().await.is_some());
        assert!(activity.change(|state| state.last) > before && !is_idle(&activity, Duration::from_secs(60)));
        drop((unread, other));
        assert!(is_idle(&activity, Duration::ZERO));
    }

    #[tokio::test]
    async fn the_first_request_must_come_sooner_than_those_after_it() {
        let activity = Activity::new();
        let is_idle = |activity: &Activity| {
            activity.idle(Duration::ZERO, Duration::from_secs(60)).now_or_never().is_some()
        };
        assert!(is_idle(&activity));
        drop(activity.begin());
        assert!(!is_idle(&activity));
    }
}
