//! What signals wish of a server.

use std::io::IsTerminal;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Failure;

/// What somebody wishes of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// That it read its configuration again: SIGHUP.
    Reload,
    /// That it end: SIGTERM, SIGINT, and SIGHUP when the terminal that it was started in is gone.
    End,
}

/// The signals that a server listens to.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    had_terminal: bool,
}

impl Signals {
    /// From here on none of them ends the process by itself.
    pub(super) fn listen() -> Result<Self, Failure> {
        let [interrupt, terminate, hangup] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        let had_terminal = has_terminal();
        Ok(Self { interrupt: interrupt?, terminate: terminate?, hangup: hangup?, had_terminal })
    }

    /// Returns with the next one.
    pub(super) async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.interrupt.recv() => Wish::End,
            _ = self.terminate.recv() => Wish::End,
            _ = self.hangup.recv() => {
                if self.had_terminal && !has_terminal() { Wish::End } else { Wish::Reload }
            }
        }
    }
}

fn has_terminal() -> bool {
    std::io::stderr().is_terminal()
}
