//! The wishes of the user or the system that this process end, and who hears them.
//!
//! Work of this process alone is ended by the system, as any program's. Work on a host is given up where it stands, and it is told what that
//! was, unless who does it listens himself.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gachette_http::Unfinished;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::error::Failure;

/// How many listen, to end in order.
static LISTENERS: AtomicUsize = AtomicUsize::new(0);

/// The wishes that this process end, for who hears them and ends in order.
pub(crate) struct Interrupts(Signals);

impl Interrupts {
    pub(crate) fn listen() -> Result<Self, Failure> {
        let signals = Signals::listen()?;
        LISTENERS.fetch_add(1, Ordering::Relaxed);
        Ok(Self(signals))
    }

    /// Returns with the next one.
    pub(crate) async fn next(&mut self) {
        self.0.next().await;
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        LISTENERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The signals by which it is wished.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let [interrupt, terminate, hangup] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
            _ = hangup.recv() => (),
        }
    }
}

/// What comes of the work, unless an interrupt comes before: then it is given up where it stands. Once interrupts were listened
/// for, they end nothing by themselves any more.
pub(crate) async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut interrupts = Interrupts::listen()?;
    tokio::select! {
        // First: one that comes with the end of the work is for what would follow, and nobody else hears of it.
        biased;
        () = interrupts.next() => Err(Failure::interrupted()),
        outcome = work => outcome,
    }
}

/// What a host was asked for last.
#[derive(Clone, Default)]
pub(super) struct Underway(Rc<State>);

#[derive(Default)]
struct State {
    last: RefCell<Option<Unfinished>>,
    begun: Notify,
}

impl Underway {
    /// A host is asked for this now.
    pub(super) fn is(&self, unfinished: Unfinished) {
        self.0.last.replace(Some(unfinished));
        self.0.begun.notify_one();
    }

    /// What comes of work on a host, which is given up at an interrupt that nobody else listens for.
    pub(super) async fn unless_interrupted<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        // What the same session did before is done.
        self.0.last.take();
        tokio::select! {
            biased;
            failure = self.interrupted() => Err(failure),
            outcome = work => outcome,
        }
    }

    async fn interrupted(&self) -> Failure {
        // Until then an interrupt ends the process by itself, also while a question is asked.
        self.0.begun.notified().await;
        let mut signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(failure) => return failure,
        };
        loop {
            signals.next().await;
            if LISTENERS.load(Ordering::Relaxed) == 0 {
                let last = self.0.last.take();
                return last.map_or_else(Failure::interrupted, |last| Failure::interrupted_in(&last));
            }
        }
    }
}
