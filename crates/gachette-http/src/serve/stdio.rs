//! Serves one client over the standard streams, until it is gone; what it started ends with it.

use std::io;
use std::time::Duration;

use gachette::build_log::LogFolder;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::wire::{AgentHello, ClientHello, PROTOCOL};
use crate::{Api, router};

/// The longest hello of a client, in bytes: a configuration has at most 1 MiB.
const LONGEST_HELLO: u64 = 8 << 20;
/// After how long without a frame the client is asked whether it is there.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// How long its answer may take; then it counts as gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long programs have to end when the client is gone.
const END_WITHIN: Duration = Duration::from_secs(20);

/// Says hello, and serves the client at the other end of the standard streams until it is gone.
///
/// # Errors
/// When the streams cannot be used, or the client's hello is none.
pub async fn serve_stdio() -> io::Result<()> {
    let mut output = tokio::io::stdout();
    let hello = AgentHello { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned() };
    let hello = format!("gachette-hello {}\n", serde_json::to_string(&hello)?);
    output.write_all(hello.as_bytes()).await?;
    output.flush().await?;
    let mut input = BufReader::new(tokio::io::stdin());
    let mut line = Vec::new();
    (&mut input).take(LONGEST_HELLO).read_until(b'\n', &mut line).await?;
    let hello: ClientHello = serde_json::from_slice(&line)?;
    let author = hello.author.clone();
    let api = Api::new(hello.into_config(), author, Some(LogFolder::of_this_user()));
    let runs = api.runs();
    let served = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(ASK_AFTER))
        .keep_alive_timeout(ANSWER_WITHIN)
        .adaptive_window(true)
        .serve_connection(TokioIo::new(tokio::io::join(input, output)), TowerToHyperService::new(router(api)))
        .await;
    runs.end_all(END_WITHIN).await;
    // A client that just goes is how this ends.
    served.or(Ok(()))
}
