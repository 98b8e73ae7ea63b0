//! Serves one client over the standard streams, until it is gone. What it started ends with it; only detached builds go on, and
//! this process with them.

use std::io;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::detach::{Signals, leave_session, let_streams_go};
use crate::wire::{AgentHello, ClientHello, PROTOCOL};
use crate::{Api, BuildFolder, router};

/// The longest hello of a client, in bytes: a configuration has at most 1 MiB.
const LONGEST_HELLO: u64 = 8 << 20;
/// After how long without a frame the client is asked whether it is there.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// How long its answer may take; then it counts as gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long programs have to end when the client is gone.
const END_WITHIN: Duration = Duration::from_secs(20);

/// Says hello, and serves the client at the other end of the standard streams until it is gone and what it detached has ended.
///
/// # Errors
/// When the streams cannot be used, or the client's hello is none.
pub async fn serve_stdio() -> io::Result<()> {
    leave_session();
    let mut signals = Signals::listen()?;
    let mut output = tokio::io::stdout();
    let hello = AgentHello { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned() };
    // What a start file of the shell printed may stand in the line already.
    let hello = format!("\ngachette-hello {}\n", serde_json::to_string(&hello)?);
    output.write_all(hello.as_bytes()).await?;
    output.flush().await?;
    let mut input = BufReader::new(tokio::io::stdin());
    let Some(hello) = signals.unless_told_to_end(client_hello(&mut input)).await else { return Ok(()) };
    let hello = hello?;
    let author = hello.author.clone();
    let api = Api::new(hello.into_config(), author, Some(BuildFolder::of_this_user()));
    let runs = api.runs();
    let served = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(ASK_AFTER))
        .keep_alive_timeout(ANSWER_WITHIN)
        .adaptive_window(true)
        .serve_connection(
            TokioIo::new(tokio::io::join(input, output)),
            TowerToHyperService::new(router(api)),
        );
    // A client that just goes is how this ends.
    if signals.unless_told_to_end(served).await.is_some() && runs.let_client_go() {
        let_streams_go()?;
        signals.unless_told_to_end(runs.all_ended()).await;
    }
    runs.end_all(END_WITHIN).await;
    Ok(())
}

async fn client_hello(input: &mut (impl AsyncBufRead + Unpin)) -> io::Result<ClientHello> {
    let mut line = Vec::new();
    input.take(LONGEST_HELLO).read_until(b'\n', &mut line).await?;
    Ok(serde_json::from_slice(&line)?)
}
