//! The server: listens, accepts so many connections, and ends in order.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use gachette::config::Config;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::connection::serve_connection;
use super::guests::{Guest, Guests};
use super::listen::{Listen, Listener, Stream};
use super::open_files::OpenFiles;
use super::served::Served;
use super::supervisor::{Progress, Supervisor};
use super::tls::{Certificate, TlsFiles};
use crate::Api;
use crate::access::{Gate, Openness};
use crate::observe::Metrics;
use crate::outside::spawn_outside;

/// How long a client may take to agree on TLS.
const TLS_WITHIN: Duration = Duration::from_secs(10);
/// How often it is looked whether another server handed builds back.
const TAKE_UP: Duration = Duration::from_secs(5);
/// How long programs of builds that are cut off have to end.
const END_WITHIN: Duration = Duration::from_secs(20);
/// How long clients may still ask when all builds have ended.
const LINGER: Duration = Duration::from_secs(1);
/// How long connections have to end when everything else has.
const CLOSE_WITHIN: Duration = Duration::from_secs(6);
/// How long it is waited after a connection could not be accepted: there may be no more file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// How a server serves.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where it listens.
    pub listen: Vec<Listen>,
    /// The certificate for TCP; without one it is plain.
    pub tls: Option<TlsFiles>,
    /// Who is let in without a token.
    pub openness: Openness,
    /// How much it takes on.
    pub limits: Limits,
}

/// How much a server takes on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time, at each place where it listens.
    pub connections: usize,
    /// Requests a second, for each caller.
    pub requests_per_second: u32,
    /// How long builds may go on when the server is to end.
    pub grace: Duration,
}

/// Who runs a server: what the server asks of him and tells him.
pub struct Operator<'a> {
    /// Is told each address at which it listens.
    pub on_listen: &'a dyn Fn(&str),
    /// His wishes that it read the configuration again; when no more can come, it ends.
    pub reloads: mpsc::Receiver<()>,
    /// The configuration as it is now; none when that cannot be used, which he has heard by then.
    pub configuration: &'a dyn Fn() -> Option<Config>,
}

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot listen there.
    #[error("cannot listen at {listen}: {}", gachette::io_reason(source))]
    Listen {
        /// Where.
        listen: Listen,
        /// The system's words.
        source: io::Error,
    },
    /// TLS cannot be spoken with these files.
    #[error("cannot speak TLS: {0}")]
    Tls(io::Error),
    /// Everybody on the network would be let in.
    #[error("cannot listen at {0} without tokens: it can be reached from other machines")]
    OpenToAll(Listen),
    /// Tokens would cross the network for everybody to read.
    #[error("cannot listen at {0} without TLS: tokens would cross the network in the clear")]
    Clear(Listen),
}

