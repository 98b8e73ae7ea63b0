//! HTTP over the standard streams of `ssh host gachette dial-stdio`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gachette::host::{Ssh, SshFault, explain, lost, silent};
use gachette_core::host::HostAddress;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr};

use super::arrival::{self, Look};
use super::connection::{ANSWER_WITHIN, Connection, FarEnd};
use super::heard::Heard;
use super::loss::Loss;
use crate::wire::ClientHello;
use crate::{Problem, ProblemKind};

/// How much of what `ssh` says is kept: the end of it, in bytes.
const KEPT: usize = 16 << 10;
/// How long `ssh` may take to say why it ended.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a connection that others share may take to say whether it is still there.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// What is known about the other end, when something goes wrong with it.
pub(crate) struct Line {
    host: HostAddress,
    how: Ssh,
    heard: Heard,
    said: Arc<Mutex<Vec<u8>>>,
    was_sent: bool,
    ssh: tokio::sync::Mutex<Child>,
}

impl Connection {
    /// Connects to a host, which gets the program first when it has not got it, and says hello.
    ///
    /// # Errors
    /// When the host cannot be reached, or refuses, or is of another kind.
    pub(crate) async fn ssh(ssh: &Ssh, hello: &ClientHello) -> Result<Self, Problem> {
        for look in [Look::Size, Look::Content] {
            if let Some(connection) = Self::begin(ssh, hello, look).await? {
                return Ok(connection);
            }
            // What a crash left under the right name and size may not be what was sent once.
        }
        Err(Problem::new(ProblemKind::HostFailed, format!("{}: nothing answered", ssh.host())))
    }

    /// One attempt; none when the program that is there was started, and ended without a word.
    async fn begin(ssh: &Ssh, hello: &ClientHello, look: Look) -> Result<Option<Self>, Problem> {
        let mut child = arrival::start(ssh)?;
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = streams else {
            return Err(Problem::new(ProblemKind::Internal, "`ssh` was started without its streams"));
        };
        let said = Arc::default();
        tokio::spawn(keep(errors, Arc::clone(&said)));
        let mut line = Line {
            host: ssh.host().clone(),
            how: ssh.clone(),
            heard: Heard::new(),
            said,
            was_sent: false,
            ssh: tokio::sync::Mutex::new(child),
        };
        let Some(mut arrived) = arrival::arrive(&line, input, output, look).await? else { return Ok(None) };
        line.was_sent = arrived.was_sent;
        let hello = hello.line()?;
        match tokio::time::timeout(arrival::SILENCE, arrived.input.write_all(&hello)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(line.lost(&Loss::of(&error)).await),
            Err(_) => return Err(line.lost(&Loss::Silent).await),
        }
        let stream = line.heard.listen(tokio::io::join(arrived.output, arrived.input));
        Self::start(stream, FarEnd::Ssh(Box::new(line))).await.map(Some)
    }
}

impl Line {
    /// Whether `ssh` ended because what it ran there did; its own failures have a code of their own (ssh(1)).
    pub(super) async fn was_let_in(&self) -> bool {
        self.ended().await.and_then(|status| status.code()).is_some_and(|code| code != 255)
    }

    /// Whether the program was sent there when the connection was made.
    pub(super) fn was_sent(&self) -> bool {
        self.was_sent
    }

    /// The host did what it should not.
    pub(super) fn failed(&self, why: &str) -> Problem {
        Problem {
            lines: self.last_lines(),
            ..Problem::new(ProblemKind::HostFailed, format!("{}: {why}", self.host))
        }
    }

    /// It was logged in to, and then nothing came from it.
    pub(super) fn silent(&self) -> Problem {
        self.failed("it did not say anything for half a minute after the connection was made")
            .with_hint(silent(&self.how))
    }

    /// There never was a connection, or nothing of ours at its end: `ssh` has said why, or else it is as `why` says.
    pub(super) async fn refused(&self, why: &str) -> Problem {
        let status = self.ended().await;
        let mut lines = self.last_lines();
        let fault = explain(&self.how, &self.text()).unwrap_or_else(|| {
            lines.extend(status.map(|status| format!("ssh: {status}")));
            SshFault { title: format!("{}: {why}", self.host), hint: None }
        });
        Problem { hint: fault.hint, lines, ..Problem::new(ProblemKind::HostFailed, fault.title) }
    }

    /// The connection that worked has ended.
    pub(super) async fn lost(&self, loss: &Loss) -> Problem {
        let garbled = Loss::Garbled("it broke the rules of HTTP/2".to_owned());
        // When nobody over there hung up, we did, and the request came too late to be told why.
        let loss = match loss {
            Loss::Closed if !self.heard.is_over() && self.heard.silence() >= ANSWER_WITHIN / 2 => {
                &Loss::Silent
            }
            Loss::Closed if !self.heard.is_over() => &garbled,
            known => known,
        };
        if let Loss::Unanswered(_) | Loss::Stopped = loss {
            return self.failed(&loss.to_string());
        }
        if let Loss::Garbled(_) = loss {
            let hint =
                "what runs there is not this gachette; see what `ssh` prints there, and who changed it";
            return self.failed(&loss.to_string()).with_hint(hint);
        }
        let status = self.ended().await;
        let said = explain(&self.how, &self.text()).is_some_and(|fault| fault == lost(&self.how));
        if *loss == Loss::Closed && status.is_some() && !said && self.is_connected().await {
            let hint = "either something killed it (`dmesg` there tells of a lack of memory), or it gave up waiting for this side, \
                        as after a machine has slept; the same command again goes on from what is there";
            return self.failed("gachette was ended there").with_hint(hint);
        }
        let fault = lost(&self.how);
        let lines = self.last_lines();
        Problem { hint: fault.hint, lines, ..Problem::new(ProblemKind::HostFailed, fault.title) }
    }

    /// How `ssh` ended, when it did.
    async fn ended(&self) -> Option<std::process::ExitStatus> {
        let mut ssh = self.ssh.lock().await;
        let status = tokio::time::timeout(LAST_WORDS, ssh.wait()).await;
        // What it said is read by another task.
        tokio::task::yield_now().await;
        status.ok()?.ok()
    }

    /// Whether the connection, which others may share, outlived what we had in it. One of our own says when it is lost.
    async fn is_connected(&self) -> bool {
        is_kept(&self.how).await.unwrap_or(true)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.said()).into_owned()
    }

    fn last_lines(&self) -> Vec<String> {
        let said = self.text();
        let lines: Vec<String> =
            said.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        lines[lines.len().saturating_sub(8)..].to_vec()
    }

    fn said(&self) -> Vec<u8> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether the connection that this `ssh` would share is there; none when it shares none.
pub(crate) async fn is_kept(ssh: &Ssh) -> Option<bool> {
    let mut check = tokio::process::Command::from(ssh.check_command()?);
    let status = tokio::time::timeout(CHECK_WITHIN, check.kill_on_drop(true).status()).await;
    Some(matches!(status, Ok(Ok(status)) if status.success()))
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
