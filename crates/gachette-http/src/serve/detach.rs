//! A process that goes on by itself: nothing ties it to whoever started it any more.

use std::fs::File;
use std::io;

use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Makes this process the first of a session of its own: what the keyboard says to its starter is not for it.
pub(super) fn leave_session() {
    // Who was started by sshd leads one already.
    let _ = rustix::process::setsid();
}

/// Lets the standard streams go: whoever waits for their end need not wait for ours.
pub(super) fn let_streams_go() -> io::Result<()> {
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    Ok(())
}

/// The wishes of the system that this process end. That whoever started it is gone is none: its streams say so.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    _hangup: Signal,
}

impl Signals {
    /// From here on none of them ends the process by itself.
    pub(super) fn listen() -> io::Result<Self> {
        let [terminate, interrupt, hangup] =
            [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
        Ok(Self { terminate: terminate?, interrupt: interrupt?, _hangup: hangup? })
    }

    /// What comes of the work; none when the process is told to end before it does.
    pub(super) async fn unless_told_to_end<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            outcome = work => Some(outcome),
            _ = self.terminate.recv() => None,
            _ = self.interrupt.recv() => None,
        }
    }
}