/// Serves until the operator wishes that it end; then builds have their time of grace, and what is not done by then is handed back,
/// to be taken up again by the next server. Whoever supervises the process is told how far it is.
///
/// # Errors
/// When it cannot listen where it should, or must not.
pub async fn serve(api: Api, options: ServeOptions, mut operator: Operator<'_>) -> Result<(), ServeError> {
    options.check()?;
    let supervisor = Supervisor::of_environment();
    let tls = options.tls.clone().map(Certificate::read).transpose().map_err(ServeError::Tls)?;
    let (runs, metrics) = (api.runs(), api.metrics());
    let (ending, watched) = watch::channel(false);
    let places = OpenFiles::raised().connections(options.limits.connections, options.listen.len());
    let guard = Gate::new(api.tokens(), options.openness.clone(), options.limits.requests_per_second);
    let served = watch::Sender::new(Served::new(api, guard));
    let door = Door { tls: tls.map(Arc::new), served: served.subscribe(), metrics, ending: watched };
    let mut listeners = Vec::new();
    for listen in &options.listen {
        let failed = |source| ServeError::Listen { listen: listen.clone(), source };
        listeners.push(Listener::bind(listen).await.map_err(failed)?);
    }
    let taking_up = tokio::spawn(take_up(served.subscribe()));
    let (mut accepting, mut rooms) = (JoinSet::new(), Vec::new());
    for listener in listeners {
        (operator.on_listen)(&listener.address(if door.tls.is_some() { "https" } else { "http" }));
        // Who comes in here must not take the places of those who come in elsewhere.
        let room = Guests::new(places);
        rooms.push(Arc::clone(&room));
        accepting.spawn(door.clone().accept(listener, room));
    }
    supervisor.tell(Progress::Ready);
    while operator.reloads.recv().await.is_some() {
        supervisor.tell(Progress::Reloading);
        door.reload((operator.configuration)(), &served);
        supervisor.tell(Progress::Ready);
    }
    supervisor.tell(Progress::Stopping(options.limits.grace + END_WITHIN + LINGER + CLOSE_WITHIN));
    runs.close();
    taking_up.abort();
    tracing::info!(
        grace = options.limits.grace.as_secs(),
        "ending: no new builds; all else is answered until those at work have ended"
    );
    runs.hand_back_waiting();
    if !runs.idle(options.limits.grace).await {
        tracing::warn!("the time of grace is over: builds are cut off, and handed back");
        runs.hand_back_all(END_WITHIN).await;
    }
    accepting.shutdown().await;
    let closed = || join_all(rooms.iter().map(|room| room.gone()));
    // Who followed a build asks what came out of it.
    let _ = tokio::time::timeout(LINGER, closed()).await;
    ending.send_replace(true);
    let _ = tokio::time::timeout(CLOSE_WITHIN, closed()).await;
    Ok(())
}

/// Takes up builds and answers, now and then: a server before this one may still be at its end.
async fn take_up(served: watch::Receiver<Served>) {
    loop {
        let builds = served.borrow().api.clone();
        // It waits for the disk.
        let take_up = move || {
            // It may be tried again.
            let _ = builds.remember();
            builds.take_up_builds();
        };
        let _ = spawn_outside(take_up).await;
        tokio::time::sleep(TAKE_UP).await;
    }
}

impl ServeOptions {
    fn check(&self) -> Result<(), ServeError> {
        for listen in &self.listen {
            let Listen::Tcp(address) = listen else { continue };
            if address.ip().is_loopback() {
                continue;
            }
            if self.openness.no_auth {
                return Err(ServeError::OpenToAll(listen.clone()));
            }
            if self.tls.is_none() {
                return Err(ServeError::Clear(listen.clone()));
            }
        }
        Ok(())
    }
}

/// Where clients come in.
#[derive(Clone)]
struct Door {
    tls: Option<Arc<Certificate>>,
    served: watch::Receiver<Served>,
    metrics: Arc<Metrics>,
    ending: watch::Receiver<bool>,
}

impl Door {
    /// Goes on by this configuration, and with the certificate that is there now.
    fn reload(&self, config: Option<Config>, served: &watch::Sender<Served>) {
        if let Some(config) = config {
            served.send_modify(|served| *served = served.reconfigured(config));
            tracing::info!("the configuration was read again; what begins from now on goes by it");
        }
        if let Some(tls) = &self.tls {
            tls.read_again();
        }
    }

    /// Accepts connections for ever.
    async fn accept(self, listener: Listener, room: Arc<Guests>) {
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            };
            // Who comes while there are too many waits, and all others in the system's queue.
            let Some(guest) = room.admit(&peer).await else { return };
            let door = self.clone();
            let tls = self.tls.as_ref().filter(|_| listener.is_tcp()).map(|tls| tls.acceptor());
            tokio::spawn(async move {
                door.metrics.connected();
                if let Some(stream) = secured(tls, stream, &guest).await {
                    serve_connection(stream, &guest, peer, door.served, door.ending).await;
                }
                door.metrics.disconnected();
            });
        }
    }
}

async fn secured(
    tls: Option<TlsAcceptor>,
    stream: Box<dyn Stream>,
    guest: &Guest,
) -> Option<Box<dyn Stream>> {
    let Some(tls) = tls else { return Some(stream) };
    tokio::select! {
        agreed = tokio::time::timeout(TLS_WITHIN, tls.accept(stream)) => Some(Box::new(agreed.ok()?.ok()?)),
        () = guest.is_to_leave() => None,
    }
}
