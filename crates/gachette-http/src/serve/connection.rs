//! One connection: HTTP/1.1 or HTTP/2, until it is idle for too long, others need its place, or the server ends.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::sync::watch;
use tower::ServiceExt;

use super::guests::{Guest, LEAVE_WITHIN};
use super::listen::Stream;
use super::served::Served;
use crate::access::Peer;

/// How long a client may take until its first request is here: strangers must not keep the places of others.
const FIRST_WITHIN: Duration = Duration::from_secs(10);
/// The most of headers, in bytes.
const HEADERS_AT_MOST: u32 = 32 << 10;
/// After how long without a frame an HTTP/2 client is asked whether it is there, and how long its answer may take.
const ASK_AFTER: Duration = Duration::from_secs(20);
/// How long a connection may be without a request, or a client take nothing of an answer.
const IDLE: Duration = Duration::from_secs(60);
/// How many requests of one connection are answered at the same time.
const STREAMS: u32 = 32;
/// How long an ending connection has for its last words.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves one client, each request by the configuration of then.
pub(super) async fn serve_connection(
    stream: Box<dyn Stream>,
    guest: &Guest,
    peer: Peer,
    served: watch::Receiver<Served>,
    mut ending: watch::Receiver<bool>,
) {
    let counted = guest.activity().clone();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (busy, router) = (counted.begin(), served.borrow().router.clone());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer.clone());
        async move {
            let response = router.oneshot(request).await?;
            Ok::<_, Infallible>(response.map(|body| busy.until_end_of(body)))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // From the end of the answer before, or the beginning of the connection.
        .header_read_timeout(IDLE)
        .max_buf_size(HEADERS_AT_MOST as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(ASK_AFTER)
        .keep_alive_timeout(ASK_AFTER)
        .max_header_list_size(HEADERS_AT_MOST)
        .max_concurrent_streams(STREAMS);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // How a connection ends is of no interest: clients go as they like.
    let within = tokio::select! {
        _ = &mut connection => return,
        () = guest.activity().idle(FIRST_WITHIN, IDLE) => LAST_WORDS,
        () = guest.is_to_leave() => LEAVE_WITHIN,
        _ = ending.wait_for(|ending| *ending) => LAST_WORDS,
    };
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(within, connection).await;
}
