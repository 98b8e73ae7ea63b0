//! Listens to what comes over a stream: who hung up, when a connection is over, only the stream itself knows.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What was heard of the other side so far.
#[derive(Debug, Clone)]
pub(super) struct Heard(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    is_over: bool,
    last: Instant,
}

impl Heard {
    /// Nothing so far.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { is_over: false, last: Instant::now() })))
    }

    /// The same stream, listened to.
    pub(super) fn listen<S>(&self, stream: S) -> Listened<S> {
        Listened { stream, heard: self.clone() }
    }

    /// Whether the other side has hung up, or takes nothing more.
    pub(super) fn is_over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_over
    }

    /// How long nothing came.
    pub(super) fn silence(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last.elapsed()
    }

    fn note(&self, is_over: bool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_over |= is_over;
        state.last = Instant::now();
    }
}

/// A stream that is listened to.
pub(super) struct Listened<S> {
    stream: S,
    heard: Heard,
}

impl<S: AsyncRead + Unpin> AsyncRead for Listened<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        self.heard.note(outcome.is_err() || (buffer.filled().len() == before && buffer.remaining() > 0));
        Poll::Ready(outcome)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Listened<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        if outcome.is_err() {
            self.heard.note(true);
        }
        Poll::Ready(outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
