//! HTTP over the standard streams of `ssh host gachette dial-stdio`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gachette::host::{Ssh, explain};
use gachette_core::host::HostAddress;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr};

use super::connection::{Connection, FarEnd};
use super::{Binary, arrival};
use crate::wire::ClientHello;
use crate::{Problem, ProblemKind};

/// How much of what `ssh` says is kept: the end of it, in bytes.
const KEPT: usize = 16 << 10;
/// How long `ssh` may take to say why it ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What is known about the other end, when something goes wrong with it.
pub(crate) struct Line {
    host: HostAddress,
    said: Arc<Mutex<Vec<u8>>>,
    ssh: tokio::sync::Mutex<Child>,
}

impl Connection {
    /// Connects to a host, which gets the program first when it has not got it, and says hello.
    ///
    /// # Errors
    /// When the host cannot be reached, or refuses, or is of another kind.
    pub(crate) async fn ssh(ssh: &Ssh, binary: &Binary, hello: &ClientHello) -> Result<Self, Problem> {
        let mut child = arrival::start(ssh, binary)?;
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = streams else {
            return Err(Problem::new(ProblemKind::Internal, "`ssh` was started without its streams"));
        };
        let said = Arc::default();
        tokio::spawn(keep(errors, Arc::clone(&said)));
        let line = Line { host: ssh.host().clone(), said, ssh: tokio::sync::Mutex::new(child) };
        let mut arrived = arrival::arrive(&line, input, output, binary).await?;
        let mut text = serde_json::to_vec(hello).map_err(|error| {
            Problem::new(ProblemKind::Internal, format!("the configuration cannot be sent: {error}"))
        })?;
        text.push(b'\n');
        if let Err(error) = arrived.input.write_all(&text).await {
            return Err(line.lost(&error.to_string()).await);
        }
        let stream = tokio::io::join(arrived.output, arrived.input);
        Self::start(stream, FarEnd::Ssh(Box::new(line))).await
    }
}

impl Line {
    /// The host did what it should not.
    pub(super) fn failed(&self, why: &str) -> Problem {
        Problem {
            lines: self.last_lines(),
            ..Problem::new(ProblemKind::HostFailed, format!("{}: {why}", self.host))
        }
    }

    /// The connection ended: `ssh` has said why, or else it is as `why` says.
    pub(super) async fn lost(&self, why: &str) -> Problem {
        let mut ssh = self.ssh.lock().await;
        let status = tokio::time::timeout(LAST_WORDS, ssh.wait()).await;
        // What it said is read by another task.
        tokio::task::yield_now().await;
        let said = String::from_utf8_lossy(&self.said()).into_owned();
        let fault = explain(&self.host, &said);
        let mut lines = self.last_lines();
        lines.push(match status {
            Ok(Ok(status)) => format!("{why} (ssh: {status})"),
            _ => why.to_owned(),
        });
        Problem { hint: fault.hint, lines, ..Problem::new(ProblemKind::HostFailed, fault.title) }
    }

    fn last_lines(&self) -> Vec<String> {
        let said = String::from_utf8_lossy(&self.said()).into_owned();
        let lines: Vec<String> =
            said.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        lines[lines.len().saturating_sub(8)..].to_vec()
    }

    fn said(&self) -> Vec<u8> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Keeps the end of what `ssh` says. A master that stays holds this stream open: its end tells nothing.
async fn keep(mut errors: ChildStderr, said: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = errors.read(&mut buffer).await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(&buffer[..count]);
        let surplus = said.len().saturating_sub(KEPT);
        said.drain(..surplus);
    }
}
